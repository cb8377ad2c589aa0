"""The special functions of the `xmath` dialect: one class for each row of a table, `(name, what it computes)`."""

from __future__ import annotations

from typing import ClassVar, Self

from xdsl.dialects.builtin import f32, f64
from xdsl.ir import Operation
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException


class FloatFunction(Operation):
    """A pure function of `arity` floats of one type, to that type: `%z = xmath.name %x, %y : f64`."""

    arity: ClassVar[int] = 1
    traits = traits_def(Pure())

    def verify_(self) -> None:
        """All operands and the result are f32, or all are f64."""
        types = {value.type for value in [*self.operands, *self.results]}
        if len(self.operands) != self.arity or len(self.results) != 1 or types not in ({f32}, {f64}):
            found = ", ".join(str(value.type) for value in [*self.operands, *self.results])
            raise VerifyException(f"{self.name} takes {self.arity} of f32 or of f64 and gives one, not {found}")

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read `%x, %y {attributes} : type`."""
        names = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        operands = [parser.resolve_operand(name, type) for name in names]
        return cls.create(operands=operands, result_types=[type], attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Write `%x, %y {attributes} : type`."""
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.results[0].type)


def _documented(name: str, doc: str) -> str:
    """The docstring of a generated class."""
    return f"{doc}\n\n    %y = xmath.{name} %x : f64\n"


SPECIAL: dict[str, type[FloatFunction]] = {
    name: type(
        f"{name.title().replace('_', '')}Op", (FloatFunction,), {"name": f"xmath.{name}", "__doc__": _documented(name, doc)}
    )
    for name, doc in (
        ("erfc", "1 - erf(x), accurate for large x."),
        ("erfinv", "The inverse of erf."),
        ("erfcinv", "The inverse of erfc."),
        ("gamma", "The gamma function."),
        ("gammaln", "The logarithm of the magnitude of the gamma function."),
        ("psi", "The derivative of gammaln."),
        ("tri_gamma", "The derivative of psi."),
    )
}
