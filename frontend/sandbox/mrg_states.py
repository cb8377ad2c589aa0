"""States of MRG31k3p streams: seeds, and jumps ahead by powers of the two recurrences' matrices.

A state is six numbers, the last three values of each recurrence. Streams of one variable begin 2^72 steps apart, variables
2^134 steps. Source: L'Ecuyer and Touzin, Fast combined multiple recursive generators (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
M1, M2 = 2**31 - 1, 2**31 - 21069
_MATRICES = (
    (((0, 2**22, 2**7 + 1), (1, 0, 0), (0, 1, 0)), M1),
    (((2**15, 0, 2**15 + 1), (1, 0, 0), (0, 1, 0)), M2),
)


def _product(a: Array, b: Array, modulus: int) -> Array:
    """A product of matrices of residues: each term is below 2^62, and is reduced before they are added."""
    terms = a[..., :, :, None] * b[..., None, :, :] % modulus
    total: Array = terms.sum(axis=-2) % modulus
    return total


@cache
def _jump(bits: int) -> tuple[Array, ...]:
    """The matrices of 2^bits steps."""
    jumps = []
    for rows, modulus in _MATRICES:
        matrix = np.array(rows, dtype="uint64")
        for _ in range(bits):
            matrix = _product(matrix, matrix, modulus)
        jumps.append(matrix)
    return tuple(jumps)


def _ahead(states: Array, jumps: Sequence[Array]) -> Array:
    """Rows of states after a jump."""
    parts = [
        _product(matrix, states[:, part, None].astype("uint64"), modulus)[..., 0]
        for matrix, part, (_, modulus) in zip(jumps, (slice(0, 3), slice(3, 6)), _MATRICES, strict=True)
    ]
    return np.concatenate(parts, axis=1).astype("int32")


def next_variable(state: Array) -> Array:
    """The state at which the next random variable begins, 2^134 steps ahead."""
    found: Array = _ahead(state[None], _jump(134))[0]
    return found


def streams(first: Array, count: int) -> Array:
    """States of `count` streams, one a row, 2^72 steps apart; twice as many with each jump."""
    states, bits = first[None], 72
    while len(states) < count:
        states = np.concatenate([states, _ahead(states, _jump(bits))])
        bits += 1
    return np.ascontiguousarray(states[:count])


def first_state(seed: Any) -> Array:
    """The state of a seed: one number six times, or six numbers. ValueError or TypeError for one that gives none."""
    numbers = [int(seed)] * 6 if isinstance(seed, int | np.integer) else [int(number) for number in seed]
    if len(numbers) != 6:
        raise TypeError(f"seed should be 1 integer or 6 integers, got {seed!r}")
    for part, modulus in ((numbers[:3], M1), (numbers[3:], M2)):
        if not any(part):
            raise ValueError(f"the first three numbers of a seed, and the last three, should not be all 0; got {seed!r}")
        if not all(0 <= number < modulus for number in part):
            raise ValueError(f"the numbers of a seed should be below {M1} (the last three below {M2}); got {seed!r}")
    return np.array(numbers, dtype="int32")
