"""Running sums, differences, counts, choices: what Theano keeps in `extra_ops`, with names of other files repeated."""

from __future__ import annotations

from typing import Any

from ..aliases import names
from ..config import config
from .arranging import ravel_multi_index as ravel_multi_index
from .arranging import unravel_index as unravel_index
from .assignment import flatnonzero, set_subtensor
from .build import apply, as_tensor_variable, cast, constant, known_scalar
from .diagonals import fill_diagonal as fill_diagonal
from .diagonals import fill_diagonal_offset as fill_diagonal_offset
from .elementwise import abs_, eq, maximum, switch
from .filling import alloc, arange, zeros
from .filling import repeat as repeat
from .indexing import index, take
from .joining import concatenate, stack
from .reduction import max as max_
from .shaping import axis_of, dim, dimshuffle
from .shaping import squeeze as squeeze
from .sort import Unique as Unique
from .sort import searchsorted as searchsorted
from .var import TensorVariable

__all__ = [
    "bartlett",
    "bincount",
    "choose",
    "compress",
    "cumprod",
    "cumsum",
    "diff",
    "inverse_permutation",
    "permute_row_elements",
    "to_one_hot",
]


def _running(op: str, x: Any, axis: int | None) -> TensorVariable:
    value = as_tensor_variable(x)
    if axis is None:
        return apply(op, value.flatten(), axis=0)
    return apply(op, value, axis=axis)


def cumsum(x: Any, axis: int | None = None) -> TensorVariable:
    """Sums of the first elements along `axis`, of the flattened tensor without one; in the operand's dtype."""
    return _running("cumsum", x, axis)


def cumprod(x: Any, axis: int | None = None) -> TensorVariable:
    """Products of the first elements along `axis`, of the flattened tensor without one; in the operand's dtype."""
    return _running("cumprod", x, axis)


def diff(x: Any, n: int = 1, axis: int = -1) -> TensorVariable:
    """Differences of neighbours along `axis`, taken `n` times."""
    value = as_tensor_variable(x)
    times = known_scalar(n)
    if times is None or times != int(times) or times < 0:
        raise ValueError(f"diff: how often is a whole number from 0 on, got {n!r}")
    whole = (slice(None),) * axis_of(value, axis)
    for _ in range(int(times)):
        value = value[(*whole, slice(1, None))] - value[(*whole, slice(None, -1))]
    return value


def bincount(x: Any, weights: Any = None, minlength: Any = None, assert_nonneg: bool = False) -> TensorVariable:
    """How often each number from 0 on occurs in an integer vector (int64), or the sum of its weights.

    At least `minlength` entries. TypeError for other ranks; IndexError when the function runs and a number is negative.
    """
    value = as_tensor_variable(x)
    if value.ndim != 1:
        raise TypeError("Inputs must be of dimension 1.")
    if value.type.kind not in "iu":
        raise TypeError(f"bincount counts integers, got {value.type}")
    count = max_(concatenate([cast(value, "int64"), constant([-1], dtype="int64")])) + 1
    if minlength is not None:
        count = maximum(count, cast(minlength, "int64"))
    added = constant(1, dtype="int64") if weights is None else as_tensor_variable(weights)
    return apply("scatter_add", zeros([count], added.dtype), added, cast(value, "uint64"))


def compress(condition: Any, x: Any, axis: int | None = None) -> TensorVariable:
    """The slices of `x` along `axis` (elements, without one) at which the vector `condition` is true."""
    return take(x, flatnonzero(condition), axis)


def to_one_hot(y: Any, nb_class: Any, dtype: Any = None) -> TensorVariable:
    """A matrix with a row for each element of an integer vector: 1 in the column that it names, else 0."""
    value = as_tensor_variable(y)
    blank = zeros([dim(value, 0), nb_class], dtype or config.floatX)
    return set_subtensor(index(blank, (arange(dim(value, 0)), value)), 1)


