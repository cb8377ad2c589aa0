"""log2 of f64 as a sum of two numbers, from which `pow`, `log2` and `log10` are made.

x = 2^k m with sqrt(1/2) <= m < sqrt(2), and with s = (m - 1) / (m + 1) and z = s^2, log2(m) is K s (1 + z / 3 + z^2 / 5 ...),
K = 2 / ln(2). The first two terms are computed with twice the precision; the rest is less than 2^-12 of the whole.
"""

from __future__ import annotations

from math import inf

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm import scaled_exponent, split_exponent

Pair = tuple[SSAValue, SSAValue]
K = (2.8853900817779268, 4.0710547481862066e-17)
K_THIRD = (0.9617966939259756, 5.0577616648125907e-17)
TERMS = (  # minimax on z <= 0.02945, error relative to the logarithm 4e-24
    0.5770780163555853, 0.412198583111195, 0.3205988979483741, 0.26230819450873744,
    0.22195253592753164, 0.19239180801418243, 0.16863057831630218, 0.17143798273044117,
)  # fmt: skip


def log2_pair(b: ScalarBuilder, x: SSAValue, x_low: SSAValue | None = None) -> Pair:
    """log2(x + x_low) for positive x, relative error about 2^-65; what log2 says of 0, inf and NaN."""
    lift = b.format.mantissa + 2
    subnormal = b.less(x, b.format.min_normal)
    normal = b.select(subnormal, b.mul(x, 2.0**lift), x)
    k, f, _ = split_exponent(b, normal, b.select(subnormal, float(lift), 0.0))
    high, low = _sum(b, k, f, 1.0)
    if x_low is not None:
        low = b.fma(b.div(x_low, x), 0.5 * K[0], low)
    high, low = b.fast_two_sum(high, low)
    edge = b.select(b.equal(x, 0.0), -inf, x)
    return b.select(b.less(b.abs(edge), inf), high, edge), low


def log2_scaled(b: ScalarBuilder, x: SSAValue) -> Pair:
    """2^mantissa log2(x) with the same error, for positive normal x; the second number may be half an ulp of the first."""
    k, f = scaled_exponent(b, x)
    return _sum(b, k, f, 2.0**b.format.mantissa)


def _sum(b: ScalarBuilder, k: SSAValue, f: SSAValue, scale: float) -> Pair:
    """k + log2(1 + f), all but f times `scale`, a power of two."""
    first, third, *terms = ((scale * high, scale * low) for high, low in (K, K_THIRD, *((term, 0.0) for term in TERMS)))
    s, s_low = _ratio(b, f)
    z = b.mul(s, s)
    z_low = b.fma(s, b.add(s_low, s_low), b.fma(s, s, b.neg(z)))
    # slope = K + z (K / 3 + z terms), as a pair
    inner, inner_low = b.fast_two_sum(third[0], b.mul(z, b.polynomial(z, [term for term, _ in terms])))
    inner_low = b.add(inner_low, third[1])
    product, product_low = b.two_product(z, inner)
    product_low = b.fma(z, inner_low, b.fma(z_low, inner, product_low))
    slope, slope_low = b.fast_two_sum(first[0], product)
    slope_low = b.add(slope_low, b.add(product_low, first[1]))
    value, low = b.two_product(s, slope)
    low = b.fma(s, slope_low, b.fma(s_low, slope, low))
    high, rest = b.fast_two_sum(k, value)
    return high, b.add(rest, low)


def _ratio(b: ScalarBuilder, f: SSAValue) -> Pair:
    """f / (2 + f) as a pair."""
    d, d_low = b.fast_two_sum(2.0, f)
    inverse = b.div(1.0, d)
    s = b.mul(f, inverse)
    remainder = b.fma(b.neg(s), d_low, b.fma(b.neg(s), d, f))
    return s, b.mul(remainder, inverse)
