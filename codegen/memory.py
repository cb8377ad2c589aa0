"""The pool of large buffers, seen from Python: how much it holds, how much it may, and emptying it.

Result arrays and temporaries of 1 MiB and more return to the pool instead of the system (`runtime_memory.py`). It
holds at most an eighth of the machine's memory and 1 GiB; PHINTYS_POOL_BYTES sets another limit, 0 turns the pool
off.
"""

from __future__ import annotations

import ctypes

from . import engine


def _word(name: str) -> ctypes.c_int64:
    return ctypes.c_int64.from_address(engine.start()[name])


def pool_bytes() -> int:
    """Bytes that wait in the pool for their next use."""
    return _word("phi_pool_held").value


def pool_limit() -> int:
    """The most bytes the pool keeps."""
    return _word("phi_pool_limit").value


def set_pool_limit(limit: int) -> None:
    """Set the most bytes the pool keeps, from the next buffer on."""
    _word("phi_pool_limit").value = limit


def clear_pool() -> None:
    """Give all waiting buffers back to the system."""
    ctypes.CFUNCTYPE(None)(engine.start()["phi_pool_clear"])()
