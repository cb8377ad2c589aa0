"""`phintys run`: values from the command line, states, several calls, and errors one can act on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from phintys.tools.main import main
from phintys.tools.opt import main as opt_main

# s += 2 * x, in the llvm dialect: the state is updated in its own buffer.
SCALE = """
llvm.func @scale(%ctx: !llvm.ptr, %x: !llvm.ptr, %s: !llvm.ptr) -> i32 attributes {
    phi.arguments = ["input f64[] x", "state f64[] s"], phi.results = ["inplace 1"], phi.checks = []} {
  %two = llvm.mlir.constant(2.0 : f64) : f64
  %ok = llvm.mlir.constant(0 : i32) : i32
  %a = llvm.load %x : !llvm.ptr -> f64
  %b = llvm.load %s : !llvm.ptr -> f64
  %c = llvm.fmul %a, %two : f64
  %d = llvm.fadd %b, %c : f64
  llvm.store %d, %s : f64, !llvm.ptr
  llvm.return %ok : i32
}
"""
GRAPHS = """
graph mean(x: f64[?]) state(total: f64) {
  update total = total + sum(x)
  return sum(x) / shape(x)[0]
}
graph halves(x: f64[?, 2]) {
  return x / 2
}
"""


@pytest.fixture
def scale(tmp_path: Path) -> str:
    path = tmp_path / "scale.mlir"
    path.write_text(SCALE)
    return str(path)


@pytest.fixture
def graphs(tmp_path: Path) -> str:
    path = tmp_path / "graphs.phi"
    path.write_text(GRAPHS)
    return str(path)


def test_llvm_text_runs(scale: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", scale, "x=1.5", "s=10", "--calls", "3"]) == 0
    assert "s = array(19.)" in capsys.readouterr().out


def test_states_start_as_zeros(scale: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", scale, "x=1.5"]) == 0
    assert "s = array(3.)" in capsys.readouterr().out


def test_graph_text_runs(graphs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.arange(5.0))
    saved = tmp_path / "results.npz"
    assert main(["run", graphs, "--function", "mean", f"x={tmp_path / 'x.npy'}", "total=1.0", "--save", str(saved)]) == 0
    assert "output = array(2.)" in capsys.readouterr().out
    with np.load(saved) as results:
        assert {name: float(results[name]) for name in results} == {"output": 2.0, "total": 11.0}


WRONG = {
    "no value": (["x"], "'x' is not NAME=VALUE"),
    "not a literal": (["x=1+"], "neither a Python literal nor a .npy file"),
    "missing": ([], "no value for x: f64[]; give x=VALUE"),
    "unknown": (["x=1", "y=2"], "there is no argument 'y'; the function takes x: f64[], s: f64[]"),
    "rank": (["x=[1, 2]"], "argument x: expected a C-contiguous aligned f64[] array, got an array of rank 1"),
    "dtype": (["x=2j"], "x: expected f64[]: Cannot cast"),
    "no file": (["x=nothing.npy"], "x: cannot read nothing.npy"),
}


@pytest.mark.parametrize("values, message", WRONG.values(), ids=WRONG)
def test_wrong_values(scale: str, values: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", scale, *values]) == 1
    assert message in capsys.readouterr().err


def test_several_graphs_need_a_choice(graphs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", graphs]) == 1
    assert "--function=NAME, of mean, halves" in capsys.readouterr().err


def test_wrong_text_shows_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.mlir"
    path.write_text(SCALE.replace("fmul", "fmull"))
    assert main(["run", str(path), "x=1"]) == 1
    message = capsys.readouterr().err
    assert "wrong.mlir:8:" in message
    assert "did you mean" in message


NO_PROGRAM = {"empty": ("", "expected a module"), "no function": ("builtin.module {}", "the module has 0 functions")}


@pytest.mark.parametrize("text, message", NO_PROGRAM.values(), ids=NO_PROGRAM)
def test_files_that_hold_no_program(text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file.mlir").write_text(text)
    assert main(["run", str(tmp_path / "file.mlir")]) == 1
    assert message in capsys.readouterr().err


def test_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tmp_path / "nothing.phi")]) == 1
    assert "cannot read" in capsys.readouterr().err


def test_a_program_that_imports_theano(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, theano, theano.tensor as T\nx = T.dscalar('x')\n"
        "print(theano.function([x], x * 2)(float(sys.argv[1])), __name__)\n"
    )
    command = [sys.executable, "-m", "phintys.tools.main", "run", "--as-theano", str(program), "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "8.0 __main__\n", done.stderr
    assert main(["run", str(tmp_path / "none.py")]) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': ('<f8\n", "not an array as numpy.save writes it"),
        (b"\x93NUMPY\x01\x00", "not an array as numpy.save writes it"),
        (b"", "not an array as numpy.save writes it"),
        ([("a", "f8")], "which are no numbers"),
        ("M8[s]", "which are no numbers"),
    ],
)
def test_arrays_that_are_none(content: object, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, np.zeros(3, content))  # type: ignore[call-overload]
    (tmp_path / "f.phi").write_text("graph f(x: f64[?]) { return x }\n")
    assert main(["run", str(tmp_path / "f.phi"), f"x={path}"]) == 1
    assert said in capsys.readouterr().err
    assert opt_main([str(tmp_path / "f.phi"), "--run", f"--input=x={path}"]) == 1
    assert said in capsys.readouterr().err
