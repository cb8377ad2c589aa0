"""Outcomes by uniform numbers: what MRG_RandomStreams leaves to NumPy.

Row r of the result uses the numbers r, r + rows, r + 2 rows, ...: one for each trial.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _outcome(rows: Array, points: Array) -> Array:
    """The first outcome of each row whose cumulated probability exceeds the row's number; the row's length if none does."""
    over = np.cumsum(rows, axis=1) > points[:, None]
    found: Array = np.where(over.any(axis=1), over.argmax(axis=1), rows.shape[1])
    return found


def multinomial(rows: Array, points: Array, count: Array, dtype: str) -> Array:
    """How often each outcome of each row comes."""
    out = np.zeros((rows.shape[0], rows.shape[1] + 1), dtype)
    lines = np.arange(rows.shape[0])
    for numbers in points.reshape(int(count), rows.shape[0]):
        out[lines, _outcome(rows, numbers)] += 1
    return np.ascontiguousarray(out[:, :-1])


def choice(rows: Array, points: Array, count: Array, dtype: str) -> Array:
    """Outcomes of each row, none twice: what has come is taken out, and the rest made to sum to one again."""
    trials = int(count)
    if trials > rows.shape[1]:
        raise ValueError(f"cannot choose {trials} of {rows.shape[1]} outcomes without replacement")
    left, out = rows.copy(), np.full((rows.shape[0], trials), -1, dtype)
    lines = np.arange(rows.shape[0])
    for trial, numbers in enumerate(points.reshape(trials, rows.shape[0])):
        found = _outcome(left, numbers)
        some = found < rows.shape[1]
        out[some, trial] = found[some]
        left[lines[some], found[some]] = 0
        with np.errstate(invalid="ignore", divide="ignore"):
            left /= left.sum(axis=1, keepdims=True)
    return out
