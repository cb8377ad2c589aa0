"""gamma and gammaln of f64.

From 8 upwards Stirling's series (Abramowitz and Stegun 6.1.41). Below, with n the integer next to x and e = x - n, which
is exact, a polynomial gives the function of 2 + e, and the recurrence leads from there to x: by the factors x - 1, x - 2 ...
or by the divisors x, x + 1. gamma of a negative number is that of its magnitude, reflected; gammaln of it, and what is
subnormal, are left to the C library.
"""

from __future__ import annotations

from math import inf, nan, pi
from typing import NamedTuple

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder
from phintys.passes.scalar_flow import FlowBuilder

from .exponential import power_of_two_halves
from .gamma_roots import reflected_with_roots
from .logarithm import log
from .logarithm_pair import log2_pair
from .polygamma import SINE
from .power import exp2_pair, exp2_product
from .single import exp2, log2_normal

SERIES_FROM = 8.0
LOG2_E = (1.4426950408889634, 2.0355273740931033e-17)
LOG2_ROOT = 1.3257480647361594  # log2(sqrt(2 pi))
LOG_ROOT = 0.4189385332046727  # log(sqrt(2 pi)) - 1/2
GAMMA_IS_INF = 180.0
REFLECTED_TO = -170.0  # beyond it gamma(-x) overflows
GAMMA_IS_ZERO = 190.0  # and gamma(x) is zero
SHIFT = 25
FIRST_ROOT = 2.0  # gammaln has none between it and 0
GAMMA = (  # gamma(2 + e), |e| <= 1/2, error 9.7e-18
    1.0, 0.4227843350984668, 0.4118403304264427, 0.08157691924716733, 0.07424901075316875, -0.00026698207450156564,
    0.011154045733621451, -0.0028526456360092652, 0.0021039329869072727, -0.0009195770520571463, 0.0004903930932974483,
    -0.00024090882956997786, 0.00012163679488813375, -6.099152115657751e-05, 3.063514614164707e-05,
    -1.452457114529396e-05, 7.090416127248449e-06, -5.16125991505327e-06, 2.7382164380621494e-06,
)  # fmt: skip
GAMMALN = (  # gammaln(2 + e) / e, error 1.3e-18
    0.42278433509846713, 0.32246703342411326, -0.06735230105319831, 0.020580808427780567, -0.007385551028649739,
    0.0028905103310237342, -0.0011927539127574048, 0.000509669515676401, -0.00022315473518437864, 9.945767002622453e-05,
    -4.492653092047781e-05, 2.0505617474451853e-05, -9.437238150671426e-06, 4.384589293502568e-06,
    -2.0497486778584614e-06, 9.20315932121621e-07, -4.200552273496884e-07, 2.7849311410862157e-07, -1.4328411869650276e-07,
)  # fmt: skip
SERIES = (  # in 1 / y^2, times 1 / y, error 5.8e-19
    0.08333333333333333, -0.002777777777774099, 0.0007936507898350727, -0.0005952366070336629, 0.000841472861217464,
    -0.00189054069852597, 0.005069265876358476,
)  # fmt: skip
SINGLE_GAMMA = (  # error 1.4e-10
    0.999999999936759, 0.4227843322640098, 0.4118403447714523, 0.08157715005793491, 0.0742484751325697,
    -0.00027218701698636746, 0.011161414037981841, -0.002805306491066988, 0.0020582060523922177, -0.001103906560881661,
    0.0006185577013026293,
)  # fmt: skip
SINGLE_SERIES = (0.08333333326535997, -0.0027776989135021505, 0.0007800582699877685)  # error 6.8e-11


class Shifted(NamedTuple):
    """e, whether x < 3/2 is reached by division, and what to multiply or divide by."""

    e: SSAValue
    divided: SSAValue
    factor: SSAValue


def shifted(b: ScalarBuilder, x: SSAValue) -> Shifted:
    """Take -1/2 <= x < 8 apart."""
    n, _ = b.round(x)
    steps = [b.select(b.greater(n, j + 1.5), b.sub(x, float(j)), 1.0) for j in range(1, 7)]
    product = b.mul(b.mul(b.mul(steps[0], steps[1]), b.mul(steps[2], steps[3])), b.mul(steps[4], steps[5]))
    divided = b.less(n, 1.5)
    down = b.mul(x, b.select(b.less(n, 0.5), b.add(x, 1.0), 1.0))
    return Shifted(b.sub(x, n), divided, b.select(divided, down, product))


def _series(b: ScalarBuilder, x: SSAValue, terms: tuple[float, ...] = SERIES) -> SSAValue:
    inverse = b.div(1.0, x)
    return b.mul(inverse, b.polynomial(b.mul(inverse, inverse), terms))


