"""Loops whose iterations go on from a total of those before them, and can be taken apart all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects.rt import AssertOp

from .gpu_host import constant_of
from .gpu_reducers import COMMUTE, Reducer
from .loop_facts import DISTINCT, root_of


@dataclass(eq=False)
class Scan:
    """`total`: what its iterations go on from; `before`: what computes the value of one; `after`: what uses totals."""

    loop: scf.ForOp
    total: Reducer
    before: list[Operation]
    after: list[Operation]


def find_scan(leaf: Sequence[Operation], around: scf.ForOp) -> Scan | None:
    """The loop of an iteration that goes on from a total, if that is all the iteration does."""
    loops = [op for op in leaf if op.regions]
    if len(loops) != 1 or any(isinstance(op, memref.StoreOp | AssertOp) for op in leaf):
        return None
    loop = loops[0]
    if not isinstance(loop, scf.ForOp) or len(loop.results) != 1 or any(result.uses for result in loop.results):
        return None
    starts = constant_of(loop.lb) == 0 and constant_of(loop.step) == 1
    if not starts or not (loop is around or is_outside(loop.ub, around)):
        return None
    return _scan(loop)


def _scan(loop: scf.ForOp) -> Scan | None:
    variable, own = loop.body.block.args
    *ops, last = loop.body.block.ops
    op = last.operands[0].owner
    if not isinstance(op, Operation) or op not in ops or op.name not in COMMUTE or own not in op.operands:
        return None
    rest = [operand for operand in op.operands if operand is not own]
    if len(rest) != 1 or any(isinstance(inner, AssertOp) for inner in loop.walk()):
        return None
    before = _slice(rest[0], ops)
    if any(each.regions or own in each.operands or op.results[0] in each.operands for each in before):
        return None
    read, written = (
        {root_of(each.memref) for each in loop.walk() if isinstance(each, kind)} for kind in (memref.LoadOp, memref.StoreOp)
    )
    stores = [each for each in loop.walk() if isinstance(each, memref.StoreOp)]
    once = len(stores) == len(written)  # two stores may meet in one element, where the later iteration's has to stay
    if read & written or not once or not (DISTINCT in loop.attributes or all(variable in store.indices for store in stores)):
        return None
    return Scan(loop, Reducer(0, op, rest[0], own), before, [each for each in ops if each not in (*before, op)])


def _slice(value: SSAValue, ops: Sequence[Operation]) -> list[Operation]:
    """Operations of a body that compute a value, in order."""
    needed, found = {value}, list[Operation]()
    for op in reversed(ops):
        if needed.intersection(op.results):
            needed.update(op.operands)
            found.insert(0, op)
    return found


def is_outside(value: SSAValue, loop: scf.ForOp) -> bool:
    """Whether a value is defined before a loop."""
    block = value.owner if isinstance(value.owner, Block) else value.owner.parent
    while block is not None:
        if block is loop.body.block:
            return False
        parent = block.parent_op()
        block = None if parent is None else parent.parent
    return True
