"""sigmoid and softplus.

Both take an exponential as a sum of two floats, so that the quotients and logarithms taken of it do not inherit its
rounding error. Powers of two that may be too small for a normal number are kept multiplied by 2^LIFT.
"""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .exponential import TABLES as EXP_TABLES
from .exponential import exp_parts, power_of_two, reduce_argument
from .logarithm import TABLES as LOG_TABLES
from .logarithm import log1p_tail

LIFT = 64
SIGMOID_IS_1 = {"f64": 40.0, "f32": 20.0}
SOFTPLUS_IS_X = {"f64": 40.0, "f32": 20.0}
LOW_IS_LOST = {"f64": -700.0, "f32": -80.0}  # exp(x) is so near to subnormal that its low part has no bits left


def sigmoid(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """s / (s + exp(r)) with exp(-x) = exp(r) / s, s a power of two; one formula for both signs.

    The inverse of the sum is repaired by a Newton step that knows what rounding took from the sum; multiplying it by s
    is exact, or rounds once where the result is subnormal.
    """
    limited = b.clamp(x, EXP_TABLES[b.format.name].low, SIGMOID_IS_1[b.format.name])
    reduced = reduce_argument(b, b.neg(limited), 0)
    high, low = exp_parts(b, reduced)
    exponent = b.int_const(b.format.to_bits(b.format.integer_magic) + b.format.bias + LIFT)
    lifted = b.from_bits(b.shift_left(b.int_sub(exponent, b.to_bits(reduced.biased)), b.format.mantissa))
    scale = b.mul(lifted, 2.0**-LIFT)
    total, lost = b.ordered_two_sum(scale, high)
    inverse = b.div(1.0, total)
    remainder = b.fma(b.neg(total), inverse, 1.0)
    remainder = b.fma(b.neg(b.add(lost, low)), inverse, remainder)
    return b.mul(b.mul(b.fma(remainder, inverse, inverse), lifted), 2.0**-LIFT)


def softplus(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """max(x, 0) + log(1 + z), z = exp(-|x|); 1 + z is at most 2, so its logarithm has k = 0 or 1."""
    table = LOG_TABLES[b.format.name]
    argument = b.clamp_low(b.neg(b.abs(x)), EXP_TABLES[b.format.name].low)
    reduced = reduce_argument(b, argument, b.format.bias + LIFT)
    high, low = exp_parts(b, reduced)
    low = b.select(b.less(argument, LOW_IS_LOST[b.format.name]), 0.0, low)
    lifted = power_of_two(b, reduced.biased)
    z = b.mul(b.mul(high, lifted), 2.0**-LIFT)
    z_low = b.mul(b.mul(low, lifted), 2.0**-LIFT)
    total, lost = b.fast_two_sum(1.0, z)
    lost = b.add(lost, z_low)
    halve = b.greater(total, 2.0**0.5)
    f = b.select(halve, b.fma(total, 0.5, -1.0), z)
    f_low = b.select(halve, b.mul(lost, 0.5), z_low)
    logarithm, rest = b.fast_two_sum(b.select(halve, table.ln2, 0.0), f)
    rest = b.add(rest, b.select(halve, table.ln2_low, 0.0))
    # log(1 + f + f_low) has the derivative 1 / (1 + f), about 1 - f + f^2
    rest = b.fma(f_low, b.fma(f, b.sub(f, 1.0), 1.0), rest)
    value, error = b.ordered_two_sum(b.select(b.greater(x, 0.0), x, 0.0), logarithm)
    value = b.add(value, b.add(error, log1p_tail(b, f, rest)))
    return b.select(b.greater(x, SOFTPLUS_IS_X[b.format.name]), x, value)
