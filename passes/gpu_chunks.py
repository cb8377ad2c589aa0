"""Loops as the CPU wants them, on their way to the GPU: chunks become whole loops again, their temporaries go before them."""

from __future__ import annotations

from xdsl.dialects import memref, scf
from xdsl.ir import Operation

PARALLEL = "phi.parallel"


def hoist(op: Operation) -> None:
    """Move buffers that are made in a loop before it, what frees them behind it, and undo chunks that `parallelize` has cut."""
    block = op.parent
    if not isinstance(op, scf.ForOp) or block is None:
        return
    for inner in list(op.walk()):
        if isinstance(inner, memref.AllocOp):
            if all(_is_before(value.owner, op) for value in inner.operands):
                inner.detach()
                block.insert_op_before(inner, op)
        elif isinstance(inner, memref.DeallocOp) and _is_before(inner.operands[0].owner, op):
            inner.detach()
            block.insert_op_after(inner, op)
    if PARALLEL in op.attributes:
        _whole(op)


def _is_before(owner: object, loop: scf.ForOp) -> bool:
    return owner is loop.parent or (isinstance(owner, Operation) and owner.parent is loop.parent)


def _whole(op: scf.ForOp) -> None:
    """`for %c ... { for %i = %c to min(%c + grain, %n) ... }` as one loop over %i."""
    inner = [each for each in op.body.block.ops if each.regions]
    if len(inner) != 1 or op.results or op.parent is None:
        return
    loop = inner[0]
    if not isinstance(loop, scf.ForOp) or loop.lb is not op.body.block.args[0] or loop.results:
        return
    loop.detach()
    loop.operands[0], loop.operands[1] = op.lb, op.ub
    op.parent.insert_op_before(loop, op)
    op.detach()
    op.erase()
