"""The `rt` dialect: what compiled code asks of its runtime, at the level of loops: checks that may fail, Python callables,
transfers to a device and back, clocks.

    rt.assert %same, "ValueError", "dot: x has {0} columns but y has {1} rows" (%a, %b : index, index)

The operation's location says which expression is at fault.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import Any, Self

from xdsl.dialects import builtin as bi
from xdsl.ir import Dialect, Operation, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from phintys.ir.checks import EXCEPTIONS

from .rt_host import HostOp
from .rt_profile import ClockOp, RecordOp

MAX_VALUES = 8  # how many numbers a failed check can report


class AssertOp(Operation):
    """Ends the call with an exception when the condition is false: name, message with `{0}`, the numbers it shows.

        rt.assert %ok, "IndexError", "index {0} is out of bounds for a dimension of size {1}" (%i, %n : index, index)

    It has effects: checks are neither removed nor moved over writes.
    """

    name = "rt.assert"
    traits = traits_def()

    @staticmethod
    def build_op(
        condition: SSAValue, exception: str, message: str, values: Sequence[SSAValue] = (), location: Any = None
    ) -> AssertOp:
        """Create one."""
        attributes = {"exception": bi.StringAttr(exception), "message": bi.StringAttr(message)}
        return AssertOp.create(operands=[condition, *values], attributes=attributes, location=location)

    @property
    def condition(self) -> SSAValue:
        """True when all is well."""
        return self.operands[0]

    @property
    def values(self) -> Sequence[SSAValue]:
        """Numbers shown in the message."""
        return self.operands[1:]

    def _text(self, name: str) -> str:
        attr = self.attributes.get(name)
        return attr.data if isinstance(attr, bi.StringAttr) else ""

    @property
    def exception(self) -> str:
        """Name of the Python exception."""
        return self._text("exception")

    @property
    def message(self) -> str:
        """Message template."""
        return self._text("message")

    def verify_(self) -> None:
        """Check operand types, the exception's name and the number of values."""
        if not self.operands or self.condition.type != bi.i1:
            raise VerifyException("rt.assert: the condition must be an i1")
        if self.exception not in EXCEPTIONS:
            raise VerifyException(f"rt.assert: exception '{self.exception}' is not one of {', '.join(EXCEPTIONS)}")
        if len(self.values) > MAX_VALUES:
            raise VerifyException(f"rt.assert: {len(self.values)} values, at most {MAX_VALUES} can be reported")
        for value in self.values:
            if value.type not in (bi.IndexType(), bi.i64):
                raise VerifyException(f"rt.assert: values must be index or i64, got {value.type}")
        try:
            self.message.format(*range(len(self.values)))
        except (IndexError, KeyError, ValueError):
            found = f"message '{self.message}' with {len(self.values)} values"
            raise VerifyException(f"rt.assert: {found}: its places must be {{0}}, {{1}}, ...") from None

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        printer.print_string(" ")
        printer.print_ssa_value(self.condition)
        for name in ("exception", "message"):
            printer.print_string(", ")
            printer.print_string_literal(self._text(name))
        if self.values:
            printer.print_string(" (")
            printer.print_list(self.values, printer.print_ssa_value)
            printer.print_string(" : ")
            printer.print_list([value.type for value in self.values], printer.print_attribute)
            printer.print_string(")")
        rest = {name: attr for name, attr in self.attributes.items() if name not in ("exception", "message")}
        if rest:
            printer.print_op_attributes(rest)

    @classmethod
    def parse(cls, parser: Parser) -> AssertOp:
        """Read what `print` writes."""
        condition = parser.resolve_operand(parser.parse_unresolved_operand(), bi.i1)
        parser.parse_punctuation(",")
        exception = parser.parse_str_literal("exception name")
        parser.parse_punctuation(",")
        message = parser.parse_str_literal("message")
        values: list[SSAValue] = []
        if parser.parse_optional_punctuation("("):
            names = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_unresolved_operand)
            parser.parse_punctuation(":")
            types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
            parser.parse_punctuation(")")
            values = list(parser.resolve_operands(names, types, parser.pos))
        op = cls.build_op(condition, exception, message, values)
        op.attributes.update(parser.parse_optional_attr_dict())
        return op


class TransferOp(Operation, ABC):
    """The data of a memref on the other side."""

    traits = traits_def()

    @classmethod
    def build_op(cls, value: SSAValue, location: Any = None) -> Self:
        """Create one."""
        return cls.create(operands=[value], result_types=[value.type], location=location)

    def verify_(self) -> None:
        """A memref becomes one of the same type."""
        types = [value.type for value in [*self.operands, *self.results]]
        if len(types) != 2 or types[0] != types[1] or not isinstance(types[0], bi.MemRefType):
            raise VerifyException(f"{self.name}: takes one memref and gives one of the same type")

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        printer.print_string(" ")
        printer.print_ssa_value(self.operands[0])
        printer.print_string(" : ")
        printer.print_attribute(self.operands[0].type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read what `print` writes."""
        name = parser.parse_unresolved_operand()
        parser.parse_punctuation(":")
        return cls.build_op(parser.resolve_operand(name, parser.parse_type()))


class ToDeviceOp(TransferOp):
    """The data in the device's memory: a copy, or the same memory where it already is there.

    %y = rt.to_device %x : memref<?xf64>
    """

    name = "rt.to_device"


class ToHostOp(TransferOp):
    """The data in the host's memory, when all kernels before have run.

    %y = rt.to_host %x : memref<f64>
    """

    name = "rt.to_host"


Rt = Dialect("rt", [AssertOp, HostOp, ToDeviceOp, ToHostOp, ClockOp, RecordOp], [])
