"""`DEBUG=1` to `DEBUG=5`: what is printed at each, that it is right, and that other values of DEBUG mean nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

import phintys
import phintys.tensor as T
from phintys.config import config, read_environment
from phintys.ir.parser import parse_graph
from phintys.passes.pipeline import PIPELINE

PASSES = [stage.run for stage in PIPELINE]


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    with config.change_flags(debug=0):
        yield


def compiled(loudness: int, capsys: pytest.CaptureFixture[str], number: float = 2.0) -> str:
    """What compiling prints; equal numbers give equal graphs."""
    x = T.dvector("x")
    with config.change_flags(debug=loudness):
        f = phintys.function([x], (number * T.exp(x)).sum(), name="loud")
    printed = capsys.readouterr()
    assert printed.out == "" and f([0.0]) == number
    return printed.err


def test_nothing_is_printed_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert compiled(0, capsys) == ""


@pytest.mark.cpu
def test_one_line_for_a_function_and_where_its_code_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    number = random.SystemRandom().random()  # no earlier run has left its code
    first = compiled(1, capsys, number)
    again = compiled(1, capsys, number)
    assert re.fullmatch(r"phintys: loud: \d+ operations, 1 kernel, compiled in [\d.]+ ms\n", first)
    assert re.fullmatch(r"phintys: loud: \d+ operations, from the object cache in [\d.]+ ms\n", again)


@pytest.mark.cpu
def test_times_of_all_passes_and_of_llvm(capsys: pytest.CaptureFixture[str]) -> None:
    rows = re.findall(r"^ *([\d.]+) ms +([\d.]+) %  (.*)$", compiled(2, capsys), re.MULTILINE)
    names = [name.strip() for _, _, name in rows]
    # The program has neither complex numbers nor gradients.
    expected = [name for name in PASSES if name not in ("expand-complex", "autodiff")]
    assert [name.partition(":")[0] for name in names if name.partition(":")[0] in PASSES] == expected
    assert {"LLVM: optimize", "LLVM: generate code", "LLVM's share of the total"} <= set(names)
    assert rows[0][1:] == ("100.0", "total")
    parts = sum(float(milliseconds) for milliseconds, _, name in rows if name.startswith("  ") and name[2] != " ")
    assert parts == pytest.approx(float(rows[0][0]), rel=0.01, abs=0.3)


def test_the_optimized_graph_parses(capsys: pytest.CaptureFixture[str]) -> None:
    printed = compiled(3, capsys)
    text = re.search(r"^graph loud.*?^}$", printed, re.MULTILINE | re.DOTALL)
    assert text is not None and "exp(x)" in text[0]
    assert parse_graph(text[0]).name == "loud"


@pytest.mark.cpu
def test_each_level_then_each_pass(capsys: pytest.CaptureFixture[str]) -> None:
    levels = compiled(4, capsys)
    assert re.findall(r"----- loud: at the end of level (\w+)", levels) == ["nd", "fused", "loops", "llvm"]
    assert all(word in levels for word in ("nd.sum", "nd.fused", "scf.for", "llvm.return"))
    everything = compiled(5, capsys)
    assert re.findall(r"----- loud: (?:after )?([\w-]+)(?:: | changed nothing)", everything) == PASSES
    assert "----- loud: LLVM IR\n" in everything and re.search(r"^define .*@loud\(", everything, re.MULTILINE)
    assert "----- loud: assembly\n" in everything and ".globl\tloud" in everything


def test_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    for value in ("true", "*", "0", "6", "", "app:*"):
        read_environment({"DEBUG": value})
        assert config.debug == 0
    read_environment({"DEBUG": "2"})
    assert config.debug == 2
    read_environment({"DEBUG": "2", "PHINTYS_FLAGS": "debug=0"})
    assert config.debug == 0
    with pytest.raises(ValueError, match="PHINTYS_FLAGS: debug: expected a number from 0 to 5, got '7'"):
        read_environment({"PHINTYS_FLAGS": "debug=7"})
    assert compiled(0, capsys) == ""
