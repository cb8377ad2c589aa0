"""Batching of matrix products: dense rows. Where one side is the same in all rows, the batch is one larger product."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import SSAValue

from .batch import product, reshape, size_of
from .batch_context import Batching
from .nd_builder import Term


def _dot(c: Batching) -> SSAValue:
    if len(c.batched) == 2:
        return _pairs(c)
    return (_left(c) if c.batched == (0,) else _right(c)).value


def _left(c: Batching) -> Term:
    """Rows of x of all rows of the batch, one below the other, times y."""
    x, y = c.own(0), c.own(1)
    if c.rank(0) == 1:
        return x.op("dot", y)
    rows, inner = (size_of(c.b, x.value, axis) for axis in (1, 2))
    result = reshape(x, product(c.b, c.count, rows), inner).op("dot", y)
    columns = [size_of(c.b, result.value, 1)] if c.rank(1) == 2 else []
    return reshape(result, c.count, rows, *columns)


def _right(c: Batching) -> Term:
    """x times the columns of y of all rows of the batch, side by side."""
    x, y = c.own(0), c.own(1)
    if c.rank(1) == 1:
        return y.op("dot", x if c.rank(0) == 1 else x.op("dimshuffle", order=(1, 0)))
    inner, columns = (size_of(c.b, y.value, axis) for axis in (1, 2))
    if c.rank(0) == 1:
        flat = reshape(y.op("dimshuffle", order=(0, 2, 1)), product(c.b, c.count, columns), inner)
        return reshape(flat.op("dot", x), c.count, columns)
    flat = reshape(y.op("dimshuffle", order=(1, 0, 2)), inner, product(c.b, c.count, columns))
    result = x.op("dot", flat)
    return reshape(result, size_of(c.b, result.value, 0), c.count, columns).op("dimshuffle", order=(1, 0, 2))


def _pairs(c: Batching) -> SSAValue:
    """A stack of products, of vectors as matrices with one row or column."""
    x, y = c.own(0), c.own(1)
    if c.rank(0) == 1:
        x = x.op("dimshuffle", order=(0, -1, 1))
    if c.rank(1) == 1:
        y = y.op("dimshuffle", order=(0, 1, -1))
    kept = (0, *[1] * (c.rank(0) - 1), *[2] * (c.rank(1) - 1))
    return x.op("batched_dot", y).op("dimshuffle", order=kept).value


def _batched_dot(c: Batching) -> SSAValue:
    """The stack stays in front; the batch goes to the rows of x or the columns of y, or to the stack where both have one."""
    x, y = c.own(0), c.own(1)
    if len(c.batched) == 2:
        pairs = [reshape(z, product(c.b, c.count, size_of(c.b, z.value, 1)), *_last_two(z)) for z in (x, y)]
        result = pairs[0].op("batched_dot", pairs[1])
        return reshape(result, c.count, size_of(c.b, x.value, 1), *_last_two(result)).value
    stack = size_of(c.b, x.value if c.batched == (0,) else y.value, 1)
    if c.batched == (0,):
        rows, inner = _last_two(x)
        flat = reshape(x.op("dimshuffle", order=(1, 0, 2, 3)), stack, product(c.b, c.count, rows), inner)
        result = flat.op("batched_dot", y)
        columns = size_of(c.b, result.value, 2)
        return reshape(result, stack, c.count, rows, columns).op("dimshuffle", order=(1, 0, 2, 3)).value
    inner, columns = _last_two(y)
    flat = reshape(y.op("dimshuffle", order=(1, 2, 0, 3)), stack, inner, product(c.b, c.count, columns))
    result = x.op("batched_dot", flat)
    rows = size_of(c.b, result.value, 1)
    return reshape(result, stack, rows, c.count, columns).op("dimshuffle", order=(2, 0, 1, 3)).value


def _last_two(x: Term) -> tuple[int | SSAValue, int | SSAValue]:
    return size_of(x.b, x.value, x.type.ndim - 2), size_of(x.b, x.value, x.type.ndim - 1)


LINALG: dict[str, Callable[[Batching], SSAValue]] = {"dot": _dot, "batched_dot": _batched_dot}
