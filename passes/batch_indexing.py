"""Batching of reading and writing at positions: dense rows. The new axis is taken whole, or by the numbers of all rows."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import SSAValue

from phintys.ir.infer import broadcast_shapes
from phintys.ir.subscript import subtensor_type

from .batch_context import Batching
from .nd_builder import Term, type_of
from .rewriting import refusal


def _same_positions(c: Batching, first: int) -> None:
    """Positions and bounds are operands from `first` on."""
    if any(number >= first for number in c.batched):
        raise refusal(c.op, "there is no batching row for positions that depend on the row of a batch")


def _subtensor(c: Batching) -> SSAValue:
    _same_positions(c, 1)
    return c.own(0).op("subtensor", *c.rest(1), index=f":, {c.attr('index')}").value


def _update(c: Batching) -> SSAValue:
    """`set_subtensor` and `inc_subtensor`: what is written broadcasts against the part it is written to."""
    _same_positions(c, 2)
    region = subtensor_type(type_of(c.op.operands[0]), c.attr("index"))
    return c.full(0).op(c.op.op, c.aligned(1, region.ndim), *c.rest(2), index=f":, {c.attr('index')}").value


def _indices(c: Batching, first: int) -> tuple[list[Term], int]:
    """Index tensors from operand `first` on, behind that of the rows; the rank of those that there were."""
    numbers = range(first, len(c.op.operands))
    rank = len(broadcast_shapes([type_of(c.op.operands[number]).shape for number in numbers]))
    rows = c.batches.numbers(c.b, c.count).op("dimshuffle", order=(0, *[-1] * rank))
    dtype = "int64"
    return [rows, *(Term(c.b, c.b.cast(c.aligned(number, rank).value, dtype)) for number in numbers)], rank


def _gather(c: Batching) -> SSAValue:
    indices, _ = _indices(c, 1)
    return c.full(0).op("gather", *indices).value


def _scatter(c: Batching) -> SSAValue:
    """`scatter_add` and `scatter_set`."""
    indices, rank = _indices(c, 2)
    written = rank + c.rank(0) - (len(indices) - 1)
    return c.full(0).op(c.op.op, c.aligned(1, written), *indices).value


def _searchsorted(c: Batching) -> SSAValue:
    if c.batched != (1,):
        raise refusal(c.op, "there is no batching row for a sorted vector that depends on the row of a batch")
    return c.b.op("searchsorted", c.op.operands[0], c.own(1).value, side=c.attr("side"))


INDEXING: dict[str, Callable[[Batching], SSAValue]] = {
    "subtensor": _subtensor,
    "set_subtensor": _update,
    "inc_subtensor": _update,
    "gather": _gather,
    "scatter_add": _scatter,
    "scatter_set": _scatter,
    "searchsorted": _searchsorted,
}
