"""The operation table: one row per operation, shared by expressions, graph text and the `nd` dialect.

A row gives the operand count, the attributes with their defaults and the inference function; the operation `name` is `nd.name`
in IR and `name(...)` (or its infix sign) in graph text. Adding an operation starts here and goes on with one row each in
`dialects/nd_*` (its class), `passes/autodiff` (its derivative) and the lowering of its family.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import infer as i
from . import infer_rows as r
from .op_row import FLOAT, ORDERED, REAL_FLOAT, REQUIRED, SAME, OpRow, binary, reduction, unary
from .ops_complex import COMPLEX
from .ops_host import HOST
from .ops_marks import MARKS
from .ops_math import MATH
from .ops_sequence import SEQUENCE
from .subscript import parse_index, subtensor_type
from .types import TensorType, TypeInferenceError


def _subtensor(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    _check_positions(types[1:], attrs["index"], "subtensor")
    return [subtensor_type(types[0], attrs["index"])]


def _check_positions(types: Sequence[TensorType], index: str, what: str) -> None:
    r.index_scalars(types, what)
    marks = sum(entry.operands for entry in parse_index(index))
    if marks != len(types):
        raise TypeInferenceError(f"{what}: index '{index}' has {marks} '?' for {len(types)} index operands")


def _update_subtensor(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    _check_positions(types[2:], attrs["index"], "update of a subtensor")
    region = subtensor_type(types[0], attrs["index"])
    if not i.fits_into(types[1], region):
        raise TypeInferenceError(f"a {types[1]} does not fit into the {region} it is assigned to")
    return [types[0]]


_NUMERIC = i.refuse_bool(SAME)
_BITS = i.integral(SAME)
_TRUTH = i.elementwise(i.boolean)
_COMPARE = i.refuse_complex(_TRUTH)

OPS: dict[str, OpRow] = {
    row.name: row
    for row in (
        # elementwise, one operand
        unary("neg", _NUMERIC, "-x."),
        unary("abs", i.elementwise(i.real), "|x|; of complex numbers the modulus, which is real."),
        unary("sign", i.refuse_bool(ORDERED), "-1, 0 or 1; NaN stays NaN."),
        unary("sqrt", FLOAT, "Square root; NaN below 0."),
        unary("exp", FLOAT, "e to the power x."),
        unary("expm1", REAL_FLOAT, "exp(x) - 1, accurate near 0."),
        unary("log", FLOAT, "Natural logarithm; -inf at 0, NaN below."),
        unary("log1p", REAL_FLOAT, "log(1 + x), accurate near 0."),
        unary("sin", FLOAT, "Sine of radians."),
        unary("cos", FLOAT, "Cosine of radians."),
        unary("tan", FLOAT, "Tangent of radians."),
        unary("arctan", REAL_FLOAT, "Inverse tangent, in radians."),
        unary("sinh", FLOAT, "Hyperbolic sine."),
        unary("cosh", FLOAT, "Hyperbolic cosine."),
        unary("tanh", FLOAT, "Hyperbolic tangent."),
        unary("sigmoid", REAL_FLOAT, "1 / (1 + exp(-x))."),
        unary("softplus", REAL_FLOAT, "log(1 + exp(x)), without overflow."),
        unary("floor", ORDERED, "The largest integer not above x, in x's dtype."),
        unary("ceil", ORDERED, "The smallest integer not below x, in x's dtype."),
        *MATH,
        *COMPLEX,
        unary("invert", _BITS, "Bits inverted; of bool, not."),
        OpRow(
            "cast",
            1,
            r.cast,
            "elementwise",
            {"dtype": REQUIRED},
            doc="Another dtype; floats are cut towards zero when they become ints.",
        ),
        # elementwise, two operands
        binary("add", SAME, "+", "x + y; of bool, or.", commutative=True),
        binary("sub", _NUMERIC, "-", "x - y."),
        binary("mul", SAME, "*", "x * y; of bool, and.", commutative=True),
        binary("div", i.elementwise(i.quotient), "/", "True quotient; of two ints, float64."),
        binary("floordiv", i.refuse_bool(ORDERED), "//", "Quotient rounded down; of ints, 0 for a zero divisor."),
        binary("mod", i.refuse_bool(ORDERED), "%", "Remainder of floordiv, with the divisor's sign."),
        binary("pow", i.refuse_bool(SAME), "**", "x to the power y."),
        binary("maximum", ORDERED, None, "The larger of two; NaN if either is.", commutative=True),
        binary("minimum", ORDERED, None, "The smaller of two; NaN if either is.", commutative=True),
        binary("and", _BITS, "&", "Bitwise and; of bool, both.", commutative=True),
        binary("or", _BITS, "|", "Bitwise or; of bool, either.", commutative=True),
        binary("xor", _BITS, "^", "Bitwise exclusive or; of bool, different.", commutative=True),
        binary("eq", _TRUTH, "==", "Whether x equals y.", commutative=True),
        binary("ne", _TRUTH, "!=", "Whether x differs from y.", commutative=True),
        binary("lt", _COMPARE, "<", "Whether x is below y."),
        binary("le", _COMPARE, "<=", "Whether x is at most y."),
        binary("gt", _COMPARE, ">", "Whether x is above y."),
        binary("ge", _COMPARE, ">=", "Whether x is at least y."),
        OpRow(
            "select",
            3,
            i.truth(i.elementwise(i.selected)),
            "elementwise",
            doc="x where the condition holds, else y, element by element.",
        ),
        # reductions
        reduction("sum", i.reduction(i.sum_dtype), "Sum over axes; bool and ints accumulate in 64 bits."),
        reduction("prod", i.reduction(i.sum_dtype), "Product over axes; bool and ints accumulate in 64 bits."),
        reduction("max", i.refuse_complex(i.reduction(i.keep_dtype)), "Largest element over axes; NaN if any is."),
        reduction("min", i.refuse_complex(i.reduction(i.keep_dtype)), "Smallest element over axes; NaN if any is."),
        reduction("all", i.truth(i.reduction(i.to_bool)), "Whether all elements over axes are true."),
        reduction("any", i.truth(i.reduction(i.to_bool)), "Whether any element over axes is true."),
        reduction(
            "argmax",
            i.refuse_complex(i.reduction(i.to_int64)),
            "Position of the largest element, the first of equals; over several axes, in their flattened order.",
        ),
        reduction(
            "argmin",
            i.refuse_complex(i.reduction(i.to_int64)),
            "Position of the smallest element, the first of equals; over several axes, in their flattened order.",
        ),
        OpRow("softmax", 1, r.softmax, "composite", {"axis": -1}, doc="exp(x) over its sum along an axis, without overflow."),
        OpRow(
            "log_softmax",
            1,
            r.softmax,
            "composite",
            {"axis": -1},
            doc="log of softmax along an axis, without loss of precision.",
        ),
        # linear algebra
        OpRow(
            "dot", 2, r.dot, "linalg", doc="Product of matrices and vectors: the last dimension of x against the first of y."
        ),
        OpRow(
            "gemm",
            5,
            r.gemm,
            "linalg",
            doc="beta * c + alpha * dot(x, y), of c, alpha, x, y, beta: matrices of one float dtype, two scalars.",
        ),
        # shape
        OpRow("constant", 0, r.constant, "shape", {"value": REQUIRED}, doc="A known tensor."),
        OpRow("dim", 1, r.dim, "shape", {"axis": REQUIRED}, doc="Size of one dimension, an int64 scalar."),
        OpRow("make_vector", 1, r.stack_scalars, "shape", variadic=True, doc="A vector of scalars."),
        OpRow("arange", 3, r.arange, "shape", {"dtype": None}, doc="start, start + step, ... below stop."),
        OpRow("alloc", 1, r.sized("alloc"), "shape", {"sizes": REQUIRED}, variadic=True, doc="x broadcast to the given sizes."),
        OpRow(
            "reshape",
            1,
            r.sized("reshape"),
            "shape",
            {"sizes": REQUIRED},
            variadic=True,
            doc="The elements in another shape, in C order; one size may be -1, which is inferred.",
        ),
        OpRow(
            "dimshuffle",
            1,
            r.dimshuffle,
            "shape",
            {"order": REQUIRED},
            doc="Dimensions in another order; -1 inserts one of size 1, those left out must be of size 1.",
        ),
        OpRow("concatenate", 1, r.concatenate, "shape", {"axis": 0}, variadic=True, doc="Tensors joined along an axis."),
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
            "gather", 2, r.gather, "indexing", variadic=True, doc="x[i, j, ...] with index tensors for the leading dimensions."
        ),
        OpRow(
            "scatter_add",
            3,
            r.scatter_add,
            "indexing",
            variadic=True,
            doc="x with y added at [i, j, ...]; what falls on one position adds up.",
        ),
        *HOST,
        OpRow(
            "scatter_set",
            3,
            r.scatter_add,
            "indexing",
            variadic=True,
            doc="x with y put at [i, j, ...]; of what falls on one position the last stays.",
        ),
        *SEQUENCE,
        # derivatives, expanded by the autodiff pass, and marks for it
        *MARKS,
        OpRow(
            "grad",
            2,
            r.grad,
            "derivative",
            variadic=True,
            doc="Gradients of a scalar cost with respect to the other operands; the pass autodiff expands it.",
        ),
        OpRow(
            "jacobian",
            2,
            r.jacobian,
            "derivative",
            variadic=True,
            doc="Gradients of all elements of a vector, one below the other; the pass autodiff expands it.",
        ),
    )
}

ADDED: set[str] = set()  # names of operations that a program has added to the table, see `passes/plugins.py`
