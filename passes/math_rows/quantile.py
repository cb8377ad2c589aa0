"""erfinv and erfcinv, as the quantile of the normal distribution.

Rational functions of Wichura, Algorithm AS 241: The percentage points of the normal distribution (Applied Statistics 37,
1988), relative error about 1e-16: one near the middle, in q = p - 1/2, two for the tails, in r = sqrt(-log(p)).

In f64, all but the outermost thousandth takes a way of half the length: erfinv(x) / x is a polynomial in -log(1 - x^2) (after
Giles, Approximating the erfinv function, GPU Computing Gems 2, 2011).
"""

from __future__ import annotations

from math import inf, nan, sqrt

from xdsl.ir import SSAValue

from phintys.passes.float_format import F32
from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm import log, scaled_exponent
from .table import FAR_ERFINV

MIDDLE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
TAIL = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
FAR_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip
LOG_2 = 0.6931471805599453
INNER = (  # erfinv(x) / x in -log(1 - x^2) - CENTRE, up to CENTRE, error 1.9e-17
    1.6536545626831027, 0.24015818242558826, -0.006033670871427754, -0.0007407025341539553, 0.0001867342080242559,
    -1.3882523395790548e-05, -1.3654691844343321e-06, 4.2347881907675064e-07, -2.9070382775172516e-08, -4.1126619774111855e-09,
    1.0512183985305328e-09, -5.4142390063743284e-11, -1.297695831564244e-11, 2.6303545886747207e-12, -8.117008024441479e-14,
    -3.998978014222118e-14, 6.594699048784237e-15, -4.2865528948739366e-17, -1.300389888846413e-16, 1.575978046943547e-17,
    1.1444076257251825e-18, -3.5755026695822574e-19, -1.0090002261634284e-21, 3.3757627278839965e-21,
)  # fmt: skip
CENTRE = 3.125
OUTERMOST = 0.001931  # of 1 - x^2: the logarithm is 2 CENTRE
LOGARITHM = (  # (log((1 + s) / (1 - s)) / s - 2) / s^2 in s^2 up to 0.0295, error of the logarithm 3.8e-17
    0.6666666666651339, 0.4000000008126517, 0.28571413161065023, 0.22223618103843523, 0.18116530955259208, 0.16897377473840453,
)  # fmt: skip


def _inverse(b: ScalarBuilder, x: SSAValue, gap: SSAValue, tail: SSAValue) -> SSAValue:
    """erfinv(x); `gap` is 1 - x^2 and `tail` 1 - |x|, which the caller may know exactly."""
    k, f = scaled_exponent(b, gap)
    s = b.div(f, b.add(f, 2.0))
    z = b.mul(s, s)
    series = b.fma(b.neg(z), b.polynomial(z, LOGARITHM), -2.0)
    # An absolute error of 5e-16 changes the result by half an ulp at most: the logarithm needs no second float.
    shifted = b.fma(s, series, b.fma(k, -LOG_2 / 2.0**52, -CENTRE))
    value = b.mul(x, b.long_polynomial(shifted, INNER))
    return b.rare(FAR_ERFINV, b.less(gap, OUTERMOST), [x, tail], value)


def far(b: ScalarBuilder, x: SSAValue, tail: SSAValue) -> SSAValue:
    """The same by rational functions, for all x, infinite where nothing is left of the tail, NaN beyond.

    Which of the three quotients it is, is chosen before the division.
    """
    q = b.mul(x, 0.5)
    r = b.sqrt(b.sub(LOG_2, log(b, tail)))
    central, near = b.less(b.abs(q), 0.425), b.less(r, 5.0)
    middle, outer = b.fma(b.neg(q), q, 0.180625), b.sub(r, b.select(near, 1.6, 5.0))

    def side(part: int) -> SSAValue:
        beyond = b.select(near, b.polynomial(outer, TAIL[part]), b.polynomial(outer, FAR_TAIL[part]))
        return b.select(central, b.polynomial(middle, MIDDLE[part]), beyond)

    # x comes last: times the root of 1/8 alone, the smallest numbers would be lost.
    scale = b.mul(b.select(central, sqrt(0.125), sqrt(0.5)), b.div(side(0), side(1)))
    value = b.mul(scale, b.select(central, x, b.copysign(1.0, x)))
    value = b.select(b.equal(tail, 0.0), b.copysign(inf, x), value)
    return b.select(b.less(tail, 0.0), nan, value)


def erfinv(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The y with erf(y) = x."""
    tail = b.sub(1.0, b.abs(x))
    if b.format is F32:
        return far(b, x, tail)
    return _inverse(b, x, b.fma(b.neg(x), x, 1.0), tail)


def erfcinv(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The y with erfc(y) = x; 1 - x is exact where it is used."""
    mirrored, tail = b.sub(1.0, x), b.select(b.less(x, 1.0), x, b.sub(2.0, x))
    if b.format is F32:
        return far(b, mirrored, tail)
    return _inverse(b, mirrored, b.mul(tail, b.sub(2.0, tail)), tail)
