"""Batching of operations that keep a batch a sum of diagonals, see `batch.py`: linear ones, of one operand that is batched.

A row returns the batch of the result, a sum of diagonals or a dense one, or `None` where a dense row has to do it.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import SSAValue

from .batch import Batch, Diagonal
from .batch_context import Batching
from .batch_diagonal_indexing import DIAGONAL_INDEXING
from .nd_builder import Term, type_of

Row = Callable[[Batching], "Batch | None"]


def _elementwise(*places: int) -> Row:
    """An operation that gives 0 where the operand at one of `places`, the only one that is batched, is 0."""

    def row(c: Batching) -> Batch | None:
        if len(c.batched) != 1 or c.batched[0] not in places:
            return None
        (number,) = c.batched
        return c.batches.total(c.b, *(_moved(c, term, c.with_operand(number, term.value)) for term in c.terms(number)))

    return row


def _moved(c: Batching, term: Diagonal, value: SSAValue) -> Diagonal:
    """A diagonal with another value, against whose shape the one it had was broadcast."""
    old, new = type_of(term.value), type_of(value)
    if term.axis is None:
        return Diagonal(value, None, term.rows)
    axis = term.axis + new.ndim - old.ndim
    if old.shape[term.axis] == 1 and new.shape[axis] != 1:
        term = term.single(c.b)
        return Diagonal(value, None, term.rows)
    return Diagonal(value, axis, term.rows)


def _sum_of_two(c: Batching) -> Batch | None:
    """`add` and `sub`: all diagonals of both."""
    ranks = {c.rank(0), c.rank(1)}
    shapes = {type_of(value).shape for value in c.op.operands}
    if len(c.batched) != 2 or len(ranks) > 1 or (len(shapes) > 1 and any(1 in shape for shape in shapes)):
        return None
    right = [Diagonal(c.b.op("neg", term.value), term.axis, term.rows) if c.op.op == "sub" else term for term in c.terms(1)]
    return c.batches.total(c.b, *c.terms(0), *right)


def _select(c: Batching) -> Batch | None:
    """`select(c, x, 0)` and `select(c, 0, x)`."""
    if len(c.batched) != 1 or not c.batched[0] or not c.is_zero(3 - c.batched[0]):
        return None
    return _elementwise(1, 2)(c)


def _along(c: Batching) -> Batch | None:
    """What goes along an axis that is not that of the diagonal: reductions, running sums."""
    axes = c.op.attrs.get("axes", (c.op.attrs.get("axis"),))
    found = []
    for term in c.terms(0):
        if term.axis in axes:
            return _summed(c) if c.op.op == "sum" else None
        lower = sum(axis < (term.axis or 0) for axis in axes) if c.op.op == "sum" else 0
        axis = None if term.axis is None else term.axis - lower
        found.append(Diagonal(c.with_operand(0, term.value), axis, term.rows))
    return c.batches.total(c.b, *found)


def _summed(c: Batching) -> Batch | None:
    """The sum over the axis of one diagonal: in each row, its own elements."""
    term, *others = c.terms(0)
    axes = c.attr("axes")
    if others or not term.rows.identity:
        return None
    value = _front(Term(c.b, term.value), term.axis or 0)
    rest = tuple(axis + (axis < (term.axis or 0)) for axis in axes if axis != term.axis)
    return (value.sum(rest) if rest else value).value


def _front(x: Term, axis: int) -> Term:
    order = (axis, *(other for other in range(x.type.ndim) if other != axis))
    return x.op("dimshuffle", order=order)


def _dimshuffle(c: Batching) -> Batch | None:
    order, found = c.attr("order"), []
    for term in c.terms(0):
        value = c.with_operand(0, term.value)
        if term.axis is not None and term.axis not in order:
            term = term.single(c.b)
        found.append(Diagonal(value, None if term.axis is None else order.index(term.axis), term.rows))
    return c.batches.total(c.b, *found)


def _alloc(c: Batching) -> Batch | None:
    if c.batched != (0,):
        return None
    return c.batches.total(c.b, *(_moved(c, term, c.with_operand(0, term.value)) for term in c.terms(0)))


def _reshape(c: Batching) -> Batch | None:
    """Of whole rows; or where all dimensions but one are known to stay, and so that one does too."""
    old, new = type_of(c.op.operands[0]).shape, c.out.shape
    kept = len(old) == len(new) and sum(size is None or size != other for size, other in zip(old, new, strict=True)) < 2
    if c.batched != (0,) or not (kept or all(term.axis is None for term in c.terms(0))):
        return None
    found = [Diagonal(c.with_operand(0, term.value), term.axis, term.rows) for term in c.terms(0)]
    return c.batches.total(c.b, *found)


def _dot(c: Batching) -> Batch | None:
    """Products keep the axis that is not multiplied away; along the other one, each row has one element of the sum."""
    if len(c.batched) != 1:
        return None
    (number,) = c.batched
    terms, inner = c.terms(number), c.rank(0) - 1 if number == 0 else 0
    if any(term.axis == inner for term in terms):
        return _contracted(c, terms[0], number).value if len(terms) == 1 and terms[0].rows.identity else None
    found = []
    for term in terms:
        axis = None if term.axis is None else 0 if number == 0 else c.out.ndim - 1
        found.append(Diagonal(c.with_operand(number, term.value), axis, term.rows))
    return c.batches.total(c.b, *found)


def _contracted(c: Batching, term: Diagonal, number: int) -> Term:
    """Row i of `dot(x, y)` where one of them is diagonal along the dimension that is summed over: x[:, i] * y[i, :]."""
    x, y = c.operands_with(number, term.value)
    x = _front(x, c.rank(0) - 1)
    left = (0, *range(1, c.rank(0)), *[-1] * (c.rank(1) - 1))
    right = (0, *[-1] * (c.rank(0) - 1), *range(1, c.rank(1)))
    return x.op("dimshuffle", order=left) * y.op("dimshuffle", order=right)


def _batched_dot(c: Batching) -> Batch | None:
    if len(c.batched) != 1:
        return None
    (number,) = c.batched
    terms = c.terms(number)
    if any(term.axis == (2 if number == 0 else 1) for term in terms):
        return None
    return c.batches.total(c.b, *(Diagonal(c.with_operand(number, t.value), t.axis, t.rows) for t in terms))


DIAGONAL: dict[str, Row] = {
    **dict.fromkeys(("neg", "cast", "zero_grad", "stop_grad", "grad_scale", "transfer"), _elementwise(0)),
    "mul": _elementwise(0, 1),
    "div": _elementwise(0),
    "select": _select,
    **dict.fromkeys(("add", "sub"), _sum_of_two),
    **dict.fromkeys(("sum", "cumsum"), _along),
    "dimshuffle": _dimshuffle,
    "alloc": _alloc,
    "reshape": _reshape,
    "dot": _dot,
    "batched_dot": _batched_dot,
    **DIAGONAL_INDEXING,
}
