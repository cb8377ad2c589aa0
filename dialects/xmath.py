"""The `xmath` dialect: scalar functions that the `math` dialect lacks.

They live at the "loops" level, on `f32` and `f64` (one on `i64`), beside `math.exp` and its like: as one operation each they
keep the meaning that a formula in `arith` would hide (and lose precision over). The pass `expand-math` removes them.
"""

from __future__ import annotations

from abc import ABC
from typing import Self

from xdsl.dialects.builtin import f32, f64, i64
from xdsl.ir import Dialect, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .xmath_special import SPECIAL, ScalarFunction


class UnaryOperation(IRDLOperation, ABC):
    """A pure function of one float: `xmath.name %x : f64`.

    The syntax is written out because an `assembly_format` costs a millisecond a class at import.
    """

    operand = operand_def()
    result = result_def()

    traits = traits_def(Pure())

    def __init__(self, operand: SSAValue) -> None:
        super().__init__(operands=[operand], result_types=[operand.type])

    def verify_(self) -> None:
        """f32 to f32, or f64 to f64."""
        if self.operand.type not in (f32, f64) or self.result.type != self.operand.type:
            raise VerifyException(
                f"{self.name} is from f32 to f32 or f64 to f64, not {self.operand.type} to {self.result.type}"
            )

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read `%x {attributes} : type`."""
        name = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        operand = parser.resolve_operand(name, parser.parse_type())
        return cls.create(operands=[operand], result_types=[operand.type], attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Write `%x {attributes} : type`."""
        printer.print_string(" ")
        printer.print_ssa_value(self.operand)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.operand.type)


@irdl_op_definition
class SigmoidOp(UnaryOperation):
    """The logistic function 1 / (1 + exp(-x)), with full relative precision down to the subnormal results.

    %y = xmath.sigmoid %x : f64
    """

    name = "xmath.sigmoid"


@irdl_op_definition
class SoftplusOp(UnaryOperation):
    """log(1 + exp(x)) without overflow: x for large x, exp(x) for very negative x.

    %y = xmath.softplus %x : f32
    """

    name = "xmath.softplus"


@irdl_op_definition
class SignOp(UnaryOperation):
    """1 for x > 0, -1 for x < 0, and x itself for zeros (which keep their sign) and NaN.

    %y = xmath.sign %x : f64
    """

    name = "xmath.sign"


class FmodOp(ScalarFunction):
    """The remainder of a division truncated towards zero, exact, with the sign of the dividend (C's `fmod`).

    %z = xmath.fmod %x, %y : f64
    """

    name = "xmath.fmod"
    arity = 2


class ThreefryOp(ScalarFunction):
    """64 random bits for a key and a counter (Threefry-2x32, 20 rounds).

    %z = xmath.threefry %key, %counter : i64
    """

    name = "xmath.threefry"
    arity = 2
    types = ({i64},)


XMath = Dialect("xmath", [SigmoidOp, SoftplusOp, SignOp, FmodOp, ThreefryOp, *SPECIAL.values()])
