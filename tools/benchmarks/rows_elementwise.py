"""Elementwise expressions: short, in cache, in memory, with broadcasts."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from .floors import copied
from .loops import compiled, numexpr_call
from .row import Array, Call, Make, Row, Target, normal
from .systems import functions

MANY = 10_000_000


@cache
def numbers(count: int, dtype: str = "float64") -> Array:
    """Where x ** 10 neither overflows nor vanishes."""
    return np.random.default_rng(1).uniform(-2.0, 2.0, count).astype(dtype)


def loop_call(scalar: Callable[..., Any], x: Array) -> Call:
    """numba's loop into an array that is there already, which is what a loop in C would do."""
    import numba

    inner = compiled(scalar)

    def loop(x: Any, out: Any) -> Any:
        for i in numba.prange(x.size):
            out[i] = inner(x[i])
        return out

    return compiled(loop, parallel=True), (x, np.empty_like(x))


def vector_row(
    name: str, title: str, express: Any, text: str, scalar: Any, target: Target, count: int, dtype: str = "float64"
) -> Row:
    """A row of one expression of one vector."""
    data = partial(numbers, count, dtype)
    contenders: dict[str, Make] = {
        **functions(express, lambda: (data(),)),
        "numpy": lambda: ((lambda x: express(np, x)), (data(),)),
        "numexpr": lambda: numexpr_call(text, x=data()),
        "numba": lambda: loop_call(scalar, data()),
    }
    return Row(
        name, "elementwise", title, contenders, target, {"copy": lambda: copied(data())}, 1e-9 if dtype == "float64" else 1e-5
    )


def tenth_power(_: Any, x: Any) -> Any:
    """x ** 10."""
    return x**10


def tenth_power_of_one(x: float) -> float:
    """For numba."""
    return x**10


def logistic(m: Any, x: Any) -> Any:
    """As the tutorials write it."""
    return 1 / (1 + m.exp(-x))


def logistic_of_one(x: float) -> float:
    """For numba."""
    return 1 / (1 + math.exp(-x))


def logistic_of_one_f32(x: Any) -> Any:
    """For numba; its numbers stay float32."""
    return np.float32(1) / (np.float32(1) + np.exp(-x))


def power_row(name: str, count: int, title: str, target: Target) -> Row:
    """x ** 10."""
    return vector_row(name, f"x ** 10, {title}", tenth_power, "x ** 10", tenth_power_of_one, target, count)


def logistic_row(name: str, count: int, title: str, target: Target) -> Row:
    """1 / (1 + exp(-x))."""
    return vector_row(name, f"1 / (1 + exp(-x)), {title}", logistic, "1 / (1 + exp(-x))", logistic_of_one, target, count)


# --- twelve operations on a matrix, a row and a column ---

SIDE = 2000


@cache
def chain_data() -> tuple[Array, Array, Array]:
    """A matrix, a row, a column."""
    return normal(3, SIDE, SIDE), normal(4, 1, SIDE), normal(5, SIDE, 1)


def chain(m: Any, x: Any, v: Any, c: Any) -> Any:
    """Twelve operations with broadcasts both ways."""
    return ((x * 2 + v) * c - m.exp(-x * x) * v + m.sqrt(abs(x)) / (1 + c * c)) * 0.5


CHAIN_TEXT = "((x * 2 + v) * c - exp(-x * x) * v + sqrt(abs(x)) / (1 + c * c)) * 0.5"


def chain_loop() -> Call:
    """numba's loop."""
    import numba

    def loop(x: Any, v: Any, c: Any, out: Any) -> Any:
        for i in numba.prange(x.shape[0]):
            k = c[i, 0]
            weight = 1 / (1 + k * k)
            for j in range(x.shape[1]):
                a, w = x[i, j], v[0, j]
                out[i, j] = ((a * 2 + w) * k - math.exp(-a * a) * w + math.sqrt(abs(a)) * weight) * 0.5
        return out

    x, v, c = chain_data()
    return compiled(loop, parallel=True), (x, v, c, np.empty_like(x))


CHAIN = Row(
    "chain",
    "elementwise",
    "12 operations with a row and a column, 2000 × 2000",
    {
        **functions(chain, chain_data),
        "numpy": lambda: ((lambda x, v, c: chain(np, x, v, c)), chain_data()),
        "numexpr": lambda: numexpr_call(CHAIN_TEXT, **dict(zip("xvc", chain_data(), strict=True))),
        "numba": chain_loop,
    },
    Target(ratio=2.9, of="copy"),
    {"copy": lambda: copied(chain_data()[0])},
)

ROWS = (
    power_row("pow10", MANY, "10 M", Target(ratio=1.15, of="copy")),
    power_row("pow10-4096", 4096, "4,096", Target(2.5e-6)),
    logistic_row("logistic-1k", 1000, "1,000", Target(2.9e-6)),
    logistic_row("logistic-100k", 100_000, "100 k", Target(198e-6)),
    logistic_row("logistic", MANY, "10 M", Target(ratio=1.1 * 24.7 / 16.1, of="copy")),
    vector_row(
        "logistic-f32",
        "1 / (1 + exp(-x)), 10 M float32",
        logistic,
        "1 / (1 + exp(-x))",
        logistic_of_one_f32,
        Target(ratio=1.1 * 12.0 / 8.05, of="copy"),
        MANY,
        "float32",
    ),
    CHAIN,
)
