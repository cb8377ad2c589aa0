"""Totals of loops in parts: how many parts a loop has, and how what they carried is merged."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from phintys.dialects.convert import scalar_type

from .accumulators import TOTALS, Plain, labelled
from .control import branch
from .emit import Emitter, Index
from .loop_work import ALIGNED, CHUNK, FEWEST_CHUNKS, span

MOST_PARTS = 128  # their totals, 8 bytes each, fit into the frame


@dataclass(frozen=True)
class Parts:
    """How many parts there are, and how many numbers of the loop's range each has."""

    count: Index
    size: Index


def known(loop: scf.ForOp) -> list[Plain] | None:
    """The accumulators that a loop carries the registers of; None where it does not say, or says something else."""
    labels = loop.attributes.get(TOTALS)
    if not isinstance(labels, bi.ArrayAttr):
        return None
    found = [labelled(label.data) for label in labels if isinstance(label, bi.StringAttr)]
    totals = [a for a in found if a is not None]
    firsts, at = [], 0
    for a in totals:
        firsts.append(loop.results[at].type if at < len(loop.results) else None)
        at += a.widths[1]
    right = firsts == [scalar_type(a.r.dtype) for a in totals]
    return totals if right and len(totals) == len(labels) and at == len(loop.results) else None


def parts(e: Emitter, loop: scf.ForOp, cost: Index, step: int) -> Parts | None:
    """Parts of a loop of which one step costs `cost`; None if it is known to be one.

    Where sizes are known in the call only, a loop with little to do is one part, which costs a few nanoseconds.
    """
    whole = span(e, loop)
    unit = step if step > 1 or not isinstance(cost, int) else ALIGNED
    work = _quotient(e, e.mul(whole, cost), step)
    if isinstance(work, int):
        return _several(e, work, whole, unit) if work >= FEWEST_CHUNKS * CHUNK else None

    def several(e: Emitter, _: object) -> list[SSAValue]:
        found = _several(e, work, whole, unit)
        return [e.index(found.count), e.index(found.size)]

    enough = e.icmp("sge", work, e.index(FEWEST_CHUNKS * CHUNK))
    count, size = branch(e, enough, several, [e.index(1), e.index(whole)])
    return Parts(count, size)


def _several(e: Emitter, work: Index, whole: Index, unit: int) -> Parts:
    count = e.minimum(_quotient(e, work, CHUNK), MOST_PARTS)
    size = _quotient(e, e.add(whole, e.sub(count, 1)), count)
    return Parts(count, e.mul(_quotient(e, e.add(size, unit - 1), unit), unit))


def _quotient(e: Emitter, a: Index, b: Index) -> Index:
    """a // b of sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    return a if b == 1 else e.op(arith.DivUIOp, [e.index(a), e.index(b)])


def merge(e: Emitter, totals: list[Plain], places: list[SSAValue], count: Index, neutral: list[SSAValue]) -> list[SSAValue]:
    """The registers after all parts, whose own are in `places`."""
    inner, op = e.loop(0, count, 1, neutral)
    op.attributes["phi.loop"] = bi.StringAttr("novectorize,nounroll")
    number, *carried = op.body.block.args
    later = [inner.load(place, [number]) for place in places]
    result: list[SSAValue] = []
    for a in totals:
        at = slice(len(result), len(result) + a.widths[1])
        result += a.merge(inner, list(carried[at]), later[at])
    inner.end_loop(result)
    for place in places:
        e.insert(memref.DeallocOp.create(operands=[place], location=e.location))
    return list(op.results)
