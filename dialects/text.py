"""MLIR text in and out: `parse_module` reads it with locations and gives diagnostics, `module_text` prints.

xDSL's parser leaves operations without a place; here each gets `file:line:column` unless its text says `loc(...)`.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    FileLineColLoc,
    IntAttr,
    ModuleOp,
    StringAttr,
    UnknownLoc,
    i1,
)
from xdsl.ir import AttributeInvT, Operation, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.parser.attribute_parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import ParseError
from xdsl.utils.lexer import Span as TextSpan
from xdsl.utils.mlir_lexer import MLIRTokenKind

from phintys.ir.diagnostics import DiagnosticError, Source, Span, error, near_match

from .context import DIALECTS, make_context
from .upstream import adapt


class _Bits(int):
    """A hexadecimal literal: for a float type, its bit pattern, as in MLIR (infinities and NaNs print so)."""

    def to_float(self, type: AnyFloat) -> float:
        """The float with these bits; OverflowError when they are too many."""
        raw = int(self).to_bytes(type.compile_time_size, "little")
        return float(next(iter(type.iter_unpack(raw))))


class _Element(AttrParser._TensorLiteralElement):
    """An element of `dense<...>` whose hexadecimal parts are bit patterns; xDSL takes them for numbers."""

    def to_type(self, parser: AttrParser, type: Any) -> Any:
        """The element's value in the type of the literal."""
        if isinstance(type, AnyFloat) and isinstance(self.value, _Bits):
            return self._float(parser, self.value, type)
        if isinstance(type, ComplexType) and isinstance(self.value, tuple):
            of = type.element_type
            return tuple(self._float(parser, part, of) if isinstance(part, _Bits) else part for part in self.value)
        return super().to_type(parser, type)

    def _float(self, parser: AttrParser, bits: _Bits, type: Any) -> float:
        try:
            return bits.to_float(type)
        except OverflowError:
            parser.raise_error(f"the bit pattern is too long for {type}", self.span.start, self.span.end)


