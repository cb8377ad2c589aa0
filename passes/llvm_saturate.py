"""Floats to integers in llvm code: what lies outside of the type's range gives its ends, NaN gives 0.

LLVM's own operations for this (`llvm.fptosi.sat`) are taken apart into single elements where a loop is vectorized.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, llvm
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation, SSAValue

from phintys.dialects import llvm_casts

from .llvm_emit import _NO_FLAGS, I32, LlvmEmitter

GREATER, AT_LEAST, LESS, UNORDERED = 2, 3, 4, 14  # predicates of llvm.fcmp
Row = Callable[[LlvmEmitter, Operation, Sequence[SSAValue]], SSAValue]
DIGITS: dict[Attribute, int] = {bi.f32: 24, bi.f64: 53}  # bits of a float's integers that are exact


def _choose(e: LlvmEmitter, predicate: int, sides: Sequence[SSAValue], yes: SSAValue, no: SSAValue) -> SSAValue:
    """`yes` where the comparison holds."""
    properties = {"predicate": bi.IntegerAttr(predicate, bi.i64), "fastmathFlags": _NO_FLAGS}
    holds = e.op(llvm.FCmpOp, sides, bi.i1, properties)
    return e.op(llvm.SelectOp, [holds, yes, no], yes.type, {"fastmathFlags": _NO_FLAGS})


def _float(e: LlvmEmitter, value: float, x: SSAValue) -> SSAValue:
    """A constant of the format of `x`."""
    assert isinstance(x.type, bi.Float32Type | bi.Float64Type)
    return e.constant(bi.FloatAttr(float(value), x.type), x.type)


def _row(signed: bool) -> Row:
    def row(e: LlvmEmitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
        (x,), type = operands, op.results[0].type
        assert isinstance(type, bi.IntegerType)
        bits = type.width.data - signed
        low, high = -(2**bits) if signed else 0, 2**bits - 1
        if bits > DIGITS[x.type]:
            return _of_results(e, x, type, low, high)
        ends = [_float(e, end, x) for end in (low, high)]
        inside = _choose(e, GREATER, [x, ends[0]], x, ends[0])  # NaN becomes `low`
        inside = _choose(e, LESS, [inside, ends[1]], inside, ends[1])
        wide = type if bits > 31 else I32
        found = e.op(llvm_casts.FPToUIOp if bits > 31 else llvm_casts.FPToSIOp, [inside], wide)
        if signed:
            found = _choose(e, UNORDERED, [x, x], e.int(0, wide), found)
        return found if wide == type else e.op(llvm.TruncOp, [found], type, {"overflowFlags": llvm.OverflowAttr("none")})

    return row


def _of_results(e: LlvmEmitter, x: SSAValue, type: bi.IntegerType, low: int, high: int) -> SSAValue:
    """For integers that the float does not tell apart: the other results are chosen where it is too far out."""
    zero, least = e.int(0, type), e.int(low, type)
    found = e.op(llvm_casts.FPToSIOp if low else llvm_casts.FPToUIOp, [x], type)
    found = _choose(e, AT_LEAST, [x, _float(e, high + 1, x)], e.int(high, type), found)
    if not low:
        return _choose(e, GREATER, [x, _float(e, -1, x)], found, zero)
    found = _choose(e, LESS, [x, _float(e, low, x)], least, found)
    return _choose(e, UNORDERED, [x, x], zero, found)


ROWS: dict[type[Operation], Row] = {arith.FPToSIOp: _row(signed=True), arith.FPToUIOp: _row(signed=False)}