def bartlett(M: Any) -> TensorVariable:
    """The Bartlett window of `M` points: a triangle from 0 to 1 to 0."""
    count = cast(M, "int64")
    if count.ndim:
        raise TypeError("bartlett only takes scalar input")
    width = cast(maximum(count - 1, 1), "float64")
    window = 1.0 - abs_(arange(count) * 2.0 / width - 1.0)
    return cast(switch(eq(count, 1), 1.0, window), config.floatX)


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> TensorVariable:
    """Elements of the tensors `choices`: `choices[a[i]][i]`, with all of them and `a` broadcast to one shape.

    `mode` "raise" an IndexError for a number that is out of bounds, "wrap" around, or "clip".
    """
    if out is not None:
        raise NotImplementedError("choose gives a new tensor: there is no out=")
    number = as_tensor_variable(a)
    listed = [as_tensor_variable(value) for value in choices] if isinstance(choices, list | tuple) else None
    stacked = stack(listed) if listed is not None and len({value.ndim for value in listed}) == 1 else None
    if stacked is None:
        stacked = as_tensor_variable(choices) if listed is None else _stacked(listed)
    missing = max(stacked.ndim - 1 - number.ndim, 0)
    number = dimshuffle(number, *["x"] * missing, *range(number.ndim))
    extra = number.ndim - (stacked.ndim - 1)
    stacked = dimshuffle(stacked, 0, *["x"] * extra, *range(1, stacked.ndim))
    shape = _common_sizes(number, stacked)
    places = [arange(size) for size in shape]
    orders = [["x"] * axis + [0] + ["x"] * (len(shape) - axis - 1) for axis in range(len(shape))]
    coordinates = [dimshuffle(place, *order) for place, order in zip(places, orders, strict=True)]
    spread = alloc(stacked, dim(stacked, 0), *shape)
    return index(spread, (_bounded(number, dim(stacked, 0), mode), *coordinates))


def _stacked(listed: list[TensorVariable]) -> TensorVariable:
    rank = max(value.ndim for value in listed)
    return stack([dimshuffle(value, *["x"] * (rank - value.ndim), *range(value.ndim)) for value in listed])


def _common_sizes(number: TensorVariable, stacked: TensorVariable) -> list[TensorVariable]:
    """Sizes of the broadcast of `number` and the slices of `stacked`."""
    flags = zip(number.broadcastable, stacked.broadcastable[1:], strict=True)
    return [dim(stacked, axis + 1) if one else dim(number, axis) for axis, (one, _) in enumerate(flags)]


def _bounded(number: TensorVariable, count: TensorVariable, mode: str) -> TensorVariable:
    if mode == "raise":
        return cast(number, "uint64") if number.type.kind == "i" else number
    if mode == "wrap":
        return number % count
    if mode == "clip":
        return apply("minimum", apply("maximum", number, 0), count - 1)
    raise ValueError(f"mode is 'raise', 'wrap' or 'clip', not {mode!r}")


def inverse_permutation(perm: Any) -> TensorVariable:
    """The permutation that undoes `perm`, for each row of it."""
    value = as_tensor_variable(perm)
    return permute_row_elements(arange(dim(value, value.ndim - 1), dtype=value.dtype), value, inverse=True)


def permute_row_elements(x: Any, y: Any, inverse: Any = 0) -> TensorVariable:
    """The elements of each row (last dimension) of `x` in the order that the row of `y` gives, or its inverse."""
    value, order = as_tensor_variable(x), as_tensor_variable(y)
    rank = max(value.ndim, order.ndim)
    value, order = (dimshuffle(t, *["x"] * (rank - t.ndim), *range(t.ndim)) for t in (value, order))
    pairs = zip(value.broadcastable, order.broadcastable, range(rank), strict=True)
    shape = [dim(order if one else value, axis) for one, _, axis in pairs]
    value, order = alloc(value, *shape), alloc(order, *shape)
    places = [dimshuffle(arange(dim(value, a)), *["x"] * a, 0, *["x"] * (rank - a - 1)) for a in range(rank - 1)]
    key = (*places, order)
    return set_subtensor(index(value, key), value) if inverse else index(value, key)


__getattr__ = names(__name__)