class LocatedParser(Parser):
    """xDSL's parser, giving each operation the place where its text begins."""

    def __init__(self, context: Context, source: Source) -> None:
        super().__init__(context, source.text, source.name)
        self._source = source
        self._file = StringAttr(source.name)
        self.begun = 0  # where the text of the operation begins that is being read
        self.early_uses: dict[str, Any] = {}  # where a value was named before its definition

    def parse_operation(self) -> Operation:
        """Parse one operation and set its location."""
        outer, start = self.begun, self._current_token.span.start
        self.begun = start
        op = super().parse_operation()
        self.begun = outer
        adapt(op)
        if isinstance(op.location, UnknownLoc):
            line, column = self._source.position(start)
            op.location = FileLineColLoc(self._file, IntAttr(line), IntAttr(column))
        return op

    def _parse_tensor_literal_element(self) -> AttrParser._TensorLiteralElement:
        element = super()._parse_tensor_literal_element()
        value: Any = element.value
        if type(value) is int and element.span.text[:2].lower() == "0x":
            value = _Bits(value)
        return _Element(element.is_negative, value, element.span)

    def parse_dense_int_or_fp_elements_attr(self, type: Any) -> Any:
        """`dense<...>`, stored as `convert.dense` does: equal elements as one (NaN is not equal for xDSL), true as 1."""
        attr: Any = super().parse_dense_int_or_fp_elements_attr(type)
        data, size = attr.data.data, attr.get_element_type().compile_time_size
        if attr.get_element_type() == i1:
            data = bytes(1 if byte else 0 for byte in data)
        if len(data) > size and data == data[:size] * (len(data) // size):
            data = data[:size]
        return attr if data == attr.data.data else DenseIntOrFPElementsAttr(attr.type, BytesAttr(data))

    def _parse_optional_complex(self) -> Any:
        if self._current_token.kind != MLIRTokenKind.L_PAREN:
            return None
        start = self._current_token.span.start
        self.parse_punctuation("(")
        real = self._complex_part()
        self.parse_punctuation(",")
        imaginary = self._complex_part()
        end = self._current_token.span.end
        self.parse_punctuation(")")
        return (real, imaginary), TextSpan(start, end, self._current_token.span.input)

    def _complex_part(self) -> Any:
        text = self._current_token.span.text
        value, _ = self._parse_bool_int_or_float()
        return _Bits(value) if text[:2].lower() == "0x" else float(value)

    def resolve_operand(self, operand: UnresolvedOperand, type: AttributeInvT) -> SSAValue[AttributeInvT]:
        """The value an operand names; those not defined yet are noted for the message, should they stay undefined."""
        if operand.operand_name not in self.ssa_values:
            self.early_uses.setdefault(operand.operand_name, operand.span)
        return super().resolve_operand(operand, type)


def parse_module(text: str, name: str = "<text>", context: Context | None = None, first_line: int = 1) -> ModuleOp:
    """The module that `text` holds; DiagnosticError at the place where it is not one."""
    source = Source(name, text, first_line)
    if not text.strip():
        raise error("the input is empty; expected a module", name=name)
    _check_strings(source)
    parser: LocatedParser | None = None
    try:
        parser = LocatedParser(context or make_context(), source)
        return parser.parse_module()
    except ParseError as failure:
        raise _diagnostic(_early_use(failure, parser), source) from None
    except RecursionError:
        raise error("the text is nested too deeply", name=name) from None
    except Exception as failure:
        # What a constructor of an attribute or operation refuses, xDSL does not turn into a parse error.
        span = None if parser is None else _rest_of_line(source, parser.begun)
        raise error(str(failure).strip() or type(failure).__name__, span, name=name) from None


def _early_use(failure: ParseError, parser: LocatedParser | None) -> ParseError:
    """xDSL reports values without a definition at the end of the text: point at the first use instead."""
    if parser is not None and failure.msg.startswith("values used but not defined"):
        for name in parser.forward_ssa_references:
            if name in parser.early_uses:
                return ParseError(parser.early_uses[name], f"%{name} is used but not defined")
    return failure


def _rest_of_line(source: Source, offset: int) -> Span:
    line, column = source.position(offset)
    return Span(source, line, column, len(source.line(line) or "") - column + 1)


_QUOTED = re.compile(r'//[^\n]*|"(?:[^"\\\n\v\f]|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*"|"')


def _check_strings(source: Source) -> None:
    """Refuse a string that does not end, or has an unknown escape: xDSL's lexer takes exponential time over it."""
    for found in _QUOTED.finditer(source.text):
        if found[0] == '"':
            raise error(
                "a string that does not end in its line, or an unknown escape in it",
                Span(source, *source.position(found.start())),
            )


def _diagnostic(failure: ParseError, source: Source) -> DiagnosticError:
    start, end = failure.span.start, failure.span.end
    span = Span(source, *source.position(start), max(1, end - start))
    message = failure.msg.strip()
    help = ""
    if message.startswith("Operation ") and message.endswith(" is not registered"):
        name = message.split()[1]
        help = near_match(name, known_operations(name.partition(".")[0]))
        message = f"unknown operation '{name}'"
        found = source.text.rfind(name, 0, end)  # xDSL points behind the name
        span = Span(source, *source.position(found), len(name)) if found >= 0 else span
    return error(message, span, help)


def known_operations(dialect: str) -> list[str]:
    """Names of a dialect's operations; without such a dialect, none."""
    found = make_context().get_optional_dialect(dialect) if dialect in DIALECTS else None
    return [] if found is None else [op.name for op in found.operations]


def operation_span(op: Operation, source: Source | None) -> Span | None:
    """The place of an operation that came from `source`."""
    loc = op.location
    if source is None or not isinstance(loc, FileLineColLoc) or loc.filename.data != source.name:
        return None
    line = source.line(loc.line.data)
    width = 1 if line is None else len(line) - loc.column.data + 1
    return Span(source, loc.line.data, loc.column.data, width)


def verify_module(module: ModuleOp, source: Source | None = None, name: str = "") -> None:
    """Verify every operation (xDSL's checks and dominance); DiagnosticError at the operation that is wrong."""
    from .branches import check_branches
    from .dominance import check_dominance

    try:
        module.verify()
    except Exception as failure:  # some of xDSL's checks raise what they like
        raise error(_first_line(failure), _failing_span(module, source), name=name) from None
    problem = check_dominance(module) or check_branches(module)
    if problem is not None:
        raise error(problem.message, operation_span(problem.op, source), name=name)


def _first_line(failure: Exception) -> str:
    return str(failure).replace("Operation does not verify: ", "").strip() or type(failure).__name__


def _failing_span(module: ModuleOp, source: Source | None) -> Span | None:
    """xDSL's exception does not hold the operation: find the first that fails by itself."""
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except Exception:
            return operation_span(op, source)
    return None


class _Printer(Printer):
    """Locations stand at the end of an operation: those that print their type by themselves have more to come (scf.while)."""

    def print_operation_type(self, op: Operation) -> None:
        if self.print_generic_format or type(op).print is Operation.print:
            super().print_operation_type(op)
        else:
            self.print_function_type(op.operand_types, op.result_types)


def module_text(module: Operation, *, generic: bool = False, locations: bool = False) -> str:
    """The text of a module, ending in a newline."""
    stream = StringIO()
    _Printer(stream=stream, print_generic_format=generic, print_debuginfo=locations).print_op(module)
    return stream.getvalue() + "\n"
