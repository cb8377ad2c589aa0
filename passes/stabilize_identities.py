"""Rules of `stabilize` for functions written out in exponentials, roots and differences; each docstring is the rule.

Both sides are equal for all real numbers for which the left one is defined, and NaN for the same ones; infinite operands may
give the limit where the left side says NaN.
"""

from __future__ import annotations

from math import log

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term, type_of
from .rewriting import Rules, is_constant, producer, splat_value
from .stabilize_logs import log_one_minus_exp
from .stabilize_match import (
    alike,
    double,
    doubled,
    half,
    minus_one,
    negate,
    negated,
    one_minus,
    one_plus_exp,
    operand_of,
    opposite,
    plus_one,
    squared,
)

Found = SSAValue | Term | None


# --- hyperbolic functions ---------------------------------------------------------------------------------------------


def one_plus_tanh(op: NdOp, b: Builder) -> Found:
    """`c + c tanh(x) -> 2 c sigmoid(2 x)`, `c - c tanh(x) -> 2 c sigmoid(-2 x)`."""
    pairs = [op.operands] if op.op == "sub" else [op.operands, tuple(reversed(op.operands))]
    for constant, term in pairs:
        c = splat_value(constant)
        inner = negated(term)
        scaled, minus = (term, op.op == "sub") if inner is None else (inner, op.op == "add")
        product = producer(scaled, "mul")
        factors = product.operands if product is not None and c != 1 else None
        if factors is not None:
            scaled = factors[1] if splat_value(factors[0]) == c else factors[0] if splat_value(factors[1]) == c else scaled
        if c is None or (factors is None and c != 1) or (x := operand_of(scaled, "tanh")) is None:
            continue
        argument = double(b, x)
        value = (-argument if minus else argument).op("sigmoid")
        return value if c == 0.5 else value * (2.0 * float(c))
    return None


def twice_sigmoid(op: NdOp, b: Builder) -> Found:
    """`2 sigmoid(x) - 1 -> tanh(x / 2)`, `1 - 2 sigmoid(x) -> tanh(-x / 2)`."""
    above = minus_one(op.results[0])
    twice = doubled(above) if above is not None else None
    x = None if twice is None else operand_of(twice, "sigmoid")
    if x is not None:
        return half(b, x).op("tanh")
    below = one_minus(op.results[0])
    twice = doubled(below) if below is not None else None
    x = None if twice is None else operand_of(twice, "sigmoid")
    return None if x is None else _minus(half(b, x)).op("tanh")


def _minus(value: Term) -> Term:
    return negate(value.b, value.value)


def twice_cosh(op: NdOp, b: Builder) -> Found:
    """`exp(x) + exp(-x) -> 2 cosh(x)`, `exp(x) - exp(-x) -> 2 sinh(x)`."""
    x, y = (operand_of(value, "exp") for value in op.operands)
    if x is None or y is None or not opposite(x, y):
        return None
    if op.op == "add":
        return b.term(x).op("cosh") * 2.0
    return b.term(x).op("sinh") * 2.0


def quotient_of_exponentials(op: NdOp, b: Builder) -> Found:
    """`sinh(x) / cosh(x) -> tanh(x)`, `(exp(x) - 1) / (exp(x) + 1) -> tanh(x / 2)`, with doubles and signs.

    `exp(x) / (exp(x) + exp(y)) -> sigmoid(x - y)`, `sigmoid(x) / sigmoid(-x) -> exp(x)`.
    """
    top, bottom = op.operands
    numerator, denominator = doubled(top), doubled(bottom)
    if numerator is not None and denominator is not None:
        top, bottom = numerator, denominator
    sinh, cosh = operand_of(top, "sinh"), operand_of(bottom, "cosh")
    if sinh is not None and cosh is not None and alike(sinh, cosh):
        return b.op("tanh", sinh)
    minus = negated(top)
    expm1, exp = operand_of(top if minus is None else minus, "expm1"), one_plus_exp(bottom)
    if expm1 is not None and exp is not None and alike(expm1, exp):
        value = half(b, expm1).op("tanh")
        return value if minus is None else -value
    first, second = operand_of(top, "sigmoid"), operand_of(bottom, "sigmoid")
    if first is not None and second is not None and opposite(first, second):
        return b.op("exp", first)
    return _share(top, bottom, b)


