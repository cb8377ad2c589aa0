"""What the rules of `stabilize` look for: signs, ones, and values that are computed alike."""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term
from .rewriting import is_constant, is_wrt, producer

DEPTH = 8  # to which operands are compared


def operand_of(value: SSAValue, name: str) -> SSAValue | None:
    """x where `value` is `name(x)`."""
    op = producer(value, name)
    return None if op is None else op.operands[0]


def negated(value: SSAValue) -> SSAValue | None:
    """x where `value` is `-x`, `x * -1` or `-1 * x`."""
    op = producer(value, "mul")
    if op is not None:
        x, y = op.operands
        return x if is_constant(y, -1) else y if is_constant(x, -1) else None
    return operand_of(value, "neg")


def plus_one(value: SSAValue) -> SSAValue | None:
    """x where `value` is `1 + x`, `x + 1`, `x - (-1)` or `1 - (-x)`."""
    if (op := producer(value, "add")) is not None:
        x, y = op.operands
        return x if is_constant(y, 1) else y if is_constant(x, 1) else None
    if (op := producer(value, "sub")) is not None:
        x, y = op.operands
        return x if is_constant(y, -1) else negated(y) if is_constant(x, 1) else None
    return None


def one_minus(value: SSAValue) -> SSAValue | None:
    """x where `value` is `1 - x`, `1 + (-x)` or `(-x) + 1`."""
    if (op := producer(value, "sub")) is not None and is_constant(op.operands[0], 1):
        return op.operands[1]
    other = plus_one(value)
    return None if other is None else negated(other)


def minus_one(value: SSAValue) -> SSAValue | None:
    """x where `value` is `x - 1`, `x + (-1)` or `-1 + x`."""
    if (op := producer(value, "sub")) is not None and is_constant(op.operands[1], 1):
        return op.operands[0]
    if (op := producer(value, "add")) is not None:
        x, y = op.operands
        return x if is_constant(y, -1) else y if is_constant(x, -1) else None
    return None


def one_plus_exp(value: SSAValue) -> SSAValue | None:
    """x where `value` is `1 + exp(x)`."""
    other = plus_one(value)
    return None if other is None else operand_of(other, "exp")


def doubled(value: SSAValue) -> SSAValue | None:
    """x where `value` is `2 * x` or `x * 2`."""
    op = producer(value, "mul")
    if op is None:
        return None
    x, y = op.operands
    return x if is_constant(y, 2) else y if is_constant(x, 2) else None


def halved(value: SSAValue) -> SSAValue | None:
    """x where `value` is `x / 2`, `x * 0.5` or `0.5 * x`."""
    if (op := producer(value, "div")) is not None:
        return op.operands[0] if is_constant(op.operands[1], 2) else None
    if (op := producer(value, "mul")) is not None:
        x, y = op.operands
        return x if is_constant(y, 0.5) else y if is_constant(x, 0.5) else None
    return None


def squared(value: SSAValue) -> SSAValue | None:
    """x where `value` is `x ** 2` or `x * x`."""
    if (op := producer(value, "pow")) is not None:
        return op.operands[0] if is_constant(op.operands[1], 2) else None
    if (op := producer(value, "mul")) is not None:
        return op.operands[0] if alike(*op.operands) else None
    return None


def alike(x: SSAValue, y: SSAValue, depth: int = DEPTH) -> bool:
    """Whether two values are one, or computed by the same operations from the same values."""
    if x is y:
        return True
    a, b = x.owner, y.owner
    if depth == 0 or not isinstance(a, NdOp) or not isinstance(b, NdOp) or a.op != b.op or x.type != y.type:
        return False
    if len(a.results) != 1 or a.attributes != b.attributes or a.properties != b.properties or is_wrt(x) or is_wrt(y):
        return False
    pairs = zip(a._operands, b._operands, strict=True) if len(a._operands) == len(b._operands) else None
    return pairs is not None and bool(a._operands or a.op == "constant") and all(alike(p, q, depth - 1) for p, q in pairs)


def opposite(x: SSAValue, y: SSAValue) -> bool:
    """Whether one of the values is written as the negative of the other."""
    minus_x, minus_y = negated(x), negated(y)
    return (minus_x is not None and alike(minus_x, y)) or (minus_y is not None and alike(minus_y, x))


def negate(b: Builder, value: SSAValue) -> Term:
    """`-value`, taking a sign away where there is one: `-(-a - b)` is `a + b`."""
    inner = negated(value)
    if inner is not None:
        return b.term(inner)
    if (op := producer(value, "sub")) is not None:
        x, y = op.operands
        positive = negated(x)
        return b.term(y) - b.term(x) if positive is None else b.term(positive) + b.term(y)
    return -b.term(value)


def double(b: Builder, value: SSAValue) -> Term:
    """`2 * value`, or what `value` is the half of."""
    inner = halved(value)
    return b.term(value) * 2.0 if inner is None else b.term(inner)


def half(b: Builder, value: SSAValue) -> Term:
    """`value / 2`, or what `value` is twice of."""
    inner = doubled(value)
    return b.term(value) * 0.5 if inner is None else b.term(inner)
