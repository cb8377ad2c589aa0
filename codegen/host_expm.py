"""The exponential of a matrix, by scaling and squaring of Padé approximants.

Where a Jacobian needs the exponentials of many matrices; that of one is native code, see `passes/decompose_expm.py`.

Source: N. J. Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited, SIAM J. Matrix Anal. Appl. 26
(2005), algorithm 2.3 and table 2.3.
"""

from __future__ import annotations

from math import ceil, log2
from typing import Any

import numpy as np

from phintys.ir.pade import coefficients

from .host_linalg import square

Array = np.ndarray[Any, Any]

# Degree of the approximant, and the largest 1-norm at which its backward error is below 2^-53.
_LIMITS = ((3, 1.495585217958292e-2), (5, 2.539398330063230e-1), (7, 9.504178996162932e-1), (9, 2.097847961257068e0))
_LAST, _LAST_LIMIT = 13, 5.371920351148152e0

_TABLE = {degree: coefficients(degree) for degree in (3, 5, 7, 9, 13)}


def expm(x: Array) -> Array:
    """e to the power of a square matrix; computed in double precision. NaN throughout where an element is not finite."""
    square("expm", x)
    if not x.size:
        return x.copy()
    if not np.isfinite(x).all():
        return np.full_like(x, np.nan)
    a = x.astype("float64")
    norm = float(np.abs(a).sum(axis=0).max())
    for degree, limit in _LIMITS:
        if norm <= limit:
            return _pade(a, degree).astype(x.dtype)
    squarings = max(0, ceil(log2(norm / _LAST_LIMIT)))
    result = _pade(a * 2.0**-squarings, _LAST)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(squarings):
            result = result @ result
        return result.astype(x.dtype)


def _pade(a: Array, degree: int) -> Array:
    """The approximant q(a)^-1 p(a), whose p has the odd terms u and the even terms v, and whose q has -u and v."""
    b = _TABLE[degree]
    one, square_of = np.eye(len(a)), a @ a
    if degree == _LAST:
        a4 = square_of @ square_of
        a6 = a4 @ square_of
        u = a6 @ (b[13] * a6 + b[11] * a4 + b[9] * square_of) + b[7] * a6 + b[5] * a4 + b[3] * square_of + b[1] * one
        v = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * square_of) + b[6] * a6 + b[4] * a4 + b[2] * square_of + b[0] * one
    else:
        u, v, power = b[1] * one, b[0] * one, one
        for j in range(2, degree, 2):
            power = power @ square_of
            u, v = u + b[j + 1] * power, v + b[j] * power
    u = a @ u
    return np.asarray(np.linalg.solve(v - u, v + u))
