"""The complete programs of the seeds, each run in a process of its own with Phintys as its theano; kernels of all programs."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from program_kernels import assemble_kernels, record

from phintys.codegen import compiler
from phintys.ir.graph import Graph

SEEDS = Path(__file__).parent / "seeds"


@dataclass
class Run:
    """What came of a program: its prints, the values of expressions that stand alone, and its arrays at the end."""

    output: str
    shown: list[tuple[str, Any]]
    final: dict[str, Any]

    def values(self, source: str) -> list[Any]:
        """The values of the expressions with this source text, in order."""
        found = [value for text, value in self.shown if text == source]
        assert found, f"the program has no line {source!r}"
        return found


@pytest.fixture(autouse=True)
def graphs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Graph]]:
    """What the test compiles; afterwards, its kernels for GPUs go through NVIDIA's assembler."""
    monkeypatch.setattr(compiler, "compile_graph", compiler.compile_graph)  # recording ends with the test
    recorded = record()
    yield recorded
    assemble_kernels(recorded, tmp_path)


@pytest.fixture
def run_seed(tmp_path: Path, graphs: list[Graph]) -> Callable[[str], Run]:
    """Runs a program of tests/programs/seeds in an empty folder."""

    def run(name: str) -> Run:
        results = tmp_path / "results.pkl"
        command = [sys.executable, str(SEEDS / "notebook.py"), str(SEEDS / name), str(results)]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "MPLBACKEND": "Agg"}
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        with results.open("rb") as file:
            shown, final, compiled = pickle.load(file)
        graphs.extend(compiled)
        return Run(done.stdout, shown, final)

    return run
