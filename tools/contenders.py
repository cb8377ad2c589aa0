"""The contenders of `phintys bench` on small data: each function returns what to call and its arguments.

Grouped by workload; in a group all compute the same from the same start, so that their first results can be compared.
Packages other than NumPy and Phintys are imported inside, and are left out of the measurement when missing.
`contenders_arrays.py` goes on with large data, `contenders_derivatives.py` with second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Call = tuple[Callable[..., Any], tuple[Any, ...]]

# --- programs that print seconds ---

IMPORT = """
import time
start = time.perf_counter()
import {0}
print(time.perf_counter() - start)
"""
FIRST = """
import time
import numpy, phintys, phintys.tensor
from phintys.tools import contenders
start = time.perf_counter()
function, arguments = contenders.xor_{0}()
function(*arguments)
print(time.perf_counter() - start)
"""
IMPORT_PHINTYS, IMPORT_NUMPY = IMPORT.format("phintys"), IMPORT.format("numpy")
FIRST_PHINTYS, FIRST_NUMPY = FIRST.format("phintys"), FIRST.format("numpy")


# --- x + y ---


def add_phintys() -> Call:
    """A compiled function of two scalars."""
    import phintys
    import phintys.tensor as T

    x, y = T.dscalars("x", "y")
    return phintys.function([x, y], x + y), (2.0, 3.0)


def add_numpy() -> Call:
    """The ufunc."""
    return np.add, (2.0, 3.0)


def add_jax() -> Call:
    """A jitted function."""
    jax = jax_x64()
    add = jax.jit(lambda x, y: x + y)
    return lambda x, y: add(x, y).block_until_ready(), (2.0, 3.0)


def add_numba() -> Call:
    """A jitted function, which returns a Python float."""
    import numba

    add = numba.njit(lambda x, y: x + y)
    add(2.0, 3.0)
    return add, (2.0, 3.0)


def jax_x64() -> Any:
    """JAX with 64-bit numbers on the CPU."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    return jax


# --- the XOR net of the beginner's tutorial: 2 + bias, 3 + bias, 1 ---


def xor_weights() -> tuple[Array, Array]:
    """The same starting weights for everyone."""
    random = np.random.RandomState(3)
    return random.rand(3, 3), random.rand(4, 1)


def xor_phintys() -> Call:
    """The tutorial's function, as it stands there."""
    import phintys
    import phintys.tensor as T

    first, second = xor_weights()
    theta1, theta2 = phintys.shared(first), phintys.shared(second)
    x, y = T.dvector(), T.dscalar()

    def layer(x: Any, w: Any) -> Any:
        return T.nnet.sigmoid(T.dot(w.T, T.concatenate([x, np.array([1.0])])))

    cost = (T.sum(layer(layer(x, theta1), theta2)) - y) ** 2
    updates = [(theta, theta - 0.1 * T.grad(cost, wrt=theta)) for theta in (theta1, theta2)]
    return phintys.function([x, y], cost, updates=updates), (np.array([0.0, 1.0]), 1.0)


def xor_int_phintys() -> Call:
    """Called with integers, which are converted."""
    return xor_phintys()[0], (np.array([0, 1]), np.int64(1))


def xor_numpy() -> Call:
    """The same step with the derivatives by hand."""
    theta1, theta2 = xor_weights()

    def step(x: Array, y: float) -> Any:
        x1 = np.append(x, 1.0)
        h = 1 / (1 + np.exp(-(theta1.T @ x1)))
        h1 = np.append(h, 1.0)
        o = 1 / (1 + np.exp(-(theta2.T @ h1)))
        wrong = o.sum() - y
        d_o = 2 * wrong * o * (1 - o)
        d_h = (theta2 @ d_o)[:3] * h * (1 - h)
        np.subtract(theta2, 0.1 * np.outer(h1, d_o), out=theta2)
        np.subtract(theta1, 0.1 * np.outer(x1, d_h), out=theta1)
        return wrong**2

    return step, (np.array([0.0, 1.0]), 1.0)


def xor_int_numpy() -> Call:
    """The same with integers."""
    return xor_numpy()[0], (np.array([0, 1]), np.int64(1))


def xor_jax() -> Call:
    """The same with JAX's derivatives."""
    jax = jax_x64()
    jnp = jax.numpy
    weights = [jnp.asarray(part) for part in xor_weights()]

    def layer(x: Any, w: Any) -> Any:
        return jax.nn.sigmoid(w.T @ jnp.append(x, 1.0))

    def cost(weights: Any, x: Any, y: Any) -> Any:
        return (layer(layer(x, weights[0]), weights[1]).sum() - y) ** 2

    @jax.jit  # type: ignore[untyped-decorator, unused-ignore]
    def update(weights: Any, x: Any, y: Any) -> Any:
        value, slopes = jax.value_and_grad(cost)(weights, x, y)
        return value, [w - 0.1 * slope for w, slope in zip(weights, slopes, strict=True)]

    def step(x: Array, y: float) -> Any:
        nonlocal weights
        value, weights = update(weights, x, y)
        return value.block_until_ready()

    return step, (np.array([0.0, 1.0]), 1.0)


# --- Rosenbrock's function by gradient descent ---


def rosenbrock_phintys() -> Call:
    """The tutorial's function, as it stands there."""
    import phintys
    import phintys.tensor as T

    x = phintys.shared(np.array([2.0, 2.0]), name="x")
    z = (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2
    return phintys.function([], [z], updates=[(x, x - 0.001 * T.grad(z, wrt=x))]), ()


def rosenbrock_numpy() -> Call:
    """The same with the derivative by hand."""
    x = np.array([2.0, 2.0])

    def step() -> list[Any]:
        near, bend = 1.0 - x[0], x[1] - x[0] ** 2
        slope = np.array([-2 * near - 400.0 * x[0] * bend, 200.0 * bend])
        np.subtract(x, 0.001 * slope, out=x)
        return [near**2 + 100.0 * bend**2]

    return step, ()
