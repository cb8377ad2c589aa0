"""sinh, cosh and tanh, of exp(|x|) and exp(|x|) - 1 kept as sums of two floats; near 0 some are polynomials."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .exponential import (
    TABLES,
    exp_parts,
    expm1_parts,
    power_of_two,
    power_of_two_halves,
    reduce_argument,
)

TANH_IS_ONE = {"f64": 22.0, "f32": 10.0}
SINH_NEAR = {  # (sinh(x) / x - 1) / x^2 in x^2, x <= 1
    "f64": (  # error 1e-19
        0.16666666666666669, 0.00833333333333316, 0.000198412698414257, 2.7557319158563973e-06, 2.5052122948460276e-08,
        1.6057271721394727e-10, 7.758447022174078e-13,
    ),
    "f32": (0.1666666716337204, 0.008333311416208744, 0.0001984261180041358, 2.7842179406434298e-06),  # error 3e-10
}  # fmt: skip
TANH_NEAR = (  # of f32, x <= 0.8; error 5e-9 x^3
    -0.33333301544189453, 0.13332262635231018, -0.05385267734527588, 0.021297316998243332, -0.007393124513328075,
    0.0015720694791525602,
)  # fmt: skip
SINH_IS_INF = {"f64": 710.6, "f32": 89.5}


def sinh(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """h - 1 / (4 h) with h = exp(|x|) / 2; a polynomial up to 1."""
    magnitude = b.abs(x)
    h, h_low = _half_exp(b, magnitude)
    q = b.div(0.25, h)
    far = b.add(h, b.fma(h_low, b.fma(b.mul(q, 4.0), q, 1.0), b.neg(q)))
    return b.copysign(b.select(b.less(magnitude, 1.0), _near(b, magnitude, SINH_NEAR[b.format.name]), far), x)


def _near(b: ScalarBuilder, x: SSAValue, terms: Sequence[float]) -> SSAValue:
    """x + x^3 (terms in x^2)."""
    z = b.mul(x, x)
    return b.fma(b.mul(x, z), b.polynomial(z, terms), x)


def _half_exp(b: ScalarBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """exp(x) / 2 for positive x, as a sum of two floats."""
    reduced = reduce_argument(b, b.clamp_high(x, SINH_IS_INF[b.format.name]), 2 * b.format.bias)
    high, low = exp_parts(b, reduced)
    first, second = power_of_two_halves(b, reduced)
    return b.mul(b.mul(b.mul(high, 0.5), first), second), b.mul(b.mul(b.mul(low, 0.5), first), second)


def cosh(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """h + 1 / (4 h) with h = exp(|x|) / 2."""
    h, h_low = _half_exp(b, b.abs(x))
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


def tanh_single(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """1 - 2 / (exp(2|x|) + 1), and the sign of x; a polynomial up to 0.8."""
    magnitude = b.abs(x)
    reduced = reduce_argument(b, b.clamp_high(b.add(magnitude, magnitude), 2.0 * TANH_IS_ONE["f32"]), b.format.bias)
    power = b.polynomial(reduced.r, (1.0, 1.0, *TABLES["f32"].exp_terms))
    d = b.fma(power, power_of_two(b, reduced.biased), 1.0)
    far = b.sub(1.0, b.div(2.0, d))
    return b.copysign(b.select(b.less(magnitude, 0.8), _near(b, magnitude, TANH_NEAR), far), x)
