"""sigmoid, softplus and tanh.

They are made of exp(-|x|) kept as a sum of two floats, so that the quotients and logarithms taken of it do not
inherit its rounding error.
"""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .exponential import TABLES, Reduced, expm1_parts, power_of_two, power_of_two_halves, reduce_argument
from .logarithm import TABLES as LOG_TABLES
from .logarithm import log1p_tail

TANH_IS_ONE = {"f64": 22.0, "f32": 10.0}
SOFTPLUS_IS_X = {"f64": 40.0, "f32": 20.0}


def quotient(b: ScalarBuilder, n: SSAValue, n_low: SSAValue, d: SSAValue, d_low: SSAValue) -> SSAValue:
    """(n + n_low) / (d + d_low) with one division; a Newton step on the exact remainder repairs the rounding."""
    inverse = b.div(1.0, d)
    first = b.mul(n, inverse)
    negative = b.neg(first)
    remainder = b.add(b.fma(negative, d, n), b.fma(negative, d_low, n_low))
    return b.fma(remainder, inverse, first)


def exp_parts(b: ScalarBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue, Reduced]:
    """exp(r) as a sum of two floats, with the reduced argument, whose 2^n is to be multiplied on."""
    table = TABLES[b.format.name]
    reduced = reduce_argument(b, b.clamp_low(x, table.low), 2 * b.format.bias)
    value, error = expm1_parts(b, reduced, table.exp_terms)
    high, low = b.fast_two_sum(1.0, value)
    return high, b.add(low, error), reduced


def sigmoid(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """1 / (1 + z) for x >= 0 and z / (1 + z) below, z = exp(-|x|); the numerator is scaled only after the division."""
    high, low, reduced = exp_parts(b, b.neg(b.abs(x)))
    first, second = power_of_two_halves(b, reduced)
    scale = b.mul(first, second)
    z = b.mul(high, scale)
    total, lost = b.fast_two_sum(1.0, z)
    negative = b.less(x, 0.0)
    value = quotient(b, b.select(negative, high, 1.0), b.select(negative, low, 0.0), total, b.fma(low, scale, lost))
    return b.mul(b.mul(value, b.select(negative, first, 1.0)), b.select(negative, second, 1.0))


def softplus(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """max(x, 0) + log(1 + z), z = exp(-|x|); 1 + z is at most 2, so its logarithm has k = 0 or 1."""
    table = LOG_TABLES[b.format.name]
    high, low, reduced = exp_parts(b, b.neg(b.abs(x)))
    first, second = power_of_two_halves(b, reduced)
    z = b.mul(b.mul(high, first), second)
    z_low = b.mul(b.mul(low, first), second)
    total, lost = b.fast_two_sum(1.0, z)
    lost = b.add(lost, z_low)
    halve = b.greater(total, 2.0**0.5)
    f = b.select(halve, b.fma(total, 0.5, -1.0), z)
    f_low = b.select(halve, b.mul(lost, 0.5), z_low)
    logarithm, rest = b.fast_two_sum(b.select(halve, table.ln2, 0.0), f)
    rest = b.add(rest, b.select(halve, table.ln2_low, 0.0))
    # log(1 + f + f_low) has the derivative 1 / (1 + f), about 1 - f + f^2
    rest = b.fma(f_low, b.fma(f, b.sub(f, 1.0), 1.0), rest)
    positive = b.select(b.greater(x, 0.0), x, 0.0)
    larger = b.greater(positive, logarithm)
    value, error = b.fast_two_sum(b.select(larger, positive, logarithm), b.select(larger, logarithm, positive))
    value = b.add(value, b.add(error, log1p_tail(b, f, rest)))
    return b.select(b.greater(x, SOFTPLUS_IS_X[b.format.name]), x, value)


def tanh(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """m / (2 - m) with m = 1 - exp(-2|x|), and the sign of x."""
    argument = b.clamp_low(b.mul(b.abs(x), -2.0), -2.0 * TANH_IS_ONE[b.format.name])
    reduced = reduce_argument(b, argument, b.format.bias)
    scale = power_of_two(b, reduced.biased)
    value, error = expm1_parts(b, reduced, TABLES[b.format.name].expm1_terms)
    # m = (1 - 2^n) - 2^n (exp(r) - 1)
    offset, offset_low = b.fast_two_sum(1.0, b.neg(scale))
    m, m_low = b.fast_two_sum(offset, b.neg(b.mul(value, scale)))
    m_low = b.add(m_low, b.fma(b.neg(error), scale, offset_low))
    d, d_low = b.fast_two_sum(2.0, b.neg(m))
    return b.copysign(quotient(b, m, m_low, d, b.sub(d_low, m_low)), x)
