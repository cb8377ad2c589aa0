"""MLIR text in and out: `parse_module` reads it with locations and gives diagnostics, `module_text` prints.

xDSL's parser leaves operations without a place; here each gets `file:line:column` unless its text says `loc(...)`.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr, UnknownLoc
from xdsl.ir import AttributeInvT, Operation, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import DiagnosticException, ParseError, VerifyException

from phintys.ir.diagnostics import DiagnosticError, Source, Span, error, near_match

from .context import DIALECTS, make_context


class LocatedParser(Parser):
    """xDSL's parser, giving each operation the place where its text begins."""

    def __init__(self, context: Context, source: Source) -> None:
        super().__init__(context, source.text, source.name)
        self._source = source
        self._file = StringAttr(source.name)
        self.early_uses: dict[str, Any] = {}  # where a value was named before its definition

    def parse_operation(self) -> Operation:
        """Parse one operation and set its location."""
        start = self._current_token.span.start
        op = super().parse_operation()
        if isinstance(op.location, UnknownLoc):
            line, column = self._source.position(start)
            op.location = FileLineColLoc(self._file, IntAttr(line), IntAttr(column))
        return op

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
    parser = LocatedParser(context or make_context(), source)
    try:
        return parser.parse_module()
    except ParseError as failure:
        for name in parser.forward_ssa_references:
            if name in parser.early_uses and failure.msg.startswith("values used but not defined"):
                failure = ParseError(parser.early_uses[name], f"%{name} is used but not defined")
        raise _diagnostic(failure, source) from None
    except (DiagnosticException, ValueError, TypeError, KeyError, IndexError, AssertionError) as failure:
        # What a constructor of an attribute or operation refuses, xDSL does not turn into a parse error.
        span = Span(source, *source.position(parser.pos))
        raise error(str(failure) or type(failure).__name__, span) from None


def _diagnostic(failure: ParseError, source: Source) -> DiagnosticError:
    start, end = failure.span.start, failure.span.end
    span = Span(source, *source.position(start), max(1, end - start))
    message = failure.msg.strip()
    help = ""
    if message.startswith("Operation ") and message.endswith(" is not registered"):
        name = message.split()[1]
        help = near_match(name, known_operations(name.partition(".")[0]))
        message = f"unknown operation '{name}'"
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
    from .dominance import check_dominance

    try:
        module.verify()
    except VerifyException as failure:
        raise error(_first_line(failure), _failing_span(module, source), name=name) from None
    problem = check_dominance(module)
    if problem is not None:
        raise error(problem.message, operation_span(problem.op, source), name=name)


def _first_line(failure: Exception) -> str:
    return str(failure).replace("Operation does not verify: ", "")


def _failing_span(module: ModuleOp, source: Source | None) -> Span | None:
    """xDSL's exception does not hold the operation: find the first that fails by itself."""
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except VerifyException:
            return operation_span(op, source)
    return None


def module_text(module: Operation, *, generic: bool = False, locations: bool = False) -> str:
    """The text of a module, ending in a newline."""
    stream = StringIO()
    Printer(stream=stream, print_generic_format=generic, print_debuginfo=locations).print_op(module)
    return stream.getvalue() + "\n"
