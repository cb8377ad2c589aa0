"""The complete programs of the seeds, each run in a process of its own with Phintys as its theano."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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


@pytest.fixture
def run_seed(tmp_path: Path) -> Callable[[str], Run]:
    """Runs a program of tests/programs/seeds in an empty folder."""

    def run(name: str) -> Run:
        results = tmp_path / "results.pkl"
        command = [sys.executable, str(SEEDS / "notebook.py"), str(SEEDS / name), str(results)]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "MPLBACKEND": "Agg"}
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        with results.open("rb") as file:
            shown, final = pickle.load(file)
        return Run(done.stdout, shown, final)

    return run
