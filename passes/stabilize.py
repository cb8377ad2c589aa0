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

from .canonicalize_shape import take_whole
from .nd_builder import Builder, Term
from .rewriting import Rules, functions, is_constant, merge_rules, producer
from .stabilize_identities import IDENTITIES
from .stabilize_linalg import log_of_det
from .stabilize_logs import log_of_normal, log_rule
from .stabilize_match import alike, minus_one, negate, negated, one_minus, one_plus_exp, operand_of, opposite, plus_one
from .stabilize_sums import exp_of_log_softmax, log_softmax_by_hand, softmax_by_hand, softmax_by_inverse
from .worklist import apply_rules

Found = SSAValue | Term | None


# --- the rules --------------------------------------------------------------------------------------------------------


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
    other = operand_of(top, "exp")
    return b.op("sigmoid", x) if other is not None and alike(other, x) else None


def logistic_product(op: NdOp, b: Builder) -> Found:
    """`sigmoid(x) * exp(-x) -> sigmoid(-x)`, `y * sigmoid(x) * exp(-x) -> y * sigmoid(-x)`."""
    for factor, exp in (op.operands, tuple(reversed(op.operands))):
        x = operand_of(exp, "exp")
        if x is None:
            continue
        product = producer(factor, "mul")
        rows = [(factor, None)] if product is None else [tuple(product.operands), tuple(reversed(product.operands))]
        for value, rest in rows:
            s = operand_of(value, "sigmoid")
            if s is not None and opposite(x, s):
                found = b.term(x).op("sigmoid")
                return found if rest is None else b.term(rest) * found
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


RULES: Rules = merge_rules(
    {
        "log": (log_of_one_minus_sigmoid, log_of_one_plus_exp, log_of_normal, log_of_det),
        "exp": (exp_of_log_softmax,),
        "subtensor": (take_whole,),  # `total[:, None]` is one
        "log1p": (log1p_of_exp,),
        "div": (logistic, softmax_by_hand),
        "mul": (logistic_product, softmax_by_inverse),
        "sub": (complement, exp_minus_one, log_softmax_by_hand),
        "add": (complement, exp_minus_one),
    },
    IDENTITIES,
    {"log": (log_rule, log_of_one_plus)},
)


@dataclass(frozen=True)
class Stabilize(ModulePass):
    """Rewrite what overflows or cancels."""

    name = "stabilize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Apply `RULES` to every function until none fires."""
        for func in functions(op):
            apply_rules(func, RULES)
