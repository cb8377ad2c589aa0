"""How many threads the loops of compiled functions may share: what a program asks for, else PHINTYS_NUM_THREADS, else
OMP_NUM_THREADS, else as many as the process has cores.

The number is asked for at each loop, so `set_threads` has effect from the next call on. Results do not depend on it. Nothing is
loaded for it: a number that is set before the first function is compiled waits for the runtime.
"""

from __future__ import annotations

import ctypes

from . import blas, engine
from .defaults import MOST, default_threads


def _word(name: str = "phi_threads") -> ctypes.c_int32 | None:
    """A variable of the runtime; None before there is that part of it."""
    found = engine.started()
    return ctypes.c_int32.from_address(found[name]) if name in found else None


def threads() -> int:
    """How many threads a loop may have."""
    word = _word()
    return default_threads() if word is None else word.value


def set_threads(count: int | None) -> None:
    """Let loops and matrix products have `count` threads from now on; None: as many as without this call.

    ValueError for less than 1 or more than 1024.
    """
    if count is not None and not 1 <= count <= MOST:
        raise ValueError(f"loops cannot have {count} threads; expected a number from 1 to {MOST}")
    blas.ask_for_threads(count)
    for name, number in (("phi_threads", default_threads), ("phi_lapack_threads", blas.thread_count)):
        word = _word(name)
        if word is not None:
            word.value = number()
