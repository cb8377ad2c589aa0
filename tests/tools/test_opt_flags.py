"""What `phintys-opt` shows while it works, what it saves, and which command lines it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from phintys.passes.pipeline import PASSES
from phintys.tools.opt import main
from phintys.tools.opt_passes import list_passes

TEXT = "graph f(x: f64[?]) state(n: f64[]) {\n  update n = n + 1\n  return grad(sum(x ** 3), x)\n}\n"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def graph(tmp_path: Path) -> str:
    path = tmp_path / "f.phi"
    path.write_text(TEXT)
    return str(path)


def shown(capsys: Capture, *arguments: str) -> str:
    """What a successful run prints to standard error."""
    assert main(list(arguments)) == 0
    return capsys.readouterr().err


def titles(text: str) -> list[str]:
    return re.findall(r"^// ----- (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--print-ir-before=drop-marks"], ["before pass drop-marks"]),
        (["--print-ir-after=autodiff,drop-marks"], ["after pass autodiff", "after pass drop-marks"]),
        (["--print-ir-before-all"], ["before pass autodiff", "before pass drop-marks", "before pass canonicalize"]),
        (["--print-ir-after-all"], ["after pass autodiff", "after pass drop-marks", "after pass canonicalize"]),
        (["--print-ir-after-change"], ["after pass autodiff", "after pass canonicalize"]),
        (["--print-ir-after=drop-marks", "--print-ir-after-change"], []),
    ],
)
def test_print_around_passes(flags: list[str], expected: list[str], graph: str, capsys: Capture) -> None:
    text = shown(capsys, graph, "-p", "autodiff,drop-marks,canonicalize", *flags)
    assert titles(text) == expected
    assert text.count("builtin.module") == len(expected)


def test_a_diff_shows_what_changed(graph: str, capsys: Capture) -> None:
    text = shown(capsys, graph, "-p", "autodiff,drop-marks", "--print-ir-diff")
    assert titles(text) == ["after pass autodiff", "after pass drop-marks: nothing changed"]
    removed = [line for line in text.splitlines() if line.startswith("-")]
    assert any("nd.grad" in line for line in removed) and not any("nd.pow" in line for line in removed)
    assert "\x1b[" not in text
    coloured = shown(capsys, graph, "-p", "autodiff", "--print-ir-diff", "--color=always")
    assert re.search(r"\x1b\[31m-.*nd\.grad", coloured) and re.search(r"\x1b\[32m\+.*nd\.mul", coloured)


def test_statistics(graph: str, capsys: Capture) -> None:
    rows = shown(capsys, graph, "-p", "autodiff,canonicalize,cse", "--stats").splitlines()
    assert rows[0].split() == ["pass", "before", "after", "operations", "rules"]
    autodiff, canonicalize, cse = rows[1:]
    assert "nd.grad 1 -> 0" in autodiff
    assert autodiff.split()[2] == canonicalize.split()[1]  # what one pass leaves the next one finds
    assert "multiply_by_number 1" in canonicalize
    assert cse.split() == ["cse", cse.split()[1], cse.split()[1]]


def test_time_is_a_tree_with_llvms_share(graph: str, capsys: Capture) -> None:
    text = shown(capsys, graph, "--emit=asm", "--time-passes")
    rows = [re.fullmatch(r" *([\d.]+) ms +([\d.]+) %(  +)(.*)", line) for line in text.splitlines()]
    found = {row[4]: (float(row[1]), len(row[3])) for row in rows if row}
    assert len(found) >= len(PASSES)
    depths = [found[name][1] for name in ("total", "parse", "passes", "fuse: fuse elementwise operations and reductions")]
    assert depths == [2, 4, 4, 6]
    parts = [float(row[1]) for row in rows if row and row[4].startswith("LLVM:")]
    assert found["LLVM's share of the total"][0] == pytest.approx(sum(parts), abs=0.1)
    assert 0 < sum(parts) < found["total"][0]


def test_running_goes_through_the_passes(graph: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHINTYS_CACHE", "0")  # an object found there is not optimized again
    text = shown(capsys, graph, "--run", "--input", "x=ones:2", "--time-passes", "--print-ir-after=fuse")
    assert "LLVM: optimize" in text and len(titles(text)) == 1


def test_save(graph: str, tmp_path: Path, capsys: Capture) -> None:
    arguments = [graph, "--run", "--input", "x=[1,2]", "--input", "n=4", "--save"]
    file = tmp_path / "out.npz"
    assert main([*arguments, str(file)]) == 0 and capsys.readouterr().out == ""
    found = dict(np.load(file))
    assert found.keys() == {"output", "state n"}
    assert found["output"].tolist() == [3.0, 12.0] and found["state n"] == 5
    assert main([*arguments, str(tmp_path / "out.npy")]) == 1
    assert "a .npy file holds one array, there are 2: output, state n" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "none" / "out.npz")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_save_one(tmp_path: Path) -> None:
    (tmp_path / "g.phi").write_text("graph g(x: f32[?]) { return x * 2 }")
    arguments = [str(tmp_path / "g.phi"), "--run", "--input", "x=ones:3", "--save", str(tmp_path / "g.npy")]
    assert main(arguments) == 0
    found = np.load(tmp_path / "g.npy")
    assert found.dtype == np.float32 and found.tolist() == [2, 2, 2]


def test_passes_say_what_they_expect_and_leave() -> None:
    lines = list_passes().splitlines()
    for name in PASSES:
        (line,) = (line for line in lines if line.split()[:1] == [name] and "Leaves" in line)
        assert re.search(r"\. Expects .*\. Leaves .*\.$", line), line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--emit=pty"], "--emit=pty: expected one of graph, nd, fused, loops, llvm, llvmir, asm"),
        (["--emit=nd", "--target-arch=sm_90"], "--target-arch goes with --emit=ptx"),
        (["--emit=ptx", "--target-arch=sm_91"], "sm_103, sm_120; did you mean 'sm_90'?"),
        (["--print-ir-after=nonsense"], "unknown pass 'nonsense'"),
        (["--save", "x.npz"], "--save goes with --run"),
        (["--run", "--save", "x.csv"], "expected a name that ends in .npz or .npy"),
        (["--reduce-match", "x"], "--reduce-match goes with --reduce"),
    ],
)
def test_wrong_command_lines(flags: list[str], message: str, graph: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as exit:
        main([graph, *flags])
    assert exit.value.code == 2 and message in capsys.readouterr().err


def test_output_that_cannot_be_written(graph: str, tmp_path: Path, capsys: Capture) -> None:
    assert main([graph, "-o", str(tmp_path)]) == 1
    assert "Is a directory" in capsys.readouterr().err
