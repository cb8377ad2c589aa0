"""erf and erfc of f64.

erfc(x) = exp(-x^2) P(t) / (x + c) for x >= 0, with t = (x - c) / (x + c): what is fitted is smooth from 0 to infinity
(Shepherd and Laframboise, Chebyshev approximation of (1 + 2x) exp(x^2) erfc(x), Mathematics of Computation 36, 1981).
erf is a polynomial below 1, and beyond it 1 - erfc, which need not be as precise; near 0 erfc is 1 - erf.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .exponential import power_of_two_halves
from .power import exp2_pair

Pair = tuple[SSAValue, SSAValue]
MINUS_LOG2_E = (-1.4426950408889634, -2.0355273740931033e-17)
ERF_SLOPE = (1.1283791670955126, 1.533545961316588e-17)  # 2 / sqrt(pi)
ERF = (  # (erf(x) / x - 2 / sqrt(pi)) / x^2 for x <= 1, error 2.5e-19
    -0.37612638903183754, 0.11283791670955005, -0.026866170645096558, 0.005223977624976745, -0.00085483269882832,
    0.00012055331330126599, -1.4925599397464948e-05, 1.6461050968255425e-06, -1.6350700517071134e-07,
    1.4661507859140382e-08, -1.1376547324529002e-09, 5.958930750846418e-11,
)  # fmt: skip
ERF_NEAR = (  # the same for x <= 3/4
    -0.3761263890318373, 0.11283791670952906, -0.026866170644384773, 0.0052239776138426905, -0.0008548326025452031,
    0.00012055281004312945, -1.4923941091400798e-05, 1.642630555533469e-06, -1.589974508720205e-07, 1.131800700886826e-08,
)  # fmt: skip
ERFC = (  # c = 4, up to x = 28, error 3.4e-18
    1.095995661000491, -0.9765487290808821, 0.7732087022652367, -0.5408538313132247, 0.3308515878780293,
    -0.1740109372402957, 0.07638151490901562, -0.026370053334567944, 0.006112055658297977, -0.0002809589158331133,
    -0.00045505269885837406, 0.00017681308321259163, -3.6351099262157994e-06, -1.886175980895562e-05,
    4.694235904067807e-06, 1.4260072353257732e-06, -8.458772145943472e-07, -7.781779504200538e-08,
    1.238569821829683e-07, 2.4530725771134317e-09, -1.53959581002034e-08, -3.197863001725667e-10, 1.0393268991894674e-09,
)  # fmt: skip
ERFC_MIDDLE = (  # c = 2, for x between 1 and 6, error 6.4e-16
    1.021582705242023, -0.687160684413834, 0.27947209255598954, -0.03644223150157312, -0.021510661887008977,
    0.006479184721656186, 0.0030906122648982366, -0.0008372863435552095, -0.0006630863925216181, 3.423999624082994e-05,
    0.00014472731073845784, 3.495777571570857e-05, -2.388042568225729e-05, -1.7465680160434227e-05, 5.900963459493247e-06,
)  # fmt: skip
ERF_IS_1 = 6.0
ERFC_IS_0 = 28.0


def _scaled(b: ScalarBuilder, x: SSAValue, c: float, terms: Sequence[float]) -> tuple[SSAValue, SSAValue]:
    """P(t) and 1 / (x + c); what rounding took from t is made up for by the first terms of the derivative."""
    above, above_low = b.fast_two_sum(-c, x)
    below, below_low = b.fast_two_sum(c, x)
    inverse = b.div(1.0, below)
    t = b.mul(above, inverse)
    lost = b.add(b.fma(b.neg(t), below, above), b.fma(b.neg(t), below_low, above_low))
    slope = b.polynomial(t, (terms[1], 2 * terms[2], 3 * terms[3], 4 * terms[4]))
    return b.fma(b.mul(lost, inverse), slope, b.long_polynomial(t, terms)), inverse


def erf(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """x (2 / sqrt(pi) + x^2 terms), or 1 - erfc(|x|) with the sign of x."""
    magnitude = b.clamp_high(b.abs(x), ERF_IS_1)
    z = b.mul(magnitude, magnitude)
    near = b.fma(x, ERF_SLOPE[0], b.mul(x, b.fma(z, b.polynomial(z, ERF), ERF_SLOPE[1])))
    t = b.mul(z, MINUS_LOG2_E[0])
    scale, (high, _) = exp2_pair(b, t, b.const(0.0))
    value, inverse = _scaled(b, magnitude, 2.0, ERFC_MIDDLE)
    first, second = power_of_two_halves(b, scale)
    outer = b.sub(1.0, b.mul(b.mul(b.mul(high, first), second), b.mul(value, inverse)))
    return b.select(b.less(magnitude, 1.0), near, b.copysign(outer, x))


def erfc(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """exp(-x^2) P(t) / (x + c) for positive x, 2 - erfc(-x) for negative x; 1 - erf(x) near 0."""
    magnitude = b.clamp_high(b.abs(x), ERFC_IS_0)
    z, z_low = b.two_product(magnitude, magnitude)
    t, t_low = b.two_product(z, MINUS_LOG2_E[0])
    t_low = b.fma(z_low, MINUS_LOG2_E[0], b.fma(z, MINUS_LOG2_E[1], t_low))
    scale, (high, low) = exp2_pair(b, t, t_low)
    value, inverse = _scaled(b, magnitude, 4.0, ERFC)
    first, second = power_of_two_halves(b, scale)
    product = b.mul(b.add(high, low), b.mul(value, inverse))
    positive = b.mul(b.mul(product, first), second)
    linear, linear_low = b.two_product(x, ERF_SLOPE[0])
    rest = b.fma(b.mul(x, z), b.polynomial(z, ERF_NEAR), linear_low)
    high, lost = b.ordered_two_sum(1.0, b.neg(linear))
    near = b.add(high, b.sub(lost, rest))
    return b.select(b.less(magnitude, 0.75), near, b.select(b.less(x, 0.0), b.sub(2.0, positive), positive))
