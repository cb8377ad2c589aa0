"""exp2, pow and rsqrt of f64.

2^t = 2^n 2^f with |f| <= 1/2, both exact, and 2^f is a minimax polynomial. pow(x, y) is 2^(y log2(|x|)) with the exponent
as a sum of two numbers, then the sign of an odd power, and what C99 (F.9.4.4) says of zeros, infinities and NaN.
"""

from __future__ import annotations

from math import inf, nan

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import IntegerAttr, i1, i64
from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .exponential import Reduced, power_of_two_halves
from .logarithm_pair import Pair, log2_pair, log2_scaled
from .table import WHOLE_POW

LN2 = (0.6931471805599453, 2.3190468138462996e-17)
TERMS = (  # 2^f = 1 + f ln(2) + f^2 (terms), error 3.4e-18 f
    0.24022650695910133, 0.05550410866482174, 0.009618129107593396, 0.0013333558146379507, 0.00015403530458011556,
    1.5252733867153972e-05, 1.3215434846501856e-06, 1.0178046601565965e-07, 7.0738556597487384e-09, 4.4573686048958817e-10,
)  # fmt: skip
INSIDE = 1000.0  # up to here 2^t is a normal number
LOW, HIGH = -1080.0, 1025.0  # beyond these 2^t is 0 and inf
SINGLE_TERMS = (  # 2^f = 1 + f (terms), error 2e-9 f
    0.6931471824645996, 0.24022650718688965, 0.055503327399492264, 0.009618007577955723, 0.0013398828450590372,
    0.000154754554387182,
)  # fmt: skip
SINGLE_LOW, SINGLE_HIGH = -152.0, 129.0
_NOT_BELOW = IntegerAttr(9, i64)  # predicate of arith.cmpi, of unsigned integers


def _reduce(b: ScalarBuilder, t: SSAValue) -> tuple[Reduced, SSAValue]:
    """n in the form that `power_of_two_halves` takes, and f."""
    magic = b.format.integer_magic + 2 * b.format.bias
    biased = b.add(t, magic)
    n = b.sub(biased, magic)
    f = b.sub(t, n)
    return Reduced(biased, n, f, f), f


def exp2(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """2^x."""
    reduced, f = _reduce(b, b.clamp(x, LOW, HIGH))
    value = b.polynomial(f, (1.0, LN2[0], *TERMS))
    first, second = power_of_two_halves(b, reduced)
    return b.mul(b.mul(value, first), second)


def exp2_single(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """2^x of f32."""
    reduced, f = _reduce(b, b.clamp(x, SINGLE_LOW, SINGLE_HIGH))
    first, second = power_of_two_halves(b, reduced)
    return b.mul(b.mul(b.polynomial(f, (1.0, *SINGLE_TERMS)), first), second)


def rsqrt(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """1 / sqrt(x), rounded twice."""
    return b.div(1.0, b.sqrt(x))


def exp2_pair(b: ScalarBuilder, t: SSAValue, t_low: SSAValue) -> tuple[Reduced, Pair]:
    """2^(t + t_low) for t between LOW and HIGH: its exponent, and what is multiplied by it as a pair."""
    reduced, f = _reduce(b, t)
    linear, linear_low = b.two_product(f, LN2[0])
    curved = b.mul(b.mul(f, f), b.polynomial(f, TERMS))
    high, low = b.fast_two_sum(1.0, linear)
    low = b.add(low, b.fma(f, LN2[1], b.add(linear_low, curved)))
    high, low = b.fast_two_sum(high, low)
    return reduced, (high, b.fma(high, b.mul(t_low, LN2[0]), low))


def exp2_product(b: ScalarBuilder, t: SSAValue, t_low: SSAValue) -> Pair:
    """t and t_low kept within what `exp2_pair` takes."""
    inside = b.less(b.abs(t), -LOW)
    return b.clamp(t, LOW, HIGH), b.select(inside, t_low, 0.0)


def is_special(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """Whether x is anything else than a positive normal number."""
    first, end = b.format.to_bits(b.format.min_normal), b.format.to_bits(inf)
    above = b.int_sub(b.to_bits(x), first)
    return b.emit(arith.CmpiOp, (above, b.int_const(end - first)), i1, {"predicate": _NOT_BELOW})


def pow(b: ScalarBuilder, x: SSAValue, y: SSAValue) -> SSAValue:
    """x^y of positive normal x, where it is far from the ends of the range; what else there is, `complete` does.

    Numbers are 2^52 times what they stand for from the exponent of x to that of the result.
    """
    scale = 2.0**b.format.mantissa
    log_high, log_low = log2_scaled(b, x)
    t, t_low = b.two_product(y, log_high)
    far = b.not_less(b.abs(t), INSIDE * scale)
    magic = b.format.integer_magic * scale
    biased = b.add(t, magic)
    f = b.add(b.sub(t, b.sub(biased, magic)), b.fma(y, log_low, t_low))
    value = b.polynomial(f, [term / scale**number for number, term in enumerate((1.0, LN2[0], *TERMS))])
    value = b.from_bits(b.int_add(b.to_bits(value), b.shift_left(b.to_bits(biased), b.format.mantissa)))
    return b.rare(WHOLE_POW, b.either(is_special(b, x), far), [x, y], value)


def complete(b: ScalarBuilder, x: SSAValue, y: SSAValue) -> SSAValue:
    """|x|^y with its sign and its edges."""
    magnitude = b.abs(x)
    log_high, log_low = log2_pair(b, magnitude)
    t, t_low = b.two_product(y, log_high)
    t, t_low = exp2_product(b, t, b.fma(y, log_low, t_low))
    reduced, (high, low) = exp2_pair(b, t, t_low)
    first, second = power_of_two_halves(b, reduced)
    return at_the_edges(b, x, y, b.mul(b.mul(b.add(high, low), first), second))


def at_the_edges(b: ScalarBuilder, x: SSAValue, y: SSAValue, value: SSAValue) -> SSAValue:
    """|x|^y made into x^y."""
    half = b.mul(y, 0.5)
    whole = b.equal(b.float_op(math.RoundEvenOp, y), y)
    even = b.equal(b.float_op(math.RoundEvenOp, half), half)
    signed = b.select(b.unless(whole, even), b.copysign(value, x), value)
    negative = b.both(b.less(x, 0.0), b.less(b.abs(x), inf))
    result = b.select(b.unless(negative, whole), nan, signed)
    # (-1)^(+-inf) = 1, and 1^y = x^0 = 1 even where the other is NaN
    endless = b.both(b.equal(x, -1.0), b.equal(b.abs(y), inf))
    trivial = b.either(b.equal(x, 1.0), b.equal(y, 0.0))
    return b.select(b.either(trivial, endless), 1.0, result)
