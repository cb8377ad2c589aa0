"""The special functions of the `xmath` dialect: one class for each row of a table, `(name, what it computes)`."""

from __future__ import annotations

from typing import ClassVar, Self

from xdsl.dialects.builtin import f32, f64
from xdsl.ir import Attribute, Operation
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException


class ScalarFunction(Operation):
    """A pure function of `arity` numbers of one of `types`, to that type: `%z = xmath.name %x, %y : f64`."""

    arity: ClassVar[int] = 1
    types: ClassVar[tuple[set[Attribute], ...]] = ({f32}, {f64})
    traits = traits_def(Pure())

    def verify_(self) -> None:
        """All operands and the result are of one of `types`."""
        types = {value.type for value in [*self.operands, *self.results]}
        if len(self.operands) != self.arity or len(self.results) != 1 or types not in self.types:
            found = ", ".join(str(value.type) for value in [*self.operands, *self.results])
            wanted = " or of ".join(str(type) for choice in self.types for type in choice)
            raise VerifyException(f"{self.name} takes {self.arity} of {wanted} and gives one, not {found}")

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


def _documented(name: str, doc: str, arity: int) -> str:
    """The docstring of a generated class."""
    return f"{doc}\n\n    %z = xmath.{name} {', '.join(('%x', '%y')[:arity])} : f64\n"


SPECIAL: dict[str, type[ScalarFunction]] = {
    name: type(
        f"{name.title().replace('_', '')}Op",
        (ScalarFunction,),
        {"name": f"xmath.{name}", "arity": arity, "__doc__": _documented(name, doc, arity)},
    )
    for name, doc, arity in (
        ("erfc", "1 - erf(x), accurate for large x.", 1),
        ("erfinv", "The inverse of erf.", 1),
        ("erfcinv", "The inverse of erfc.", 1),
        ("gamma", "The gamma function.", 1),
        ("gammaln", "The logarithm of the magnitude of the gamma function.", 1),
        ("psi", "The derivative of gammaln.", 1),
        ("tri_gamma", "The derivative of psi.", 1),
        ("tetra_gamma", "The derivative of tri_gamma.", 1),
        ("penta_gamma", "The derivative of tetra_gamma.", 1),
        ("gammainc", "The lower incomplete gamma function of order x, over gamma(x).", 2),
        ("gammaincc", "1 - gammainc, accurate in the upper tail.", 2),
        ("j0", "The Bessel function of the first kind of order 0.", 1),
        ("j1", "The Bessel function of the first kind of order 1.", 1),
        ("jv", "The Bessel function of the first kind of real order x.", 2),
        ("i0", "The modified Bessel function of the first kind of order 0.", 1),
        ("i1", "The modified Bessel function of the first kind of order 1.", 1),
        ("iv", "The modified Bessel function of the first kind of real order x.", 2),
    )
}
