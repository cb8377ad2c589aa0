"""For every derivative row of `autodiff` an expression and a point away from kinks; for kinks what is defined there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import phintys.tensor as T
from phintys.tensor.build import apply

Array = np.ndarray[Any, Any]

UNARY = {
    "neg": (-2, 2), "abs": (-2, 2), "sign": (-2, 2), "floor": (-2, 2), "ceil": (-2, 2), "sqrt": (0.5, 2),
    "exp": (-2, 2), "expm1": (-2, 2), "log": (0.5, 2), "log1p": (-0.5, 2), "sin": (-2, 2), "cos": (-2, 2),
    "tan": (-1, 1), "arctan": (-2, 2), "sinh": (-2, 2), "cosh": (-2, 2), "tanh": (-2, 2), "sigmoid": (-2, 2),
    "softplus": (-2, 2), "exp2": (-2, 2), "log2": (0.5, 2), "log10": (0.5, 2), "arcsin": (-0.8, 0.8), "arccos": (-0.8, 0.8),
    "arcsinh": (-2, 2), "arccosh": (1.2, 2), "arctanh": (-0.8, 0.8), "round": (0.6, 1.4), "round_half_away": (0.6, 1.4),
    "trunc": (-2, 2), "erf": (-2, 2), "erfc": (-2, 2), "erfcx": (-2, 2), "erfinv": (-0.8, 0.8), "erfcinv": (0.2, 1.8),
    "gamma": (0.5, 2), "gammaln": (0.5, 2), "psi": (0.5, 2), "tri_gamma": (0.5, 2), "tetra_gamma": (0.5, 2),
    "xlogx": (0.5, 2),
    "j0": (-2, 2), "j1": (-2, 2), "i0": (-2, 2), "i1": (-2, 2),
}  # fmt: skip
BINARY = {
    "add": (-2, 2), "sub": (-2, 2), "mul": (-2, 2), "div": (0.5, 2), "floordiv": (0.6, 2), "mod": (0.6, 2),
    "pow": (0.5, 2), "maximum": (-2, 2), "minimum": (-2, 2), "arctan2": (0.5, 2),
}  # fmt: skip
OF_ORDER = ("gammainc", "gammaincc", "jv", "iv")  # differentiable in their second operand


def sample(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> Array:
    """Values that keep away from 0 and the integers, where functions have corners, and from one another."""
    values = np.random.default_rng(seed + 100).uniform(low, high, shape)
    return np.asarray(np.where(np.abs(values - np.round(values)) < 0.05, values + 0.1, values))


class Slope(NamedTuple):
    """An expression of floating variables, their values, and the step and tolerance of differences."""

    build: Callable[..., Any]
    points: Sequence[Array]
    step: float = 1e-5
    tolerance: float = 1e-6
    twice: bool = True  # whether the derivative has a derivative


def _op(name: str, *points: Array, twice: bool = True, **attrs: Any) -> Slope:
    return Slope(lambda *xs: apply(name, *xs, **attrs), points, twice=twice)


def _with(name: str, points: Sequence[Array], *constants: Any, **attrs: Any) -> Slope:
    """With further operands that are known."""
    return Slope(lambda *xs: apply(name, *xs, *map(T.constant, constants), **attrs), points)


def _of_order(name: str) -> Slope:
    return Slope(lambda x: apply(name, T.constant(1.3), x), [sample(3, 2, low=0.5, high=3)])


def _select(x: Any, y: Any) -> Any:
    return apply("select", T.constant(np.array([True, False, True])), x, y)


def _pairs(x: Any) -> Any:
    return apply("cumprod_pairs", apply("specify_shape", x, sizes=(-1, 2)))


def _single(x: Any) -> Any:
    return T.cast(T.cast(x, "float32"), "float64")


SCALAR, VECTOR, MATRIX, OTHER = sample(), sample(3), sample(3, 2), sample(3, 2, seed=1)
REPEATED, DIFFERENT = np.array([2, 0, 2, -3]), np.array([2, 0])

SLOPES: dict[str, Slope] = {
    **{name: _op(name, sample(3, 2, low=low, high=high), twice=name != "tetra_gamma") for name, (low, high) in UNARY.items()},
    **{
        name: _op(name, sample(3, 1, low=low, high=high), sample(1, 2, low=low, high=high, seed=1))
        for name, (low, high) in BINARY.items()
    },
    **{name: _of_order(name) for name in OF_ORDER},
    **{name: _op(name, sample(3, 2, 2), axes=(0, 2)) for name in ("sum", "prod", "max", "min")},
    **{name: _op(name, MATRIX, axis=0) for name in ("softmax", "log_softmax", "cumsum", "cumprod", "sort")},
    "cumprod_pairs": Slope(_pairs, [MATRIX]),
    "select": Slope(_select, [VECTOR, sample(3, seed=1)]),
    "cast": Slope(_single, [VECTOR], 1e-2, 1e-3),
    "dot": _op("dot", MATRIX, sample(2, 4)),
    "batched_dot": _op("batched_dot", sample(2, 3, 2), sample(2, 2, 4)),
    "gemm": _op("gemm", sample(3, 4), SCALAR, MATRIX, sample(2, 4), sample(seed=2)),
    "specify_shape": _op("specify_shape", MATRIX, sizes=(3, -1)),
    "dimshuffle": _op("dimshuffle", MATRIX, order=(1, -1, 0)),
    "transfer": _op("transfer", MATRIX, target="cpu"),
    "reshape": _op("reshape", MATRIX, sizes=(2, -1)),
    "alloc": _op("alloc", sample(1, 2), sizes=(2, 3, 2)),
    "make_vector": _op("make_vector", SCALAR, sample(seed=1)),
    "concatenate": _op("concatenate", MATRIX, sample(2, 2), axis=0),
    "arange": _op("arange", np.array(0.3), np.array(3.05), np.array(0.7)),
    "subtensor": _op("subtensor", MATRIX, index="::-2, 1"),
    "set_subtensor": _op("set_subtensor", MATRIX, sample(2, 2, seed=1), index="1:"),
    "inc_subtensor": _op("inc_subtensor", MATRIX, sample(2, 2, seed=1), index="1:"),
    "gather": _with("gather", [MATRIX], REPEATED),
    "scatter_add": _with("scatter_add", [MATRIX, sample(4, 2, seed=1)], REPEATED),
    "scatter_set": _with("scatter_set", [MATRIX, sample(2, 2, seed=1)], DIFFERENT),
}

# Rows whose point is not to be what differences say.
MARKED: dict[str, tuple[Callable[[Any], Any], Callable[[Array], Array]]] = {
    "zero_grad": (lambda x: apply("zero_grad", x) * x, lambda x: x),
    "stop_grad": (lambda x: apply("stop_grad", x) * x, lambda x: x),
    "grad_clip": (lambda x: apply("grad_clip", x, T.constant(-1.0), T.constant(0.5)) ** 2, lambda x: np.clip(2 * x, -1, 0.5)),
    "grad_scale": (lambda x: apply("grad_scale", x, T.constant(3.0)) ** 2, lambda x: 6 * x),
}

INF = np.inf
# Subgradients as Theano defines them: the expression, where, and the gradient with respect to each variable.
KINKS: dict[str, tuple[Callable[..., Any], Sequence[Any], Sequence[Any]]] = {
    "abs": (abs, [[0.0, -0.0]], [[0.0, 0.0]]),
    "sgn": (T.sgn, [[0.0]], [[0.0]]),
    "maximum, equal": (T.maximum, [[2.0, 0.0], [2.0, -0.0]], [[1.0, 1.0], [0.0, 0.0]]),
    "minimum, equal": (T.minimum, [[2.0], [2.0]], [[1.0], [0.0]]),
    "maximum with a constant": (lambda x: T.maximum(x, 0.0), [[0.0, 1.0, -1.0]], [[1.0, 1.0, 0.0]]),
    "maximum of a constant": (lambda x: T.maximum(0.0, x), [[0.0, 1.0, -1.0]], [[0.0, 1.0, 0.0]]),
    "max, equal": (lambda x: x.max(), [[1.0, 3.0, 3.0]], [[0.0, 1.0, 1.0]]),
    "min, equal": (lambda x: x.min(), [[1.0, 1.0, 3.0]], [[1.0, 1.0, 0.0]]),
    "relu": (T.nnet.relu, [[0.0, 1.0, -1.0]], [[0.5, 1.0, 0.0]]),
    "leaky relu": (partial(T.nnet.relu, alpha=0.25), [[0.0, 1.0, -1.0]], [[0.625, 1.0, 0.25]]),
    "elu": (T.nnet.elu, [[0.0]], [[1.0]]),
    "clip": (
        lambda x, low, high: T.clip(x, low, high).sum(),
        [[-1.0, 1.0, 0.0, -2.0, 2.0], -1.0, 1.0], [[1.0, 1.0, 1.0, 0.0, 0.0], 1.0, 1.0],
    ),
    "hard_sigmoid": (T.nnet.hard_sigmoid, [[-2.5, 2.5, 0.0]], [[0.2, 0.2, 0.2]]),
    "switch": (lambda x: T.switch(x > 0, x, 2 * x), [[0.0]], [[2.0]]),
    "floor": (T.floor, [[1.0]], [[0.0]]),
    "ceil": (T.ceil, [[1.0]], [[0.0]]),
    "round": (T.round, [[0.5, 1.5]], [[0.0, 0.0]]),
    "trunc": (T.trunc, [[1.0]], [[0.0]]),
    "floor division": (lambda x, y: x // y, [[4.0], [2.0]], [[0.0], [0.0]]),
    "remainder": (lambda x, y: x % y, [[4.0], [2.0]], [[1.0], [-2.0]]),
    "sqrt": (T.sqrt, [[0.0]], [[INF]]),
    "norm": (lambda x: x.norm(2), [[0.0, 0.0]], [[0.0, 0.0]]),
    "power 0": (lambda x, y: x**y, [[0.0, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]),
    "prod, a zero": (lambda x: x.prod(), [[0.0, 2.0, 3.0]], [[6.0, 0.0, 0.0]]),
    "prod, two zeros": (lambda x: x.prod(), [[0.0, 0.0, 3.0]], [[0.0, 0.0, 0.0]]),
    "sort, equal": (lambda x: (T.sort(x) * np.array([1.0, 2.0, 3.0])).sum(), [[5.0, 1.0, 5.0]], [[2.0, 1.0, 3.0]]),
}  # fmt: skip
