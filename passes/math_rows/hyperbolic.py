"""sinh, cosh and tanh, of exp(|x|) and exp(|x|) - 1 kept as sums of two floats."""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .exponential import (
    TABLES,
    exp_parts,
    expm1_parts,
    power_of_two,
    power_of_two_halves,
    reduce_argument,
    scaled_expm1_parts,
)

TANH_IS_ONE = {"f64": 22.0, "f32": 10.0}
SINH_IS_INF = {"f64": 710.6, "f32": 89.5}


def sinh(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """2 (q + q / (1 + 4 q)) with q = (exp(|x|) - 1) / 4, and the sign of x."""
    magnitude = b.abs(x)
    q, q_low = scaled_expm1_parts(b, b.clamp_high(magnitude, SINH_IS_INF[b.format.name]), 2)
    d, d_low = b.ordered_two_sum(q, 0.25)
    second = b.mul(b.quotient(q, q_low, d, b.add(d_low, q_low)), 0.25)
    total, lost = b.fast_two_sum(q, second)
    half = b.add(total, b.add(lost, q_low))
    tiny = b.less(magnitude, TABLES[b.format.name].tiny)
    return b.copysign(b.select(tiny, x, b.add(half, half)), x)


def cosh(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """h + 1 / (4 h) with h = exp(|x|) / 2."""
    reduced = reduce_argument(b, b.clamp_high(b.abs(x), SINH_IS_INF[b.format.name]), 2 * b.format.bias)
    high, low = exp_parts(b, reduced)
    first, second = power_of_two_halves(b, reduced)
    h = b.mul(b.mul(b.mul(high, 0.5), first), second)
    h_low = b.mul(b.mul(b.mul(low, 0.5), first), second)
    q = b.div(0.25, h)
    slope = b.fma(b.mul(q, -4.0), q, 1.0)
    return b.add(h, b.fma(h_low, slope, q))


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
    return b.copysign(b.quotient(m, m_low, d, b.sub(d_low, m_low)), x)
