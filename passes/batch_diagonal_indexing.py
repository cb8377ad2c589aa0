"""Batching of reading and writing at positions that keeps a batch a sum of diagonals: the rows of positions move along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from xdsl.ir import SSAValue

from phintys.ir.infer import broadcast_shapes
from phintys.ir.subscript import Entry, format_index, parse_index, subtensor_type

from .batch import Batch, Diagonal, Rows
from .batch_context import Batching
from .nd_builder import type_of

Row = Callable[[Batching], "Batch | None"]
WHOLE = Entry(None)


def _entry(c: Batching, axis: int, first: int) -> tuple[Entry, list[SSAValue]]:
    """The entry of an index for `axis`, and its operands, of which those of all entries begin at `first`."""
    entries = parse_index(c.attr("index"))
    if axis >= len(entries):
        return WHOLE, []
    start = first + sum(entry.operands for entry in entries[:axis])
    return entries[axis], list(c.op.operands)[start : start + entries[axis].operands]


def _slices(c: Batching) -> list[int | None]:
    """For each dimension of the indexed tensor the one of the part, `None` for one of which a position is taken."""
    entries = parse_index(c.attr("index"))
    axes: list[int | None] = []
    for axis in range(c.rank(0)):
        kept = axis >= len(entries) or entries[axis].is_slice
        axes.append(len([place for place in axes if place is not None]) if kept else None)
    return axes


def _shift(entry: Entry) -> int | None:
    """How far a slice moves positions, where it does no more than that."""
    plain = entry.is_slice and entry.step in (None, 1) and (entry.start is None or isinstance(entry.start, int))
    start = entry.start or 0
    return start if plain and isinstance(start, int) and start >= 0 else None


def _subtensor(c: Batching) -> Batch | None:
    if c.batched != (0,):
        return None
    return c.batches.total(c.b, *(_part(c, term) for term in c.terms(0)))


def _part(c: Batching, term: Diagonal) -> Diagonal:
    value = c.with_operand(0, term.value)
    if term.axis is None:
        return Diagonal(value, None, term.rows)
    entry, bounds = _entry(c, term.axis, 1)
    axis, shift, rows = _slices(c)[term.axis], _shift(entry), term.rows
    if entry.is_whole:
        return Diagonal(value, axis, rows)
    if rows.index is None and shift is not None:
        return Diagonal(value, axis, Rows(rows.offset + shift, inside=rows.inside))
    if rows.index is None and not entry.is_slice and isinstance(entry.start, int) and entry.start >= 0:
        return Diagonal(value, None, Rows(rows.offset + entry.start, inside=rows.inside))
    index = c.b.op("subtensor", c.batches.places(c.b, term).value, *bounds, index=format_index([entry]))
    return Diagonal(value, axis, Rows(index=index, inside=rows.inside))


def _update(c: Batching) -> Batch | None:
    """`x[i] += y` and `x[i] = y` of a diagonal or zero x and a diagonal or zero y."""
    if any(number > 1 for number in c.batched) or not all(number in c.batched or c.is_zero(number) for number in (0, 1)):
        return None
    found: list[Diagonal] = []
    if 0 in c.batched:
        zero = c.b.constant(0, c.out.dtype)
        for term in c.terms(0):
            value = term.value
            if c.op.op == "set_subtensor":
                value = c.b.op("set_subtensor", value, zero, *list(c.op.operands)[2:], index=c.attr("index"))
            found.append(replace(term, value=value))
    if 1 in c.batched:
        found += [_padded(c, term) for term in c.terms(1)]
    return c.batches.total(c.b, *found)


def _padded(c: Batching, term: Diagonal) -> Diagonal:
    """What `term` is as a part of zeros."""
    zeros = c.b.full_like(c.op.operands[0], 0.0)
    value = c.b.op("inc_subtensor", zeros, term.value, *list(c.op.operands)[2:], index=c.attr("index"))
    region = subtensor_type(type_of(zeros), c.attr("index"))
    place = None if term.axis is None else term.axis + region.ndim - c.rank(1)
    if place is not None and type_of(term.value).shape[term.axis or 0] == 1 and region.shape[place] != 1:
        term = term.single(c.b)
    if place is None or term.axis is None:
        return Diagonal(value, None, term.rows)
    axis = _slices(c).index(place)
    entry, bounds = _entry(c, axis, 2)
    shift, rows = _shift(entry), term.rows
    if entry.is_whole:
        return Diagonal(value, axis, rows)
    if rows.index is None and shift is not None:
        return Diagonal(value, axis, Rows(rows.offset - shift, inside=False))
    sizes, dims = c.b.sizes(zeros)
    dim = [dims[sizes[:axis].count(None)]] if sizes[axis] is None else []
    none = c.b.op("alloc", c.b.constant(0, "int64"), *dim, sizes=(sizes[axis],))
    own = c.batches.places(c.b, term).value
    index = c.b.op("set_subtensor", none, own, *bounds, index=format_index([entry]))
    return Diagonal(value, axis, Rows(index=index, inside=False))


def _index_rank(c: Batching, first: int) -> int:
    return len(broadcast_shapes([type_of(value).shape for value in list(c.op.operands)[first:]]))


def _gather(c: Batching) -> Batch | None:
    """Rows of positions that are taken, by a vector or scalar index, are taken in the same way."""
    indices = list(c.op.operands)[1:]
    rank = _index_rank(c, 1)
    if c.batched != (0,):
        return None
    found = []
    for term in c.terms(0):
        value = c.with_operand(0, term.value)
        if term.axis is None:
            found.append(Diagonal(value, None, term.rows))
        elif term.axis >= len(indices):
            found.append(Diagonal(value, term.axis - len(indices) + rank, term.rows))
        elif len(indices) > 1 or rank > 1:
            return None
        else:
            index = c.b.op("gather", c.batches.places(c.b, term).value, indices[0])
            found.append(Diagonal(value, 0 if rank else None, Rows(index=index, inside=term.rows.inside)))
    return c.batches.total(c.b, *found)


def _scatter_add(c: Batching) -> Batch | None:
    """`x[i] += y` for zeros x and a diagonal y: along dimensions without an index, or one element to each place."""
    rank, count = _index_rank(c, 2), len(c.op.operands) - 2
    if c.batched != (1,) or not c.is_zero(0) or c.rank(1) != rank + c.rank(0) - count:
        return None
    terms = c.terms(1)
    if any(term.axis is not None and term.axis < rank for term in terms):
        return _scattered(c, terms[0]) if len(terms) == 1 and count == 1 and rank == 1 else None
    found = []
    for term in terms:
        axis = None if term.axis is None else term.axis - rank + count
        found.append(Diagonal(c.with_operand(1, term.value), axis, term.rows))
    return c.batches.total(c.b, *found)


def _scattered(c: Batching, term: Diagonal) -> SSAValue | None:
    """Element i of a diagonal along the index goes to its row and its place."""
    if not term.rows.inside or type_of(term.value).shape[0] == 1:
        return None
    rows = c.batches.places(c.b, term).value
    return c.b.op("scatter_add", c.full(0).value, term.value, rows, c.b.cast(c.op.operands[2], "int64"))


DIAGONAL_INDEXING: dict[str, Row] = {
    "subtensor": _subtensor,
    **dict.fromkeys(("inc_subtensor", "set_subtensor"), _update),
    "gather": _gather,
    "scatter_add": _scatter_add,
}
