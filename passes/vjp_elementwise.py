"""Derivatives of the elementwise operations: read down a column, `c.g` is the gradient of the result.

Where a function has a corner the subgradient is Theano's: `abs` gives the sign, and of two equal operands of `maximum`
or `minimum` the first one gets all. Masked branches are cut with `select`, so that a NaN or infinity on the other side
stays there.
"""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .nd_builder import Term, type_of
from .rewriting import splat_value
from .stabilize_match import alike
from .vjp import Adjoint, Row


def _pow_base(c: Adjoint) -> Term | None:
    """`y * x**(y-1)`, without a logarithm; zero where y is 0, also at x = 0."""
    number = splat_value(c.y.value)
    if number is not None:
        slope = None if number == 0 else c.g * c.y * c.x.op("pow", c.y - 1.0)
        return _beside_zero(c, slope) if slope is not None and 0 < number < 1 else slope
    zero = c.y.op("eq", 0.0)
    slope = c.y * c.x.op("pow", zero.select(c.y, c.y - 1.0))
    return c.g * zero.select(c.y, slope)


def _pow_exponent(c: Adjoint) -> Term:
    """`log(x) * x**y`, zero at x = 0."""
    slope = c.out * c.x.op("log")
    return c.g * c.x.op("eq", 0.0).select(c.number(0.0), slope)


def _first_wins(c: Adjoint) -> Term:
    return c.out.op("eq", c.x).select(c.g, 0.0)


def _second_loses(c: Adjoint) -> Term:
    return c.out.op("eq", c.x).select(c.number(0.0), c.g)


def _select_yes(c: Adjoint) -> Term:
    return c.x.select(c.g, 0.0)


def _select_no(c: Adjoint) -> Term:
    return c.x.select(c.number(0.0), c.g)


def _sqrt(c: Adjoint) -> Term:
    """`1 / (2 sqrt(x))`, and 0 at the 0 of a sum of squares: the smallest slope of a norm there, as of abs."""
    return _beside_zero(c, c.g * 0.5 / c.out)


def _beside_zero(c: Adjoint, gradient: Term) -> Term:
    if not is_sum_of_squares(c.x.value):
        return gradient
    return c.x.op("eq", 0.0).select(c.number(0.0), gradient)


def is_sum_of_squares(value: SSAValue) -> bool:
    """Whether `value` is the sum of `x ** 2` or `x * x` over axes, perhaps in another shape, or of several of these."""
    op = value.owner
    if not isinstance(op, NdOp):
        return False
    if op.op in {"dimshuffle", "reshape"}:
        return is_sum_of_squares(op.operands[0])
    if op.op == "add":
        return all(map(is_sum_of_squares, op.operands))
    if op.op == "pow":
        return bool(splat_value(op.operands[1]) == 2)
    if op.op in {"mul", "dot"}:
        return alike(*op.operands) and (op.op == "mul" or type_of(op.operands[0]).ndim == 1)
    return op.op == "sum" and is_sum_of_squares(op.operands[0])


def _nothing(c: Adjoint) -> None:
    return None


ELEMENTWISE: dict[str, Row] = {
    "neg": (lambda c: -c.g,),
    "abs": (lambda c: c.g * c.x.op("sign"),),
    "sign": (_nothing,),
    "floor": (_nothing,),
    "ceil": (_nothing,),
    "cast": (lambda c: c.g,),
    "sqrt": (_sqrt,),
    "exp": (lambda c: c.g * c.out,),
    "expm1": (lambda c: c.g * c.x.op("exp"),),
    "log": (lambda c: c.g / c.x,),
    "log1p": (lambda c: c.g / (c.x + 1.0),),
    "sin": (lambda c: c.g * c.x.op("cos"),),
    "cos": (lambda c: -(c.g * c.x.op("sin")),),
    "tan": (lambda c: c.g * (c.out * c.out + 1.0),),
    "arctan": (lambda c: c.g / (c.x * c.x + 1.0),),
    "sinh": (lambda c: c.g * c.x.op("cosh"),),
    "cosh": (lambda c: c.g * c.x.op("sinh"),),
    "tanh": (lambda c: c.g * (1.0 - c.out * c.out),),
    "sigmoid": (lambda c: c.g * (c.out * (1.0 - c.out)),),
    "softplus": (lambda c: c.g * c.x.op("sigmoid"),),
    "add": (lambda c: c.g, lambda c: c.g),
    "sub": (lambda c: c.g, lambda c: -c.g),
    "mul": (lambda c: c.g * c.y, lambda c: c.g * c.x),
    "div": (lambda c: c.g / c.y, lambda c: -(c.g / c.y * c.out)),
    "floordiv": (_nothing, _nothing),
    "mod": (lambda c: c.g, lambda c: -(c.g * c.x.op("floordiv", c.y))),
    "pow": (_pow_base, _pow_exponent),
    "maximum": (_first_wins, _second_loses),
    "minimum": (_first_wins, _second_loses),
    "select": (_nothing, _select_yes, _select_no),
}