def _share(top: SSAValue, bottom: SSAValue, b: Builder) -> Found:
    x, total = operand_of(top, "exp"), producer(bottom, "add")
    exps = [operand_of(value, "exp") for value in total.operands] if total is not None else []
    if x is None or len(exps) != 2 or exps[0] is None or exps[1] is None:
        return None
    if alike(x, exps[0]):
        return (b.term(x) - b.term(exps[1])).op("sigmoid")
    return (b.term(x) - b.term(exps[0])).op("sigmoid") if alike(x, exps[1]) else None


def over_one_plus_exp(op: NdOp, b: Builder) -> Found:
    """`y / (1 + exp(x)) -> y sigmoid(-x)`."""
    x = one_plus_exp(op.operands[1])
    return None if x is None else b.term(op.operands[0]) * negate(b, x).op("sigmoid")


def inverse_power(op: NdOp, b: Builder) -> Found:
    """`(1 + exp(x)) ** -1 -> sigmoid(-x)`."""
    x = one_plus_exp(op.operands[0])
    return None if x is None or not is_constant(op.operands[1], -1) else negate(b, x).op("sigmoid")


def doubled_half(op: NdOp, b: Builder) -> Found:
    """`(2 x) / 2 -> x`, `0.5 (2 x) -> x`."""
    if op.op == "div":
        return doubled(op.operands[0]) if is_constant(op.operands[1], 2) else None
    for number, other in (op.operands, tuple(reversed(op.operands))):
        if is_constant(number, 0.5) and (found := doubled(other)) is not None:
            return found
    return None


# --- softplus and logarithms ------------------------------------------------------------------------------------------


def _softplus(value: SSAValue) -> tuple[bool, SSAValue] | None:
    """Whether there is a minus, and x, where `value` is `softplus(x)` or `-softplus(x)`."""
    inner = negated(value)
    x = operand_of(value if inner is None else inner, "softplus")
    return None if x is None else (inner is not None, x)


def softplus_of_opposites(op: NdOp, b: Builder) -> Found:
    """`softplus(x) - softplus(-x) -> x`, with the minus anywhere."""
    first, second = map(_softplus, op.operands)
    if first is None or second is None or (first[0] == second[0]) != (op.op == "sub") or not opposite(first[1], second[1]):
        return None
    return negate(b, first[1]) if first[0] else first[1]


def softplus_less_operand(op: NdOp, b: Builder) -> Found:
    """`softplus(x) - x -> softplus(-x)`, `x - softplus(x) -> -softplus(-x)`, `softplus(-x) + x -> softplus(x)`."""
    for number, (part, other) in enumerate((op.operands, tuple(reversed(op.operands)))):
        x = operand_of(part, "softplus")
        if x is None:
            continue
        if op.op == "add" and opposite(x, other):
            return b.op("softplus", other)
        if op.op == "sub" and alike(x, other):
            found = negate(b, x).op("softplus")
            return found if number == 0 else -found
    return None


def log_of_expm1(op: NdOp, b: Builder) -> Found:
    """`log(1 - exp(x))` by expm1 or log1p; `log(exp(x) - 1) -> x + log(1 - exp(-x))` for x >= 1."""
    inner = negated(op.operands[0])
    x = None if inner is None else operand_of(inner, "expm1")
    if x is not None:
        return log_one_minus_exp(b.term(x))
    x = operand_of(op.operands[0], "expm1")
    if x is None:
        return None
    term = b.term(x)
    near = term.op("lt", 1.0)
    small, large = near.select(term, 1.0), near.select(b.term(b.constant(1.0, term.type.dtype)), term)
    # Written with `+ 0` and `0 -`, so that no rule takes them for its own.
    return near.select((small.op("expm1") + 0.0).op("log"), large + (0.0 - (-large).op("exp")).op("log1p"))


def log1p_of_minus_exp(op: NdOp, b: Builder) -> Found:
    """`log1p(-exp(x))` by expm1 where it is more precise."""
    inner = negated(op.operands[0])
    x = None if inner is None else operand_of(inner, "exp")
    return None if x is None else log_one_minus_exp(b.term(x))


