"""The `nd` dialect: pure operations on whole tensors, one class for each row of `ir.ops.OPS`, and the fused region op.

    %y = nd.sum %x {axes = array<i64: 1>} : (tensor<?x784xf64>) -> tensor<?xf64>

Elementwise operations broadcast as NumPy does; their operands have one dtype, casts are explicit. A function is a `func.func`
whose arguments carry `nd.name`, and `nd.state` when they persist; a result with `nd.update = K` is the new value of argument K.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Dialect, Operation, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from phintys.ir.infer import broadcast_shapes
from phintys.ir.op_row import OpRow
from phintys.ir.ops import OPS
from phintys.ir.types import TensorType, TypeInferenceError

from .convert import decode_attr, decode_attrs, encode_attrs, from_xdsl, integers, scalar_type, to_xdsl
from .nd_docs import Documented

MIXED_OPERANDS = {"select", "cast"}  # elementwise operations whose operands may differ in dtype


class NdOp(Operation, metaclass=Documented):
    """Base of all generated classes: syntax, construction and verification from the operation's table row."""

    row: OpRow
    traits = traits_def(Pure())

    @property
    def op(self) -> str:
        """Name in the operation table: `add` for `nd.add`."""
        return self.row.name

    @property
    def attrs(self) -> dict[str, Any]:
        """Python values of the attributes, defaults filled in."""
        return self.row.complete(decode_attrs(self))

    @property
    def types(self) -> list[TensorType]:
        """Operand types."""
        return [from_xdsl(value.type) for value in self.operands]

    def verify_(self) -> None:
        """Infer the result types anew and compare."""
        try:
            expected = self.row.infer(self.types, self.attrs)
        except TypeInferenceError as error:
            raise VerifyException(str(error)) from None
        found = [from_xdsl(value.type) for value in self.results]
        if len(expected) != len(found) or any(not _refines(*pair) for pair in zip(found, expected, strict=True)):
            shown = ", ".join(str(to_xdsl(type)) for type in expected)
            raise VerifyException(f"{self.name}: result type is {', '.join(map(str, found))}, expected {shown}")
        if self.row.family == "elementwise" and self.op not in MIXED_OPERANDS:
            dtypes = {type.dtype for type in self.types}
            if len(dtypes) > 1:
                raise VerifyException(f"{self.name}: operands have dtypes {', '.join(sorted(dtypes))}; insert nd.cast")

    def print(self, printer: Printer) -> None:
        """Custom syntax: operands, attributes, functional type."""
        _print_common(self, printer)

    @classmethod
    def parse(cls, parser: Parser) -> NdOp:
        """Read what `print` writes."""
        operands, attributes, type = _parse_common(parser)
        values = parser.resolve_operands(operands, type.inputs.data, parser.pos)
        return cls.create(operands=values, result_types=type.outputs.data, attributes=attributes)


def _refines(found: TensorType, expected: TensorType) -> bool:
    """Whether `found` is `expected`, up to sizes that only one of them knows."""
    if found.dtype != expected.dtype or found.ndim != expected.ndim:
        return False
    return all(a == b or a is None or b is None for a, b in zip(found.shape, expected.shape, strict=True))


def _print_common(op: Operation, printer: Printer) -> None:
    if op.operands:
        printer.print_string(" ")
        printer.print_list(op.operands, printer.print_ssa_value)
    printer.print_op_attributes(op.attributes)
    printer.print_string(" : ")
    printer.print_function_type(op.operand_types, op.result_types)


def _parse_common(parser: Parser) -> tuple[list[Any], dict[str, Attribute], bi.FunctionType]:
    operands = parser.parse_optional_undelimited_comma_separated_list(
        parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
    )
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    type = parser.parse_function_type()
    return operands or [], attributes, type


def _generate(name: str, row: OpRow) -> type[NdOp]:
    """The class of a row: `LogSoftmaxOp` for `log_softmax`."""
    stem = "".join(part.capitalize() for part in name.split("_"))
    return type(f"{stem}Op", (NdOp,), {"__module__": __name__, "name": f"nd.{name}", "row": row})


