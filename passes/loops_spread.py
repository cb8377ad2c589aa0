"""Matrices that are zero but for some diagonals, as Jacobians are: zeros first, then each element that may be something else.

Expects a fused operation that gives a sum of terms `select(i == p, v, 0)`, where `i` counts along one axis and neither `p` nor
`v` moves along it: of all rows a term is in row `p` alone. Instead of comparing each row with each position,

    for i in rows: for j: out[i, j] = (i == p[j] ? v[j] : 0) + (i == q[j] ? w[j] : 0)
    // becomes
    for i in rows: for j: out[i, j] = 0
    for j: if p[j] in rows: out[p[j], j] = v[j] + out[p[j], j];  if q[j] in rows: out[q[j], j] += w[j]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.ir import BlockArgument, SSAValue

from phintys.dialects.nd import MAP, NdOp

from .control import branch
from .emit import INDEX, Emitter
from .loops_copy import copy
from .nests import Point, nest
from .rewriting import is_constant

if TYPE_CHECKING:
    from .loops_fused import FusedLoops

EQUAL = 0  # of arith.cmpi


class Term(NamedTuple):
    """A term: the loop that it is zero along but for one position, where that comes from, and its value there."""

    loop: int
    place: SSAValue
    value: SSAValue


def spread_of(loops: FusedLoops) -> list[Term] | None:
    """The terms of a fused operation that is a sum of such; `None` for others, and where it overwrites what it reads."""
    if loops.low.device or list(loops.op.combine) != [MAP] or loops.overwrites:
        return None
    terms = _terms(loops.yields[0])
    counters = _counters(loops)
    if terms is None or not counters:
        return None
    found = [_term(loops, term, counters) for term in terms]
    spread = [each for each in found if each is not None]
    numbers = {each.loop for each in spread}
    return spread if len(spread) == len(found) and len(numbers) == 1 and len(loops.loops) > 1 else None


def _terms(value: SSAValue) -> list[arith.SelectOp] | None:
    """The terms of a sum, added one after the other."""
    op = value.owner
    if isinstance(op, arith.AddfOp):
        first, last = _terms(op.lhs), op.rhs.owner
        return [*first, last] if first is not None and isinstance(last, arith.SelectOp) else None
    return [op] if isinstance(op, arith.SelectOp) else None


def _counters(loops: FusedLoops) -> dict[SSAValue, int]:
    """Arguments of the scalar code that count along a loop of their own from 0."""
    found: dict[SSAValue, int] = {}
    for argument, operand, access in zip(loops.op.block.args, loops.op.operands, loops.operands, strict=True):
        along: Sequence[int] = getattr(access, "loops", ())
        if len(along) == 1 and len(loops.loops[along[0]].axes) == 1 and _counts(operand):
            found[argument] = along[0]
    return found


def _counts(value: SSAValue) -> bool:
    """Whether a value is 0, 1, 2, ... along its only dimension that is not 1."""
    op = value.owner
    while isinstance(op, NdOp) and op.op in ("dimshuffle", "reshape"):
        op = op.operands[0].owner
    return isinstance(op, NdOp) and op.op == "arange" and is_constant(op.operands[0], 0) and is_constant(op.operands[2], 1)


def _term(loops: FusedLoops, op: arith.SelectOp, counters: dict[SSAValue, int]) -> Term | None:
    """A term that is zero but for one position along the loop of a counter."""
    compared = op.cond.owner
    if not _is_zero(op.rhs) or not isinstance(compared, arith.CmpiOp) or compared.predicate.value.data != EQUAL:
        return None
    if compared.lhs.type != bi.i64:
        return None  # narrower ones may be unsigned, or too small for a large dimension
    for counter, place in (compared.operands, reversed(compared.operands)):
        number = counters.get(counter)
        if number is not None and not _moves(loops, place, number) and not _moves(loops, op.lhs, number):
            return Term(number, place, op.lhs)
    return None


def _is_zero(value: SSAValue) -> bool:
    op = value.owner
    if not isinstance(op, arith.ConstantOp) or not isinstance(op.value, bi.FloatAttr):
        return False
    return str(op.value.value.data) == "0.0"


def _moves(loops: FusedLoops, value: SSAValue, number: int) -> bool:
    """Whether a value of the scalar code may change along a loop."""
    if isinstance(value, BlockArgument):
        return number in getattr(loops.operands[value.index], "loops", ())
    return any(_moves(loops, operand, number) for operand in value.owner.operands)  # type: ignore[union-attr]


def emit(loops: FusedLoops, terms: list[Term]) -> None:
    """Write zeros everywhere, and the terms where they belong."""
    _, target = loops.maps[0]
    copy(loops.low, target, target, loops.e.constant(0.0, loops.yields[0].type))
    others = [number for number in range(len(loops.loops)) if number != terms[0].loop]
    nest(loops.e, loops.loops, others, lambda e, points: _put_all(loops, e, points[0], terms))


def _put_all(loops: FusedLoops, e: Emitter, point: Point, terms: list[Term]) -> None:
    """The terms at one point of the other loops; each adds to what those before it have left."""
    memory, along = loops.targets[0].memref, loops.targets[0].loops
    values = loops.scalars(e, point, [each for term in terms for each in (term.place, term.value)])
    size = e.index(loops.loops[terms[0].loop].size)
    for term in terms:
        position = e.op(arith.IndexCastOp, [values[term.place]], INDEX)
        indices = [position if number == term.loop else point[number] for number in along]
        put = partial(_add if len(terms) > 1 else _set, memory, indices, values[term.value])
        branch(e, e.icmp("ult", position, size), put, [])


def _add(memory: SSAValue, indices: list[SSAValue], value: SSAValue, e: Emitter, _: Sequence[SSAValue]) -> list[SSAValue]:
    return _set(memory, indices, e.op(arith.AddfOp, [e.load(memory, indices), value]), e, _)


def _set(memory: SSAValue, indices: list[SSAValue], value: SSAValue, e: Emitter, _: Sequence[SSAValue]) -> list[SSAValue]:
    e.store(value, memory, indices)
    return []
