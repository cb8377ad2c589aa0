"""`rt.host` in llvm code: a block of the frame says where the operands are, the runtime writes there where the results are.

The block is of 64-bit words: data, number of the dtype, rank and sizes of each operand, then data and sizes of each result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import location_text
from phintys.dialects.rt_host import HostOp
from phintys.ir.types import DTYPES

from .llvm_emit import I32, I64, PTR, Int

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

CODES = {name: code for code, name in enumerate(DTYPES)}


def host(low: FunctionLowering, op: Operation) -> None:
    """Fill the block, call the runtime, leave when it failed, read the results' places off the block."""
    from .llvm_memory import contiguous, stored

    assert isinstance(op, HostOp)
    e, takes, gives = low.e, op.takes, op.gives
    words = sum(3 + type.ndim for type in takes) + sum(1 + type.ndim for type in gives)
    block = e.alloca(I64, words)
    at = 0
    for value, type in zip(op.operands, takes, strict=True):
        memory = low.memrefs[value]
        pointer = e.element(memory.pointer, memory.offset, stored(memory.element))
        row: list[Int] = [pointer, CODES[type.dtype], type.ndim, *memory.sizes]
        for word in row:
            e.store(e.int(word), e.element(block, at, I64))
            at += 1
    low.declare("phi_host", [PTR, I32, I32, I32, PTR], I32)
    numbers = [e.int(number, I32) for number in (len(low.hosts), len(takes), len(gives))]
    low.hosts.append("|".join((op.text("function"), op.text("gives"), location_text(op), op.text("options"))))
    _leave_unless_zero(low, e.call("phi_host", [low.context, *numbers, block], I32))
    for value, type in zip(op.results, gives, strict=True):
        pointer = e.load(e.element(block, at, I64), PTR)
        sizes: list[Int] = [
            e.load(e.element(block, at + 1 + axis, I64), I64) if size is None else size for axis, size in enumerate(type.shape)
        ]
        at += 1 + type.ndim
        assert isinstance(value.type, bi.MemRefType)
        low.memrefs[value] = contiguous(low, pointer, sizes, value.type.element_type)


def _leave_unless_zero(low: FunctionLowering, status: SSAValue) -> None:
    """An exception is set: the call ends as one that ran out of memory does, and keeps the exception."""
    e = low.e
    fine = e.op(llvm.ICmpOp, [status, e.int(0, I32)], bi.i1, {"predicate": bi.IntegerAttr(0, bi.i64)})
    failed, go_on = e.new_block(), e.new_block()
    e.branch_if(fine, go_on, failed)
    e.block = failed
    low.temporaries.leave(-1)
    e.block = go_on


ROWS: dict[type[Operation], Callable[[FunctionLowering, Operation], None]] = {HostOp: host}
