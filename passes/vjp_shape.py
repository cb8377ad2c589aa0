"""Derivatives of operations that move elements (shapes, joins, indexing): the gradient goes back where it came from."""

from __future__ import annotations

from xdsl.ir import SSAValue

from .nd_builder import Term, type_of
from .vjp import Adjoint, Row


def _dimshuffle(c: Adjoint) -> Term:
    order = c.attr("order")
    back = (order.index(axis) if axis in order else -1 for axis in range(c.x.type.ndim))
    return c.g.op("dimshuffle", order=tuple(back))


def _reshape(c: Adjoint, index: int) -> Term:
    sizes, dims = c.b.sizes(c.x.value)
    return Term(c.b, c.b.op("reshape", c.g.value, *dims, sizes=sizes))


def _alloc(c: Adjoint, index: int) -> Term:
    return c.g  # the sweep sums it over what was broadcast


def _make_vector(c: Adjoint, index: int) -> Term:
    return c.g.op("subtensor", index=str(index))


# --- concatenate: the slice that the operand became -------------------------------------------------------------------


def _size(c: Adjoint, value: SSAValue, axis: int) -> int | Term:
    size = type_of(value).shape[axis]
    return Term(c.b, c.b.op("dim", value, axis=axis)) if size is None else size


def _total(sizes: list[int | Term]) -> int | Term:
    total: int | Term = sum(size for size in sizes if isinstance(size, int))
    for size in sizes:
        if isinstance(size, Term):
            total = size + total
    return total


def _concatenate(c: Adjoint, index: int) -> Term:
    axis = c.attr("axis")
    bounds: list[int | Term] = [_total([_size(c, value, axis) for value in c.op.operands[:index]])]
    if index + 1 < len(c.op.operands):  # the last one ends where the result ends
        bounds.append(_total([bounds[0], _size(c, c.op.operands[index], axis)]))
    text = [str(bound) if isinstance(bound, int) else "?" for bound in bounds]
    bounds_text = ":".join(text) if len(text) > 1 else f"{text[0]}:"
    operands = [bound for bound in bounds if isinstance(bound, Term)]
    return c.g.op("subtensor", *operands, index=":, " * axis + bounds_text)


# --- arange: element i is start + i * step ----------------------------------------------------------------------------


def _arange_start(c: Adjoint) -> Term:
    return c.g.sum((0,))


def _arange_stop(c: Adjoint) -> None:
    return None


def _arange_step(c: Adjoint) -> Term:
    dtype = c.g.type.dtype
    count = c.b.cast(c.b.op("dim", c.out.value, axis=0), dtype)
    positions = c.b.op("arange", c.b.constant(0, dtype), count, c.b.constant(1, dtype), dtype=dtype)
    return (c.g * Term(c.b, positions)).sum((0,))


# --- indexing: a read becomes an addition at the same place, and the other way round ----------------------------------


def _rest(c: Adjoint, start: int) -> list[Term]:
    return [c.operand(index) for index in range(start, len(c.op.operands))]


def _zeros(c: Adjoint) -> Term:
    return Term(c.b, c.b.full_like(c.x.value, 0.0))


def _subtensor(c: Adjoint, index: int) -> Term:
    return _zeros(c).op("inc_subtensor", c.g, *_rest(c, 1), index=c.attr("index"))


def _set_subtensor(c: Adjoint, index: int) -> Term:
    if index == 0:
        return c.g.op("set_subtensor", 0.0, *_rest(c, 2), index=c.attr("index"))
    return c.g.op("subtensor", *_rest(c, 2), index=c.attr("index"))


def _inc_subtensor(c: Adjoint, index: int) -> Term:
    return c.g if index == 0 else c.g.op("subtensor", *_rest(c, 2), index=c.attr("index"))


def _gather(c: Adjoint, index: int) -> Term:
    return _zeros(c).op("scatter_add", c.g, *_rest(c, 1))


def _scatter_add(c: Adjoint, index: int) -> Term:
    return c.g if index == 0 else c.g.op("gather", *_rest(c, 2))


SHAPE: dict[str, Row] = {
    "dimshuffle": (_dimshuffle,),
    "reshape": _reshape,
    "alloc": _alloc,
    "make_vector": _make_vector,
    "concatenate": _concatenate,
    "arange": (_arange_start, _arange_stop, _arange_step),
    "subtensor": _subtensor,
    "set_subtensor": _set_subtensor,
    "inc_subtensor": _inc_subtensor,
    "gather": _gather,
    "scatter_add": _scatter_add,
}
