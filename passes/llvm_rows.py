"""Scalar operations of the loop level as llvm-dialect operations: one row each, `(emitter, operation, operands) -> value`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects import arith, llvm, math
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation, SSAValue

from phintys.dialects import llvm_casts, llvm_intrinsics

from . import llvm_saturate
from .llvm_emit import _NO_FLAGS, _NSW, _WRAPS, FLOATING, I64, OVERFLOWING, LlvmEmitter

_CUTS = llvm.OverflowAttr("none")  # of a truncation xDSL wants the flags themselves, not their number

Row = Callable[[LlvmEmitter, Operation, Sequence[SSAValue]], SSAValue]


def lowered(type: Attribute) -> Attribute:
    """Type of a register: index is i64."""
    return I64 if isinstance(type, bi.IndexType) else type


def _fastmath(op: Operation) -> Any:
    flags = op.properties.get("fastmath")
    data = getattr(flags, "data", ())
    return llvm.FastMathAttr(list(data)) if data else _NO_FLAGS


def _same(cls: type[Operation]) -> Row:
    """The llvm operation with the same operands; sizes do not overflow, user's integers wrap."""

    def row(e: LlvmEmitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
        properties: dict[str, Attribute] = {}
        if cls in OVERFLOWING:
            properties["overflowFlags"] = _NSW if isinstance(op.results[0].type, bi.IndexType) else _WRAPS
        elif cls in FLOATING:
            properties["fastmathFlags"] = _fastmath(op)
        return e.op(cls, operands, lowered(op.results[0].type), properties)

    return row


def _compare_ints(e: LlvmEmitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    return e.op(llvm.ICmpOp, operands, bi.i1, {"predicate": op.properties["predicate"]})


def _compare_floats(e: LlvmEmitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    properties = {"predicate": op.properties["predicate"], "fastmathFlags": _NO_FLAGS}
    return e.op(llvm.FCmpOp, operands, bi.i1, properties)


def _index_cast(e: LlvmEmitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    source, target = operands[0].type, lowered(op.results[0].type)
    if source == target:
        return operands[0]
    assert isinstance(source, bi.IntegerType) and isinstance(target, bi.IntegerType)
    if target.width.data > source.width.data:
        return e.op(llvm.SExtOp, operands, target)
    return e.op(llvm.TruncOp, operands, target, {"overflowFlags": _CUTS})


def _constant(e: LlvmEmitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    value = op.properties["value"]
    if isinstance(value, bi.IntegerAttr) and isinstance(value.type, bi.IndexType):
        return e.int(value.value.data)
    return e.constant(value, op.results[0].type)


def _truncate(e: LlvmEmitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    return e.op(llvm.TruncOp, operands, op.results[0].type, {"overflowFlags": _CUTS})


def _select(e: LlvmEmitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    return e.op(llvm.SelectOp, operands, lowered(op.results[0].type), {"fastmathFlags": _NO_FLAGS})


ROWS: dict[type[Operation], Row] = {
    arith.ConstantOp: _constant,
    arith.IndexCastOp: _index_cast,
    arith.CmpiOp: _compare_ints,
    arith.CmpfOp: _compare_floats,
    arith.SelectOp: _select,
    arith.AddiOp: _same(llvm.AddOp),
    arith.SubiOp: _same(llvm.SubOp),
    arith.MuliOp: _same(llvm.MulOp),
    arith.DivSIOp: _same(llvm.SDivOp),
    arith.DivUIOp: _same(llvm.UDivOp),
    arith.RemSIOp: _same(llvm.SRemOp),
    arith.RemUIOp: _same(llvm.URemOp),
    arith.AndIOp: _same(llvm.AndOp),
    arith.OrIOp: _same(llvm.OrOp),
    arith.XOrIOp: _same(llvm.XOrOp),
    arith.ShLIOp: _same(llvm.ShlOp),
    arith.ShRSIOp: _same(llvm.AShrOp),
    arith.ShRUIOp: _same(llvm.LShrOp),
    arith.MinSIOp: _same(llvm_intrinsics.SMinOp),
    arith.MaxSIOp: _same(llvm_intrinsics.SMaxOp),
    arith.MinUIOp: _same(llvm_intrinsics.UMinOp),
    arith.MaxUIOp: _same(llvm_intrinsics.UMaxOp),
    arith.AddfOp: _same(llvm.FAddOp),
    arith.SubfOp: _same(llvm.FSubOp),
    arith.MulfOp: _same(llvm.FMulOp),
    arith.DivfOp: _same(llvm.FDivOp),
    arith.NegfOp: _same(llvm.FNegOp),
    arith.MaximumfOp: _same(llvm_intrinsics.MaximumOp),
    arith.MinimumfOp: _same(llvm_intrinsics.MinimumOp),
    arith.MaxnumfOp: _same(llvm.VectorFMaxOp),
    arith.MinnumfOp: _same(llvm.VectorFMinOp),
    arith.BitcastOp: _same(llvm.BitcastOp),
    **llvm_saturate.ROWS,
    arith.SIToFPOp: _same(llvm.SIToFPOp),
    arith.UIToFPOp: _same(llvm_casts.UIToFPOp),
    arith.ExtFOp: _same(llvm.FPExtOp),
    arith.TruncFOp: _same(llvm.FPTruncOp),
    arith.TruncIOp: _truncate,
    arith.ExtSIOp: _same(llvm.SExtOp),
    arith.ExtUIOp: _same(llvm.ZExtOp),
    math.FmaOp: _same(llvm.FMAOp),
    math.AbsFOp: _same(llvm.FAbsOp),
    math.SqrtOp: _same(llvm.FSqrtOp),
    math.FloorOp: _same(llvm.FFloorOp),
    math.CeilOp: _same(llvm.FCeilOp),
    math.TruncOp: _same(llvm_intrinsics.FTruncOp),
    math.RoundEvenOp: _same(llvm_intrinsics.RoundEvenOp),
    math.CopySignOp: _same(llvm.FCopySignOp),
}