CLASSES: dict[str, type[NdOp]] = {name: _generate(name, row) for name, row in OPS.items()}
globals().update({cls.__name__: cls for cls in CLASSES.values()})  # nd.SumOp, for those who look for it by that name


def create(name: str, operands: Sequence[SSAValue], attrs: Mapping[str, Any] | None = None, location: Any = None) -> NdOp:
    """An operation of the table with inferred result types."""
    row = OPS[name]
    full = row.complete(attrs or {})
    types = row.infer([from_xdsl(value.type) for value in operands], full)
    return CLASSES[name].create(
        operands=operands,
        result_types=[to_xdsl(type) for type in types],
        attributes=encode_attrs(full),
        location=location,
    )


MAY_BE_EMPTY = "nd.may_be_empty"  # on a maximum of which nothing is read where it has no elements: it does not refuse them
MAP = "map"
COMBINERS = (MAP, "add", "mul", "max", "min", "and", "or", "argmax", "argmin")


class FusedOp(Operation):
    """Scalar code applied at every point of an iteration space, with results stored (`map`) or combined over `axes`.

        %e, %s = nd.fused %x, %m {combine = ["map", "add"], axes = array<i64: 1>}
            : (tensor<?x?xf64>, tensor<?x1xf64>) -> (tensor<?x?xf64>, tensor<?xf64>) {
        ^bb0(%a: f64, %b: f64):
          %0 = arith.subf %a, %b : f64
          %1 = math.exp %0 : f64
          nd.yield %1, %1 : f64, f64
        }

    The iteration space is the broadcast of the operand shapes. Result i is yielded value i: the whole space for `map`, else
    combined by that combiner over `axes`, which then are dropped. Reads of one call see no writes of it.
    """

    name = "nd.fused"
    traits = traits_def(Pure())

    @staticmethod
    def build_op(
        operands: Sequence[SSAValue],
        result_types: Sequence[TensorType],
        combine: Sequence[str],
        axes: tuple[int, ...],
        body: Region,
        location: Any = None,
    ) -> FusedOp:
        """Create one; `body` is complete."""
        attributes = {"combine": bi.ArrayAttr([bi.StringAttr(c) for c in combine]), "axes": integers(axes)}
        types = [to_xdsl(type) for type in result_types]
        return FusedOp.create(operands=operands, result_types=types, attributes=attributes, regions=[body], location=location)

    @property
    def combine(self) -> list[str]:
        """Combiner of each result."""
        attr = self.attributes.get("combine")
        return [item.data for item in attr.data if isinstance(item, bi.StringAttr)] if isinstance(attr, bi.ArrayAttr) else []

    @property
    def axes(self) -> tuple[int, ...]:
        """Reduced axes of the iteration space."""
        attr = self.attributes.get("axes")
        return () if attr is None else tuple(decode_attr("axes", attr))

    @property
    def block(self) -> Block:
        """The scalar code."""
        return self.regions[0].block

    @property
    def space(self) -> tuple[int | None, ...]:
        """Static iteration space."""
        return broadcast_shapes([from_xdsl(value.type).shape for value in self.operands])

    def verify_(self) -> None:
        """Check block arguments, the yield, combiners and result types against the iteration space."""
        try:
            space = self.space
        except TypeInferenceError as error:
            raise VerifyException(f"nd.fused: {error}") from None
        if len(self.combine) != len(self.results) or any(c not in COMBINERS for c in self.combine):
            raise VerifyException(f"nd.fused: 'combine' needs one of {', '.join(COMBINERS)} for each result")
        expected = [scalar_type(from_xdsl(value.type).dtype) for value in self.operands]
        if [arg.type for arg in self.block.args] != expected:
            raise VerifyException("nd.fused: block arguments must be the scalar types of the operands")
        last = self.block.last_op
        if not isinstance(last, YieldOp) or len(last.operands) != len(self.results):
            raise VerifyException("nd.fused: the body must end in nd.yield of one value for each result")
        reduced = tuple(size for axis, size in enumerate(space) if axis not in self.axes)
        for combiner, value, result in zip(self.combine, last.operands, self.results, strict=True):
            found = from_xdsl(result.type)
            wanted = TensorType(found.dtype, space if combiner == MAP else reduced)
            yields = scalar_type(found.dtype)
            if not _refines(found, wanted) or (not combiner.startswith("arg") and value.type != yields):
                raise VerifyException(f"nd.fused: a '{combiner}' result is {found}, expected shape {wanted.shape}")

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        _print_common(self, printer)
        printer.print_string(" ")
        printer.print_region(self.regions[0])

    @classmethod
    def parse(cls, parser: Parser) -> FusedOp:
        """Read what `print` writes."""
        operands, attributes, type = _parse_common(parser)
        region = parser.parse_region()
        values = parser.resolve_operands(operands, type.inputs.data, parser.pos)
        return cls.create(operands=values, result_types=type.outputs.data, attributes=attributes, regions=[region])


