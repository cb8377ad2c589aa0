"""Give expressions that overflow or cancel the form that does not, as Theano did: log-softmax, softplus, log1p, ...

Expects `nd` functions; runs before autodiff, so that gradients start from the stable form, and after it, since
gradients bring patterns of their own. Constants match as scalars, broadcasts or casts, operands of sums and products in
any order. Leaves values that are at least as accurate; each rule's docstring is the rule.

    %e = nd.exp (nd.neg %x)
    %p = nd.div %one, (nd.add %one, %e)      ->      %s = nd.softplus (nd.neg %x)
    %l = nd.log %p                                   %l = nd.neg %s
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term
from .rewriting import Rules, apply_rules, attribute, functions, is_constant, producer
from .stabilize_linalg import log_of_det
from .stabilize_sums import exp_of_log_softmax, log_of_sum, log_of_two, softmax_by_hand

Found = SSAValue | Term | None


# --- what the rules look for ------------------------------------------------------------------------------------------


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


# --- the rules --------------------------------------------------------------------------------------------------------


def log_of_softmax(op: NdOp, b: Builder) -> Found:
    """`log(softmax(x)) -> log_softmax(x)`, also of some elements of it (`log(softmax(x)[i, j])`)."""
    value = op.operands[0]
    for name in ("gather", "subtensor"):
        part = producer(value, name)
        soft = None if part is None else producer(part.operands[0], "softmax")
        if part is not None and soft is not None:
            whole = b.op("log_softmax", soft.operands[0], axis=attribute(soft, "axis"))
            return b.op(name, whole, *list(part.operands)[1:], **part.attrs)
    soft = producer(value, "softmax")
    return None if soft is None else b.op("log_softmax", soft.operands[0], axis=attribute(soft, "axis"))


def log_of_sigmoid(op: NdOp, b: Builder) -> Found:
    """`log(sigmoid(x)) -> -softplus(-x)`."""
    x = operand_of(op.operands[0], "sigmoid")
    return None if x is None else -negate(b, x).op("softplus")


def log_of_one_minus_sigmoid(op: NdOp, b: Builder) -> Found:
    """`log(1 - sigmoid(x)) -> -softplus(x)`."""
    other = one_minus(op.operands[0])
    x = None if other is None else operand_of(other, "sigmoid")
    return None if x is None else -b.term(x).op("softplus")


def log_of_one_plus_exp(op: NdOp, b: Builder) -> Found:
    """`log(1 + exp(x)) -> softplus(x)`."""
    x = one_plus_exp(op.operands[0])
    return None if x is None else b.op("softplus", x)


def log_of_one_plus(op: NdOp, b: Builder) -> Found:
    """`log(1 + x) -> log1p(x)`, `log(1 - x) -> log1p(-x)`."""
    x = plus_one(op.operands[0])
    if x is not None:
        return b.op("log1p", x)
    x = one_minus(op.operands[0])
    return None if x is None else (-b.term(x)).op("log1p")


def log1p_of_exp(op: NdOp, b: Builder) -> Found:
    """`log1p(exp(x)) -> softplus(x)`, `log1p(-sigmoid(x)) -> -softplus(x)`."""
    x = operand_of(op.operands[0], "exp")
    if x is not None:
        return b.op("softplus", x)
    other = negated(op.operands[0])
    x = None if other is None else operand_of(other, "sigmoid")
    return None if x is None else -b.term(x).op("softplus")


def logistic(op: NdOp, b: Builder) -> Found:
    """`1 / (1 + exp(x)) -> sigmoid(-x)`, `exp(x) / (1 + exp(x)) -> sigmoid(x)`."""
    top, bottom = op.operands
    x = one_plus_exp(bottom)
    if x is None:
        return None
    if is_constant(top, 1):
        return negate(b, x).op("sigmoid")
    return b.op("sigmoid", x) if operand_of(top, "exp") is x else None


def logistic_product(op: NdOp, b: Builder) -> Found:
    """`y / (1 + exp(x)) * exp(x) -> y * sigmoid(x)`, `sigmoid(x) * exp(-x) -> sigmoid(-x)`."""
    for factor, exp in (op.operands, reversed(op.operands)):
        x = operand_of(exp, "exp")
        if x is None:
            continue
        quotient = producer(factor, "div")
        if quotient is not None and one_plus_exp(quotient.operands[1]) is x:
            return b.op("mul", quotient.operands[0], b.op("sigmoid", x))
        s = operand_of(factor, "sigmoid")
        if s is not None and (negated(x) is s or negated(s) is x):
            return b.op("sigmoid", x)
    return None


def complement(op: NdOp, b: Builder) -> Found:
    """`1 - sigmoid(x) -> sigmoid(-x)`, `1 - exp(x) -> -expm1(x)`."""
    other = one_minus(op.results[0])
    if other is None:
        return None
    x = operand_of(other, "sigmoid")
    if x is not None:
        return negate(b, x).op("sigmoid")
    x = operand_of(other, "exp")
    return None if x is None else -b.term(x).op("expm1")


def exp_minus_one(op: NdOp, b: Builder) -> Found:
    """`exp(x) - 1 -> expm1(x)`."""
    other = minus_one(op.results[0])
    x = None if other is None else operand_of(other, "exp")
    return None if x is None else b.op("expm1", x)


RULES: Rules = {
    "log": (
        log_of_softmax,
        log_of_sigmoid,
        log_of_one_minus_sigmoid,
        log_of_one_plus_exp,
        log_of_one_plus,
        log_of_sum,
        log_of_two,
        log_of_det,
    ),
    "exp": (exp_of_log_softmax,),
    "log1p": (log1p_of_exp,),
    "div": (logistic, softmax_by_hand),
    "mul": (logistic_product,),
    "sub": (complement, exp_minus_one),
    "add": (complement, exp_minus_one),
}


@dataclass(frozen=True)
class Stabilize(ModulePass):
    """Rewrite what overflows or cancels."""

    name = "stabilize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Apply `RULES` to every function until none fires."""
        for func in functions(op):
            apply_rules(func, RULES)
