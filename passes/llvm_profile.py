"""`rt.clock` and `rt.record` in llvm code: calls of the runtime, on the table of the module."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from phintys.dialects.convert import elements
from phintys.dialects.rt_profile import ClockOp, RecordOp

from .llvm_emit import I64, PTR

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

TABLE = "phi_profile"
WORDS = 3  # of a slot: how often, the sum, the largest


def clock(low: FunctionLowering, op: Operation) -> None:
    """Nanoseconds, of the runtime's clock."""
    low.declare("phi_clock", [], I64)
    low.values[op.results[0]] = low.e.call("phi_clock", [], I64)


def record(low: FunctionLowering, op: Operation) -> None:
    """Add to a slot of the table."""
    assert isinstance(op, RecordOp)
    slots = low.function.attributes.get("phi.profile")
    if not isinstance(slots, bi.ArrayAttr) or op.slot >= len(slots):
        raise VerifyException(f"convert-loops-to-llvm: rt.record: slot {op.slot} is not among the function's phi.profile")
    low.declare("phi_record", [PTR, I64], None)
    table = low.e.op(llvm.AddressOfOp, [], PTR, {"global_name": bi.SymbolRefAttr(TABLE)})
    slot = low.e.element(table, op.slot * WORDS, I64)
    low.e.call("phi_record", [slot, low.value(op.operands[0])], None)


def table(slots: int) -> llvm.GlobalOp:
    """The table of a module, empty; whoever loads the code reads it."""
    zeros = elements(bi.TensorType(I64, [slots * WORDS]), np.zeros(slots * WORDS, np.int64))
    type = llvm.LLVMArrayType(bi.IntAttr(slots * WORDS), I64)
    return llvm.GlobalOp(type, TABLE, llvm.LinkageAttr("external"), value=zeros)


ROWS: dict[type[Operation], Callable[[FunctionLowering, Operation], None]] = {ClockOp: clock, RecordOp: record}
