"""The contenders of `phintys bench` on large arrays, and the floors: what moving or multiplying the data once takes.

As in `contenders.py`, each function returns what to call and its arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .contenders import Array, Call, jax_x64

MANY = 10_000_000
ROWS, COLUMNS = 400, 784

# --- long elementwise expressions ---


@cache
def many() -> Array:
    """The operand of the long workloads: where x ** 10 neither overflows nor vanishes."""
    return np.random.default_rng(1).uniform(-2.0, 2.0, MANY)


def copyto() -> Call:
    """What moving the operand once to another array takes."""
    return np.copyto, (np.empty(MANY), many())


def elementwise_phintys(express: Callable[[Any, Any], Any]) -> Call:
    """A compiled function of a vector."""
    import phintys
    import phintys.tensor as T

    x = T.dvector("x")
    return phintys.function([x], express(T, x)), (many(),)


def elementwise_jax(express: Callable[[Any, Any], Any]) -> Call:
    """A jitted function of a vector that is already JAX's."""
    jax = jax_x64()
    function = jax.jit(lambda x: express(jax.numpy, x))
    return lambda x: function(x).block_until_ready(), (jax.numpy.asarray(many()),)


def elementwise_numba(express: Callable[[Any], float]) -> Call:
    """A compiled ufunc."""
    import numba

    return numba.vectorize(["float64(float64)"])(express), (many(),)


def elementwise_numexpr(text: str) -> Call:
    """numexpr with one thread."""
    import numexpr

    numexpr.set_num_threads(1)
    return lambda x: numexpr.evaluate(text, {"x": x}), (many(),)


def pow_phintys() -> Call:
    """x ** 10."""
    return elementwise_phintys(lambda _, x: x**10)


def pow_numpy() -> Call:
    """x ** 10."""
    return lambda x: x**10, (many(),)


def pow_jax() -> Call:
    """x ** 10."""
    return elementwise_jax(lambda _, x: x**10)


def pow_numexpr() -> Call:
    """x ** 10."""
    return elementwise_numexpr("x ** 10")


def pow_numba() -> Call:
    """x ** 10."""
    return elementwise_numba(lambda x: x**10)


def logistic_phintys() -> Call:
    """The logistic function."""
    return elementwise_phintys(lambda T, x: 1 / (1 + T.exp(-x)))


def logistic_numpy() -> Call:
    """The logistic function."""
    return lambda x: 1 / (1 + np.exp(-x)), (many(),)


def logistic_jax() -> Call:
    """The logistic function."""
    return elementwise_jax(lambda jnp, x: 1 / (1 + jnp.exp(-x)))


def logistic_numexpr() -> Call:
    """The logistic function."""
    return elementwise_numexpr("1 / (1 + exp(-x))")


def logistic_numba() -> Call:
    """The logistic function."""
    import math

    return elementwise_numba(lambda x: 1 / (1 + math.exp(-x)))


# --- logistic regression, 400 x 784 ---


@cache
def regression_data() -> tuple[Array, Array, Array]:
    """Examples, labels and first weights."""
    random = np.random.default_rng(2)
    examples = random.standard_normal((ROWS, COLUMNS))
    return examples, random.integers(0, 2, ROWS).astype(float), 0.05 * random.standard_normal(COLUMNS)


def regression_phintys() -> Call:
    """The tutorial's training function, as it stands there."""
    import phintys
    import phintys.tensor as T

    examples, labels, start = regression_data()
    x, y = T.dmatrix("x"), T.dvector("y")
    w, b = phintys.shared(start, name="w"), phintys.shared(0.0, name="b")
    p_1 = 1 / (1 + T.exp(-T.dot(x, w) - b))
    xent = -y * T.log(p_1) - (1 - y) * T.log(1 - p_1)
    cost = xent.mean() + 0.01 * (w**2).sum()
    gw, gb = T.grad(cost, [w, b])
    train = phintys.function([x, y], [p_1 > 0.5, xent], updates=((w, w - 0.1 * gw), (b, b - 0.1 * gb)))
    return train, (examples, labels)


def regression_numpy() -> Call:
    """The same with the derivative by hand."""
    examples, labels, start = regression_data()
    w, b = start.copy(), np.zeros(())

    def step(x: Array, y: Array) -> list[Array]:
        p = 1 / (1 + np.exp(-np.dot(x, w) - b))
        xent = -y * np.log(p) - (1 - y) * np.log(1 - p)
        slope = (p - y) / len(y)
        np.subtract(w, 0.1 * (np.dot(slope, x) + 0.02 * w), out=w)
        np.subtract(b, 0.1 * slope.sum(), out=b)
        return [p > 0.5, xent]

    return step, (examples, labels)


def two_gemv() -> Call:
    """The two products of matrix and vector that the step contains, into arrays that are there already."""
    examples, _, start = regression_data()
    scores, slope = np.empty(ROWS), np.empty(COLUMNS)

    def products(x: Array, w: Array) -> None:
        np.dot(x, w, out=scores)
        np.dot(scores, x, out=slope)

    return products, (examples, start)


def regression_jax() -> Call:
    """The same with JAX's derivatives."""
    jax = jax_x64()
    jnp = jax.numpy
    examples, labels, start = (jnp.asarray(part) for part in regression_data())
    weights = (start, jnp.zeros(()))

    def cost(weights: Any, x: Any, y: Any) -> Any:
        w, b = weights
        p = 1 / (1 + jnp.exp(-(x @ w) - b))
        xent = -y * jnp.log(p) - (1 - y) * jnp.log(1 - p)
        return xent.mean() + 0.01 * (w**2).sum(), [p > 0.5, xent]

    @jax.jit  # type: ignore[untyped-decorator, unused-ignore]
    def update(weights: Any, x: Any, y: Any) -> Any:
        slopes, outputs = jax.grad(cost, has_aux=True)(weights, x, y)
        return outputs, [w - 0.1 * slope for w, slope in zip(weights, slopes, strict=True)]

    def step(x: Any, y: Any) -> Any:
        nonlocal weights
        outputs, weights = update(weights, x, y)
        return [output.block_until_ready() for output in outputs]

    return step, (examples, labels)
