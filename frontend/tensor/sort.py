"""Sorting along a dimension, the largest elements, searching, made of `sort`, `argsort`, `searchsorted` and `nonzero`."""

from __future__ import annotations

from typing import Any

from ..aliases import names
from ..types import check_dtype
from .build import apply, as_tensor_variable, cast, known_scalar
from .elementwise import and_, isnan, neq
from .filling import arange, zeros
from .indexing import index
from .joining import concatenate
from .shaping import axis_of, dim, dimshuffle, reshape
from .var import TensorVariable

__all__ = ["Unique", "argsort", "argtopk", "searchsorted", "sort", "topk", "topk_and_argtopk", "unique"]


def argsort(self: Any, axis: Any = -1, kind: str = "quicksort", order: Any = None) -> TensorVariable:
    """Positions that sort along `axis` (the flattened tensor with `None`), int64; equal elements keep their order.

    NaN comes last. `kind` is accepted and makes no difference: the sort is stable.
    """
    x = as_tensor_variable(self)
    if axis is None:
        return argsort(x.flatten(), 0)
    return apply("argsort", x, axis=axis_of(x, axis))


def _along(x: TensorVariable, positions: TensorVariable, axis: int) -> TensorVariable:
    """The elements of `x` at positions along one axis (NumPy's `take_along_axis`)."""
    places = [["x"] * place + [0] + ["x"] * (x.ndim - place - 1) for place in range(x.ndim)]
    numbers = [dimshuffle(arange(dim(x, place)), *order) for place, order in enumerate(places)]
    return index(x, tuple(positions if place == axis else number for place, number in enumerate(numbers)))


def sort(self: Any, axis: Any = -1, kind: str = "quicksort", order: Any = None) -> TensorVariable:
    """The elements sorted along `axis` (the flattened tensor with `None`); NaN comes last."""
    x = as_tensor_variable(self)
    if axis is None:
        return sort(x.flatten(), 0)
    return apply("sort", x, axis=axis_of(x, axis))


def argtopk(x: Any, kth: Any, axis: Any = -1, sorted: bool = True, idx_dtype: Any = "int64") -> TensorVariable:
    """Positions of the `kth` largest elements along `axis`, of the `-kth` smallest for a negative one.

    They come in ascending order of the elements.
    """
    value = as_tensor_variable(x)
    if axis is None:
        return argtopk(value.flatten(), kth, 0, sorted, idx_dtype)
    place = axis_of(value, axis)
    positions = index(argsort(value, place), (*[slice(None)] * place, _largest(value, kth, place)))
    return cast(positions, check_dtype(idx_dtype))


def _largest(value: TensorVariable, kth: Any, place: int) -> slice:
    """Where the `kth` largest elements stand among the sorted ones, or the `-kth` smallest."""
    number = known_scalar(kth)
    if number == 0:
        raise ValueError("topk: kth must not be zero")
    if number is None:
        length, count = dim(value, place), as_tensor_variable(kth)
        largest = apply("gt", count, 0)
        start = apply("select", largest, apply("maximum", length - count, 0), 0)
        stop = apply("select", largest, length, apply("neg", count))
        return slice(start, stop)
    cut: Any = -int(number)
    return slice(cut, None) if number > 0 else slice(None, cut)


def topk(x: Any, kth: Any, axis: Any = -1, sorted: bool = True, idx_dtype: Any = "int64") -> TensorVariable:
    """The `kth` largest elements along `axis` (the `-kth` smallest for a negative one), in ascending order."""
    value, check = as_tensor_variable(x), check_dtype(idx_dtype)
    if axis is None:
        return topk(value.flatten(), kth, 0, sorted, check)
    place = axis_of(value, axis)
    return index(sort(value, place), (*[slice(None)] * place, _largest(value, kth, place)))


def topk_and_argtopk(x: Any, kth: Any, axis: Any = -1, sorted: bool = True, idx_dtype: Any = "int64") -> list[TensorVariable]:
    """The results of `topk` and `argtopk`."""
    value = as_tensor_variable(x)
    if axis is None:
        return topk_and_argtopk(value.flatten(), kth, 0, sorted, idx_dtype)
    positions = argtopk(value, kth, axis, sorted, idx_dtype)
    return [_along(value, positions, axis_of(value, axis)), positions]


def searchsorted(x: Any, v: Any, side: str = "left", sorter: Any = None) -> TensorVariable:
    """Where the elements of `v` would be put in the sorted vector `x`: before equal ones, or after with side "right".

    `sorter`: positions that sort `x`, when it is not sorted. int64.
    """
    vector = as_tensor_variable(x)
    if sorter is not None:
        vector = index(vector, (as_tensor_variable(sorter),))
    return apply("searchsorted", vector, v, side=side)


def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False
) -> TensorVariable | list[TensorVariable]:
    """The different elements, sorted; NaN counts as one element.

    Also, when asked for, the position of the first of each, for each element of the flattened tensor the position of
    its value among the different ones, and how often each occurs.
    """
    x = as_tensor_variable(ar).flatten()
    order = argsort(x)
    values = index(x, (order,)) if return_index or return_inverse else sort(x)
    after, before = values[1:], values[:-1]
    new = neq(after, before)
    if x.type.kind == "f":
        new = and_(new, apply("invert", and_(isnan(after), isnan(before))))
    new = concatenate([apply("make_vector", apply("eq", 0, 0)), new])[: dim(x, 0)]
    first = apply("nonzero", new)
    found = [index(values, (first,))]
    if return_index:
        found.append(index(order, (first,)))
    if return_inverse:
        number = apply("cumsum", cast(new, "int64"), axis=0) - 1
        found.append(apply("scatter_set", zeros([dim(x, 0)], "int64"), number, order))
    if return_counts:
        ends = concatenate([first, reshape(dim(x, 0), [1])])
        found.append(ends[1:] - ends[:-1])
    return found[0] if len(found) == 1 else found


class Unique:
    """`unique` with its options given before: `Unique(return_counts=True)(x)`."""

    def __init__(self, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False) -> None:
        self.options = (return_index, return_inverse, return_counts)

    def __call__(self, x: Any) -> TensorVariable | list[TensorVariable]:
        """The different elements of `x`, and what else was asked for."""
        return unique(x, *self.options)


__getattr__ = names(__name__)
