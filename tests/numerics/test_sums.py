"""Sums, means, variances, softmax and logsumexp of long vectors against exact references: math.fsum, and float64 for float32.

python -m tests.numerics.test_sums        the same at 10^8 elements; prints errors in units of the dtype's rounding

Measured at 10^8: at most 0.3 units, sums of both signs 2 (float32) and 0.8 (float64). The largest softmax is off by
125 in float64, and so may its reference be: both are exponentials of a difference of numbers near 1000.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from itertools import chain

import numpy as np
import pytest

import phintys
import phintys.tensor as T

Array = np.ndarray
LONG = 300_007


def exact_sum(x: Array) -> float:
    """The sum without rounding but that of the result."""
    return math.fsum(chain.from_iterable(part.tolist() for part in np.array_split(x, 1 + x.size // 1_000_000)))


def spread(count: int, dtype: str) -> Array:
    """Positive and negative numbers around 1000, of which sums of squares cancel in naive formulas."""
    return (1000 + np.random.default_rng(3).normal(size=count)).astype(dtype)


def variance(x: Array) -> float:
    wide = x.astype("float64")
    mean = exact_sum(wide) / x.size
    return exact_sum((wide - mean) ** 2) / x.size


def logsumexp(x: Array) -> float:
    wide = x.astype("float64")
    return float(wide.max()) + math.log(exact_sum(np.exp(wide - wide.max())))


# name: the expression, its exact value, and how many roundings of the result it may be off
MEASURED: dict[str, tuple[Callable[[T.TensorVariable], T.TensorVariable], Callable[[Array], float], float]] = {
    "sum": (T.sum, exact_sum, 1),
    "sum of both signs": (
        lambda x: T.sum((x - 1000) * 1e3),
        lambda x: exact_sum((x - x.dtype.type(1000)) * x.dtype.type(1e3)),
        8,
    ),
    "sum of squares": (lambda x: T.sum(x * x), lambda x: exact_sum(x.astype("float64") ** 2), 1),
    "mean": (T.mean, lambda x: exact_sum(x) / x.size, 1),
    "variance": (T.var, variance, 2),
    "logsumexp": (lambda x: T.log(T.sum(T.exp(x))), logsumexp, 1),
    "softmax adds up to 1": (lambda x: T.sum(T.exp(x) / T.sum(T.exp(x))), lambda x: 1.0, 2),
    "largest softmax": (
        lambda x: T.max(T.nnet.softmax(x.dimshuffle("x", 0))),
        lambda x: math.exp(float(x.max()) - logsumexp(x)),
        600,
    ),
}


def error(name: str, dtype: str, count: int) -> float:
    """How far the result is off, in units of the dtype's rounding."""
    build, exact, _ = MEASURED[name]
    x = T.vector("x", dtype)
    value = spread(count, dtype)
    found, wanted = float(phintys.function([x], build(x))(value)), exact(value)
    return abs(found - wanted) / (abs(wanted) * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MEASURED)
def test_against_exact_values(name: str, dtype: str) -> None:
    assert error(name, dtype, LONG) <= MEASURED[name][2]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_large_number_among_small_ones(dtype: str) -> None:
    """What an addition to a large total loses is kept, outside of the large number's own block."""
    x = T.vector("x", dtype)
    value = np.full(LONG, np.finfo(dtype).eps / 4, dtype)
    value[0] = 1
    found = phintys.function([x], T.sum(x))(value)
    assert abs(float(found) - exact_sum(value)) <= 64 * np.finfo(dtype).eps


def main() -> None:
    """Print the errors at 10^8 elements."""
    count = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**8
    for dtype in ("float32", "float64"):
        for name in MEASURED:
            print(f"{dtype}  {name:22} {error(name, dtype, count):10.2f} of {MEASURED[name][2]:g} units", flush=True)


if __name__ == "__main__":
    main()
