"""Identities of truth values, choices and bits; the docstring of each rule is the rule."""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .canonicalize_arithmetic import Found, same
from .nd_builder import Builder, type_of
from .rewriting import Rules, producer, splat_value


def choose(op: NdOp, b: Builder) -> Found:
    """`select(True, x, y) -> x`, `select(c, x, x) -> x`, `select(~c, x, y) -> select(c, y, x)`."""
    condition, x, y = op.operands
    if x is y:
        return same(op, x)
    inverse = producer(condition, "invert")
    if inverse is not None:
        return b.op("select", inverse.operands[0], y, x)
    known = splat_value(condition)
    return None if known is None else same(op, x if known else y)


def idempotent(op: NdOp, b: Builder) -> Found:
    """`x & x`, `x | x`, `maximum(x, x)`, `minimum(x, x) -> x`."""
    return op.operands[0] if op.operands[0] is op.operands[1] else None


def _ones(value: SSAValue) -> int:
    """The number of all ones in the operand's dtype: True, or -1."""
    return 1 if type_of(value).kind == "b" else -1


def conjunction(op: NdOp, b: Builder) -> Found:
    """`x & ones -> x`, `x & 0 -> 0`."""
    x, y = op.operands
    number = splat_value(y)
    if number is None or same(op, x) is None or type_of(x).kind == "u":
        return None
    if number == _ones(x):
        return x
    return b.full_like(x, 0) if number == 0 else None


def disjunction(op: NdOp, b: Builder) -> Found:
    """`x | 0 -> x`, `x | ones -> ones`."""
    x, y = op.operands
    number = splat_value(y)
    if number is None or same(op, x) is None or type_of(x).kind == "u":
        return None
    if number == 0:
        return x
    return b.full_like(x, _ones(x)) if number == _ones(x) else None


def exclusive(op: NdOp, b: Builder) -> Found:
    """`x ^ 0 -> x`, `x ^ ones -> ~x`, `x ^ x -> 0`."""
    x, y = op.operands
    if x is y:
        return b.full_like(x, 0)
    number = splat_value(y)
    if number is None or same(op, x) is None or type_of(x).kind == "u":
        return None
    if number == 0:
        return x
    return b.op("invert", x) if number == _ones(x) else None


def invert_inverted(op: NdOp, b: Builder) -> Found:
    """`~~x -> x`; of truth values `~(x < y) -> x >= y` only for ints, since a NaN is neither."""
    inner = producer(op.operands[0], "invert")
    if inner is not None:
        return inner.operands[0]
    for name, opposite in OPPOSITE.items():
        comparison = producer(op.operands[0], name)
        if comparison is not None and (name in {"eq", "ne"} or type_of(comparison.operands[0]).kind in "biu"):
            return b.op(opposite, *comparison.operands)
    return None


OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def certain(op: NdOp, b: Builder) -> Found:
    """For ints `x == x`, `x <= x`, `x >= x` are true, `x != x`, `x < x`, `x > x` false."""
    x, y = op.operands
    if x is not y or type_of(x).kind not in "biu":
        return None
    answer = b.constant(op.op in {"eq", "le", "ge"}, "bool")
    return b.broadcast_to(answer, x)


LOGIC: Rules = {
    "select": (choose,),
    "maximum": (idempotent,),
    "minimum": (idempotent,),
    "and": (idempotent, conjunction),
    "or": (idempotent, disjunction),
    "xor": (exclusive,),
    "invert": (invert_inverted,),
    **{name: (certain,) for name in OPPOSITE},
}
