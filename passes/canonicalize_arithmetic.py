"""Identities of sums, products, powers and casts; the docstring of each rule is the rule."""

from __future__ import annotations

from math import frexp, isfinite

import numpy as np
from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp
from phintys.ir.types import DTYPES, DType

from .nd_builder import Builder, Term, type_of
from .rewriting import Rules, attribute, is_constant, producer, splat_value

MANTISSA = {"float32": 24, "float64": 53, "complex64": 24, "complex128": 53}

Found = SSAValue | Term | None


def one_use(value: SSAValue, name: str) -> NdOp | None:
    """The operation of that name that computes `value`, if nothing else uses it."""
    op = producer(value, name)
    return op if op is not None and value.has_one_use() else None


def same(op: NdOp, value: SSAValue) -> SSAValue | None:
    """`value` if it has the type of the operation's result, so that it can stand for it."""
    return value if value.type == op.results[0].type else None


def is_float(value: SSAValue) -> bool:
    """Whether the elements are floating point (or complex) numbers."""
    return type_of(value).kind in "fc"


# --- sums -------------------------------------------------------------------------------------------------------------


def add_zero(op: NdOp, b: Builder) -> Found:
    """`x + (-0.0) -> x`; for ints `x + 0 -> x`; `x + alloc(0.0) -> x` (-0.0 stays what it is)."""
    for x, zero in (op.operands, reversed(op.operands)):
        neutral = is_constant(zero, -0.0 if is_float(zero) else 0)
        if x.type == op.results[0].type and (neutral or (producer(zero, "alloc") and is_constant(zero, 0.0))):
            return x
    return None


def add_negative(op: NdOp, b: Builder) -> Found:
    """`x + (-y) -> x - y`, and so on the left."""
    x, y = op.operands
    if (negative := producer(y, "neg")) is not None:
        return b.op("sub", x, negative.operands[0])
    if (negative := producer(x, "neg")) is not None:
        return b.op("sub", y, negative.operands[0])
    return None


def add_increment(op: NdOp, b: Builder) -> Found:
    """`x + inc_subtensor(zeros, y) -> inc_subtensor(x, y)`."""
    for x, other in (op.operands, reversed(op.operands)):
        inc = one_use(other, "inc_subtensor")
        if inc is None or x.type != other.type or not is_constant(inc.operands[0], 0.0):
            continue
        return b.op("inc_subtensor", x, *list(inc.operands)[1:], index=attribute(inc, "index"))
    return None


def subtract_zero(op: NdOp, b: Builder) -> Found:
    """`x - 0 -> x`."""
    return same(op, op.operands[0]) if is_constant(op.operands[1], 0.0) else None


def subtract_negative(op: NdOp, b: Builder) -> Found:
    """`x - (-y) -> x + y`."""
    negative = producer(op.operands[1], "neg")
    return None if negative is None else b.op("add", op.operands[0], negative.operands[0])


def subtract_from_zero(op: NdOp, b: Builder) -> Found:
    """`-0.0 - x -> -x`; for ints `0 - x -> -x`."""
    zero, x = op.operands
    return b.op("neg", x) if same(op, x) and is_constant(zero, -0.0 if is_float(x) else 0) else None


def subtract_itself(op: NdOp, b: Builder) -> Found:
    """For ints `x - x -> 0`."""
    x, y = op.operands
    return b.full_like(x, 0) if x is y and not is_float(x) else None


def negate_negative(op: NdOp, b: Builder) -> Found:
    """`-(-x) -> x`."""
    inner = producer(op.operands[0], "neg")
    return None if inner is None else inner.operands[0]


def negate_scaled(op: NdOp, b: Builder) -> Found:
    """`-(x * c) -> x * -c`, `-(x / c) -> x / -c`, `-(c / x) -> -c / x`."""
    for name in ("mul", "div"):
        inner = one_use(op.operands[0], name)
        if inner is not None and is_float(inner.results[0]):
            x, y = inner.operands
            if producer(y, "constant") is not None:
                return b.op(name, x, b.op("neg", y))
            if producer(x, "constant") is not None:
                return b.op(name, b.op("neg", x), y)
    return None


# --- products ---------------------------------------------------------------------------------------------------------


def multiply_by_number(op: NdOp, b: Builder) -> Found:
    """`x * 1 -> x`; `x * -1 -> -x`; for ints `x * 0 -> 0`."""
    for x, number in (op.operands, reversed(op.operands)):
        value = splat_value(number)
        if value is None or x.type != op.results[0].type:
            continue
        if value == 1:
            return x
        if value == -1 and type_of(x).kind != "u":
            return b.op("neg", x)
        if value == 0 and not is_float(x):
            return b.full_like(x, 0)
    return None


def multiply_negatives(op: NdOp, b: Builder) -> Found:
    """`-x * -y -> x * y`, `-x * y -> -(x * y)`; the same for quotients."""
    x, y = op.operands
    nx, ny = producer(x, "neg"), producer(y, "neg")
    if not is_float(op.results[0]) or (nx is None and ny is None):
        return None
    if nx is not None and ny is not None:
        return b.op(op.op, nx.operands[0], ny.operands[0])
    negated = x if ny is None else y
    if not negated.has_one_use():
        return None
    product = b.op(op.op, nx.operands[0] if nx else x, ny.operands[0] if ny else y)
    return b.op("neg", product)


