"""How many threads the loops of compiled functions may share: PHINTYS_NUM_THREADS, else OMP_NUM_THREADS, else as
many as the process has cores.

The number is asked for at each loop, so `set_threads` has effect from the next call on. Results do not depend on it.
"""

from __future__ import annotations

import ctypes

from . import engine
from .runtime_threads import MOST


def _word() -> ctypes.c_int32:
    return ctypes.c_int32.from_address(engine.start()["phi_threads"])


def threads() -> int:
    """How many threads a loop may have."""
    return _word().value


def set_threads(count: int) -> None:
    """Let loops have `count` threads from now on; ValueError for less than 1 or more than 1024."""
    if not 1 <= count <= MOST:
        raise ValueError(f"loops cannot have {count} threads; expected a number from 1 to {MOST}")
    _word().value = count
