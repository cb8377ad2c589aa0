"""Identity and triangular matrices, diagonals: comparisons of row and column numbers, and strided views."""

from __future__ import annotations

from typing import Any

from ..config import config
from .assignment import set_subtensor
from .build import apply, as_tensor_variable, cast, constant
from .elementwise import eq, ge, minimum, switch
from .filling import arange, zeros
from .reduction import sum as sum_
from .shaping import axis_of, dim, dimshuffle, reshape
from .var import TensorVariable

__all__ = [
    "alloc_diag",
    "diag",
    "diagonal",
    "extract_diag",
    "eye",
    "fill_diagonal",
    "fill_diagonal_offset",
    "identity_like",
    "trace",
    "tri",
    "tril",
    "triu",
]


def _numbers(rows: Any, columns: Any) -> tuple[TensorVariable, TensorVariable]:
    """Row numbers as a column and column numbers as a row."""
    return dimshuffle(arange(rows), 0, "x"), dimshuffle(arange(columns), "x", 0)


def eye(n: Any, m: Any = None, k: Any = 0, dtype: Any = None) -> TensorVariable:
    """A matrix of `n` rows and `m` columns (`n` without it), 1 on the diagonal that is `k` above the main one, else 0."""
    row, column = _numbers(n, n if m is None else m)
    return cast(eq(column - row, k), dtype or config.floatX)


def identity_like(x: Any) -> TensorVariable:
    """The identity matrix of the shape and dtype of a matrix."""
    x = as_tensor_variable(x)
    return eye(dim(x, 0), dim(x, 1), k=0, dtype=x.dtype)


def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> TensorVariable:
    """Ones at and below the diagonal `k`, zeros above it; `N` rows and `M` columns."""
    row, column = _numbers(N, N if M is None else M)
    return cast(ge(row + k, column), dtype or config.floatX)


def _masked(m: Any, k: Any, lower: bool) -> TensorVariable:
    value = as_tensor_variable(m)
    if value.ndim != 2:
        raise ValueError(f"a triangle is cut out of a matrix, got {value.type}")
    row, column = _numbers(dim(value, 0), dim(value, 1))
    inside = ge(row + k, column) if lower else ge(column - k, row)
    return switch(inside, value, constant(0, dtype=value.dtype))


def tril(m: Any, k: Any = 0) -> TensorVariable:
    """A matrix with zeros above the diagonal `k`."""
    return _masked(m, k, lower=True)


def triu(m: Any, k: Any = 0) -> TensorVariable:
    """A matrix with zeros below the diagonal `k`."""
    return _masked(m, k, lower=False)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorVariable:
    """The diagonal `offset` of the matrices that `axis1` and `axis2` span, as the last dimension."""
    x = as_tensor_variable(a)
    pair = [axis_of(x, axis1), axis_of(x, axis2)] if x.ndim > 1 else [0, 0]
    if pair[0] == pair[1]:
        raise ValueError(f"a diagonal needs two different dimensions; axes {axis1} and {axis2} of {x.type}")
    x = dimshuffle(x, *[axis for axis in range(x.ndim) if axis not in pair], *pair)
    outer = [dim(x, axis) for axis in range(x.ndim - 2)]
    rows, columns = dim(x, x.ndim - 2), dim(x, x.ndim - 1)
    flat = reshape(x, [*outer, -1]) if outer else x.flatten()
    start = offset if offset >= 0 else columns * -offset
    length = minimum(rows + min(offset, 0), columns - max(offset, 0))
    length = apply("maximum", length, 0)
    return flat[..., start :: columns + 1][..., :length]


def extract_diag(x: Any) -> TensorVariable:
    """The main diagonal of a matrix."""
    return diagonal(x)


def alloc_diag(diag: Any, k: int = 0) -> TensorVariable:
    """A square matrix of zeros with a vector as its diagonal `k`."""
    v = as_tensor_variable(diag)
    length = dim(v, 0)
    size = length + abs(k)
    start = k if k >= 0 else size * -k
    flat = zeros([size * size], dtype=v.dtype)
    flat = set_subtensor(flat[start : start + (size + 1) * length : size + 1], v)
    return reshape(flat, [size, size])


def diag(v: Any, k: int = 0) -> TensorVariable:
    """The diagonal `k` of a matrix; of a vector, the matrix that has it as its diagonal `k`."""
    x = as_tensor_variable(v)
    if x.ndim == 1:
        return alloc_diag(x, k)
    if x.ndim >= 2:
        return diagonal(x, offset=k)
    raise ValueError("Input must has v.ndim >= 1.")


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorVariable:
    """Sum of a diagonal."""
    return sum_(diagonal(a, offset, axis1, axis2), axis=-1)


def fill_diagonal_offset(a: Any, val: Any, offset: Any) -> TensorVariable:
    """A matrix with the number `val` on the diagonal `offset`."""
    x, number = as_tensor_variable(a), as_tensor_variable(val)
    if x.ndim != 2 or number.ndim:
        raise TypeError(f"a number goes on the diagonal of a matrix, got {number.type} for {x.type}")
    row, column = _numbers(dim(x, 0), dim(x, 1))
    return switch(eq(column - row, offset), cast(number, x.dtype), x)


def fill_diagonal(a: Any, val: Any) -> TensorVariable:
    """A tensor with the number `val` where all indices are equal. TypeError for a vector."""
    x, number = as_tensor_variable(a), as_tensor_variable(val)
    if x.ndim < 2:
        raise TypeError(f"fill_diagonal: first parameter must have at least two dimensions, got {x.type}")
    if x.ndim == 2:
        return fill_diagonal_offset(x, number, 0)
    orders = [["x"] * axis + [0] + ["x"] * (x.ndim - axis - 1) for axis in range(x.ndim)]
    first, *rest = (dimshuffle(arange(dim(x, axis)), *order) for axis, order in enumerate(orders))
    inside = eq(first, rest[0])
    for other in rest[1:]:
        inside = apply("and", inside, eq(first, other))
    return switch(inside, cast(number, x.dtype), x)
