"""Shapes: asking for them, and giving the elements of a tensor another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .build import apply, as_tensor_variable, constant, known_scalar
from .var import TensorVariable

__all__ = [
    "addbroadcast",
    "dimshuffle",
    "flatten",
    "patternbroadcast",
    "reshape",
    "shape",
    "shape_padaxis",
    "shape_padleft",
    "shape_padright",
    "size",
    "specify_shape",
    "squeeze",
    "swapaxes",
    "tensor_copy",
    "transpose",
    "unbroadcast",
]


def axis_of(x: TensorVariable, axis: Any) -> int:
    """The number of a dimension, counted from the first. TypeError for no known integer, ValueError where there is none."""
    number = known_scalar(axis)
    if number is None or number != int(number):
        raise TypeError(f"the axis is an integer that is known when the expression is written, got {axis!r}")
    if not -x.ndim <= number < x.ndim:
        raise ValueError(f"axis {number} is out of bounds for {x.type}")
    return int(number) % x.ndim


def dim(x: TensorVariable, axis: int) -> TensorVariable:
    """One size, an int64 scalar; a constant where it is known."""
    size = x.type.shape[axis]
    return apply("dim", x, axis=axis) if size is None else constant(size, dtype="int64")


def shape(x: Any) -> TensorVariable:
    """All sizes, an int64 vector of known length."""
    x = as_tensor_variable(x)
    if not x.ndim or None not in x.type.shape:
        return constant(np.array(x.type.shape, dtype="int64"))
    return apply("make_vector", *[dim(x, axis) for axis in range(x.ndim)])


def size_of(x: TensorVariable, axes: Sequence[int]) -> TensorVariable:
    """Number of elements along `axes`, an int64 scalar."""
    known = 1
    unknown: list[TensorVariable] = []
    for axis in axes:
        size = x.type.shape[axis]
        if size is None:
            unknown.append(dim(x, axis))
        else:
            known *= size
    factors = unknown if known == 1 and unknown else [constant(known, dtype="int64"), *unknown]
    result = factors[0]
    for factor in factors[1:]:
        result = apply("mul", result, factor)
    return result


def size(x: Any) -> TensorVariable:
    """Number of elements, an int64 scalar."""
    x = as_tensor_variable(x)
    return size_of(x, range(x.ndim))


def sizes(given: Any, ndim: int | None = None) -> list[int | TensorVariable]:
    """A shape as a list: numbers where known, symbolic integer scalars elsewhere.

    `given` is a number, a scalar, a list of these, or an integer vector whose length is known (or given by `ndim`).
    TypeError for sizes that are not integers; ValueError when the length is not known.
    """
    if isinstance(given, TensorVariable) and given.ndim == 1:
        count = ndim if ndim is not None else given.type.shape[0]
        if count is None:
            raise ValueError("the length of the shape is not known when the expression is written: give ndim=")
        given = [given[position] for position in range(count)]
    if isinstance(given, np.ndarray):
        given = given.tolist()
    return [_one_size(value) for value in (given if isinstance(given, list | tuple) else [given])]


def _one_size(value: Any) -> int | TensorVariable:
    number = known_scalar(value)
    if number is not None:
        if number != int(number) or isinstance(number, float):
            raise TypeError(f"Shapes must be integers; got {value!r}")
        return int(number)
    assert isinstance(value, TensorVariable)
    if value.ndim or value.type.kind not in "iu":
        raise TypeError(f"Shapes must be scalar integers; got {value} of type {value.type}")
    return value


def sized(op: str, value: TensorVariable, given: list[int | TensorVariable]) -> TensorVariable:
    """`reshape` or `alloc` of a value to sizes that are numbers or symbolic."""
    operands = [size for size in given if not isinstance(size, int)]
    return apply(op, value, *operands, sizes=tuple(size if isinstance(size, int) else None for size in given))


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> TensorVariable:
    """The elements of `x`, in row-major order, in another shape; one size may be -1 (whatever is left).

    `newshape`: numbers and symbolic integer scalars, or an integer vector (with `ndim` when its length is not known).
    ValueError when the function runs and the number of elements differs; TypeInferenceError where that is known before.
    """
    x = as_tensor_variable(x)
    given = sizes(newshape, ndim)
    if ndim is not None and len(given) != ndim:
        raise ValueError(f"ndim={ndim} but the new shape has {len(given)} sizes")
    return sized("reshape", x, given)


def flatten(x: Any, ndim: int = 1, outdim: int | None = None) -> TensorVariable:
    """The first `ndim - 1` dimensions kept, the rest joined to one. ValueError for an impossible `ndim`."""
    value = as_tensor_variable(x)
    ndim = ndim if outdim is None else outdim
    if ndim < 1 or (ndim > 1 and ndim > value.ndim):
        raise ValueError(f"ndim {ndim} out of bound [1, {value.ndim + 1})")
    if value.ndim == ndim:
        return value
    sizes = enumerate(value.type.shape[: ndim - 1])
    kept = [dim(value, axis) if known is None else known for axis, known in sizes]
    return sized("reshape", value, [*kept, -1])


def dimshuffle(x: Any, *pattern: Any) -> TensorVariable:
    """Dimensions reordered, dropped and added.

    Each entry of `pattern` is the number of a dimension of `x` or `"x"`, a new one of size 1 that broadcasts. A
    dimension left out is dropped and has to be known to be of size 1 (ValueError).
    """
    value = as_tensor_variable(x)
    if len(pattern) == 1 and isinstance(pattern[0], list | tuple):
        pattern = tuple(pattern[0])
    order = []
    for entry in pattern:
        if isinstance(entry, str) and entry == "x":
            order.append(-1)
        elif isinstance(entry, int | np.integer) and 0 <= entry < value.ndim:
            order.append(int(entry))
        else:
            raise ValueError(f"new_order entry {entry!r} is out of range: {value.type} has {value.ndim} dimensions")
    for axis, broadcasts in enumerate(value.broadcastable):
        if axis not in order and not broadcasts:
            raise ValueError(
                f"You cannot drop a non-broadcastable dimension: {pattern} leaves out dimension {axis} of {value.type}."
            )
    if order == list(range(value.ndim)):
        return value
    return apply("dimshuffle", value, order=tuple(order))


def transpose(x: Any, axes: Sequence[int] | None = None) -> TensorVariable:
    """Dimensions reordered as `axes` say, reversed without them."""
    x = as_tensor_variable(x)
    order = range(x.ndim - 1, -1, -1) if axes is None else [axis_of(x, axis) for axis in axes]
    return dimshuffle(x, *order)


def swapaxes(x: Any, axis1: int, axis2: int) -> TensorVariable:
    """Two dimensions exchanged."""
    x = as_tensor_variable(x)
    order = list(range(x.ndim))
    first, second = axis_of(x, axis1), axis_of(x, axis2)
    order[first], order[second] = order[second], order[first]
    return dimshuffle(x, *order)


def squeeze(x: Any) -> TensorVariable:
    """Without the dimensions that are known to be of size 1."""
    x = as_tensor_variable(x)
    return dimshuffle(x, *[axis for axis, one in enumerate(x.broadcastable) if not one])


def shape_padleft(x: Any, n_ones: int = 1) -> TensorVariable:
    """With new dimensions of size 1 in front."""
    x = as_tensor_variable(x)
    return dimshuffle(x, *_ones(x, n_ones), *range(x.ndim))


def shape_padright(x: Any, n_ones: int = 1) -> TensorVariable:
    """With new dimensions of size 1 at the end."""
    x = as_tensor_variable(x)
    return dimshuffle(x, *range(x.ndim), *_ones(x, n_ones))


def _ones(x: TensorVariable, count: int) -> list[str]:
    if count + x.ndim > 32:
        raise ValueError(f"{count} more dimensions for {x.type}; there are at most 32")
    return ["x"] * count


def shape_padaxis(x: Any, axis: int) -> TensorVariable:
    """With a new dimension of size 1 at `axis`. IndexError when it is out of range."""
    x = as_tensor_variable(x)
    rank = x.ndim + 1
    if not -rank <= axis < rank:
        raise IndexError(f"axis {axis} is out of bounds [-{rank}, {rank})")
    order: list[Any] = list(range(x.ndim))
    order.insert(axis % rank, "x")
    return dimshuffle(x, *order)


def patternbroadcast(x: Any, broadcastable: Sequence[bool]) -> TensorVariable:
    """`x` with another broadcast pattern.

    A dimension that becomes broadcastable has to be of size 1 when the function runs.
    """
    value = as_tensor_variable(x)
    wanted = tuple(bool(flag) for flag in broadcastable)
    if len(wanted) != value.ndim:
        raise ValueError(f"the pattern {wanted} has {len(wanted)} entries for {value.type}")
    if wanted == value.broadcastable:
        return value
    given: list[int | TensorVariable] = []
    for axis, (flag, known) in enumerate(zip(wanted, value.type.shape, strict=True)):
        keep = known is not None and known != 1
        given.append(1 if flag else known if keep and known is not None else apply("dim", value, axis=axis))
    return sized("reshape", value, given)


def addbroadcast(x: Any, *axes: int) -> TensorVariable:
    """`x` with the dimensions `axes` declared to be of size 1, so that they broadcast."""
    x = as_tensor_variable(x)
    return patternbroadcast(x, [flag or axis in _positive(x, axes) for axis, flag in enumerate(x.broadcastable)])


def unbroadcast(x: Any, *axes: int) -> TensorVariable:
    """`x` with the dimensions `axes` no longer broadcasting."""
    x = as_tensor_variable(x)
    return patternbroadcast(x, [flag and axis not in _positive(x, axes) for axis, flag in enumerate(x.broadcastable)])


def _positive(x: TensorVariable, axes: Sequence[int]) -> set[int]:
    if any(not -x.ndim <= axis < x.ndim for axis in axes):
        raise ValueError(f"Trying to change the broadcasting of dimensions {axes} of {x.type}")
    return {axis % x.ndim for axis in axes}


def specify_shape(x: Any, shape: Any) -> TensorVariable:
    """`x`, of which the sizes are told. ValueError when the function runs and they are others."""
    value = as_tensor_variable(x)
    given = sizes(shape, value.ndim)
    return sized("specify_shape", value, given) if value.ndim else value


def tensor_copy(x: Any, name: str | None = None) -> TensorVariable:
    """Another variable of the same value."""
    x = as_tensor_variable(x)
    result = apply("reshape", x, sizes=()) if not x.ndim else apply("dimshuffle", x, order=tuple(range(x.ndim)))
    result.name = name
    return result
