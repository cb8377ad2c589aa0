"""A fresh process: imports one system, makes one function, calls it, and prints what each part took in CPU seconds.

Run as `python -c PROGRAM SYSTEM ROW`; `split` behind it adds what Phintys' first result consists of. Time begins with the
interpreter ready; processes that the system starts (a C compiler) count. NumPy is imported by every system, and counts into
each one's import.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# Only the system is imported before the first clock stops; the table of workloads brings nothing of the compiler in.
PROGRAM = """
import os, sys, time
def cpu(): return time.process_time() + sum(os.times()[2:4])
system, row, *split = sys.argv[1:]
start = cpu()
import numpy
__import__(system)
if system in ("phintys", "pytensor"): __import__(system + ".tensor")
if system == "jax": import jax.numpy
imported = cpu() - start
from phintys.tools.benchmarks.table import WORKLOADS
make = WORKLOADS[row].contenders[system]
import gc; gc.collect()
def work():
    function, arguments = make()
    return function(*arguments)
if split: from phintys.tools.benchmarks.split import collected
start, clock = cpu(), time.perf_counter()
parts = collected(work) if split else work()
first = cpu() - start
import json
print(json.dumps({"import": imported, "first": first, "wall": time.perf_counter() - clock, "parts": parts if split else {}}))
"""


def caches(folder: str) -> dict[str, str]:
    """The environment that makes every system keep what it compiles in `folder`."""
    return {
        "PHINTYS_CACHE_DIR": str(Path(folder, "phintys")),
        "PYTENSOR_FLAGS": f"base_compiledir={Path(folder, 'pytensor')}",
        "NUMBA_CACHE_DIR": str(Path(folder, "numba")),
        "JAX_COMPILATION_CACHE_DIR": str(Path(folder, "jax")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def run(system: str, row: str, folder: str, *, split: bool = False) -> dict[str, Any]:
    """What one fresh process took; ImportError when the system is not there. Python may keep its bytecode.

    With `split`, which costs a few milliseconds, `parts` are those of `split.collected`.
    """
    environment = {**os.environ, **caches(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", PROGRAM, system, row, *["split"] * split]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise (ImportError if last.startswith("ModuleNotFoundError") else RuntimeError)(last)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures
