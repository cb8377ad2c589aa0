"""Small work, where the call itself is most of the time."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .loops import compiled
from .row import Array, Call, Row, Target
from .systems import functions, system, trainings

# --- x + y and the accumulator ---


def add_numba() -> Call:
    """A jitted function, which returns a Python float."""
    return compiled(lambda x, y: x + y), (2.0, 3.0)


ADD = Row(
    "add",
    "small",
    "f(2., 3.), x + y on two dscalars",
    {
        **functions(lambda _, x, y: x + y, lambda: (2.0, 3.0)),
        "numpy": lambda: (np.add, (2.0, 3.0)),
        "numba": add_numba,
    },
    Target(0.3e-6),
    {"C call": lambda: (operator.add, (2.0, 3.0))},
)


def accumulator(package: str) -> Call:
    """The tutorial's accumulator: returns the state as it was."""
    symbolic = system(package)
    state, inc = symbolic.package.shared(0), symbolic.tensor.iscalar("inc")
    return symbolic.package.function([inc], state, updates=[(state, state + inc)]), (1,)


def accumulator_numpy() -> Call:
    """A 0-d array, updated in place."""
    state = np.zeros((), int)

    def accumulate(inc: int) -> Array:
        before = state.copy()
        np.add(state, inc, out=state)
        return before

    return accumulate, (1,)


def accumulator_jax() -> Call:
    """A jitted function of the state."""
    jax = system("jax").jax
    add, state = jax.jit(lambda state, inc: state + inc), jax.numpy.zeros((), int)

    def accumulate(inc: int) -> Any:
        nonlocal state
        before, state = state, add(state, inc)
        return before.block_until_ready()

    return accumulate, (1,)


ACCUMULATOR = Row(
    "accumulator",
    "small",
    "accumulator(1), state += inc",
    {
        "phintys": lambda: accumulator("phintys"),
        "pytensor": lambda: accumulator("pytensor"),
        "numpy": accumulator_numpy,
        "jax": accumulator_jax,
    },
    Target(0.35e-6),
    {"C call": lambda: (operator.add, (1, 1))},
)

# --- the XOR net of the beginner's tutorial: 2 + bias, 3 + bias, 1 ---


def xor_weights() -> tuple[Array, Array]:
    """The same starting weights for everyone."""
    random = np.random.RandomState(3)
    return random.rand(3, 3), random.rand(4, 1)


def xor_data() -> tuple[Any, ...]:
    """One example."""
    return np.array([0.0, 1.0]), 1.0


def xor_cost(m: Any, weights: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """The cost, which is also what the step returns."""
    one = m.ones(1, dtype=m.float64) if hasattr(m.module, "inference_mode") else np.array([1.0])

    def layer(x: Any, w: Any) -> Any:
        return m.sigmoid(w.T @ m.concatenate([x, one]))

    cost = (layer(layer(x, weights[0]), weights[1]).sum() - y) ** 2
    return cost, cost


def xor_numpy() -> Call:
    """The derivatives by hand."""
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

    return step, xor_data()


def xor_numba() -> Call:
    """Loops by hand; the arrays it works in are there already."""

    def step(theta1: Any, theta2: Any, h: Any, x: Any, y: Any) -> Any:
        total = theta2[3, 0]
        for j in range(3):
            h[j] = 1 / (1 + math.exp(-(theta1[0, j] * x[0] + theta1[1, j] * x[1] + theta1[2, j])))
            total += theta2[j, 0] * h[j]
        o = 1 / (1 + math.exp(-total))
        wrong = o - y
        slope = 0.1 * 2 * wrong * o * (1 - o)
        for j in range(3):
            d = slope * theta2[j, 0] * h[j] * (1 - h[j])
            theta2[j, 0] -= slope * h[j]
            theta1[0, j] -= d * x[0]
            theta1[1, j] -= d * x[1]
            theta1[2, j] -= d
        theta2[3, 0] -= slope
        return wrong * wrong

    function, (theta1, theta2), h = compiled(step), xor_weights(), np.empty(3)
    return lambda x, y: function(theta1, theta2, h, x, y), xor_data()


XOR = Row(
    "xor",
    "small",
    "training step of the XOR net",
    {**trainings(xor_cost, xor_weights, xor_data), "numpy": xor_numpy, "numba": xor_numba},
    Target(1.3e-6),
    {"C call": ADD.floors["C call"]},
)


def xor_integers() -> tuple[Any, ...]:
    """Integers, which Phintys converts to the declared float64, as the tutorial calls it."""
    return np.array([0, 1]), np.int64(1)


XOR_INT = Row(
    "xor-int",
    "small",
    "training step of the XOR net, called with integer arrays",
    {
        "phintys": lambda: (system("phintys").training(xor_cost, xor_weights(), xor_data())[0], xor_integers()),
        "numpy": lambda: (xor_numpy()[0], xor_integers()),
        "numba": lambda: (xor_numba()[0], xor_integers()),
    },
    Target(6e-6),
    {"C call": ADD.floors["C call"]},
)

# --- Rosenbrock's function by gradient descent ---


def rosenbrock_start() -> tuple[Array]:
    """Two coordinates."""
    return (np.array([2.0, 2.0]),)


def rosenbrock_cost(_: Any, weights: Any) -> tuple[Any, list[Any]]:
    """The function, with the tutorial's rate of a thousandth: a hundredth of the steps' own."""
    x = weights[0]
    z = (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2
    return 0.01 * z, [z]


def rosenbrock_numpy() -> Call:
    """The derivative by hand."""
    x = rosenbrock_start()[0]

    def step() -> list[Any]:
        near, bend = 1.0 - x[0], x[1] - x[0] ** 2
        slope = np.array([-2 * near - 400.0 * x[0] * bend, 200.0 * bend])
        np.subtract(x, 0.001 * slope, out=x)
        return [near**2 + 100.0 * bend**2]

    return step, ()


def rosenbrock_numba() -> Call:
    """Loops by hand."""

    def step(x: Any) -> Any:
        near, bend = 1.0 - x[0], x[1] - x[0] * x[0]
        x[0] -= 0.001 * (-2 * near - 400.0 * x[0] * bend)
        x[1] -= 0.2 * bend
        return near * near + 100.0 * bend * bend

    return compiled(step), rosenbrock_start()


ROSENBROCK = Row(
    "rosenbrock",
    "small",
    "gradient descent step on Rosenbrock's function",
    {**trainings(rosenbrock_cost, rosenbrock_start, tuple), "numpy": rosenbrock_numpy, "numba": rosenbrock_numba},
    Target(0.6e-6),
    {"C call": ADD.floors["C call"]},
)

ROWS = (ADD, ACCUMULATOR, XOR, XOR_INT, ROSENBROCK)
