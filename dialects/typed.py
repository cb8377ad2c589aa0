"""Operations that take nothing: their text is the type of their one result."""

from __future__ import annotations

from typing import Self

from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.printer import Printer


class TypedOp(Operation):
    """Printed as `: TYPE`."""

    def print(self, printer: Printer) -> None:
        """The type."""
        printer.print_string(" : ")
        printer.print_attribute(self.results[0].type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read what `print` writes."""
        parser.parse_punctuation(":")
        return cls.create(result_types=[parser.parse_type()])
