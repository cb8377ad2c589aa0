"""Threefry-2x32 with 20 rounds in NumPy: the reference for `math_rows/threefry.py`, and what seeds become keys by."""

from __future__ import annotations

from typing import Any

import numpy as np

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))  # of four rounds each, in turn
PARITY = np.uint32(0x1BD11BDA)


def threefry(key: Any, counter: Any) -> Any:
    """64 random bits for each counter (both uint64, broadcast); the high word is the first.

    Source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC 2011).
    """
    with np.errstate(over="ignore"):
        key_words = _words(key)
        keys = (*key_words, key_words[0] ^ key_words[1] ^ PARITY)
        a, b = (word + part for word, part in zip(_words(counter), keys, strict=False))
        for turn in range(1, 6):
            for places in ROTATIONS[(turn - 1) % 2]:
                a = a + b
                b = (b << np.uint32(places) | b >> np.uint32(32 - places)) ^ a
            a = a + keys[turn % 3]
            b = b + keys[(turn + 1) % 3] + np.uint32(turn)
    return a.astype("uint64") << np.uint64(32) | b.astype("uint64")


def _words(value: Any) -> tuple[Any, Any]:
    value = np.asarray(value, "uint64")
    return (value >> np.uint64(32)).astype("uint32"), (value & np.uint64(0xFFFFFFFF)).astype("uint32")
