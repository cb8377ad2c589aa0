"""Gradients of random scalar costs against central differences.

The cost is the weighted sum of what a random program of smooth operations computes from float64 inputs; its compiled gradient
is compared with differences of its compiled value, at inputs of which each element is moved up and down.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from harness import op, variable
from maker import Maker
from steps import STEPS as ANY

import phintys
import phintys.tensor as T

STEP = 1e-5
SMOOTH = ["neg", "tanh", "sigmoid", "softplus", "sin", "cos", "arctan", "exp", "expm1", "sinh"]


def unary(m: Maker) -> None:
    """Functions that grow slowly, or of small arguments."""
    x = m.tensor(0, "f")
    m.keep(m.random.choice(SMOOTH if np.max(np.abs(x[1]), initial=0) < 3 else SMOOTH[:7]), x)


def positive(m: Maker) -> None:
    """Logarithms, roots, powers and quotients, away from zero."""
    x = m.tensor(0, "f")
    square = (op("mul", x[0], x[0]), x[1] * x[1])
    above = (op("add", square[0], np.float64(0.5)), square[1] + 0.5)
    name = m.random.choice(["log", "sqrt", "log1p", "pow", "div"])
    if name in ("pow", "div"):
        other = m.like(x[1], "f")
        if name == "pow" and np.max(np.abs(other[1]), initial=0) > 3:
            raise LookupError
        m.keep(name, *((above, other) if name == "pow" else (other, above)))
    else:
        m.keep(name, above)


def binary(m: Maker) -> None:
    """Products, sums, differences."""
    x = m.tensor(0, "f")
    m.keep(m.random.choice(["add", "sub", "mul"]), x, m.like(x[1], "f"))


def arange(m: Maker) -> None:
    """Numbers from a scalar on, by steps; as many, however it moves."""
    x = m.pick(lambda v, a: a.ndim == 0 and a.dtype.kind == "f")
    end = (op("add", x[0], np.float64(2.3)), x[1] + 2.3)
    m.keep("arange", x, end, (T.constant(0.7), np.float64(0.7)), dtype="float64")


def reduce(m: Maker) -> None:
    """Sums and products."""
    x = m.tensor(1, "f")
    m.keep(m.random.choice(["sum", "sum", "prod"]), x, axes=[m.random.randrange(x[1].ndim)])


NAMES = ["softmax", "log_softmax", "dimshuffle", "dimshuffle", "subtensor", "subtensor", "set_subtensor", "inc_subtensor"]
NAMES += ["gather", "scatter_add", "concatenate", "reshape", "alloc", "dot", "dot", "dot", "make_vector", "gemm", "cumsum"]
STEPS: list[Callable[[Maker], None]] = [
    *[unary] * 4, *[binary] * 6, *[positive] * 3, *[reduce] * 2, arange, *(ANY[name] for name in NAMES),
]  # fmt: skip


def make(seed: int) -> tuple[list[Any], list[Any], Any]:
    """Inputs, their values, and a cost."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    maker = Maker(rng)
    inputs, arrays = [], []
    common = rng.choices([1, 2, 3, 4], k=2)
    for number in range(rng.randrange(1, 4)):
        shape = [rng.choice(common) for _ in range(rng.randrange(3))]
        x = variable("float64", [1 if size == 1 and rng.random() < 0.6 else None for size in shape], f"x{number}")
        inputs.append(x)
        arrays.append(numbers.uniform(-1.5, 1.5, shape))
        maker.pool.append((x, arrays[-1]))
    places = numbers.integers(-1, 1, 3)
    maker.pool.append((T.constant(places), places))
    wanted = len(maker.pool) + rng.randrange(4, 16)
    for _ in range(120):
        if len(maker.pool) >= wanted:
            break
        try:
            rng.choice(STEPS)(maker)
        except (LookupError, TypeError, ValueError):
            continue
    floats = [v for v, a in maker.pool if a.dtype == np.float64 and np.max(np.abs(a), initial=0) < 100]
    parts = [T.sum(v * numbers.uniform(0.5, 1.5)) for v in floats[-3:]]
    return inputs, arrays, sum(parts[1:], parts[0])


def check(seed: int) -> None:
    """Compare one cost's gradients."""
    inputs, arrays, cost = make(seed)
    slopes = T.grad(cost, inputs, disconnected_inputs="ignore")
    f = phintys.function(inputs, cost, on_unused_input="ignore")
    g = phintys.function(inputs, [cost, *slopes], on_unused_input="ignore")
    value, *found = g(*arrays)
    np.testing.assert_allclose(value, f(*arrays), rtol=1e-12, atol=1e-12)
    for number, (array, slope) in enumerate(zip(arrays, found, strict=True)):
        assert slope.shape == array.shape
        for at in np.ndindex(array.shape):
            sides = []
            for step in (STEP, -STEP, STEP / 2, -STEP / 2):
                moved = [a.copy() for a in arrays]
                moved[number][at] += step
                sides.append(float(f(*moved)))
            coarse, fine = (sides[0] - sides[1]) / (2 * STEP), (sides[2] - sides[3]) / STEP
            tolerance = 10 * abs(coarse - fine) + 1e-6 * (1 + abs(fine)) + 1e-10 * abs(float(value)) / STEP
            assert abs(slope[at] - fine) <= tolerance, f"x{number}{at}: {slope[at]} instead of {fine} ({coarse})"
