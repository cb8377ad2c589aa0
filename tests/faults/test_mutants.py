"""A few hundred mutants of the text tests; `mutants.py` makes as many as one likes (180,000 ended well)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_mutants_end_well() -> None:
    """In a process of its own, since one of the faults would be that it ends."""
    command = [sys.executable, Path(__file__).with_name("mutants.py"), "800", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "1:" in done.stdout and "0:" in done.stdout
