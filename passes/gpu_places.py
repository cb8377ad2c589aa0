"""Where the iterations of a loop write, if each writes one element at a place that its data says."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects.rt import AssertOp


def is_scatter(leaf: Sequence[Operation], serial: Sequence[scf.ForOp]) -> bool:
    """Whether iterations of one loop depend on each other by what they read and write at one place only."""
    stores = [op for op in leaf if isinstance(op, memref.StoreOp)]
    if len(serial) != 1 or len(stores) != 1 or any(op.regions for op in leaf):
        return False
    store = stores[0]
    touching = [op for op in leaf if isinstance(op, memref.LoadOp) and op.memref is store.memref]
    return all(list(op.indices) == list(store.indices) for op in touching) and bool(
        places(leaf, serial[0].body.block.args[0])[1]
    )


def places(leaf: Sequence[Operation], variable: SSAValue) -> tuple[list[Operation], list[SSAValue]]:
    """Operations that compute where an iteration writes, with their checks, and the indices that depend on `variable`."""
    store = next(op for op in leaf if isinstance(op, memref.StoreOp))
    keys = [index for index in store.indices if depends(index, variable, leaf)]
    needed = {*keys, *(value for op in leaf if isinstance(op, AssertOp) for value in op.operands)}
    slice: list[Operation] = []
    for op in reversed(leaf):
        if isinstance(op, AssertOp) or needed.intersection(op.results):
            needed.update(op.operands)
            slice.insert(0, op)
    return slice, keys


def depends(value: SSAValue, variable: SSAValue, leaf: Sequence[Operation]) -> bool:
    """Whether operations of an iteration compute a value from a loop's variable."""
    if value is variable:
        return True
    op = value.owner
    if isinstance(op, Block) or op not in leaf:
        return False
    return any(depends(operand, variable, leaf) for operand in op.operands)
