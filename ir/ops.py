"""The operation table: one row per operation, shared by expressions, graph text and the `nd` dialect.

A row gives the operand count, the attributes with their defaults and the inference function; the operation `name` is `nd.name`
in IR and `name(...)` (or its infix sign) in graph text. Adding an operation starts here and goes on with one row each in
`dialects/nd_*` (its class), `passes/autodiff` (its derivative) and the lowering of its family.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import infer as i
from .subscript import subtensor_type
from .types import TensorType, TypeInferenceError

REQUIRED: Any = object()  # default of an attribute that has to be given


@dataclass(frozen=True)
class OpRow:
    """One operation: `operands` is a count, or a minimum when `variadic`; `infix` is its sign in graph text."""

    name: str
    operands: int
    rule: i.Infer
    family: str
    attrs: Mapping[str, Any] = field(default_factory=dict)
    variadic: bool = False
    infix: str | None = None
    commutative: bool = False
    doc: str = ""

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes with defaults filled in; TypeInferenceError for unknown or missing ones."""
        if not self.attrs and not given:
            return {}
        unknown = sorted(given.keys() - self.attrs.keys())
        if unknown:
            known = ", ".join(self.attrs) or "none"
            raise TypeInferenceError(f"{self.name} has no attribute '{unknown[0]}'; it has: {known}")
        result = {**self.attrs, **given}
        missing = [key for key, value in result.items() if value is REQUIRED]
        if missing:
            raise TypeInferenceError(f"{self.name} needs the attribute '{missing[0]}'")
        return result

    def infer(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
        """Result types; normalizes `attrs` in place (negative axes). TypeInferenceError when the operands do not fit."""
        if len(types) < self.operands or (len(types) > self.operands and not self.variadic):
            wanted = f"{self.operands} or more" if self.variadic else str(self.operands)
            raise TypeInferenceError(f"{self.name} takes {wanted} operands, got {len(types)}")
        try:
            return self.rule(types, attrs)
        except TypeInferenceError as error:
            if self.name in str(error):
                raise
            raise TypeInferenceError(f"{self.name}: {error}") from None


def _unary(name: str, rule: i.Infer) -> OpRow:
    return OpRow(name, 1, rule, "elementwise")


def _binary(name: str, rule: i.Infer, infix: str | None = None, *, commutative: bool = False) -> OpRow:
    return OpRow(name, 2, rule, "elementwise", infix=infix, commutative=commutative)


def _reduction(name: str, rule: i.Infer) -> OpRow:
    return OpRow(name, 1, rule, "reduction", {"axes": REQUIRED})


def _subtensor(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    i.index_scalars(types[1:], "subtensor")
    return [subtensor_type(types[0], attrs["index"])]


def _update_subtensor(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    i.index_scalars(types[2:], "update of a subtensor")
    region = subtensor_type(types[0], attrs["index"])
    if i.broadcast_shapes([region.shape, types[1].shape]) != region.shape or types[1].ndim > region.ndim:
        raise TypeInferenceError(f"a {types[1]} does not fit into the {region} it is assigned to")
    return [types[0]]


_SAME = i.elementwise(i.same)
_FLOAT = i.elementwise(i.floating)
_ORDERED = i.refuse_complex(_SAME)
_REAL_FLOAT = i.refuse_complex(_FLOAT)
_NUMERIC = i.refuse_bool(_SAME)
_BITS = i.integral(_SAME)
_TRUTH = i.elementwise(i.boolean)
_COMPARE = i.refuse_complex(_TRUTH)

OPS: dict[str, OpRow] = {
    row.name: row
    for row in (
        # elementwise, one operand
        _unary("neg", _NUMERIC),
        _unary("abs", i.elementwise(i.real)),
        _unary("sign", i.refuse_bool(_ORDERED)),
        _unary("sqrt", _REAL_FLOAT),
        _unary("exp", _REAL_FLOAT),
        _unary("expm1", _REAL_FLOAT),
        _unary("log", _REAL_FLOAT),
        _unary("log1p", _REAL_FLOAT),
        _unary("sin", _REAL_FLOAT),
        _unary("cos", _REAL_FLOAT),
        _unary("tan", _REAL_FLOAT),
        _unary("arctan", _REAL_FLOAT),
        _unary("sinh", _REAL_FLOAT),
        _unary("cosh", _REAL_FLOAT),
        _unary("tanh", _REAL_FLOAT),
        _unary("sigmoid", _REAL_FLOAT),
        _unary("softplus", _REAL_FLOAT),
        _unary("floor", _ORDERED),
        _unary("ceil", _ORDERED),
        _unary("invert", _BITS),
        OpRow("cast", 1, i.cast, "elementwise", {"dtype": REQUIRED}),
        # elementwise, two operands
        _binary("add", _SAME, "+", commutative=True),
        _binary("sub", _NUMERIC, "-"),
        _binary("mul", _SAME, "*", commutative=True),
        _binary("div", i.elementwise(i.quotient), "/"),
        _binary("floordiv", i.refuse_bool(_ORDERED), "//"),
        _binary("mod", i.refuse_bool(_ORDERED), "%"),
        _binary("pow", i.refuse_bool(_ORDERED), "**"),
        _binary("maximum", _ORDERED, commutative=True),
        _binary("minimum", _ORDERED, commutative=True),
        _binary("and", _BITS, "&", commutative=True),
        _binary("or", _BITS, "|", commutative=True),
        _binary("xor", _BITS, "^", commutative=True),
        _binary("eq", _TRUTH, "==", commutative=True),
        _binary("ne", _TRUTH, "!=", commutative=True),
        _binary("lt", _COMPARE, "<"),
        _binary("le", _COMPARE, "<="),
        _binary("gt", _COMPARE, ">"),
        _binary("ge", _COMPARE, ">="),
        OpRow("select", 3, i.elementwise(i.selected), "elementwise"),
        # reductions
        _reduction("sum", i.reduction(i.sum_dtype)),
        _reduction("prod", i.reduction(i.sum_dtype)),
        _reduction("max", i.refuse_complex(i.reduction(i.keep_dtype))),
        _reduction("min", i.refuse_complex(i.reduction(i.keep_dtype))),
        _reduction("all", i.reduction(i.to_bool)),
        _reduction("any", i.reduction(i.to_bool)),
        _reduction("argmax", i.refuse_complex(i.reduction(i.to_int64))),
        _reduction("argmin", i.refuse_complex(i.reduction(i.to_int64))),
        OpRow("softmax", 1, i.softmax, "composite", {"axis": -1}),
        OpRow("log_softmax", 1, i.softmax, "composite", {"axis": -1}),
        # linear algebra
        OpRow("dot", 2, i.dot, "linalg"),
        # shape
        OpRow("constant", 0, i.constant, "shape", {"value": REQUIRED}),
        OpRow("dim", 1, i.dim, "shape", {"axis": REQUIRED}),
        OpRow("make_vector", 1, i.stack_scalars, "shape", variadic=True),
        OpRow("arange", 3, i.arange, "shape", {"dtype": None}),
        OpRow("alloc", 1, i.sized("alloc"), "shape", {"sizes": REQUIRED}, variadic=True),
        OpRow("reshape", 1, i.sized("reshape"), "shape", {"sizes": REQUIRED}, variadic=True),
        OpRow("dimshuffle", 1, i.dimshuffle, "shape", {"order": REQUIRED}),
        OpRow("concatenate", 1, i.concatenate, "shape", {"axis": 0}, variadic=True),
        # indexing
        OpRow("subtensor", 1, _subtensor, "indexing", {"index": REQUIRED}, variadic=True),
        OpRow("set_subtensor", 2, _update_subtensor, "indexing", {"index": REQUIRED}, variadic=True),
        OpRow("inc_subtensor", 2, _update_subtensor, "indexing", {"index": REQUIRED}, variadic=True),
        OpRow("gather", 2, i.gather, "indexing", variadic=True),
        OpRow("scatter_add", 3, i.scatter_add, "indexing", variadic=True),
        # derivatives, expanded by the autodiff pass
        OpRow("grad", 2, i.grad, "derivative", variadic=True),
    )
}
