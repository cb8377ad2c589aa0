"""`python -m tests.gpu`: the one command that checks all of it on a GPU; here its refusal, and a short rehearsal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "tests.gpu", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.skipif("config.getoption('--device') == 'cuda'", reason="there is a GPU")
def test_without_a_gpu_it_says_so_and_fails(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    done = run("--report", str(report))
    assert done.returncode == 2 and done.stdout == "" and not report.exists()
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("device=cuda needs an NVIDIA driver")


@pytest.mark.slow
def test_a_rehearsal_runs_all_steps_and_writes_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    chosen = ["--workers", "0", "--bench", "triad", "--tests", "tests/programs/test_first_steps.py"]
    done = run("--rehearse", "--report", str(report), *chosen)
    text = report.read_text()
    assert done.returncode == 0, text
    assert re.match(r"Phintys \d+\.\d+\S*, a rehearsal on the emulated device, \d{4}-\d\d-\d\d \d\d:\d\d\n", text)
    assert text.endswith("doctor: ok\ntests: ok\nbench: ok\n")
    assert "phintys doctor" in text and " passed" in text and "its times mean nothing" in text
    assert report.with_suffix(".json").exists()


def test_a_step_that_fails_is_the_status(tmp_path: Path) -> None:
    done = run("--rehearse", "--only", "bench", "--bench", "moon", "--report", str(tmp_path / "report.txt"))
    assert done.returncode == 1 and "bench: status 2" in done.stdout
