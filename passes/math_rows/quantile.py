"""erfinv and erfcinv, as the quantile of the normal distribution.

Rational functions of Wichura, Algorithm AS 241: The percentage points of the normal distribution (Applied Statistics 37,
1988), relative error about 1e-16: one near the middle, in q = p - 1/2, two for the tails, in r = sqrt(-log(p)).
"""

from __future__ import annotations

from math import inf, nan, sqrt

from xdsl.dialects import math
from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm import log

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


def _rational(b: ScalarBuilder, r: SSAValue, table: tuple[tuple[float, ...], tuple[float, ...]]) -> SSAValue:
    numerator, denominator = table
    return b.div(b.polynomial(r, numerator), b.polynomial(r, denominator))


def _inverse(b: ScalarBuilder, x: SSAValue, tail: SSAValue) -> SSAValue:
    """erfinv(x) without its sign far from 0; `tail` is 1 - |x|, which the caller may know exactly."""
    q = b.mul(x, 0.5)
    middle = b.mul(x, b.mul(_rational(b, b.fma(b.neg(q), q, 0.180625), MIDDLE), sqrt(0.125)))
    r = b.float_op(math.SqrtOp, b.sub(LOG_2, log(b, tail)))
    near, far = _rational(b, b.sub(r, 1.6), TAIL), _rational(b, b.sub(r, 5.0), FAR_TAIL)
    outer = b.copysign(b.mul(b.select(b.less(r, 5.0), near, far), sqrt(0.5)), x)
    return b.select(b.less(b.abs(q), 0.425), middle, outer)


def erfinv(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The y with erf(y) = x."""
    tail = b.sub(1.0, b.abs(x))
    return _edges(b, x, tail, _inverse(b, x, tail))


def erfcinv(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The y with erfc(y) = x; 1 - x is exact where it is used."""
    upper = b.sub(2.0, x)
    tail = b.select(b.less(x, 1.0), x, upper)
    signed = b.sub(1.0, x)
    return _edges(b, signed, tail, _inverse(b, signed, tail))


def _edges(b: ScalarBuilder, sign: SSAValue, tail: SSAValue, value: SSAValue) -> SSAValue:
    """Infinite where nothing is left of the tail, NaN beyond."""
    value = b.select(b.equal(tail, 0.0), b.copysign(inf, sign), value)
    return b.select(b.less(tail, 0.0), nan, value)
