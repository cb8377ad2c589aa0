"""Reductions, matrix products, second derivatives, random numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .floors import written
from .loops import compiled
from .row import Array, Call, Make, Row, Target, normal
from .systems import function_of, functions, system

# --- reductions of a matrix ---

SIDE = 4000


@cache
def matrix() -> Array:
    """The operand of the reductions."""
    return normal(12, SIDE, SIDE)


def read() -> Call:
    """Reading the operand once: BLAS's product of it with itself."""
    flat = matrix().reshape(-1)
    return np.dot, (flat, flat)


def reduction_row(kind: str, axis: int | None) -> Row:
    """One reduction over one axis or all."""

    def reduce(_: Any, x: Any) -> Any:
        return getattr(x, kind)(axis=axis)

    def torch() -> Call:
        function = getattr(system("torch").torch, {"max": "amax"}.get(kind, kind))
        wanted = {} if axis is None else {"dim": axis}
        return function_of("torch", lambda _, x: function(x, **wanted), (matrix(),))

    contenders: dict[str, Make] = {
        **functions(reduce, lambda: (matrix(),), ("phintys", "jax", "pytensor")),
        "torch": torch,
        "numpy": lambda: ((lambda x: reduce(np, x)), (matrix(),)),
    }
    return Row(
        f"{kind}-{'all' if axis is None else axis}",
        "reductions",
        f"{kind} over {'everything' if axis is None else f'axis {axis}'}, 4000 × 4000",
        contenders,
        Target(ratio=1.05, of="read"),
        {"read": read},
    )


# --- matrix products ---

ORDER = 1024


@cache
def factors(dtype: str) -> tuple[Array, Array]:
    """Two square matrices."""
    return normal(13, ORDER, ORDER, dtype=dtype), normal(14, ORDER, ORDER, dtype=dtype)


def gemm_into(dtype: str) -> Call:
    """NumPy's BLAS, into an array that is there already."""
    out = np.empty((ORDER, ORDER), dtype)
    return lambda a, b: np.dot(a, b, out=out), factors(dtype)


def gemm_row(dtype: str, suffix: str, tolerance: float) -> Row:
    """A product of two square matrices."""
    return Row(
        "gemm" + suffix,
        "products",
        f"x @ y, 1024 × 1024 {dtype}",
        {**functions(lambda _, x, y: x @ y, lambda: factors(dtype)), "numpy": lambda: (np.matmul, factors(dtype))},
        Target(ratio=1.02, of="dgemm"),
        {"dgemm": lambda: gemm_into(dtype)},
        tolerance,
    )


# --- the Hessian of Rosenbrock's function of 50 variables ---


def point() -> tuple[Array]:
    """Where."""
    return (np.random.RandomState(0).randn(50),)


def rosenbrock(x: Any) -> Any:
    """The function, of arrays and of symbols alike."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def hessian_by_hand(x: Any) -> Any:
    """Three diagonals."""
    n = len(x)
    result = np.zeros((n, n))
    for i in range(n - 1):
        result[i, i] += 1200.0 * x[i] ** 2 - 400.0 * x[i + 1] + 2.0
        result[i + 1, i + 1] += 200.0
        result[i, i + 1] = result[i + 1, i] = -400.0 * x[i]
    return result


def hessian_numpy() -> Call:
    """By hand: three diagonals."""

    def hessian(x: Array) -> Array:
        result, i = np.zeros((len(x), len(x))), np.arange(len(x) - 1)
        result[i, i] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
        result[i + 1, i + 1] += 200.0
        result[i, i + 1] = result[i + 1, i] = -400.0 * x[:-1]
        return result

    return hessian, point()


def hessian_symbolic(package: str) -> Call:
    """`hessian` of Theano."""
    symbolic = system(package)
    hessian = symbolic.tensor.hessian if package == "phintys" else symbolic.package.gradient.hessian
    return function_of(package, lambda _, x: hessian(rosenbrock(x), x), point())


def hessian_jax() -> Call:
    """`jax.hessian`, compiled."""
    hessian = system("jax").jax.hessian
    return function_of("jax", lambda _, x: hessian(rosenbrock)(x), point())


HESSIAN = Row(
    "hessian",
    "small",
    "Hessian of Rosenbrock's function of 50 variables",
    {
        "phintys": lambda: hessian_symbolic("phintys"),
        "pytensor": lambda: hessian_symbolic("pytensor"),
        "numpy": hessian_numpy,
        "numba": lambda: (compiled(hessian_by_hand), point()),
        "jax": hessian_jax,
    },
    Target(10e-6),
)

# --- random numbers ---

MANY = 1_000_000


def streams(package: str, kind: str, law: str) -> Call:
    """A function without arguments that draws anew at each call."""
    import importlib

    modules = {"RandomStreams": "shared_randomstreams", "CounterStreams": "counter_streams"}
    module = importlib.import_module(f"{package}.tensor.{modules[kind]}")
    draw = getattr(getattr(module, kind)(seed=1), law)
    return system(package).package.function([], draw(size=(MANY,))), ()


def pytensor_streams(law: str) -> Call:
    """PyTensor's own streams."""
    pytensor = system("pytensor")
    streams = pytensor.tensor.random.utils.RandomStream(seed=1)
    return pytensor.package.function([], getattr(streams, law)(size=(MANY,))), ()


def random_jax(law: str) -> Call:
    """Keys split at each call, as its manual has it."""
    jax = system("jax").jax
    draw, key = getattr(jax.random, law), jax.random.key(1)

    def both(key: Any) -> Any:
        key, own = jax.random.split(key)
        return draw(own, (MANY,), jax.numpy.float64), key

    function = jax.jit(both)

    def call() -> Any:
        nonlocal key
        numbers, key = function(key)
        return numbers.block_until_ready()

    return call, ()


def random_torch(law: str) -> Call:
    """Its generator."""
    torch = system("torch").torch
    return (lambda: {"uniform": torch.rand, "normal": torch.randn}[law](MANY, dtype=torch.float64)), ()


def random_row(law: str, target: Target) -> Row:
    """A million numbers. The streams differ, so that only their moments can be compared."""
    numpy_law = {"uniform": "random", "normal": "standard_normal"}[law]
    contenders: dict[str, Make] = {
        "phintys": lambda: streams("phintys", "CounterStreams", law),
        "phintys RandomStreams": lambda: streams("phintys", "RandomStreams", law),
        "numpy": lambda: (lambda draw: ((lambda: draw(MANY)), ()))(getattr(np.random.default_rng(1), numpy_law)),
        "jax": lambda: random_jax(law),
        "torch": lambda: random_torch(law),
        "pytensor": lambda: pytensor_streams(law),
    }
    floors: dict[str, Make] = {"write": lambda: written(np.empty(MANY))}
    return Row(law, "random", f"{law}, 1 M numbers", contenders, target, floors, tolerance=None)


ROWS = (
    HESSIAN,
    *(reduction_row(kind, axis) for kind in ("sum", "mean", "max", "argmax") for axis in (0, 1, None)),
    gemm_row("float64", "", 1e-9),
    gemm_row("float32", "-f32", 1e-3),
    random_row("uniform", Target(1e-3)),
    random_row("normal", Target(3e-3)),
)
