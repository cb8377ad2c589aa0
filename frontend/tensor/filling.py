"""Tensors made from a shape and a value, ranges and repetitions."""

from __future__ import annotations

from typing import Any

from phintys.ir.types import DTYPES, upcast

from ..config import config
from ..types import check_dtype
from .build import apply, as_tensor_variable, cast, constant
from .shaping import axis_of, dim, dimshuffle, flatten, reshape, shape_padaxis, sized, sizes
from .var import TensorVariable

__all__ = [
    "alloc",
    "arange",
    "fill",
    "ones",
    "ones_like",
    "repeat",
    "zeros",
    "zeros_like",
]


def alloc(value: Any, *shape: Any) -> TensorVariable:
    """A tensor of the given shape, filled with `value` (which broadcasts). Sizes as in `reshape`."""
    value = as_tensor_variable(value)
    given = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else list(shape)
    return sized("alloc", value, sizes(given))


def zeros(shape: Any, dtype: Any = None) -> TensorVariable:
    """Zeros, of `floatX` unless `dtype` says otherwise."""
    return alloc(constant(0, dtype=dtype or config.floatX), *sizes(shape))


def ones(shape: Any, dtype: Any = None) -> TensorVariable:
    """Ones, of `floatX` unless `dtype` says otherwise."""
    return alloc(constant(1, dtype=dtype or config.floatX), *sizes(shape))


def fill(model: Any, value: Any) -> TensorVariable:
    """`value` in the shape of `model` (and its own dtype)."""
    shaped, filler = as_tensor_variable(model), as_tensor_variable(value)
    if not shaped.ndim and not filler.ndim:
        return filler
    known = [dim(shaped, axis) if size is None else size for axis, size in enumerate(shaped.type.shape)]
    return sized("alloc", filler, known)


def zeros_like(model: Any, dtype: Any = None, opt: bool = False) -> TensorVariable:
    """Zeros in the shape of `model`, in its dtype unless another is given."""
    model = as_tensor_variable(model)
    return fill(model, constant(0, dtype=dtype or model.dtype))


def ones_like(model: Any, dtype: Any = None, opt: bool = False) -> TensorVariable:
    """Ones in the shape of `model`, in its dtype unless another is given."""
    model = as_tensor_variable(model)
    return fill(model, constant(1, dtype=dtype or model.dtype))


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> TensorVariable:
    """`start, start + step, ...` below `stop`; from zero when `stop` is left out. Ints give int64."""
    if stop is None:
        start, stop = 0, start
    operands = [as_tensor_variable(value) for value in (start, stop, step)]
    if dtype is None:
        dtype = upcast(*(value.dtype for value in operands))
        dtype = {"i": "int64", "b": "int64", "u": "uint64"}.get(DTYPES[dtype].kind, dtype)
    return apply("arange", *operands, dtype=check_dtype(dtype))


def repeat(x: Any, repeats: Any, axis: int | None = None) -> TensorVariable:
    """Each element `repeats` times along `axis`, flattened without one.

    `repeats`: a number, an integer scalar, or an integer vector with a number for each slice along `axis`.
    """
    x = as_tensor_variable(x)
    if axis is None:
        return repeat(flatten(x), repeats, 0)
    axis = axis_of(x, axis)
    if isinstance(repeats, list | tuple) or as_tensor_variable(repeats).ndim:
        return _repeat_each(x, as_tensor_variable(repeats), axis)
    (count,) = sizes(repeats)
    lengths: list[Any] = [dim(x, place) for place in range(x.ndim)]
    wide = alloc(shape_padaxis(x, axis + 1), *lengths[: axis + 1], count, *lengths[axis + 1 :])
    return reshape(wide, [*lengths[:axis], lengths[axis] * count, *lengths[axis + 1 :]])


def _repeat_each(x: TensorVariable, counts: TensorVariable, axis: int) -> TensorVariable:
    """Slice number i stands at positions from the sum of the counts before it on."""
    ends = apply("cumsum", cast(fill(apply("arange", 0, dim(x, axis), 1, dtype="int64"), counts), "int64"), axis=0)
    positions = apply("searchsorted", ends, arange(apply("sum", cast(counts, "int64"), axes=(0,))), side="right")
    order = [axis, *(place for place in range(x.ndim) if place != axis)]
    gathered = apply("gather", dimshuffle(x, *order), positions)
    return dimshuffle(gathered, *(order.index(place) for place in range(x.ndim)))
