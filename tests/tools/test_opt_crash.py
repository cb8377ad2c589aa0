"""A pass that fails: the reproducer that replays it, from the driver and from `function()`, and reducing what makes it fail."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from phintys import function
from phintys import tensor as T
from phintys.ir.diagnostics import DiagnosticError, error
from phintys.passes.cse import Cse
from phintys.passes.fuse import Fuse
from phintys.tools.opt import main

Capture = pytest.CaptureFixture[str]
TEXT = """graph f(x: f64[?, 784], y: f64[784]) state(n: f64[]) {
  update n = n + 1
  p = tanh(x) + y
  return sum(exp(p)), grad(sum(p ** 3), x)
}
graph other(x: f64[3]) { return x + 1 }
"""


@pytest.fixture
def graph(tmp_path: Path) -> str:
    path = tmp_path / "f.phi"
    path.write_text(TEXT)
    return str(path)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """cse fails, after it has destroyed the module."""

    def apply(self: Any, context: Any, module: Any) -> None:
        for op in list(module.body.block.ops):
            op.detach()
        raise KeyError("conv")

    monkeypatch.setattr(Cse, "apply", apply)


@pytest.mark.usefixtures("broken")
def test_reproducer(graph: str, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "crash.mlir"
    assert main([graph, "-p", "autodiff,cse,canonicalize", "--verify-each", "--emit=nd", "--reproducer", str(file)]) == 1
    first = capsys.readouterr().err
    assert "error: pass cse does not accept this module: KeyError: 'conv'" in first
    assert f"help: to reproduce this: phintys-opt {file}" in first
    lines = file.read_text().splitlines()
    assert lines[0] == "// Pass cse failed: KeyError: 'conv'"
    assert lines[2] == '// phintys-reproducer: {"passes": "cse,canonicalize", "emit": "nd", "verify_each": true}'
    assert "func.func @f" in file.read_text() and "nd.grad" not in file.read_text()
    assert main([str(file)]) == 1
    assert "pass cse does not accept this module: KeyError: 'conv'" in capsys.readouterr().err


def test_a_repaired_pass_replays_to_the_end(graph: str, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "crash.mlir"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fuse, "apply", lambda *_: 1 / 0)
        assert main([graph, "--function=f", "--emit=loops", "--reproducer", str(file)]) == 1
    capsys.readouterr()
    assert main([str(file)]) == 0
    assert "scf.for" in capsys.readouterr().out
    assert main([str(file), "-p", "cse"]) == 0  # passes on the command line are run instead
    assert "scf.for" not in capsys.readouterr().out


def test_a_pass_that_leaves_a_wrong_module(graph: str, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "crash.mlir"

    def apply(self: Any, context: Any, module: Any) -> None:
        block = next(iter(module.body.block.ops)).body.block
        block.first_op.detach()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cse, "apply", apply)
        assert main([graph, "-p", "cse", "--verify-each", "--reproducer", str(file)]) == 1
    assert "after pass cse: error: Operation using value defined out of" in capsys.readouterr().err
    assert main([str(file)]) == 0


def test_no_reproducer_for_wrong_input(tmp_path: Path, capsys: Capture) -> None:
    wrong = tmp_path / "wrong.phi"
    wrong.write_text("graph f(x: f64[3], y: f64[4]) { return grad(sum(argsort(x)), x) + y }")
    assert main([str(wrong), "--emit=loops", "--reproducer", str(tmp_path / "crash.mlir")]) == 1
    assert not (tmp_path / "crash.mlir").exists()


@pytest.mark.parametrize("header", ['{"passes": 1}', '{"reduce": "rm"}', '{"output": "x"}', "{", "[]"])
def test_a_header_sets_nothing_else(header: str, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "crash.mlir"
    file.write_text(f"// phintys-reproducer: {header}\nbuiltin.module {{\n}}\n")
    assert main([str(file)]) == 1
    assert "error: the reproducer's header" in capsys.readouterr().err


def test_function_writes_a_reproducer_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("PHINTYS_CACHE_DIR", str(tmp_path))
    x = T.dvector("x")
    y = T.exp(x) + 41.5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fuse, "apply", lambda *_: 1 / 0)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError) as caught:
                function([x], y)
            (note,) = caught.value.__notes__
            found = re.fullmatch(r"This is an error in Phintys, not in your program\. To reproduce it: phintys-opt (.*)", note)
            assert found is not None
        (file,) = (tmp_path / "reproducers").iterdir()
        assert str(file) == found[1]
        assert main([str(file)]) == 1
        assert "pass fuse does not accept this module: ZeroDivisionError" in capsys.readouterr().err
    assert main([str(file)]) == 0  # down to assembly
    assert "main:" in capsys.readouterr().out
    assert function([x], y)([0.0]) == 42.5


def test_function_writes_none_for_the_programs_own_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, context: Any, module: Any) -> None:
        raise error("no code for this")

    monkeypatch.setenv("PHINTYS_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(Fuse, "apply", refuse)
    x = T.dvector("x")
    with pytest.raises(DiagnosticError) as caught:
        function([x], T.exp(x) - 17.25)
    assert not getattr(caught.value, "__notes__", [])
    assert not (tmp_path / "reproducers").exists()


# --- reducing ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def fails(tmp_path: Path) -> Any:
    """A command that fails while the text holds a word."""

    def command(word: str) -> str:
        script = tmp_path / "fails.py"
        script.write_text(
            f"import sys\ntext = open(sys.argv[1]).read()\nprint('found')\nsys.exit(3 if {word!r} in text else 0)"
        )
        return f"{sys.executable} -S {script}"

    return command


def test_reduce_a_graph(graph: str, fails: Any, capsys: Capture) -> None:
    assert main([graph, "--reduce", fails("tanh")]) == 0
    captured = capsys.readouterr()
    assert re.fullmatch(r"graph f\(\w+: f64\[\]\) \{\n  return tanh\(\w+\)\n\}\n", captured.out), captured.out
    assert re.match(r"6 lines became 3, in \d+ runs of ", captured.err)


def test_reduce_sizes(tmp_path: Path, fails: Any, capsys: Capture) -> None:
    file = tmp_path / "g.phi"
    file.write_text("graph g(x: f64[784, 10], y: f64[10, 7]) { return dot(x, y) + 1 }")
    assert main([str(file), "--reduce", fails("dot")]) == 0
    out = capsys.readouterr().out
    assert "dot" in out and "784" not in out and "10" not in out and "+" not in out


@pytest.mark.parametrize(
    ("level", "word", "lines"),
    [("nd", "nd.tanh", 6), ("fused", "math.exp", 10), ("loops", "scf.for", 11), ("llvm", "llvm.fdiv", 8)],
)
def test_reduce_any_rung(level: str, word: str, lines: int, tmp_path: Path, fails: Any, capsys: Capture) -> None:
    graph, file = tmp_path / "small.phi", tmp_path / "level.mlir"
    body = "return abs(x) * 3" if level == "loops" else "p = tanh(x) + y; return sum(exp(p)), p / 3"
    graph.write_text(f"graph f(x: f64[?, 8], y: f64[8]) {{ {body} }}")
    main([str(graph), f"--emit={level}", "-o", str(file)])
    assert main([str(file), "--reduce", fails(word)]) == 0
    file.write_text(capsys.readouterr().out)
    assert word in file.read_text()
    assert len(file.read_text().splitlines()) <= lines
    assert main([str(file)]) == 0


CARRIED = """
func.func @f(%n: index, %zero: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a, %b = scf.for %i = %c0 to %n step %c1 iter_args(%p = %zero, %q = %zero) -> (f64, f64) {
    %s = arith.addf %p, %q : f64
    %t = math.exp %p : f64
    scf.yield %s, %t : f64, f64
  }
  func.return
}
"""
SEVERAL = """
func.func @f(%x: tensor<?xf64> {nd.name = "x"}, %y: tensor<?xf64> {nd.name = "y"}) {
  %e, %s = nd.fused %x, %y {combine = ["map", "add"], axes = array<i64: 0>}
      : (tensor<?xf64>, tensor<?xf64>) -> (tensor<?xf64>, tensor<f64>) {
  ^bb0(%a: f64, %b: f64):
    %0 = math.exp %a : f64
    nd.yield %0, %b : f64, f64
  }
  func.return
}
"""


@pytest.mark.parametrize(
    ("text", "word", "gone"),
    [
        (CARRIED, "math.exp", ["iter_args", "addf"]),
        (SEVERAL, "math.exp", ['"add"', "%y", "%b"]),
        (SEVERAL, '"add"', ["map", "exp"]),
    ],
)
def test_reduce_parts_of_operations(text: str, word: str, gone: list[str], tmp_path: Path, fails: Any, capsys: Capture) -> None:
    file = tmp_path / "parts.mlir"
    file.write_text(text)
    script = fails(word)
    kept = "scf.for" if "scf.for" in text else "nd.fused"
    both = tmp_path / "both.py"
    both.write_text(f"import sys\ntext = open(sys.argv[1]).read()\nsys.exit(3 if {word!r} in text and {kept!r} in text else 0)")
    assert main([str(file), "--reduce", script.replace("fails.py", "both.py")]) == 0
    out = capsys.readouterr().out
    assert word in out and kept in out
    assert not [piece for piece in gone if piece in out], out


def test_reduce_text_that_does_not_parse(tmp_path: Path, fails: Any, capsys: Capture) -> None:
    file = tmp_path / "wrong.phi"
    file.write_text("graph f(x: f64[?]) {\n  y = x + 1\n  return y +* x\n}\n")
    assert main([str(file), "--reduce", fails("+*")]) == 0
    assert capsys.readouterr().out.strip() == "+*"


def test_reduce_keeps_a_reproducers_header(tmp_path: Path, fails: Any, capsys: Capture) -> None:
    file = tmp_path / "crash.mlir"
    header = '// phintys-reproducer: {"passes": "cse"}\n'
    main(["-o", str(file), "--emit=nd", *[str(_written(tmp_path))]])
    file.write_text(header + file.read_text())
    assert main([str(file), "--reduce", fails("nd.tanh")]) == 0
    out = capsys.readouterr().out
    assert out.startswith(header) and len(out.splitlines()) <= 7


def _written(folder: Path) -> Path:
    path = folder / "t.phi"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--reduce", "true"], "'true' exits with code 0; expected one that fails"),
        (["--reduce", "no-such-command"], "cannot run 'no-such-command': No such file"),
        (["--reduce", "false", "--reduce-match", "boom"], "expected one that fails and matches 'boom'"),
        (["--reduce", "'"], "cannot read the command line"),
        (["--reduce", "false", "--reduce-match", "["], "cannot read the command line"),
    ],
)
def test_reduce_refuses(flags: list[str], message: str, graph: str, capsys: Capture) -> None:
    assert main([graph, *flags]) == 1
    assert message in capsys.readouterr().err


def test_reduce_match(graph: str, fails: Any, capsys: Capture) -> None:
    assert main([graph, "--reduce", fails("exp"), "--reduce-match", "^found$"]) == 0
    assert "exp(" in capsys.readouterr().out
