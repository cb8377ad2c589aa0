"""Tensors repeated, shifted, parted; grids of coordinates; positions of elements in tensors of several dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phintys.ir.types import upcast_to_float

from ..config import config
from .build import apply, as_tensor_variable, cast, constant
from .filling import alloc, arange, fill
from .indexing import take
from .joining import concatenate
from .reduction import prod
from .shaping import axis_of, dim, dimshuffle, reshape, sizes
from .var import TensorVariable

__all__ = [
    "full",
    "full_like",
    "linspace",
    "meshgrid",
    "mgrid",
    "ogrid",
    "ravel_multi_index",
    "roll",
    "split",
    "tile",
    "unravel_index",
]


def full(shape: Any, fill_value: Any, dtype: Any = None) -> TensorVariable:
    """A tensor of the given shape, all elements `fill_value`."""
    value = as_tensor_variable(fill_value)
    return alloc(value if dtype is None else cast(value, dtype), *sizes(shape))


def full_like(a: Any, fill_value: Any, dtype: Any = None) -> TensorVariable:
    """A tensor of the shape of `a`, all elements `fill_value`, in its dtype unless another is given."""
    model = as_tensor_variable(a)
    return fill(model, cast(fill_value, dtype or model.dtype))


def tile(x: Any, reps: Any, ndim: int | None = None) -> TensorVariable:
    """`x` repeated as a whole: `reps` times along each dimension, aligned on the right (NumPy's `tile`).

    `reps`: a number, a list, or an integer vector of known length (or with `ndim`); its entries may be symbolic.
    """
    x = as_tensor_variable(x)
    times: list[Any] = sizes(reps, ndim)
    rank = max(len(times), x.ndim, ndim or 0)
    times = [1] * (rank - len(times)) + times
    x = dimshuffle(x, *["x"] * (rank - x.ndim), *range(x.ndim))
    lengths: list[Any] = [dim(x, axis) for axis in range(rank)]
    pairs = [size for pair in zip(times, lengths, strict=True) for size in pair]
    wide = alloc(dimshuffle(x, *[entry for axis in range(rank) for entry in ("x", axis)]), *pairs)
    return reshape(wide, [count * length for count, length in zip(times, lengths, strict=True)])


def roll(x: Any, shift: Any, axis: int | None = None) -> TensorVariable:
    """Elements moved by `shift` places along `axis`, what falls off the end put at the start; flattened without one."""
    x = as_tensor_variable(x)
    if axis is None:
        rolled = roll(x.flatten(), shift, 0)
        return reshape(rolled, [dim(x, place) for place in range(x.ndim)]) if x.ndim > 1 else rolled
    axis = axis_of(x, axis)
    length = dim(x, axis)
    cut = length - as_tensor_variable(shift) % length
    whole = (slice(None),) * axis
    return concatenate([x[(*whole, slice(cut, None))], x[(*whole, slice(None, cut))]], axis)


def split(x: Any, splits_size: Any, n_splits: int, axis: int = 0) -> list[TensorVariable]:
    """`n_splits` parts of the given sizes along `axis`. ValueError when the function runs and they do not add up."""
    x = as_tensor_variable(x)
    axis = axis_of(x, axis)
    given: list[Any] = sizes(splits_size, n_splits)
    if len(given) != n_splits:
        raise ValueError(f"{len(given)} sizes for {n_splits} parts")
    total = sum(given[1:], given[0])
    x = reshape(x, [total if place == axis else dim(x, place) for place in range(x.ndim)])  # compares the sizes
    whole = (slice(None),) * axis
    start: Any = 0
    parts = []
    for size in given:
        parts.append(x[(*whole, slice(start, start + size))])
        start = start + size
    return parts


def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None) -> TensorVariable:
    """`num` evenly spaced numbers from `start` to `stop`, which is left out without `endpoint`."""
    first, last = as_tensor_variable(start), as_tensor_variable(stop)
    plain = all(isinstance(value, int | float) for value in (start, stop))
    wanted = config.floatX if plain else upcast_to_float((first + last).dtype)
    first, last = cast(first, wanted), cast(last, wanted)
    count = apply("maximum", as_tensor_variable(num) - (1 if endpoint else 0), 1)
    positions = arange(num)
    steps = cast(positions, wanted) * ((last - first) / cast(count, wanted)) + first
    if endpoint:
        at_end = apply("and", apply("eq", positions, count), apply("gt", as_tensor_variable(num), 1))
        steps = apply("select", at_end, last, steps)
    return steps if dtype is None else cast(steps, dtype)


def meshgrid(*xi: Any, indexing: str = "xy", sparse: bool = False) -> list[TensorVariable]:
    """Coordinates of a grid, one tensor for each vector; "xy" exchanges the first two dimensions (NumPy's `meshgrid`)."""
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing is 'xy' or 'ij'")
    vectors = [as_tensor_variable(x).flatten() for x in xi]
    places = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        places[:2] = [1, 0]
    found = _grid(vectors, places)
    if sparse:
        return found
    lengths = [dim(vectors[places.index(axis)], 0) for axis in range(len(vectors))]
    return [alloc(x, *lengths) for x in found]


def _grid(vectors: Sequence[TensorVariable], places: Sequence[int]) -> list[TensorVariable]:
    """Each vector along its dimension."""
    rank = len(vectors)
    orders = [["x"] * place + [0] + ["x"] * (rank - place - 1) for place in places]
    return [dimshuffle(vector, *order) for vector, order in zip(vectors, orders, strict=True)]


class _Grid:
    """`mgrid[0:3, 1:9:2]`: a range for each slice, as coordinates of a grid; `ogrid` without repeating them."""

    def __init__(self, sparse: bool) -> None:
        self.sparse = sparse

    def __getitem__(self, key: Any) -> Any:
        slices = key if isinstance(key, tuple) else (key,)
        if any(isinstance(part.step, complex) for part in slices):
            raise NotImplementedError("a grid of a number of points (a complex step) is not available: use T.linspace")
        steps = [1 if part.step is None else part.step for part in slices]
        ranges = [arange(part.start or 0, part.stop, step) for part, step in zip(slices, steps, strict=True)]
        return ranges[0] if len(ranges) == 1 else meshgrid(*ranges, indexing="ij", sparse=self.sparse)


mgrid = _Grid(sparse=False)
ogrid = _Grid(sparse=True)


def _order(dims: Any, order: str) -> list[Any]:
    if order not in ("C", "F"):
        raise ValueError(f"order must be 'C' or 'F', not {order!r}")
    found: list[Any] = sizes(dims)
    return found if order == "C" else found[::-1]


def _checked(positions: Any, count: Any) -> TensorVariable:
    """Positions below `count`. IndexError when the function runs and one is negative or too large."""
    return take(arange(count), cast(positions, "uint64"), 0)


def unravel_index(indices: Any, dims: Any, order: str = "C") -> tuple[TensorVariable, ...]:
    """Positions in a flattened tensor of shape `dims` as positions in each dimension."""
    lengths = _order(dims, order)
    total: Any = prod(as_tensor_variable(lengths)) if lengths else constant(1)
    rest = _checked(indices, total)
    found = []
    for length in lengths[:0:-1]:
        found.append(rest % length)
        rest = rest // length
    found.append(rest)
    return tuple(found[::-1] if order == "C" else found)


def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> TensorVariable:
    """Positions in each dimension as positions in the flattened tensor of shape `dims`.

    `mode` "raise" an IndexError for one that is out of bounds, "wrap" around, or "clip".
    """
    lengths = _order(dims, order)
    if isinstance(multi_index, TensorVariable):
        multi_index = [multi_index[place] for place in range(len(lengths))]
    positions = [as_tensor_variable(position) for position in multi_index]
    result: Any = None
    for position, length in zip(positions if order == "C" else positions[::-1], lengths, strict=True):
        if mode == "raise":
            position = _checked(position, length)
        elif mode == "wrap":
            position = position % length
        elif mode == "clip":
            position = apply("minimum", apply("maximum", position, 0), as_tensor_variable(length) - 1)
        else:
            raise ValueError(f"mode must be 'raise', 'wrap' or 'clip', not {mode!r}")
        result = position if result is None else result * length + position
    return cast(result, "int64")
