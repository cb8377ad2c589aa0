"""LLVM's intrinsics on scalars and vectors that xDSL's llvm dialect lacks: extremes and rounding."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import AnyFloatConstr, VectorType
from xdsl.dialects.llvm import FastMathAttr
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure


class BinaryIntrinsic(IRDLOperation, ABC):
    """`%2 = llvm.intr.NAME(%0, %1) : (T, T) -> T`."""

    T: ClassVar = VarConstraint("T", AnyAttr())
    a = operand_def(T)
    b = operand_def(T)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "`(` operands `)` attr-dict `:` functional-type(operands, results)"

    def __init__(self, a: SSAValue | Operation, b: SSAValue | Operation):
        super().__init__(operands=[a, b], result_types=[SSAValue.get(a).type])


class FloatBinaryIntrinsic(BinaryIntrinsic, ABC):
    """The same for floats, with fast-math flags."""

    fastmathFlags = prop_def(FastMathAttr, default_value=FastMathAttr(None))
    irdl_options = (ParsePropInAttrDict(),)


class FloatUnaryIntrinsic(IRDLOperation, ABC):
    """`%1 = llvm.intr.NAME(%0) : (T) -> T`."""

    T: ClassVar = VarConstraint("T", AnyFloatConstr | VectorType.constr(AnyFloatConstr))
    arg = operand_def(T)
    res = result_def(T)
    fastmathFlags = prop_def(FastMathAttr, default_value=FastMathAttr(None))
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "`(` operands `)` attr-dict `:` functional-type(operands, results)"

    def __init__(self, arg: SSAValue | Operation):
        super().__init__(operands=[arg], result_types=[SSAValue.get(arg).type])


@irdl_op_definition
class MaximumOp(FloatBinaryIntrinsic):
    """IEEE 754-2019 maximum: NaN if either is NaN, +0 above -0.

    %2 = llvm.intr.maximum(%0, %1) : (f64, f64) -> f64
    """

    name = "llvm.intr.maximum"


@irdl_op_definition
class MinimumOp(FloatBinaryIntrinsic):
    """IEEE 754-2019 minimum: NaN if either is NaN, -0 below +0.

    %2 = llvm.intr.minimum(%0, %1) : (f64, f64) -> f64
    """

    name = "llvm.intr.minimum"


@irdl_op_definition
class SMaxOp(BinaryIntrinsic):
    """The larger of two signed integers.

    %2 = llvm.intr.smax(%0, %1) : (i64, i64) -> i64
    """

    name = "llvm.intr.smax"


@irdl_op_definition
class SMinOp(BinaryIntrinsic):
    """The smaller of two signed integers.

    %2 = llvm.intr.smin(%0, %1) : (i64, i64) -> i64
    """

    name = "llvm.intr.smin"


@irdl_op_definition
class UMaxOp(BinaryIntrinsic):
    """The larger of two unsigned integers.

    %2 = llvm.intr.umax(%0, %1) : (i64, i64) -> i64
    """

    name = "llvm.intr.umax"


@irdl_op_definition
class UMinOp(BinaryIntrinsic):
    """The smaller of two unsigned integers.

    %2 = llvm.intr.umin(%0, %1) : (i64, i64) -> i64
    """

    name = "llvm.intr.umin"


@irdl_op_definition
class RoundEvenOp(FloatUnaryIntrinsic):
    """To the nearest integer, ties to even (NumPy's `round`).

    %1 = llvm.intr.roundeven(%0) : (f64) -> f64
    """

    name = "llvm.intr.roundeven"


@irdl_op_definition
class RoundOp(FloatUnaryIntrinsic):
    """To the nearest integer, ties away from zero (C's `round`).

    %1 = llvm.intr.round(%0) : (f64) -> f64
    """

    name = "llvm.intr.round"


@irdl_op_definition
class FTruncOp(FloatUnaryIntrinsic):
    """To the integer towards zero.

    %1 = llvm.intr.trunc(%0) : (f64) -> f64
    """

    name = "llvm.intr.trunc"
