"""`scf.while` in llvm code: the condition's block is the loop's header, the body jumps back to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import scf
from xdsl.ir import Operation

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering


def while_loop(low: FunctionLowering, op: Operation) -> None:
    """Lower one loop; its results are what the condition passes on when it fails."""
    assert isinstance(op, scf.WhileOp)
    e = low.e
    low.plain = False
    start = [low.value(value) for value in op.operands]
    header = e.new_block([value.type for value in start])
    e.branch(header, start)
    low.values.update(zip(op.before_region.block.args, header.args, strict=True))
    e.block = header
    *before, last = op.before_region.block.ops
    for inner in before:
        low.lower(inner)
    condition, *passed = (low.value(value) for value in last.operands)
    at = e.block
    low.values.update(zip(op.after_region.block.args, passed, strict=True))
    e.block = body = e.new_block()
    yielded = low.lower_block(op.after_region.block)
    e.branch(header, yielded)
    leave = e.new_block()
    e.block = at
    e.branch_if(condition, body, leave)
    e.block = leave
    low.values.update(zip(op.results, passed, strict=True))


ROWS: dict[type[Operation], Callable[[FunctionLowering, Operation], None]] = {scf.WhileOp: while_loop}
