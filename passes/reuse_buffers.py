"""reuse-buffers: a buffer that is free takes the place of a new one of the same type and sizes.

Expects: loops, each temporary with one `memref.dealloc`. Leaves: loops with fewer allocations; the memory that a call touches
stays small and warm.

    memref.dealloc %a : memref<?xf64>
    %b = memref.alloc(%n) : memref<?xf64>      // where %a was memref.alloc(%n): both lines go, %b is %a
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import builtin as bi
from xdsl.dialects import func, memref
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.passes import ModulePass

from .provenance import replace_uses

Kind = tuple[Attribute, tuple[SSAValue, ...]]  # what two buffers must share: type and dynamic sizes


def reuse(block: Block) -> int:
    """Reuse buffers of one block; how many allocations went."""
    free: dict[Kind, list[memref.DeallocOp]] = {}
    gone = 0
    for op in list(block.ops):
        if isinstance(op, memref.DeallocOp):
            source = op.operands[0].owner
            if isinstance(source, memref.AllocOp) and source.parent is block:
                free.setdefault(_kind(source), []).append(op)
        elif isinstance(op, memref.AllocOp):
            candidates = free.get(_kind(op))
            if candidates and not _returned(op):
                released = candidates.pop()
                replace_uses(op.results[0], released.operands[0])
                released.detach()
                released.erase()
                op.detach()
                op.erase()
                gone += 1
    return gone


def _kind(op: memref.AllocOp) -> Kind:
    return op.results[0].type, tuple(op.operands)


def _returned(op: memref.AllocOp) -> bool:
    return any(isinstance(use.operation, func.ReturnOp) for use in op.results[0].uses)


@dataclass(frozen=True)
class ReuseBuffers(ModulePass):
    """Reuse buffers that are free."""

    name = "reuse-buffers"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on the entry block of every function."""
        for function in op.ops:
            if isinstance(function, func.FuncOp) and function.body.blocks:
                reuse(function.body.block)