def _stirling(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """2^((x - 1/2) log2(x) - x log2(e) + log2(sqrt(2 pi)) + series)."""
    high, low = log2_pair(b, x)
    half = b.sub(x, 0.5)
    t, t_low = b.two_product(half, high)
    t_low = b.fma(half, low, t_low)
    u, u_low = b.two_product(x, -LOG2_E[0])
    total, lost = b.two_sum(t, u)
    lost = b.add(lost, b.add(t_low, b.fma(x, -LOG2_E[1], u_low)))
    rest = b.fma(_series(b, x), LOG2_E[0], LOG2_ROOT)
    total, more = b.two_sum(total, rest)
    total, lost = b.fast_two_sum(total, b.add(lost, more))
    scale, (high, low) = exp2_pair(b, *exp2_product(b, total, lost))
    first, second = power_of_two_halves(b, scale)
    return b.mul(b.mul(b.add(high, low), first), second)


def _gamma(b: ScalarBuilder, x: SSAValue, terms: tuple[float, ...], beyond: SSAValue) -> SSAValue:
    """Of |x|; below -1/2 it is -pi / (x sin(pi x) gamma(-x))."""
    magnitude = b.abs(x)
    reflected = b.less(x, -0.5)
    near = shifted(b, b.select(reflected, magnitude, x))
    value = b.polynomial(near.e, terms)
    value = b.select(near.divided, b.div(value, near.factor), b.mul(value, near.factor))
    value = b.select(b.less(magnitude, SERIES_FROM), value, beyond)
    n, biased = b.round(magnitude)
    r = b.sub(magnitude, n)
    sine = b.mul(r, b.polynomial(b.mul(r, r), SINE))
    sign = b.from_bits(b.int_xor(b.shift_left(b.to_bits(biased), b.format.bits - 1), b.format.to_bits(-pi)))
    below = b.div(sign, b.mul(b.mul(magnitude, sine), value))
    below = b.select(b.equal(r, 0.0), nan, below)
    value = b.select(reflected, below, value)
    return b.rare("tgamma", b.less(x, REFLECTED_TO), [x], value)


def gamma(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The gamma function."""
    return _gamma(b, x, GAMMA, _stirling(b, b.clamp_high(b.abs(x), GAMMA_IS_INF)))


def gamma_single(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The gamma function of an f32, as those in `single`."""
    y = b.clamp_high(b.abs(x), GAMMA_IS_INF)
    rest = b.fma(_series(b, y, SINGLE_SERIES), LOG2_E[0], LOG2_ROOT)
    exponent = b.fma(b.sub(y, 0.5), log2_normal(b, y), b.fma(y, -LOG2_E[0], rest))
    return _gamma(b, x, SINGLE_GAMMA, exp2(b, exponent))


def _gammaln(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """For x >= 0."""
    near = shifted(b, x)
    small = b.less(x, SERIES_FROM)
    logarithm = log(b, b.select(small, near.factor, x))
    signed = b.select(near.divided, b.neg(logarithm), logarithm)
    value = b.fma(near.e, b.polynomial(near.e, GAMMALN), signed)
    beyond = b.fma(b.sub(x, 0.5), b.sub(logarithm, 1.0), b.add(_series(b, x), LOG_ROOT))
    return b.select(small, value, beyond)


def gammaln(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The logarithm of the magnitude of the gamma function."""
    return b.rare("lgamma", b.less(x, 0.0), [x], _gammaln(b, x))


# Without a C library: rows of `phi_rare_NAME(rare, x, fast)`.


def _half_wave(b: FlowBuilder, magnitude: SSAValue) -> tuple[SSAValue, SSAValue]:
    """sin(pi r), r the distance to the nearest integer; and the integer part."""
    whole = b.floor(magnitude)
    r = b.sub(magnitude, whole)
    r = b.select(b.greater(r, 0.5), b.sub(1.0, r), r)
    return b.mul(r, b.polynomial(b.mul(r, r), SINE)), whole


def reflected_gamma(b: FlowBuilder, rare: SSAValue, x: SSAValue, fast: SSAValue) -> SSAValue:
    """gamma below REFLECTED_TO: gamma(-x), which may overflow, as a product with gamma(-x - SHIFT)."""

    def below(b: FlowBuilder) -> SSAValue:
        magnitude = b.abs(x)
        sine, whole = _half_wave(b, magnitude)
        y = b.clamp_high(magnitude, GAMMA_IS_ZERO)
        product, low = b.sub(y, 1.0), b.const(0.0)
        for j in range(2, SHIFT + 1):
            factor = b.sub(y, float(j))
            product, lost = b.two_product(product, factor)
            low = b.fma(low, factor, lost)
        first = b.div(pi, b.mul(b.mul(y, sine), _stirling(b, b.sub(y, float(SHIFT)))))
        value = b.div(first, b.add(product, low))
        half = b.mul(whole, 0.5)
        value = b.select(b.equal(half, b.floor(half)), b.neg(value), value)
        return b.select(b.both(b.greater(sine, 0.0), b.less(magnitude, inf)), value, nan)

    return b.choose(rare, below, lambda b: fast)


def reflected_gammaln(b: FlowBuilder, rare: SSAValue, x: SSAValue, fast: SSAValue) -> SSAValue:
    """gammaln of negative numbers. The roots below -SERIES_FROM lie next to the poles: near those the error is absolute."""

    def far(b: FlowBuilder, magnitude: SSAValue) -> SSAValue:
        sine, _ = _half_wave(b, magnitude)
        return b.sub(b.neg(log(b, b.mul(sine, 1 / pi))), b.add(log(b, magnitude), _gammaln(b, magnitude)))

    def below(b: FlowBuilder) -> SSAValue:
        magnitude = b.abs(x)
        whole = b.floor(magnitude)
        r = b.sub(magnitude, whole)
        r = b.select(b.greater(r, 0.5), b.sub(1.0, r), r)
        rooted = b.both(b.less(magnitude, SERIES_FROM), b.greater(magnitude, FIRST_ROOT))
        value = b.choose(rooted, lambda b: reflected_with_roots(b, magnitude, r, GAMMALN), lambda b: far(b, magnitude))
        return b.select(b.both(b.greater(r, 0.0), b.less(magnitude, inf)), value, inf)

    return b.choose(rare, below, lambda b: fast)
