"""`rt.host`: a Python callable works on memrefs while a compiled function runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from phintys.ir.host import parse_options, parse_types, types_text
from phintys.ir.types import TensorType, TypeInferenceError

from .convert import scalar_type


def memref_type(type: TensorType) -> bi.MemRefType[Attribute]:
    """`f64[?, 3]` -> `memref<?x3xf64>`."""
    return bi.MemRefType(scalar_type(type.dtype), [bi.DYNAMIC_INDEX if size is None else size for size in type.shape])


class HostOp(Operation):
    """Calls a Python callable with arrays: its function's name, operands, their dtypes and those of the results.

        %s = rt.host "sort" (%x) {gives = "f64[?]", takes = "f64[?]"} : (memref<?xf64>) -> memref<?xf64>

    Operands are row-major without gaps; the callable only reads them. Results belong to the call: they are read, never
    written or freed. It has effects: an exception of the callable ends the call.
    """

    name = "rt.host"
    traits = traits_def()

    @staticmethod
    def build_op(
        function: str,
        options: str,
        operands: Sequence[SSAValue],
        takes: Sequence[TensorType],
        gives: Sequence[TensorType],
        location: Any = None,
    ) -> HostOp:
        """Create one."""
        texts = {"function": function, "takes": types_text(takes), "gives": types_text(gives)}
        if options:
            texts["options"] = options
        attributes: dict[str, Attribute] = {key: bi.StringAttr(text) for key, text in texts.items()}
        results = [memref_type(type) for type in gives]
        return HostOp.create(operands=operands, result_types=results, attributes=attributes, location=location)

    def text(self, name: str) -> str:
        """An attribute's text, '' where it is left out."""
        attr = self.attributes.get(name)
        return attr.data if isinstance(attr, bi.StringAttr) else ""

    @property
    def takes(self) -> list[TensorType]:
        """Types of the operands, which tell signed from unsigned."""
        return parse_types(self.text("takes"))

    @property
    def gives(self) -> list[TensorType]:
        """Types of the results."""
        return parse_types(self.text("gives"))

    def verify_(self) -> None:
        """Check that the texts say what the memrefs are."""
        try:
            pairs = {"operands": (self.takes, self.operands), "results": (self.gives, self.results)}
            parse_options(self.text("options"))
        except TypeInferenceError as error:
            raise VerifyException(f"rt.host: {error}") from None
        for what, (types, values) in pairs.items():
            if len(types) != len(values):
                raise VerifyException(f"rt.host: {len(types)} types for {len(values)} {what}")
            for type, value in zip(types, values, strict=True):
                if not _holds(value.type, type):
                    raise VerifyException(f"rt.host: {value.type} does not hold a {type}, among the {what}")
        if not self.results:
            raise VerifyException("rt.host: expected at least one result")

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        printer.print_string(" ")
        printer.print_string_literal(self.text("function"))
        printer.print_string(" (")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(")")
        printer.print_op_attributes({key: attr for key, attr in self.attributes.items() if key != "function"})
        printer.print_string(" : ")
        printer.print_function_type(self.operand_types, self.result_types)

    @classmethod
    def parse(cls, parser: Parser) -> HostOp:
        """Read what `print` writes."""
        function = parser.parse_str_literal("name of a function")
        operands = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_function_type()
        values = parser.resolve_operands(operands, type.inputs.data, parser.pos)
        attributes = {"function": bi.StringAttr(function), **attributes}
        return cls.create(operands=values, result_types=type.outputs.data, attributes=attributes)


def _holds(memref: Attribute, type: TensorType) -> bool:
    """Whether a memref is what a tensor of this type is at the level of loops."""
    if not isinstance(memref, bi.MemRefType) or memref.element_type != scalar_type(type.dtype):
        return False
    sizes = memref.get_shape()
    fits = (size is None or found in (size, bi.DYNAMIC_INDEX) for size, found in zip(type.shape, sizes, strict=False))
    return len(sizes) == type.ndim and all(fits)