def log_one_minus_tanh_squared(op: NdOp, b: Builder) -> Found:
    """`log(1 - tanh(x) ** 2) -> 2 log(2) - 2 (x + softplus(-2 x))`: even in x, and taken at its magnitude."""
    other = one_minus(op.operands[0]) if op.op == "log" else negated(op.operands[0])
    root = None if other is None else squared(other)
    x = None if root is None else operand_of(root, "tanh")
    if x is None:
        return None
    size = b.term(x).op("abs")
    near = size.op("lt", 1.0)
    sine = near.select(b.term(x), 0.0).op("sinh")
    far = near.select(b.term(b.constant(1.0, size.type.dtype)), size)
    return near.select(-((sine * sine).op("log1p")), ((far + (far * -2.0).op("exp").op("log1p")) * -2.0) + 2 * log(2.0))


def inverse_hyperbolic(op: NdOp, b: Builder) -> Found:
    """`log(x + sqrt(x**2 + 1)) -> arcsinh(x)`, `log(x + sqrt(x**2 - 1)) -> arccosh(x)`.

    `log((1 + x) / (1 - x)) -> 2 arctanh(x)`.
    """
    total, quotient = producer(op.operands[0], "add"), producer(op.operands[0], "div")
    for x, other in (total.operands, tuple(reversed(total.operands))) if total is not None else ():
        root = operand_of(other, "sqrt")
        for name, inner in (("arcsinh", plus_one), ("arccosh", minus_one)):
            square = inner(root) if root is not None else None
            base = squared(square) if square is not None else None
            if base is not None and alike(base, x):
                return b.op(name, x)
    if quotient is not None:
        top, bottom = plus_one(quotient.operands[0]), one_minus(quotient.operands[1])
        if top is not None and bottom is not None and alike(top, bottom):
            return b.term(top).op("arctanh") * 2.0
    return None


def x_log_x(op: NdOp, b: Builder) -> Found:
    """`x log(x) -> xlogx(x)`, 0 at 0."""
    for x, other in (op.operands, tuple(reversed(op.operands))):
        inner = operand_of(other, "log")
        if inner is not None and alike(inner, x) and type_of(x).kind == "f":
            return b.op("xlogx", x)
    return None


# --- roots, error functions, cosines ----------------------------------------------------------------------------------


def root_of_square(op: NdOp, b: Builder) -> Found:
    """`sqrt(x ** 2) -> abs(x)`, `(x ** 2) ** 0.5 -> abs(x)`."""
    x = squared(op.operands[0])
    if x is None or type_of(x).kind != "f" or (op.op == "pow" and not is_constant(op.operands[1], 0.5)):
        return None
    return b.op("abs", x)


def one_less_error(op: NdOp, b: Builder) -> Found:
    """`1 - erf(x) -> erfc(x)`, `1 + erf(x) -> erfc(-x)`, `erf(x) - 1 -> -erfc(x)`; `1 - erfc(x) -> erf(x)` and its negative."""
    value = op.results[0]
    less, more, below = one_minus(value), plus_one(value), minus_one(value)
    for name, other in (("erf", "erfc"), ("erfc", "erf")):
        x = operand_of(less, name) if less is not None else None
        if x is not None:
            return b.op(other, x)
        x = operand_of(below, name) if below is not None else None
        if x is not None:
            return -b.term(x).op(other)
    x = operand_of(more, "erf") if more is not None else None
    return None if x is None else negate(b, x).op("erfc")


def one_less_cosine(op: NdOp, b: Builder) -> Found:
    """`1 - cos(x) -> 2 sin(x / 2) ** 2`, and its negative."""
    for other, factor in ((one_minus(op.results[0]), 2.0), (minus_one(op.results[0]), -2.0)):
        x = operand_of(other, "cos") if other is not None else None
        if x is not None:
            sine = half(b, x).op("sin")
            return sine * sine * factor
    return None


_HYPERBOLIC = (one_plus_tanh, twice_sigmoid, twice_cosh)
_SUMS = (*_HYPERBOLIC, softplus_of_opposites, softplus_less_operand, one_less_error, one_less_cosine)
IDENTITIES: Rules = {
    "add": _SUMS,
    "sub": _SUMS,
    "mul": (doubled_half, x_log_x),
    "div": (doubled_half, quotient_of_exponentials, over_one_plus_exp),
    "pow": (inverse_power, root_of_square),
    "sqrt": (root_of_square,),
    "log": (log_of_expm1, log_one_minus_tanh_squared, inverse_hyperbolic),
    "log1p": (log1p_of_minus_exp, log_one_minus_tanh_squared),
}
