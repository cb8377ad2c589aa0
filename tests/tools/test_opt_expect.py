"""`--verify-diagnostics`: what is expected comes, what comes is expected, and everything else is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from phintys.ir.diagnostics import Diagnostic, Source, Span
from phintys.tools.opt import main
from phintys.tools.opt_expect import Expectations

Capture = pytest.CaptureFixture[str]
WRONG = "func.func @f(%x: tensor<?xf64>) -> tensor<?xf64> {\n  %y = nd.expp %x : (tensor<?xf64>) -> tensor<?xf64>\n}\n"


def problems(text: str, *found: tuple[str, str, int]) -> list[str]:
    """What is wrong with diagnostics `(severity, message, line)`; line 0: of no line."""
    source = Source("t.mlir", text)
    expectations = Expectations(source)
    for severity, message, line in found:
        expectations.meet(Diagnostic(message, Span(source, line, 1) if line else None, severity=severity))
    return [problem.message for problem in expectations.problems()]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a // expected-error {{boom}}", 1),
        ("a # expected-error {{boom}}", 1),
        ("// expected-error@+1 {{boom}}\na", 2),
        ("// expected-error @+2 {{boom}}\na\nb", 3),
        ("a\nb\n// expected-error@-2 {{boom}}", 1),
        ("a\n// expected-note@+0 {{n}}\n// expected-error@above {{boom}}\n", 1),
        ("// expected-error@below {{boom}}\n// expected-note@below {{n}}\na", 3),
        ("// expected-error@unknown {{boom}}", 0),
        ("a // expected-error-re {{b{{o+}}m}}", 1),
        ("a // expected-error {{it goes boom today}}", None),
    ],
)
def test_places(text: str, line: int | None) -> None:
    notes = [("note", "n", 2 if "{{n}}\n//" in text else 3)] if "expected-note" in text else []
    for actual in range(4):
        wrong = problems(text, ("error", "it goes boom", actual), *notes)
        assert (wrong == []) == (actual == line), (actual, wrong)


def test_each_expectation_is_met_once() -> None:
    text = "a // expected-error {{boom}}"
    assert problems(text, ("error", "boom", 1), ("error", "boom", 1)) == ["unexpected error: boom"]
    assert problems(text) == ['expected error "boom" was not produced']
    assert problems(text, ("warning", "boom", 1)) == ["unexpected warning: boom", 'expected error "boom" was not produced']


@pytest.mark.parametrize("severity", ["error", "warning", "note", "remark"])
def test_severities(severity: str) -> None:
    assert problems(f"a // expected-{severity} {{{{boom}}}}", (severity, "boom", 1)) == []


def test_text_is_no_pattern_unless_it_says_so() -> None:
    assert problems("a // expected-error {{f(x) [?]}}", ("error", "in f(x) [?]", 1)) == []
    assert problems("a // expected-error-re {{f(x) {{[0-9]+}}}}", ("error", "f(x) 12", 1)) == []
    assert problems("a // expected-error-re {{f(x) {{[}}}}")[0].startswith("not a regular expression")


def test_a_malformed_expectation_is_one() -> None:
    assert problems("a // expected-error: boom") == ["an expectation is written {{text}}"]


def test_help_may_be_expected_as_notes() -> None:
    source = Source("t.phi", "a # expected-error {{boom}}\n# expected-note@above {{try this}}\n# expected-note@-2 {{or that}}")
    expectations = Expectations(source)
    expectations.meet(Diagnostic("boom", Span(source, 1, 1), ("try this", "never mind")))
    assert [problem.message for problem in expectations.problems()] == ['expected note "or that" was not produced']


def test_the_driver_matches(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "t.mlir"
    file.write_text(WRONG.replace("\n}", " // expected-error {{unknown operation 'nd.expp'}}\n}"))
    assert main([str(file), "--verify-diagnostics"]) == 0
    assert capsys.readouterr().err == ""
    file.write_text(WRONG)
    assert main([str(file), "--verify-diagnostics"]) == 1
    assert "t.mlir:2:8: error: unexpected error: unknown operation 'nd.expp'" in capsys.readouterr().err


def test_pieces_are_matched_for_themselves(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "t.phi"
    good = "graph f(x: f64[?]) { return x }\n"
    bad = "# expected-error@+1 {{unknown function 'sofmax'}}\ngraph g(x: f64[?]) { return sofmax(x) }\n"
    file.write_text(f"{bad}# -----\n{good}# -----\n{bad}")
    assert main([str(file), "--verify-diagnostics", "--split-input-file"]) == 0
    assert "graph f" in capsys.readouterr().out
    file.write_text(f"{good}# -----\n# expected-error@+1 {{{{boom}}}}\n{good}")
    assert main([str(file), "--verify-diagnostics", "--split-input-file"]) == 1
    assert 't.phi:3:1: error: expected error "boom" was not produced' in capsys.readouterr().err


def test_an_error_of_a_running_function_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "t.phi"
    file.write_text("graph f(x: f64[?], y: f64[?]) {\n  return x + y  # expected-error {{Input dimension mis-match}}\n}\n")
    arguments = [str(file), "--verify-diagnostics", "--run", "--input", "x=ones:3", "--input", "y=ones:4"]
    assert main(arguments) == 0
