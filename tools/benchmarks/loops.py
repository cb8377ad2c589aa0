"""Loops by hand for numba, which stand in for hand-written C, and numexpr's calls."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .row import Call

FAST = {"reassoc", "contract", "nsz", "arcp"}  # infinities and NaN stay what they are


def compiled(function: Callable[..., Any], parallel: bool = False) -> Any:
    """`function` as numba compiles it, on as many threads as it is given; ImportError without numba."""
    import numba

    return numba.njit(fastmath=FAST, parallel=parallel and os.environ.get("NUMBA_NUM_THREADS", "1") != "1")(function)


def numexpr_call(text: str, **values: Any) -> Call:
    """An expression of numexpr."""
    import numexpr

    numexpr.set_num_threads(int(os.environ.get("NUMEXPR_NUM_THREADS", "1")))
    names = list(values)
    return lambda *arrays: numexpr.evaluate(text, dict(zip(names, arrays, strict=True))), tuple(values.values())
