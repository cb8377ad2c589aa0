"""Writes Python of scalar operations: the part that the interpreters of loops and of fused regions have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation, SSAValue

from .scalar_templates import (
    COMPARED,
    COMPARED_FLOATS,
    FUNCTIONS,
    INDEX,
    INDEX_COMPARED,
    NAMESPACE,
    TEMPLATES,
    TRUTH,
    python_name,
)

TYPES: dict[Attribute, Any] = {
    bi.f32: np.float32,
    bi.f64: np.float64,
    bi.i1: np.bool_,
    **{bi.IntegerType(bits): getattr(np, f"int{bits}") for bits in (8, 16, 32, 64)},
}


class CannotInterpret(Exception):
    """An operation that no interpreter runs."""


def numpy_type(type: Attribute) -> Any:
    """The NumPy type of a scalar or an element; CannotInterpret for one that has none."""
    if type not in TYPES:
        raise CannotInterpret(f"there is no NumPy type for {type}")
    return TYPES[type]


class ScalarWriter:
    """Statements, one for each operation; `select` is the template of `arith.select`."""

    def __init__(self, select: str) -> None:
        self.select = select
        self.lines: list[str] = []
        self.depth = 1
        self.names: dict[SSAValue, str] = {}
        self.namespace: dict[str, Any] = dict(NAMESPACE)

    def line(self, text: str) -> None:
        """Append a statement."""
        self.lines.append("    " * self.depth + text)

    def new(self, value: SSAValue) -> str:
        """The name of a value that is made now."""
        name = self.names[value] = f"v{len(self.names)}"
        return name

    def keep(self, value: object) -> str:
        """A name for an object."""
        name = f"k{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def scalar(self, op: Operation) -> None:
        """Append a scalar operation; CannotInterpret for one without a row."""
        expression = self._expression(op, [self.names[value] for value in op.operands])
        self.line(f"{self.new(op.results[0])} = {expression}")

    def _expression(self, op: Operation, operands: Sequence[str]) -> str:
        name = op.name
        if name == "arith.constant":
            return self._constant(op)
        type = op.results[0].type
        if name == "arith.select":
            return self.select.format(*operands)
        if name in ("arith.cmpi", "arith.cmpf"):
            return self._predicate(op).format(*operands)
        if name == "arith.index_cast":
            return f"int({operands[0]})" if isinstance(type, bi.IndexType) else f"convert({operands[0]}, {self._type(type)})"
        if name in FUNCTIONS:
            return f"{python_name(name)}({', '.join(operands)})"
        if isinstance(type, bi.IndexType):
            template = INDEX.get(name)
        else:
            template = (TRUTH.get(name) if type == bi.i1 else None) or TEMPLATES.get(name)
        if template is None:
            raise CannotInterpret(f"{name} has no row in the interpreter")
        if name == "arith.extsi" and op.operands[0].type == bi.i1:
            template = "-convert({0}, {T})"
        if "{T" in template:
            template = template.replace("{T}", self._type(type)).replace("{T.__name__}", numpy_type(type).__name__)
        return template.format(*operands)

    def _type(self, type: Attribute) -> str:
        return f"np.{numpy_type(type).__name__}"

    def _predicate(self, op: Operation) -> str:
        number = op.properties["predicate"]
        assert isinstance(number, bi.IntegerAttr)
        if op.name == "arith.cmpf":
            return COMPARED_FLOATS[number.value.data]
        return (INDEX_COMPARED if isinstance(op.operands[0].type, bi.IndexType) else COMPARED)[number.value.data]

    def _constant(self, op: Operation) -> str:
        attr, type = op.properties["value"], op.results[0].type
        assert isinstance(attr, bi.IntegerAttr | bi.FloatAttr)
        if isinstance(type, bi.IndexType):
            return str(attr.value.data)
        own = numpy_type(type)
        if isinstance(attr, bi.FloatAttr) or type == bi.i1:
            return self.keep(own(attr.value.data))
        return self.keep(np.int64(attr.value.data & (2**63 - 1) | -(attr.value.data & 2**63)).astype(own))
