"""Products of matrices and vectors."""

from __future__ import annotations

from typing import Any

from .build import apply, as_tensor_variable
from .elementwise import mul
from .shaping import dim, dimshuffle, reshape, shape_padleft, shape_padright, size_of
from .var import TensorVariable

__all__ = [
    "dot",
    "outer",
    "tensordot",
]


def dot(x: Any, y: Any) -> TensorVariable:
    """Product of matrices and vectors, NumPy's `dot`: the last dimension of `x` against the last but one of `y`.

    Vectors against vectors give a scalar; a scalar multiplies. ValueError when the function runs and the sizes differ.
    """
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    if not x.ndim or not y.ndim:
        return mul(x, y)
    if x.ndim <= 2 and y.ndim <= 2:
        return apply("dot", x, y)
    return tensordot(x, y, [[x.ndim - 1], [max(0, y.ndim - 2)]])


def outer(x: Any, y: Any) -> TensorVariable:
    """All products of an element of `x` and one of `y`, a matrix; both are flattened."""
    x, y = as_tensor_variable(x).flatten(), as_tensor_variable(y).flatten()
    return mul(shape_padright(x), shape_padleft(y))


def tensordot(x: Any, y: Any, axes: Any = 2) -> TensorVariable:
    """Sum of products over pairs of dimensions, NumPy's `tensordot`.

    `axes`: how many last dimensions of `x` go with the first of `y`, or two lists of dimensions. ValueError when they
    do not pair up.
    """
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    left, right = _axes(x, y, axes)
    if len(left) != len(right) or len(set(left)) != len(left) or len(set(right)) != len(right):
        raise ValueError(f"tensordot: the dimensions {left} of {x.type} do not pair up with {right} of {y.type}")
    rows = [axis for axis in range(x.ndim) if axis not in left]
    columns = [axis for axis in range(y.ndim) if axis not in right]
    first = reshape(dimshuffle(x, *rows, *left), [size_of(x, rows), size_of(x, left)])
    second = reshape(dimshuffle(y, *right, *columns), [size_of(y, right), size_of(y, columns)])
    result = [dim(x, axis) for axis in rows] + [dim(y, axis) for axis in columns]
    return reshape(apply("dot", first, second), result)


def _axes(x: TensorVariable, y: TensorVariable, axes: Any) -> tuple[list[int], list[int]]:
    if isinstance(axes, int):
        if not 0 <= axes <= min(x.ndim, y.ndim):
            raise ValueError(f"tensordot: axes={axes} for {x.type} and {y.type}")
        return list(range(x.ndim - axes, x.ndim)), list(range(axes))
    left, right = ([side] if isinstance(side, int) else list(side) for side in axes)
    for value, side in ((x, left), (y, right)):
        if any(not -value.ndim <= axis < value.ndim for axis in side):
            raise ValueError(f"tensordot: dimensions {side} of {value.type} do not exist")
    return [axis % x.ndim for axis in left], [axis % y.ndim for axis in right]
