"""How far a result may be off: the interpreter of `nd` run again with a rounding error of random sign at every operation.

The size of an error follows from the type, and from what the operation adds up. The spread of a few such runs is what rounding
can do to a result; where they disagree on more than that (NaN, an infinity, a whole number), nothing can be said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phintys.dialects.nd import NdOp

Array = np.ndarray[Any, Any]

EXACT = {"neg", "abs", "sign", "floor", "ceil", "round", "round_half_away", "trunc", "maximum", "minimum", "select", "max"}
EXACT |= {"min", "sort", "real", "imag", "conj", "complex", "random_uniform", "random_mrg", "specify_shape"}
INEXACT = {"div", "sigmoid", "tanh", "exp", "softplus"}  # a whole result says nothing
WHOLE = {"add", "sub", "mul", "sum", "prod", "dot", "cast"}  # of complex whole numbers whole ones
LIBRARY = {"dot", "gemm", "batched_dot"}  # BLAS may leave out what is multiplied by 0: NaN times 0 is 0 there
SHAPING = {"shape", "indexing"}
# Functions with roots away from 0: near those the error is absolute. Errors of the others are of a few ulp at most.
ROOTED = {"j0", "j1", "jv", "psi", "gammaln", "xlogx", "log", "tri_gamma", "tetra_gamma", "penta_gamma"}
ROUGH = {"gammainc": 64.0, "gammaincc": 64.0, "jv": 256.0, "iv": 256.0, "host": 1e4, "erfcinv": 8.0, "erfinv": 8.0}
ROUGH["random_normal"] = 8.0
ROUGH |= dict.fromkeys(
    ("psi", "tri_gamma", "tetra_gamma", "penta_gamma", "gamma", "gammaln", "erfcx", "i0", "i1", "j0", "j1"), 8.0
)
Terms = Callable[[NdOp, Sequence[Array]], "tuple[Array, Array]"]


def _added(node: NdOp, x: Sequence[Array]) -> tuple[Array, Array]:
    total = np.abs(x[0]).sum(node.attrs["axes"])
    return 4 * total, total


def _products(node: NdOp, x: Sequence[Array]) -> tuple[Array, Array]:
    total = np.matmul(np.abs(x[0]), np.abs(x[1])) if node.op == "batched_dot" else np.dot(np.abs(x[0]), np.abs(x[1]))
    return 4 * total, total


def _gemm(node: NdOp, x: Sequence[Array]) -> tuple[Array, Array]:
    total = abs(x[4]) * np.abs(x[0]) + abs(x[1]) * np.dot(np.abs(x[2]), np.abs(x[3]))
    return 4 * total, total


def _multiplied(node: NdOp, x: Sequence[Array]) -> tuple[Array, Array]:
    size = np.abs(x[0])
    value = size.prod(node.attrs["axes"])
    bits = np.abs(np.log2(np.where(size > 0, size, 1))).sum(node.attrs["axes"])
    range_ = np.finfo(value.dtype).maxexp - 2
    return 8 * value, np.where(bits < range_, value, np.inf)


def _running(node: NdOp, x: Sequence[Array]) -> tuple[Array, Array]:
    total = np.cumsum(np.abs(x[0]), node.attrs["axis"])
    return 4 * total, total


def _turned(node: NdOp, x: Sequence[Array]) -> tuple[Array, Array]:
    """Of pairs, by the product of their sizes: an error turns one part into the other."""
    sizes = np.cumprod(np.hypot(x[0][..., :1], x[0][..., 1:]), node.attrs["axis"])
    return 4 * np.broadcast_to(sizes, x[0].shape), np.broadcast_to(sizes, x[0].shape)


# What an operation adds up: the size of its error, and the largest number on the way, in any order.
TERMS: dict[str, Terms] = {
    "sum": _added, "prod": _multiplied, "dot": _products, "batched_dot": _products, "gemm": _gemm, "cumsum": _running,
    "cumprod_pairs": _turned,
}  # fmt: skip


def noise(node: NdOp, operands: Sequence[Array], value: Array, rng: np.random.Generator) -> Array:
    """`value` with a rounding error of random sign; whole numbers count as exact, zeros have any sign."""
    if value.dtype.kind not in "fc" or node.op in EXACT or node.row.family in SHAPING | {"mark"}:
        return value
    with np.errstate(all="ignore"):
        limits = np.finfo(value.dtype)
        size, largest = _size(node, operands, value)
        step = size * limits.eps * ROUGH.get(node.op, 1.0) + np.where(
            np.abs(value) < 4 * limits.tiny, limits.smallest_subnormal, 0
        )
        moved = value + step * rng.choice([-1.0, 1.0], value.shape)
        if value.dtype.kind == "c":
            moved = moved + 1j * step * rng.choice([-1.0, 1.0], value.shape)
        moved = np.where(np.isfinite(value), moved, value)
        exact = (value == np.rint(value)) & (np.abs(value) < 1e6) & (node.op not in INEXACT)
        exact &= value.dtype.kind == "f" or node.op in WHOLE
        exact &= all(np.array_equal(x, np.rint(x)) for x in operands if x.dtype.kind in "fc")
        doubtful = ~(largest < limits.max / 4) & np.all([np.isfinite(x).all() for x in operands if x.dtype.kind in "fc"])
        doubtful |= node.op in LIBRARY and not all(np.isfinite(x).all() for x in operands)
        doubtful &= rng.random() < 0.5
        moved = np.where(exact, value, moved)
        if value.dtype.kind == "f":
            moved = np.where(moved == 0, np.copysign(0.0, rng.choice([-1.0, 1.0], value.shape)), moved)
        other = np.where(np.isnan(value) & (node.op in LIBRARY), 0.0, np.nan)  # a product with NaN may be left out, or not
        return np.where(doubtful, other, moved).astype(value.dtype)


def _size(node: NdOp, operands: Sequence[Array], value: Array) -> tuple[Array, Array]:
    """What the error of a result is relative to, and the largest number that comes up on the way to it."""
    size = np.abs(value)
    if node.op in TERMS and value.dtype.kind in "fc":
        return TERMS[node.op](node, operands)
    if node.op == "host":
        return np.broadcast_to(np.max(size, initial=1.0), value.shape), np.zeros(value.shape)
    if node.op in ("softmax", "log_softmax"):  # off by what its operand is off
        wide = np.max(np.abs(operands[0]), initial=1)
        return wide * (size if node.op == "softmax" else 1.0 + size), np.zeros(value.shape)
    return (np.maximum(size, 1.0) if node.op in ROOTED else size), np.zeros(value.shape)


def disturber(seed: int) -> Callable[[NdOp, Sequence[Array], Array], Array]:
    """`noise` as `interpreter.evaluate` takes it; equal seeds make equal errors."""
    rng = np.random.default_rng(seed)
    return lambda node, operands, value: noise(node, operands, value, rng)


@dataclass(frozen=True)
class Difference:
    """Where a result is not what it should be: the first place, how many, and how far it may be off there."""

    place: tuple[int, ...]
    count: int
    allowed: float = 0.0


def difference(found: Array, expected: Array, disturbed: Sequence[Array]) -> Difference | None:
    """Where a result differs by more than rounding; `disturbed` are the results with errors. Types and shapes are equal.

    Ints have to be equal where no error changes them, floats within some times the spread.
    """
    if any(d.shape != expected.shape for d in disturbed):
        return None
    if expected.dtype.kind != "c":
        return _difference(found, expected, disturbed)
    with np.errstate(all="ignore"):
        off = [np.abs(d - expected) for d in disturbed]
        parts = [(getattr(found, part), getattr(expected, part)) for part in ("real", "imag")]
        return next(filter(None, (_difference(x, wanted, [wanted + each for each in off]) for x, wanted in parts)), None)


def _difference(found: Array, expected: Array, disturbed: Sequence[Array]) -> Difference | None:
    with np.errstate(all="ignore"):
        tolerance = np.zeros(expected.shape)
        if expected.dtype.kind != "f":
            wrong = np.all([d == expected for d in disturbed], axis=0) & (found != expected)
        else:
            limits = np.finfo(expected.dtype)
            wide = expected.astype("longdouble")
            same = (found == expected) | (np.isnan(found) & np.isnan(expected))
            sure = np.all([_class(d) == _class(expected) for d in disturbed], axis=0)
            spread = np.max([np.where(_class(d) == 0, np.abs(d - wide), 0) for d in disturbed], axis=0)
            tolerance = 50 * spread + 8 * limits.eps * np.abs(wide) + 8 * float(limits.smallest_subnormal)
            near = (_class(expected) == 0) & (np.abs(found - wide) <= tolerance)
            wrong = sure & ~same & ~near
            # What an error of the last bit may push over the edge.
            wrong &= ~(np.isinf(found) & (np.abs(wide) + tolerance > limits.max))
    if not np.any(wrong):
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Difference(at, int(np.sum(wrong)), float(tolerance[at]))


def _class(x: Array) -> Array:
    """0 for finite numbers, 3 for NaN, 1 and -1 for the infinities."""
    return np.where(np.isnan(x), 3, np.where(np.isinf(x), np.sign(x), 0))
