"""A short soak: what a compilation leaves behind. `soak.py` does it for an hour."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = """
    import random, sys
    sys.path.insert(0, {folder!r})
    import soak
    from meters import held
    draws = random.Random(3)
    samples = []
    for number in range(3):
        for _ in range({count}):
            soak.{kind}(draws)
        samples.append(held(number))
    first, last = samples[1], samples[2]
    print((last.heap - first.heap) / {count}, (last.objects - first.objects) / {count}, last.mappings - first.mappings)
"""


@pytest.mark.parametrize(("kind", "count"), [("small_program", 12), ("on_emulated_device", 3), ("refused", 3)])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc and glibc's heap")
def test_what_a_compilation_leaves(kind: str, count: int) -> None:
    """110 KiB when LLVM's pass managers are not freed, 14,000 objects when a pass remembers buffers; 1.7 KiB stay."""
    program = textwrap.dedent(PROGRAM).format(folder=str(Path(__file__).parent), kind=kind, count=count)
    command = [sys.executable, "-c", f"import os\nos.environ['PHINTYS_CACHE'] = '0'\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    heap, objects, mappings = map(float, done.stdout.split()[-3:])
    assert heap < 40_000 and objects < 30 and mappings < 12, done.stdout
