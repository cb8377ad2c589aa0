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


def _unary(name: str, rule: i.Infer, doc: str) -> OpRow:
    return OpRow(name, 1, rule, "elementwise", doc=doc)


def _binary(name: str, rule: i.Infer, infix: str | None, doc: str, *, commutative: bool = False) -> OpRow:
    return OpRow(name, 2, rule, "elementwise", infix=infix, commutative=commutative, doc=doc)


def _reduction(name: str, rule: i.Infer, doc: str) -> OpRow:
    return OpRow(name, 1, rule, "reduction", {"axes": REQUIRED}, doc=doc)


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
        _unary("neg", _NUMERIC, "-x."),
        _unary("abs", i.elementwise(i.real), "|x|; of complex numbers the modulus, which is real."),
        _unary("sign", i.refuse_bool(_ORDERED), "-1, 0 or 1; NaN stays NaN."),
        _unary("sqrt", _REAL_FLOAT, "Square root; NaN below 0."),
        _unary("exp", _REAL_FLOAT, "e to the power x."),
        _unary("expm1", _REAL_FLOAT, "exp(x) - 1, accurate near 0."),
        _unary("log", _REAL_FLOAT, "Natural logarithm; -inf at 0, NaN below."),
        _unary("log1p", _REAL_FLOAT, "log(1 + x), accurate near 0."),
        _unary("sin", _REAL_FLOAT, "Sine of radians."),
        _unary("cos", _REAL_FLOAT, "Cosine of radians."),
        _unary("tan", _REAL_FLOAT, "Tangent of radians."),
        _unary("arctan", _REAL_FLOAT, "Inverse tangent, in radians."),
        _unary("sinh", _REAL_FLOAT, "Hyperbolic sine."),
        _unary("cosh", _REAL_FLOAT, "Hyperbolic cosine."),
        _unary("tanh", _REAL_FLOAT, "Hyperbolic tangent."),
        _unary("sigmoid", _REAL_FLOAT, "1 / (1 + exp(-x))."),
        _unary("softplus", _REAL_FLOAT, "log(1 + exp(x)), without overflow."),
        _unary("floor", _ORDERED, "The largest integer not above x, in x's dtype."),
        _unary("ceil", _ORDERED, "The smallest integer not below x, in x's dtype."),
        _unary("invert", _BITS, "Bits inverted; of bool, not."),
        OpRow(
            "cast",
            1,
            i.cast,
            "elementwise",
            {"dtype": REQUIRED},
            doc="Another dtype; floats are cut towards zero when they become ints.",
        ),
        # elementwise, two operands
        _binary("add", _SAME, "+", "x + y; of bool, or.", commutative=True),
        _binary("sub", _NUMERIC, "-", "x - y."),
        _binary("mul", _SAME, "*", "x * y; of bool, and.", commutative=True),
        _binary("div", i.elementwise(i.quotient), "/", "True quotient; of two ints, float64."),
        _binary("floordiv", i.refuse_bool(_ORDERED), "//", "Quotient rounded down; of ints, 0 for a zero divisor."),
        _binary("mod", i.refuse_bool(_ORDERED), "%", "Remainder of floordiv, with the divisor's sign."),
        _binary("pow", i.refuse_bool(_ORDERED), "**", "x to the power y."),
        _binary("maximum", _ORDERED, None, "The larger of two; NaN if either is.", commutative=True),
        _binary("minimum", _ORDERED, None, "The smaller of two; NaN if either is.", commutative=True),
        _binary("and", _BITS, "&", "Bitwise and; of bool, both.", commutative=True),
        _binary("or", _BITS, "|", "Bitwise or; of bool, either.", commutative=True),
        _binary("xor", _BITS, "^", "Bitwise exclusive or; of bool, different.", commutative=True),
        _binary("eq", _TRUTH, "==", "Whether x equals y.", commutative=True),
        _binary("ne", _TRUTH, "!=", "Whether x differs from y.", commutative=True),
        _binary("lt", _COMPARE, "<", "Whether x is below y."),
        _binary("le", _COMPARE, "<=", "Whether x is at most y."),
        _binary("gt", _COMPARE, ">", "Whether x is above y."),
        _binary("ge", _COMPARE, ">=", "Whether x is at least y."),
        OpRow(
            "select",
            3,
            i.elementwise(i.selected),
            "elementwise",
            doc="x where the condition holds, else y, element by element.",
        ),
        # reductions
        _reduction("sum", i.reduction(i.sum_dtype), "Sum over axes; bool and ints accumulate in 64 bits."),
        _reduction("prod", i.reduction(i.sum_dtype), "Product over axes; bool and ints accumulate in 64 bits."),
        _reduction("max", i.refuse_complex(i.reduction(i.keep_dtype)), "Largest element over axes; NaN if any is."),
        _reduction("min", i.refuse_complex(i.reduction(i.keep_dtype)), "Smallest element over axes; NaN if any is."),
        _reduction("all", i.reduction(i.to_bool), "Whether all elements over axes are true."),
        _reduction("any", i.reduction(i.to_bool), "Whether any element over axes is true."),
        _reduction(
            "argmax",
            i.refuse_complex(i.reduction(i.to_int64)),
            "Position of the largest element, the first of equals; over several axes, in their flattened order.",
        ),
        _reduction(
            "argmin",
            i.refuse_complex(i.reduction(i.to_int64)),
            "Position of the smallest element, the first of equals; over several axes, in their flattened order.",
        ),
        OpRow("softmax", 1, i.softmax, "composite", {"axis": -1}, doc="exp(x) over its sum along an axis, without overflow."),
        OpRow(
            "log_softmax",
            1,
            i.softmax,
            "composite",
            {"axis": -1},
            doc="log of softmax along an axis, without loss of precision.",
        ),
        # linear algebra
        OpRow(
            "dot", 2, i.dot, "linalg", doc="Product of matrices and vectors: the last dimension of x against the first of y."
        ),
        # shape
        OpRow("constant", 0, i.constant, "shape", {"value": REQUIRED}, doc="A known tensor."),
        OpRow("dim", 1, i.dim, "shape", {"axis": REQUIRED}, doc="Size of one dimension, an int64 scalar."),
        OpRow("make_vector", 1, i.stack_scalars, "shape", variadic=True, doc="A vector of scalars."),
        OpRow("arange", 3, i.arange, "shape", {"dtype": None}, doc="start, start + step, ... below stop."),
        OpRow("alloc", 1, i.sized("alloc"), "shape", {"sizes": REQUIRED}, variadic=True, doc="x broadcast to the given sizes."),
        OpRow(
            "reshape",
            1,
            i.sized("reshape"),
            "shape",
            {"sizes": REQUIRED},
            variadic=True,
            doc="The elements in another shape, in C order; one size may be -1, which is inferred.",
        ),
        OpRow(
            "dimshuffle",
            1,
            i.dimshuffle,
            "shape",
            {"order": REQUIRED},
            doc="Dimensions in another order; -1 inserts one of size 1, those left out must be of size 1.",
        ),
        OpRow("concatenate", 1, i.concatenate, "shape", {"axis": 0}, variadic=True, doc="Tensors joined along an axis."),
        # indexing
        OpRow(
            "subtensor",
            1,
            _subtensor,
            "indexing",
            {"index": REQUIRED},
            variadic=True,
            doc="x[index] with slices and scalar positions: a copy.",
        ),
        OpRow(
            "set_subtensor",
            2,
            _update_subtensor,
            "indexing",
            {"index": REQUIRED},
            variadic=True,
            doc="x with x[index] replaced by y.",
        ),
        OpRow(
            "inc_subtensor",
            2,
            _update_subtensor,
            "indexing",
            {"index": REQUIRED},
            variadic=True,
            doc="x with y added to x[index].",
        ),
        OpRow(
            "gather", 2, i.gather, "indexing", variadic=True, doc="x[i, j, ...] with index tensors for the leading dimensions."
        ),
        OpRow(
            "scatter_add",
            3,
            i.scatter_add,
            "indexing",
            variadic=True,
            doc="x with y added at [i, j, ...]; what falls on one position adds up.",
        ),
        # derivatives, expanded by the autodiff pass
        OpRow(
            "grad",
            2,
            i.grad,
            "derivative",
            variadic=True,
            doc="Gradients of a scalar cost with respect to the other operands; the pass autodiff expands it.",
        ),
    )
}
