"""`rt.clock` and `rt.record`: what a function that is profiled measures while it runs."""

from __future__ import annotations

from typing import Any

from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .typed import TypedOp


class ClockOp(TypedOp):
    """Nanoseconds since some time in the past, of a clock that is never set.

    %start = rt.clock : i64
    """

    name = "rt.clock"
    traits = traits_def()

    @classmethod
    def build_op(cls, location: Any = None) -> ClockOp:
        """Create one."""
        return cls.create(result_types=[bi.i64], location=location)

    def verify_(self) -> None:
        """An i64."""
        if self.operands or [value.type for value in self.results] != [bi.i64]:
            raise VerifyException("rt.clock: takes nothing and gives an i64")


class RecordOp(Operation):
    """Adds a number to a slot of the function's table: how often, the sum, the largest.

    rt.record %time {slot = 3 : i64}
    """

    name = "rt.record"
    traits = traits_def()

    @classmethod
    def build_op(cls, value: SSAValue, slot: int, location: Any = None) -> RecordOp:
        """Create one."""
        return cls.create(operands=[value], attributes={"slot": bi.IntegerAttr(slot, bi.i64)}, location=location)

    @property
    def slot(self) -> int:
        """Number of the slot."""
        attr = self.attributes.get("slot")
        return attr.value.data if isinstance(attr, bi.IntegerAttr) else -1

    def verify_(self) -> None:
        """An i64, and a slot."""
        if [value.type for value in self.operands] != [bi.i64] or self.results:
            raise VerifyException("rt.record: takes an i64 and gives nothing")
        if self.slot < 0:
            raise VerifyException("rt.record: needs a slot, as in {slot = 0 : i64}")

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the module."""
        printer.print_string(" ")
        printer.print_ssa_value(self.operands[0])
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> RecordOp:
        """Read what `print` writes."""
        value = parser.resolve_operand(parser.parse_unresolved_operand(), bi.i64)
        return cls.create(operands=[value], attributes=parser.parse_optional_attr_dict())
