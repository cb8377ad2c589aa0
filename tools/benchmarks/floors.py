"""What moving memory takes, on as many threads as the measuring process has."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from .row import Array, Call

LEAST_BYTES = 1 << 20  # a smaller array is moved by one thread before another one has begun


def copied(array: Array) -> Call:
    """Moving the operand once to another array."""
    return on_all_threads(np.copyto, np.empty_like(array), array)


def written(array: Array) -> Call:
    """Writing an array."""
    return on_all_threads(lambda part: part.fill(1.0), array)


def on_all_threads(function: Callable[..., Any], *arrays: Array) -> Call:
    """`function` of the arrays, cut along their first axis among the threads. NumPy lets go of the interpreter meanwhile."""
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    if threads == 1 or arrays[0].nbytes < LEAST_BYTES:
        return function, arrays
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(threads - 1)
    first, *others = zip(*(np.array_split(array, threads) for array in arrays), strict=True)

    def call(*_: Array) -> None:
        running = [pool.submit(function, *part) for part in others]
        function(*first)
        for part in running:
            part.result()

    return call, arrays
