"""The state of reading one graph: names in scope, constants, places; nodes out of terms, errors where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from .diagnostics import Source, error, near_match
from .graph import Node, Value
from .literals import Array, LiteralError, literal_array, literal_dtype, literal_groups
from .ops import OPS
from .syntax import span_of
from .terms import DTypeName, Items, Literal, ShapeOf, Term, Text, as_literal, describe
from .types import TensorType, TypeInferenceError


class Scope:
    """Names and constants of one graph."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names: dict[str, Value] = {}
        self.defined_at: dict[str, int] = {}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], Value] = {}

    # --- messages and places -----------------------------------------------------------------------------------------

    def fail(self, message: str, tree: Any, *help: str) -> NoReturn:
        """Reject the text at `tree`."""
        raise error(message, span_of(tree, self.source), *help)

    def location(self, tree: Any) -> str:
        """`file:line:column` of a tree."""
        return str(span_of(tree, self.source))

    # --- names -------------------------------------------------------------------------------------------------------

    def define(self, name: Any, value: Value) -> None:
        """Bind a name (a token) for the rest of the graph."""
        if str(name) in self.names:
            line = self.defined_at[str(name)]
            self.fail(f"'{name}' is already defined, in line {line}", name, "names are given once: choose another")
        self.names[str(name)] = value
        self.defined_at[str(name)] = span_of(name, self.source).line

    def lookup(self, name: Any, functions: Sequence[str]) -> Value:
        """The value of a name (a token)."""
        if str(name) in self.names:
            return self.names[str(name)]
        help = near_match(str(name), self.names)
        if str(name) in functions:
            help = f"{name} is a function: call it, {name}(...)"
        self.fail(f"unknown name '{name}'", name, help or f"known here: {', '.join(self.names) or 'none'}")

    # --- values ------------------------------------------------------------------------------------------------------

    def constant(self, array: Array, tree: Any) -> Value:
        """A constant; equal ones of a graph are one node."""
        array = np.ascontiguousarray(array).reshape(array.shape)
        key = (str(array.dtype), array.shape, array.tobytes())
        found = self._constants.get(key)
        if found is None:
            node = Node("constant", (), {"value": array}, loc=self.location(tree))
            found = self._constants[key] = node.results[0]
        return found

    def literal(self, literal: Literal, dtype: str, tree: Any) -> Value:
        """A literal in a dtype."""
        try:
            return self.constant(literal_array(literal.value, dtype), tree)
        except LiteralError as failure:
            self.fail(str(failure), tree)

    def value(self, term: Term, tree: Any, neighbours: Sequence[str] = ()) -> Value:
        """A term as one tensor; literals take their dtype from the neighbours."""
        if isinstance(term, Value):
            return term
        literal = as_literal(term)
        if literal is not None:
            return self.literal(literal, literal_dtype(literal.kind, neighbours), tree)
        if isinstance(term, ShapeOf):
            sizes = [self.node("dim", [term.value], {"axis": axis}, tree) for axis in range(term.value.type.ndim)]
            if not sizes:
                self.fail("shape of a scalar has no elements", tree)
            return self.node("make_vector", sizes, {}, tree)
        if isinstance(term, Items):
            return self.op("make_vector", [(item, tree) for item in term.items], {}, tree)
        self.fail(f"expected a tensor, got {describe(term)}", tree)

    def op(self, name: str, operands: Sequence[tuple[Term, Any]], attrs: Mapping[str, Any], tree: Any) -> Value:
        """One operation of one result; literal operands take their dtype from those of their group."""
        return self.node(name, self.operands(name, operands), attrs, tree)

    def operands(self, name: str, operands: Sequence[tuple[Term, Any]]) -> list[Value]:
        """Terms as the operands of an operation."""
        groups = literal_groups(name, len(operands))
        values: list[Value | None] = [
            None if as_literal(term) is not None else self.value(term, tree) for term, tree in operands
        ]
        result = []
        for (term, tree), value, group in zip(operands, values, groups, strict=True):
            neighbours = [v.type.dtype for v, g in zip(values, groups, strict=True) if v is not None and g == group]
            result.append(value if value is not None else self.value(term, tree, neighbours))
        return result

    def node(self, name: str, operands: Sequence[Value], attrs: Mapping[str, Any], tree: Any) -> Value:
        """One operation of one result."""
        return self.results(name, operands, attrs, tree).results[0]

    def results(self, name: str, operands: Sequence[Value], attrs: Mapping[str, Any], tree: Any) -> Node:
        """One operation; what its inference refuses is shown at `tree`."""
        try:
            return Node(name, operands, attrs, loc=self.location(tree))
        except TypeInferenceError as failure:
            types = ", ".join(str(value.type) for value in operands)
            self.fail(str(failure), tree, f"the operands are {types}" if types and types not in str(failure) else "")
        except (TypeError, ValueError, AttributeError, KeyError, IndexError, OverflowError) as failure:
            known = ", ".join(OPS[name].attrs) or "none"
            self.fail(f"{name} does not accept these attributes: {failure}", tree, f"its attributes: {known}")

    # --- what attributes want ----------------------------------------------------------------------------------------

    def integer(self, term: Term, tree: Any, what: str) -> int:
        """A literal int."""
        if isinstance(term, Literal) and type(term.value) is int:
            return term.value
        self.fail(f"{what} must be a literal int, got {describe(term)}", tree)

    def integers(self, term: Term, tree: Any, what: str) -> tuple[int, ...]:
        """A literal int or a list of them."""
        items = term.items if isinstance(term, Items) else [term]
        return tuple(self.integer(item, tree, what) for item in items)

    def flag(self, term: Term, tree: Any, what: str) -> bool:
        """`true` or `false`."""
        if isinstance(term, Literal) and isinstance(term.value, bool):
            return term.value
        self.fail(f"{what} must be true or false, got {describe(term)}", tree)

    def attribute(self, term: Term, tree: Any) -> Any:
        """A Python value for an attribute: int, text, dtype, tuple of ints."""
        if isinstance(term, Text):
            return term.text
        if isinstance(term, DTypeName):
            return term.name
        if isinstance(term, Items):
            return tuple(self.attribute(item, tree) for item in term.items)
        return self.integer(term, tree, "an attribute")

    def declare(self, value: Value, declared: TensorType, tree: Any) -> None:
        """`name: type = ...`: the type must agree with the inferred one and may know more sizes."""
        found = value.type
        agrees = found.dtype == declared.dtype and found.ndim == declared.ndim
        if not agrees or any(
            a is not None and b is not None and a != b for a, b in zip(found.shape, declared.shape, strict=True)
        ):
            self.fail(f"declared {declared}, but the value is {found}", tree)
        if value.node is not None and not value.is_constant:
            shape = tuple(a if b is None else b for a, b in zip(found.shape, declared.shape, strict=True))
            value.type = TensorType(found.dtype, shape)