class YieldOp(Operation):
    """Ends the body of `nd.fused`.

    nd.yield %a, %b : f64, f64
    """

    name = "nd.yield"
    traits = traits_def(IsTerminator(), Pure())

    def print(self, printer: Printer) -> None:
        """Custom syntax."""
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list([value.type for value in self.operands], printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> YieldOp:
        """Read what `print` writes."""
        operands = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_unresolved_operand)
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
        return cls.create(operands=parser.resolve_operands(operands, types, parser.pos))


class RequireOp(Operation):
    """A check made when the function runs: fails with an exception that shows the values when the condition is false.

        nd.require %same, %n, %m {exception = "ValueError", message = "{0} is not {1}"}
            : (tensor<i1>, tensor<i64>, tensor<i64>) -> ()

    It has effects: checks are never removed. Values are int64 scalars.
    """

    name = "nd.require"
    traits = traits_def()

    @staticmethod
    def build_op(
        condition: SSAValue, exception: str, message: str, values: Sequence[SSAValue], location: Any = None
    ) -> RequireOp:
        """Create one."""
        attributes = encode_attrs({"exception": exception, "message": message})
        return RequireOp.create(operands=[condition, *values], attributes=attributes, location=location)

    @property
    def exception(self) -> str:
        """Name of the Python exception."""
        return str(decode_attrs(self)["exception"])

    @property
    def message(self) -> str:
        """Message template, with `{0}` for the first value."""
        return str(decode_attrs(self)["message"])

    def verify_(self) -> None:
        """Check operand types and that the texts are there."""
        types = [from_xdsl(value.type) for value in self.operands]
        if types[:1] != [TensorType("bool")] or any(type != TensorType("int64") for type in types[1:]):
            raise VerifyException("nd.require takes a tensor<i1> and tensor<i64> values")
        if not {"exception", "message"} <= self.attributes.keys():
            raise VerifyException("nd.require needs 'exception' and 'message'")

    def print(self, printer: Printer) -> None:
        """Custom syntax, that of every nd operation."""
        _print_common(self, printer)

    @classmethod
    def parse(cls, parser: Parser) -> RequireOp:
        """Read what `print` writes."""
        operands, attributes, type = _parse_common(parser)
        values = parser.resolve_operands(operands, type.inputs.data, parser.pos)
        return cls.create(operands=values, attributes=attributes)


Nd = Dialect("nd", [*CLASSES.values(), FusedOp, YieldOp, RequireOp], [])


def add_class(row: OpRow) -> type[NdOp]:
    """The class of a row that has been added to the table, as a part of the dialect."""
    cls = _generate(row.name, row)
    CLASSES[row.name] = globals()[cls.__name__] = cls
    Nd._operations[:] = [op for op in Nd.operations if op.name != cls.name] + [cls]
    return cls
