"""Reading `fused[axes=...](a = x, b = m) { ... }`: scalar expressions, one node for each scalar operation of the IR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .diagnostics import near_match
from .functions import PREDEFINED
from .fused import COMBINERS, SCALAR_OPERANDS, FusedBody, FusedNode, ScalarNode
from .graph import Value
from .infer import normalize_axes
from .literals import LiteralError, literal_array, literal_dtype
from .ops import OPS
from .scope import Scope
from .terms import Literal
from .types import BY_SHORT, TensorType, TypeInferenceError

if TYPE_CHECKING:
    from .evaluate import Evaluator

INFIX = {row.infix: name for name, row in OPS.items() if row.infix and name in SCALAR_OPERANDS}
IR_DIALECTS = ("arith", "math", "xmath")
Scalar = Value | Literal


def read_fused(evaluator: Evaluator, tree: Any, declared: list[TensorType | None]) -> FusedNode:
    """The node of a fused region; `declared` are the types that its results are given, where they are."""
    attributes, bindings, statements = tree.children
    scope = evaluator.scope
    pairs = [binding.children for binding in (bindings.children if bindings is not None else [])]
    operands = [evaluator.value(inner) for _, inner in pairs]
    body = _BodyReader(Scope(scope.source))
    for (name, _), operand in zip(pairs, operands, strict=True):
        body.bind_input(name, operand.type)
    body.read(statements.children)
    if len(body.combine) != len(declared):
        scope.fail(f"{len(declared)} names for the {len(body.combine)} results of this region", tree)
    for type, combiner, value in zip(declared, body.combine, body.outputs, strict=True):
        if type is None or combiner.startswith("arg") or type.dtype.removeprefix("u") == value.type.dtype:
            continue
        scope.fail(f"declared {type}, but the region gives {value.type.dtype} elements", tree)
    dtypes = [
        type.dtype if type is not None else "int64" if combiner.startswith("arg") else value.type.dtype
        for type, combiner, value in zip(declared, body.combine, body.outputs, strict=True)
    ]
    try:
        axes = _axes(evaluator, attributes, max((operand.type.ndim for operand in operands), default=0))
        found = FusedBody(body.inputs, body.outputs)
        return FusedNode(operands, body.combine, axes, found, dtypes=dtypes, loc=scope.location(tree))
    except TypeInferenceError as failure:
        scope.fail(str(failure), tree)


def _axes(evaluator: Evaluator, attributes: Any, ndim: int) -> tuple[int, ...]:
    given = evaluator.arguments(attributes)
    axes = given.keywords.pop("axes", None)
    if given.keywords or given.positional:
        evaluator.scope.fail("fused has one attribute, axes", attributes, "fused[axes=[1]](...)")
    return () if axes is None else normalize_axes(evaluator.scope.integers(*axes, "an axis"), ndim)


class _BodyReader:
    """Reads the statements of one body."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []
        self.combine: list[str] = []

    def bind_input(self, name: Any, type: TensorType) -> None:
        """The elements of an operand; unsigned ints are plain bits here."""
        dtype = type.dtype.removeprefix("u")
        value = Value(TensorType(dtype), str(name))
        self.scope.define(name, value)
        self.inputs.append(value)

    def read(self, statements: list[Any]) -> None:
        """All statements, in order."""
        for statement in statements:
            name, tree = statement.children
            if statement.data == "combine" and str(name) not in COMBINERS:
                help = near_match(str(name), COMBINERS) or f"one of {', '.join(COMBINERS)}"
                self.scope.fail(f"unknown combiner '{name}'", name, help)
            value = self.value(self.scalar(tree), tree, [])
            if statement.data == "combine":
                self.combine.append(str(name))
                self.outputs.append(value)
                continue
            self.scope.define(name, value)
            if value.name is None and not value.is_constant:
                value.name = str(name)

    def value(self, scalar: Scalar, tree: Any, neighbours: list[str]) -> Value:
        """A literal as a constant of the dtype next to it."""
        if isinstance(scalar, Value):
            return scalar
        return self.constant(scalar, literal_dtype(scalar.kind, neighbours), tree)

    def constant(self, literal: Literal, dtype: str, tree: Any) -> Value:
        """A scalar constant; the dtype of its bits for unsigned ints."""
        try:
            array = literal_array(literal.value, dtype.removeprefix("u"))
        except LiteralError as failure:
            self.scope.fail(str(failure), tree)
        return ScalarNode("constant", (), {"value": np.asarray(array)}).results[0]

    def scalar(self, tree: Any) -> Scalar:
        """One expression."""
        rule = _RULES.get(tree.data)
        if rule is None:
            self.scope.fail("not possible in the body of a fused region, which is scalar code", tree)
        found: Scalar = rule(self, tree)
        return found

    def name(self, tree: Any) -> Scalar:
        token = tree.children[0]
        if str(token) in PREDEFINED and str(token) not in self.scope.names:
            return Literal(PREDEFINED[str(token)])
        return self.scope.lookup(token, list(SCALAR_OPERANDS))

    def number(self, tree: Any) -> Scalar:
        from .evaluate import read_number

        try:
            return Literal(read_number(str(tree.children[0])))
        except ValueError as failure:
            self.scope.fail(str(failure), tree)

    def unary(self, tree: Any) -> Scalar:
        sign, inner = tree.children
        scalar = self.scalar(inner)
        if isinstance(scalar, Literal) and not isinstance(scalar.value, bool | list) and sign in "+-":
            return Literal(-scalar.value if sign == "-" else scalar.value)
        if str(sign) != "-":
            self.scope.fail(f"no '{sign}' in the body of a fused region", sign)
        return self.node("neg", [(scalar, inner)], {}, tree)

    def binary(self, tree: Any) -> Scalar:
        left, sign, right = tree.children
        if str(sign) not in INFIX:
            self.scope.fail(f"no '{sign}' in the body of a fused region", sign)
        pairs = [(self.scalar(left), left), (self.scalar(right), right)]
        return self.node(INFIX[str(sign)], pairs, {}, tree)

    def typed(self, tree: Any) -> Scalar:
        """`f32(2.5)` is a constant, `f32(a)` a cast."""
        token, inner = tree.children
        dtype = BY_SHORT[str(token)]
        scalar = self.scalar(inner)
        if isinstance(scalar, Literal):
            return self.constant(scalar, dtype, tree)
        if scalar.type.dtype == dtype:
            return scalar
        return self.node("cast", [(scalar, inner)], {"dtype": dtype}, tree)

    def call(self, tree: Any) -> Scalar:
        name, arguments = tree.children
        if str(name) not in SCALAR_OPERANDS or str(name) in ("constant", "cast"):
            self.scope.fail(f"unknown scalar function '{name}'", name, near_match(str(name), SCALAR_OPERANDS))
        return self.apply(tree, str(name), arguments)

    def method(self, tree: Any) -> Scalar:
        """`arith.shli(a, b)`: any other operation of the IR, by its name there."""
        receiver, name, arguments = tree.children
        dialect = str(receiver.children[0]) if receiver.data == "name" else ""
        if dialect not in IR_DIALECTS:
            self.scope.fail(f"operations of the IR begin with {', '.join(IR_DIALECTS)}", receiver)
        return self.apply(tree, f"{dialect}.{name}", arguments)

    def apply(self, tree: Any, name: str, arguments: Any) -> Scalar:
        """A call with operands and, for operations of the IR, `dtype=` and `predicate=`."""
        operands: list[tuple[Scalar, Any]] = []
        attrs: dict[str, Any] = {}
        for argument in arguments.children if arguments is not None else []:
            if argument.data != "keyword":
                operands.append((self.scalar(argument), argument))
                continue
            key, inner = argument.children
            if str(key) == "dtype" and inner.data == "dtype":
                attrs["dtype"] = BY_SHORT[str(inner.children[0])]
            elif str(key) == "predicate" and inner.data == "number" and str(inner.children[0]).isdigit():
                attrs["predicate"] = int(inner.children[0])
            else:
                self.scope.fail("operations take dtype=f64 and predicate=6 only", argument)
        return self.node(name, operands, attrs, tree)

    def node(self, name: str, operands: list[tuple[Scalar, Any]], attrs: dict[str, Any], tree: Any) -> Value:
        """One scalar operation."""
        first = 1 if name == "select" else 0
        dtypes = [s.type.dtype for s, _ in operands[first:] if isinstance(s, Value)]
        inputs = [self.value(scalar, place, dtypes if index >= first else []) for index, (scalar, place) in enumerate(operands)]
        try:
            return ScalarNode(name, inputs, attrs, loc=self.scope.location(tree)).results[0]
        except TypeInferenceError as failure:
            self.scope.fail(str(failure), tree)


_RULES: dict[str, Any] = {
    "name": _BodyReader.name,
    "number": _BodyReader.number,
    "parens": lambda reader, tree: reader.scalar(tree.children[0]),
    "typed": _BodyReader.typed,
    "binary": _BodyReader.binary,
    "unary": _BodyReader.unary,
    "call": _BodyReader.call,
    "method": _BodyReader.method,
}
