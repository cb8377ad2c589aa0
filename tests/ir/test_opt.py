"""The driver's command line: exit codes, input from a file and standard input, and that bad input is never a traceback."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest

from phintys.tools.opt import main

HERE = Path(__file__).parent
GRAPH = "graph f(x: f64[?, 2]) state(n: i64[]) {\n  update n = n + 1\n  return x * 2\n}\n"


@pytest.fixture
def graph(tmp_path: Path) -> str:
    path = tmp_path / "f.phi"
    path.write_text(GRAPH)
    return str(path)


def test_exit_codes(graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([graph]) == 0
    assert capsys.readouterr().out == "graph f(x: f64[?, 2]) state(n: i64[]) {\n  update n = n + 1\n  return x * 2.0\n}\n"
    assert main([str(tmp_path / "none.phi")]) == 1
    assert "none.phi: error: No such file" in capsys.readouterr().err
    for wrong in (["--emit=loop"], ["--input", "x=1"], ["--nonsense"], ["--run", "--emit=asm"]):
        with pytest.raises(SystemExit) as exit:
            main([graph, *wrong])
        assert exit.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "csee"], "unknown pass 'csee'\n  help: did you mean 'cse'?"),
        (["-p", "cse{a=1"], "cannot read the pipeline"),
        (["-p", "cse{nonsense=1}"], "pass cse: "),
        (["--function=g"], "no function 'g' in this module\n  help: there are: f"),
        (["--run"], "no value for the input 'x'"),
        (["--run", "--input", "y=1"], "no input 'y'\n  help: there are: x, n"),
        (["--run", "--input", "x=ones"], "whose sizes are not all known"),
        (["--run", "--input", "x=ones:3"], "the input 'x' is f64[?, 2], got an array of shape [3]"),
        (["--run", "--input", "x=twos:3"], "cannot read 'twos:3'"),
        (["--run", "--input", "x=none.npy"], "none.npy: error: "),
        (["--explain", "sofmax"], "unknown operation 'sofmax'\n  help: did you mean 'softmax'?"),
    ],
)
def test_rejected(arguments: list[str], message: str, graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([graph, *arguments]) == 1
    assert message in capsys.readouterr().err


def test_run(graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.array([[1.5, 2.0]]))
    assert main([graph, "--run", "--input", f"x={tmp_path / 'x.npy'}", "--input", "n=41"]) == 0
    assert capsys.readouterr().out == "output: f64[1, 2] = [[3., 4.]]\nstate n: i64[] = 42\n"


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(GRAPH))
    assert main(["--emit=nd"]) == 0
    module = capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(module))
    assert main(["-", "--emit=graph"]) == 0
    assert "update n = n + 1" in capsys.readouterr().out


@pytest.mark.parametrize("level", ["nd", "fused", "loops", "llvm"])
def test_every_rung_reads_back_and_runs(level: str, graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "level.mlir"
    assert main([graph, f"--emit={level}", "-o", str(file)]) == 0
    assert main([str(file)]) == 0
    assert capsys.readouterr().out == file.read_text()
    assert main([str(file), "--run", "--input", "x=ones:1x2", "--input", "n=1"]) == 0
    assert capsys.readouterr().out == "output: f64[1, 2] = [[2., 2.]]\nstate n: i64[] = 2\n"


def test_loops_written_by_hand_go_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "loops.mlir"
    file.write_text(
        """
        func.func @f(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
          %zero = arith.constant 0 : index
          %one = arith.constant 1 : index
          %n = memref.dim %x, %zero : memref<?xf64>
          %y = memref.alloc(%n) : memref<?xf64>
          scf.for %i = %zero to %n step %one {
            %a = memref.load %x[%i] : memref<?xf64>
            %b = math.exp %a : f64
            memref.store %b, %y[%i] : memref<?xf64>
          }
          func.return %y : memref<?xf64>
        }"""
    )
    assert main([str(file), "--run", "--input", "x=[0, 1]"]) == 0
    assert capsys.readouterr().out == "output: f64[2] = [1.        , 2.71828183]\n"


def test_the_ladder_leads_down(graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "loops.mlir"
    main([graph, "--emit=loops", "-o", str(file)])
    assert main([str(file), "--emit=fused"]) == 1
    assert "this module is of level loops; the ladder leads down only, not to fused" in capsys.readouterr().err


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-passes"]) == 0
    listed = capsys.readouterr().out
    assert "  autodiff " in listed and "  licm" in listed
    assert main(["--explain", "nd.sum"]) == 0
    assert "graph example(x: f64[?, 3])" in capsys.readouterr().out


def test_mutated_modules_end_in_modules_or_diagnostics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [path.read_text() for path in sorted(HERE.glob("*.mlir"))]
    rng = random.Random(7)
    file = tmp_path / "mutated.mlir"
    for _ in range(60):
        piece = rng.choice(rng.choice(texts).split("// -----\n"))
        start = rng.randrange(len(piece))
        file.write_text(
            piece[:start] + rng.choice(["", "%x", "0", "}", "(", "i1", "tensor<?xf64>"]) + piece[start + rng.randint(0, 6) :]
        )
        assert main([str(file)]) in (0, 1)
    capsys.readouterr()
