"""Ops of the llvm dialect that xDSL 0.74 lacks, under the names MLIR gives them: conversions, `switch`,
intrinsics.

Load `LLVMExtra` beside xDSL's own `LLVM`. The dialect object has a name of its own because a context takes each name
once; the ops are called `llvm.*`, so that their text is MLIR's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntElementsAttr,
    IntegerType,
    SignlessIntegerConstraint,
    TensorType,
    VectorType,
    i32,
)
from xdsl.dialects.llvm import LLVMPointerType
from xdsl.ir import Attribute, Block, Dialect, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    AttrSizedOperandSegments,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    successor_def,
    traits_def,
    var_operand_def,
    var_successor_def,
)
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from .llvm_casts import FPToSIOp, FPToUIOp, UIToFPOp
from .llvm_intrinsics import (
    FTruncOp,
    MaximumOp,
    MinimumOp,
    RoundEvenOp,
    RoundOp,
    SMaxOp,
    SMinOp,
    UMaxOp,
    UMinOp,
)


@irdl_op_definition
class FreezeOp(IRDLOperation):
    """Any fixed value where the operand is poison or undef.

    %1 = llvm.freeze %0 : i32
    """

    name = "llvm.freeze"
    T: ClassVar = VarConstraint("T", AnyAttr())
    val = operand_def(T)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$val attr-dict `:` type($val)"

    def __init__(self, val: SSAValue | Operation):
        super().__init__(operands=[val], result_types=[SSAValue.get(val).type])


@irdl_op_definition
class AddrSpaceCastOp(IRDLOperation):
    """The same address in another address space.

    %1 = llvm.addrspacecast %0 : !llvm.ptr<3> to !llvm.ptr
    """

    name = "llvm.addrspacecast"
    arg = operand_def(LLVMPointerType)
    res = result_def(LLVMPointerType)
    traits = traits_def(Pure())
    assembly_format = "$arg attr-dict `:` type($arg) `to` type($res)"

    def __init__(self, arg: SSAValue | Operation, kind: LLVMPointerType):
        super().__init__(operands=[arg], result_types=[kind])


@irdl_op_definition
class PoisonOp(IRDLOperation):
    """A value nobody may depend on.

    %0 = llvm.mlir.poison : f64
    """

    name = "llvm.mlir.poison"
    res = result_def()
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($res)"

    def __init__(self, kind: Attribute):
        super().__init__(result_types=[kind])


@irdl_op_definition
class ExtractElementOp(IRDLOperation):
    """One element of a vector.

    %2 = llvm.extractelement %0[%1 : i32] : vector<4xf64>
    """

    name = "llvm.extractelement"
    T: ClassVar = VarConstraint("T", AnyAttr())
    vector = operand_def(VectorType.constr(T))
    position = operand_def(SignlessIntegerConstraint)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$vector `[` $position `:` type($position) `]` attr-dict `:` type($vector)"

    def __init__(self, vector: SSAValue | Operation, position: SSAValue | Operation):
        kind = SSAValue.get(vector).type
        assert isinstance(kind, VectorType)
        super().__init__(operands=[vector, position], result_types=[kind.element_type])


@irdl_op_definition
class SwitchOp(IRDLOperation):
    """A branch on an integer: the block of the equal case value, else the default block.

    Generic form only; here ^bb1 is the default and takes %a, ^bb2 takes %b where %v is 7.

        llvm.func @f(%v: i32, %a: f64, %b: f64) -> f64 {
          "llvm.switch"(%v, %a, %b) [^bb1, ^bb2] <{case_values = dense<7> : vector<1xi32>, \
              case_operand_segments = array<i32: 1>, operandSegmentSizes = array<i32: 1, 1, 1>}> : (i32, f64, f64) -> ()
        ^bb1(%p: f64):
          llvm.return %p : f64
        ^bb2(%q: f64):
          llvm.return %q : f64
        }
    """

    name = "llvm.switch"
    value = operand_def(IntegerType)
    default_operands = var_operand_def()
    case_operands = var_operand_def()
    case_values = opt_prop_def(DenseIntElementsAttr)
    case_operand_segments = prop_def(DenseArrayBase.constr(i32))
    default_destination = successor_def()
    case_destinations = var_successor_def()
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(IsTerminator())

    def __init__(
        self,
        value: SSAValue,
        default: tuple[Block, Sequence[SSAValue]],
        cases: Sequence[tuple[int, Block, Sequence[SSAValue]]],
    ):
        kind = value.type
        assert isinstance(kind, IntegerType)
        shape = TensorType(kind, [len(cases)])
        numbers = DenseIntElementsAttr.from_list(shape, [number for number, _, _ in cases]) if cases else None
        super().__init__(
            operands=[value, default[1], [operand for _, _, operands in cases for operand in operands]],
            properties={
                "case_values": numbers,
                "case_operand_segments": DenseArrayBase.from_list(i32, [len(operands) for _, _, operands in cases]),
            },
            successors=[default[0], [block for _, block, _ in cases]],
        )

    def cases(self) -> list[tuple[int, Block, tuple[SSAValue, ...]]]:
        """Case value, block and the operands the block gets, one row a case."""
        values = self.case_values.get_values() if self.case_values is not None else ()
        rows, start = [], 0
        for value, block, count in zip(values, self.case_destinations, self.case_operand_segments.get_values(), strict=True):
            rows.append((int(value), block, tuple(self.case_operands[start : start + int(count)])))
            start += int(count)
        return rows

    def verify_(self) -> None:
        """As many values and segments as destinations, and every operand in a segment."""
        values = len(self.case_values) if self.case_values is not None else 0
        segments = self.case_operand_segments.get_values()
        if not values == len(self.case_destinations) == len(segments):
            raise VerifyException("llvm.switch needs one case value and one operand segment for each case destination")
        if sum(segments) != len(self.case_operands):
            raise VerifyException("llvm.switch: case_operand_segments do not add up to the case operands")


LLVMExtra = Dialect(
    "llvm_extra",
    [
        AddrSpaceCastOp,
        ExtractElementOp,
        FPToSIOp,
        FPToUIOp,
        FTruncOp,
        FreezeOp,
        MaximumOp,
        MinimumOp,
        PoisonOp,
        RoundEvenOp,
        RoundOp,
        SMaxOp,
        SMinOp,
        SwitchOp,
        UIToFPOp,
        UMaxOp,
        UMinOp,
    ],
    [],
)
