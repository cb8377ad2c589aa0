"""Training: logistic regression, softmax regression, a classifier's cost and gradient, a net of three layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from .floors import copied
from .loops import compiled
from .row import Array, Call, Row, Target, normal
from .systems import gradients, trainings

DTYPES = (("float64", "", 1e-9), ("float32", "-f32", 2e-4))

# --- seed 002: logistic regression ---

EXAMPLES = 400


@cache
def regression_data(features: int) -> tuple[Array, Array]:
    """Examples and labels."""
    random = np.random.default_rng(2)
    return random.standard_normal((EXAMPLES, features)), random.integers(0, 2, EXAMPLES).astype(float)


def regression_weights(features: int) -> tuple[Array, Array]:
    """First weights."""
    return 0.05 * normal(7, features), np.zeros(())


def regression_cost(m: Any, weights: Any, x: Any, y: Any) -> tuple[Any, list[Any]]:
    """As the article writes it; the step returns the prediction and the cross-entropy."""
    w, b = weights
    p = 1 / (1 + m.exp(-(x @ w) - b))
    xent = -y * m.log(p) - (1 - y) * m.log(1 - p)
    return xent.mean() + 0.01 * (w**2).sum(), [p > 0.5, xent]


def regression_step(x: Any, y: Any, w: Any, b: Any) -> Any:
    """The derivative by hand, for NumPy and numba."""
    p = 1 / (1 + np.exp(-np.dot(x, w) - b[0]))
    xent = -y * np.log(p) - (1 - y) * np.log(1 - p)
    slope = (p - y) / len(y)
    w -= 0.1 * (np.dot(slope, x) + 0.02 * w)
    b[0] -= 0.1 * slope.sum()
    return p > 0.5, xent


def regression_by_hand(features: int, make: Callable[[Any], Any]) -> Call:
    """The step by hand, in place, on weights of its own."""
    w, step = regression_weights(features)[0], make(regression_step)
    b = np.zeros(1)
    return lambda x, y: step(x, y, w, b), regression_data(features)


def two_gemv(features: int) -> Call:
    """The two products of matrix and vector that the step contains, into arrays that are there already."""
    scores, slope = np.empty(EXAMPLES), np.empty(features)

    def products(x: Array, w: Array) -> None:
        np.dot(x, w, out=scores)
        np.dot(scores, x, out=slope)

    return products, (regression_data(features)[0], regression_weights(features)[0])


def regression_row(name: str, features: int, target: Target) -> Row:
    """A step of the logistic regression."""
    return Row(
        name,
        "training",
        f"step of the logistic regression (seed 002), 400 × {features}",
        {
            **trainings(regression_cost, partial(regression_weights, features), partial(regression_data, features)),
            "numpy": lambda: regression_by_hand(features, lambda step: step),
            "numba": lambda: regression_by_hand(features, compiled),
        },
        target,
        {"two gemv": lambda: two_gemv(features)},
    )


# --- softmax regression and nets: layers of tanh, softmax, mean negative log-likelihood ---


@cache
def digits(batch: int, dtype: str) -> tuple[Array, Array]:
    """Pictures of 784 pixels and their classes."""
    return normal(8, batch, 784, dtype=dtype), np.random.default_rng(9).integers(0, 10, batch)


def net_weights(sizes: tuple[int, ...], dtype: str) -> tuple[Array, ...]:
    """Weights and biases, layer by layer."""
    pairs = [(0.05 * normal(i, a, b), np.zeros(b)) for i, (a, b) in enumerate(pairwise(sizes))]
    return tuple(part.astype(dtype) for pair in pairs for part in pair)


def net_cost(m: Any, weights: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """The cost, which is also what the step returns."""
    for i in range(0, len(weights) - 2, 2):
        x = m.tanh(x @ weights[i] + weights[i + 1])
    p = m.softmax(x @ weights[-2] + weights[-1])
    cost = -m.log(p)[m.arange(y.shape[0]), y].mean()
    return cost, cost


def net_numpy(sizes: tuple[int, ...], batch: int, dtype: str) -> Call:
    """The derivative by hand."""
    weights = net_weights(sizes, dtype)

    def step(x: Array, y: Array) -> Any:
        layers, rows = [x], np.arange(len(y))
        for i in range(0, len(weights) - 2, 2):
            layers.append(np.tanh(layers[-1] @ weights[i] + weights[i + 1]))
        scores = layers[-1] @ weights[-2] + weights[-1]
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        cost = -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        p /= len(y)
        for i in range(len(weights) - 2, -1, -2):
            below = p @ weights[i].T * (1 - layers[i // 2] ** 2) if i else p
            weights[i][...] -= 0.1 * (layers[i // 2].T @ p)
            weights[i + 1][...] -= 0.1 * p.sum(0)
            p = below
        return cost

    return step, digits(batch, dtype)


def products(sizes: tuple[int, ...], batch: int, dtype: str) -> Call:
    """The matrix products that the step contains, into arrays that are there already."""
    shapes = list(pairwise(sizes))
    layers = [np.ones((batch, size), dtype) for size in sizes]
    weights = [np.ones(shape, dtype) for shape in shapes]
    outs, slopes = [np.empty_like(layer) for layer in layers], [np.empty_like(w) for w in weights]

    def run() -> None:
        for i, w in enumerate(weights):
            np.dot(layers[i], w, out=outs[i + 1])
            np.dot(layers[i].T, layers[i + 1], out=slopes[i])
            if i:
                np.dot(layers[i + 1], w.T, out=outs[i])

    return run, ()


def net_row(name: str, title: str, sizes: tuple[int, ...], batch: int, kind: tuple[str, str, float], target: Target) -> Row:
    """A step of a net."""
    dtype, suffix, tolerance = kind
    return Row(
        name + suffix,
        "training",
        f"{title}, {dtype}",
        {
            **trainings(net_cost, partial(net_weights, sizes, dtype), partial(digits, batch, dtype)),
            "numpy": lambda: net_numpy(sizes, batch, dtype),
        },
        target,
        {"gemm calls": lambda: products(sizes, batch, dtype)},
        tolerance,
    )


# --- softmax and cross-entropy, the value and the gradient ---


@cache
def scores(dtype: str) -> tuple[Array, Array]:
    """Scores of 1000 classes and the right ones."""
    return normal(10, 1024, 1000, dtype=dtype), np.random.default_rng(11).integers(0, 1000, 1024)


def entropy_cost(m: Any, x: Any, y: Any) -> Any:
    """Mean negative log-likelihood."""
    return -m.log(m.softmax(x))[m.arange(y.shape[0]), y].mean()


def entropy_numpy(dtype: str) -> Call:
    """The derivative by hand."""

    def value_and_slope(x: Array, y: Array) -> list[Any]:
        rows = np.arange(len(y))
        slope = np.exp(x - x.max(1, keepdims=True))
        slope /= slope.sum(1, keepdims=True)
        value = -np.log(slope[rows, y]).mean()
        slope[rows, y] -= 1
        slope /= len(y)
        return [value, slope]

    return value_and_slope, scores(dtype)


def entropy_numba(dtype: str) -> Call:
    """Loops by hand, a row at a time, into an array that is there already."""
    import numba

    def value_and_slope(x: Any, y: Any, slope: Any) -> Any:
        cost = 0.0
        for i in numba.prange(x.shape[0]):
            row, out = x[i], slope[i]
            most = row[0]
            for j in range(row.size):
                most = max(most, row[j])
            total = row[0] - row[0]
            for j in range(row.size):
                out[j] = np.exp(row[j] - most)
                total += out[j]
            cost += most + np.log(total) - row[y[i]]
            scale = 1 / (total * x.shape[0])
            for j in range(row.size):
                out[j] *= scale
            out[y[i]] -= 1 / x.shape[0]
        return cost / x.shape[0], slope

    x, y = scores(dtype)
    return compiled(value_and_slope, parallel=True), (x, y, np.empty_like(x))


def entropy_row(kind: tuple[str, str, float], target: Target) -> Row:
    """Value and gradient."""
    dtype, suffix, tolerance = kind
    return Row(
        "cross-entropy" + suffix,
        "training",
        f"softmax and cross-entropy with gradient, 1024 × 1000, {dtype}",
        {
            **gradients(entropy_cost, partial(scores, dtype)),
            "numpy": lambda: entropy_numpy(dtype),
            "numba": lambda: entropy_numba(dtype),
        },
        target,
        {"copy": lambda: copied(scores(dtype)[0])},
        tolerance,
    )


SOFTMAX, NET = (784, 10), (784, 512, 512, 10)
GEMMS = Target(ratio=1.1, of="gemm calls")
ROWS = (
    regression_row("seed002", 784, Target(166e-6)),
    regression_row("seed002-2", 2, Target(9.4e-6)),
    net_row("seed003", "step of the softmax regression (seed 003), batch 600", SOFTMAX, 600, DTYPES[0], Target(1.2e-3)),
    net_row("seed003", "step of the softmax regression (seed 003), batch 600", SOFTMAX, 600, DTYPES[1], Target(0.7e-3)),
    entropy_row(DTYPES[0], Target(3.9e-3)),
    entropy_row(DTYPES[1], Target(1.2e-3)),
    net_row("mlp", "step of a net 784-512-512-10, batch 128", NET, 128, DTYPES[0], GEMMS),
    net_row("mlp", "step of a net 784-512-512-10, batch 128", NET, 128, DTYPES[1], GEMMS),
)