def _is_scale(value: SSAValue) -> bool:
    """Whether this is a power of two of magnitude 1 or more."""
    return _is_whole(value) and abs(frexp(splat_value(value))[0]) == 0.5


def _is_whole(value: SSAValue) -> bool:
    """Whether this is a whole number other than 0; not so large that a product of two leaves the range of float32."""
    number = splat_value(value)
    return number is not None and type_of(value).kind == "f" and 1 <= abs(number) <= 2.0**60 and number == int(number)


def gather_factors(op: NdOp, b: Builder) -> Found:
    """`(x * c) * d -> x * (c * d)` where it is exact: ints, and whole numbers by powers of two that do not shrink.

    A whole number times a subnormal is exact, and times anything else it is rounded as its double would be.
    """
    x, d = op.operands
    inner = one_use(x, "mul")
    if inner is None or producer(d, "constant") is None or producer(inner.operands[1], "constant") is None:
        return None
    y, c = inner.operands
    exact = type_of(x).kind in "iu" or (_is_scale(c) and _is_whole(d)) or (_is_whole(c) and _is_scale(d))
    return b.op("mul", y, b.op("mul", c, d)) if exact else None


def divide_by_number(op: NdOp, b: Builder) -> Found:
    """`x / 1 -> x`; `x / c -> x * (1/c)` where c is a power of two, whose reciprocal is exact."""
    x, y = op.operands
    number = splat_value(y)
    if number is None or type_of(y).kind != "f" or not is_float(x) or number == 0 or not isfinite(number):
        return None
    if number == 1:
        return same(op, x)
    dtype = type_of(y).dtype
    inverse = np.dtype(dtype).type(1) / number
    normal = np.finfo(dtype).tiny <= abs(inverse) <= np.finfo(dtype).max
    return b.op("mul", x, b.constant(inverse, dtype)) if abs(frexp(number)[0]) == 0.5 and normal else None


def trivial_power(op: NdOp, b: Builder) -> Found:
    """`x ** 1 -> x`; `x ** 0 -> 1` (NaN ** 0 is 1 as well)."""
    x, y = op.operands
    number = splat_value(y)
    if number == 1:
        return same(op, x)
    return b.full_like(x, 1) if number == 0 and same(op, x) is not None else None


# --- one operand ------------------------------------------------------------------------------------------------------


def absolute_of_signed(op: NdOp, b: Builder) -> Found:
    """`abs(-x) -> abs(x)`, `abs(abs(x)) -> abs(x)`. Unsigned numbers wrap around: they are their own absolute values."""
    inner = producer(op.operands[0], "neg")
    if inner is not None and type_of(op.operands[0]).kind != "u":
        return b.op("abs", inner.operands[0])
    return op.operands[0] if producer(op.operands[0], "abs") is not None else None


def round_rounded(op: NdOp, b: Builder) -> Found:
    """`floor` and `ceil` of what is already rounded, or of ints."""
    x = op.operands[0]
    whole = type_of(x).kind in "iub" or any(producer(x, name) is not None for name in ("floor", "ceil", "sign"))
    return x if whole else None


def holds(outer: DType, inner: DType) -> bool:
    """Whether every value of dtype `inner` is exactly a value of dtype `outer`."""
    if inner.kind == "b" or outer.name == inner.name:
        return True
    if outer.kind in "fc":
        digits = MANTISSA.get(inner.name, inner.bits)
        return digits <= MANTISSA[outer.name] and (outer.kind == "c" or inner.kind != "c")
    if outer.kind == "b" or inner.kind in "fc":
        return False
    return inner.bits < outer.bits and (outer.kind == inner.kind or outer.kind == "i")


def cast_of_cast(op: NdOp, b: Builder) -> Found:
    """A cast to the same dtype; `cast(cast(x, a), b) -> cast(x, b)` where a holds every value of x.

    Not through a float to an int that does not hold x as well: floats out of range saturate, ints wrap around.
    """
    x = op.operands[0]
    if x.type == op.results[0].type:
        return x
    inner = producer(x, "cast")
    if inner is None:
        return None
    source = inner.operands[0]
    first, middle, last = (DTYPES[type_of(value).dtype] for value in (source, x, op.results[0]))
    if not holds(middle, first) or (middle.kind == "f" and first.kind in "iu" and last.kind in "iu" and not holds(last, first)):
        return None
    return b.cast(source, last.name)


ARITHMETIC: Rules = {
    "add": (add_zero, add_negative, add_increment),
    "sub": (subtract_zero, subtract_negative, subtract_from_zero, subtract_itself),
    "neg": (negate_negative, negate_scaled),
    "mul": (multiply_by_number, multiply_negatives, gather_factors),
    "div": (divide_by_number, multiply_negatives),
    "pow": (trivial_power,),
    "abs": (absolute_of_signed,),
    "floor": (round_rounded,),
    "ceil": (round_rounded,),
    "cast": (cast_of_cast,),
}
