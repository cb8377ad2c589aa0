"""gammainc and gammaincc: series, continued fraction, and for large orders Temme's uniform expansion.

Abramowitz and Stegun 6.5.29 and 6.5.31; Temme, The asymptotic expansion of the incomplete gamma functions (SIAM J. Math.
Anal. 10, 1979). Each of the two is computed where it is the smaller one, and the other is its complement. The number of
terms grows with the root of the order, up to LARGE.
"""

from __future__ import annotations

from math import inf, nan, pi

from xdsl.dialects import math
from xdsl.ir import SSAValue

from phintys.dialects.xmath_special import SPECIAL
from phintys.passes.scalar_flow import FlowBuilder

LARGE = 1e6  # Temme's expansion from this order
STIRLING = 30.0  # Stirling's series from this order
EPSILON = 2.0**-54
STIRLING_SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)
TEMME = (  # of powers of 1 / order: Taylor coefficients in eta
    (-0.3333333333333333, 0.08333333333333333, -0.014814814814814815, 0.0011574074074074073, 0.0003527336860670194,
     -0.0001787551440339218, 3.919263178522438e-05, -2.185448510679992e-06, -1.85406221071516e-06),
    (-0.001851851851851852, -0.003472222222222222, 0.0026455026455026454, -0.0009902263374485596, 0.00020576131687242798),
    (0.004133597883597883, -0.0026813271604938273),
)  # fmt: skip
LGAMMA_1P = (
    -0.3930873456872526, 0.16563381231098723, -0.015967667997598377, 0.0021370436482565265, -0.00032575197560731227,
    5.3115626701035375e-05, -9.016006916841804e-06, 1.5712804665547746e-06, -2.789623711684023e-07, 5.021291374072116e-08,
    -9.135289597299692e-09, 1.6768644963703622e-09, -3.099004401245868e-10, 5.6977512228137665e-11, -1.062731161647417e-11,
    2.3541246923689135e-12, -4.47959694738113e-13,
)  # fmt: skip
LOG1P_TERMS = tuple(2 / (2 * k + 3) for k in range(20))


def _excess(b: FlowBuilder, m: SSAValue) -> SSAValue:
    """m - log(1 + m), for small m by the series of the inverse hyperbolic tangent."""
    s = b.div(m, b.add(m, 2.0))
    square = b.mul(s, s)
    near = b.mul(s, b.sub(m, b.mul(square, b.polynomial(square, LOG1P_TERMS))))
    far = b.sub(m, b.function(math.Log1pOp, m))
    return b.select(b.less(b.abs(b.sub(m, 0.05)), 0.55), near, far)


def _density(b: FlowBuilder, a: SSAValue, x: SSAValue) -> SSAValue:
    """x^a exp(-x) / gamma(a + 1)."""

    def small(b: FlowBuilder) -> SSAValue:
        half = b.function(math.ExpOp, b.mul(x, -0.5))
        power = b.mul(b.mul(b.float_op(math.PowFOp, x, a), half), half)
        value = b.div(power, b.function(SPECIAL["gamma"], b.add(a, 1.0)))
        return b.select(b.greater(x, 1500.0), 0.0, value)  # the power may overflow, the density is 0 by then

    def large(b: FlowBuilder) -> SSAValue:
        inverse = b.div(1.0, a)
        series = b.mul(inverse, b.polynomial(b.mul(inverse, inverse), STIRLING_SERIES))
        distance = b.mul(a, _excess(b, b.div(b.sub(x, a), a)))
        value = b.function(math.ExpOp, b.neg(b.add(distance, series)))
        return b.div(value, b.float_op(math.SqrtOp, b.mul(a, 2 * pi)))

    return b.choose(b.less(a, STIRLING), small, large)


def _lower_series(b: FlowBuilder, a: SSAValue, x: SSAValue) -> SSAValue:
    """The density times 1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ..."""

    def step(b: FlowBuilder, n: SSAValue, term: SSAValue, total: SSAValue) -> tuple[SSAValue, list[SSAValue]]:
        n = b.add(n, 1.0)
        term = b.mul(term, b.div(x, b.add(a, n)))
        total = b.add(total, term)
        return b.greater(term, b.mul(total, EPSILON)), [n, term, total]

    return b.mul(b.loop([0.0, 1.0, 1.0], step)[2], _density(b, a, x))


def _upper_fraction(b: FlowBuilder, a: SSAValue, x: SSAValue) -> SSAValue:
    """a times the density over x + 1 - a - (1 - a) / (x + 3 - a - 2 (2 - a) / ...), by Lentz's method."""
    first = b.add(b.sub(x, a), 1.0)

    def step(
        b: FlowBuilder, n: SSAValue, c: SSAValue, d: SSAValue, value: SSAValue, last: SSAValue
    ) -> tuple[SSAValue, list[SSAValue]]:
        n = b.add(n, 1.0)
        numerator = b.mul(n, b.sub(a, n))
        bottom = b.fma(n, 2.0, first)
        d = b.div(1.0, b.fma(numerator, d, bottom))
        c = b.add(bottom, b.div(numerator, c))
        factor = b.mul(c, d)
        value = b.mul(value, factor)
        change = b.abs(b.sub(factor, 1.0))
        more = b.both(b.greater(change, 4 * EPSILON), b.less(n, 1e5))
        return more, [n, c, d, value, change]

    start = b.div(1.0, first)
    value = b.loop([0.0, inf, start, start, 1.0], step)[3]
    return b.mul(b.mul(_density(b, a, x), a), value)


def _upper_series(b: FlowBuilder, a: SSAValue, x: SSAValue) -> SSAValue:
    """1 - x^a / gamma(a + 1) (1 + the sum of (-x)^n / n! a / (a + n)) for x of about 1 and smaller a."""

    def log_gamma(b: FlowBuilder) -> SSAValue:
        return b.mul(a, b.polynomial(b.fma(a, 4.0, -1.0), LGAMMA_1P))

    def step(b: FlowBuilder, n: SSAValue, power: SSAValue, total: SSAValue, last: SSAValue) -> tuple[SSAValue, list[SSAValue]]:
        n = b.add(n, 1.0)
        power = b.mul(power, b.div(b.neg(x), n))
        term = b.div(power, b.add(a, n))
        total = b.add(total, term)
        return b.greater(b.abs(term), b.mul(b.abs(total), EPSILON)), [n, power, total, term]

    constant = b.choose(b.less(a, 0.5), log_gamma, lambda b: b.function(SPECIAL["gammaln"], b.add(a, 1.0)))
    exponent = b.sub(b.mul(a, b.function(math.LogOp, x)), constant)
    total = b.loop([0.0, 1.0, 0.0, 0.0], step)[2]
    return b.neg(b.fma(b.function(math.ExpOp, exponent), b.mul(a, total), b.function(math.ExpM1Op, exponent)))


def _temme(b: FlowBuilder, a: SSAValue, x: SSAValue, sign: float) -> SSAValue:
    """erfc(s eta sqrt(a / 2)) / 2 + s exp(-a eta^2 / 2) / sqrt(2 pi a) (C0 + C1 / a + ...): s is 1 for the upper one."""
    m = b.div(b.sub(x, a), a)
    square = _excess(b, m)  # eta^2 / 2
    eta = b.copysign(b.float_op(math.SqrtOp, b.mul(square, 2.0)), m)
    scaled = b.mul(b.copysign(b.float_op(math.SqrtOp, b.mul(square, a)), m), sign)
    main = b.mul(b.function(SPECIAL["erfc"], scaled), 0.5)
    inverse = b.div(1.0, a)
    rest = b.const(0.0)
    for terms in reversed(TEMME):
        rest = b.fma(rest, inverse, b.polynomial(eta, terms))
    scale = b.div(b.function(math.ExpOp, b.neg(b.mul(square, a))), b.float_op(math.SqrtOp, b.mul(a, 2 * pi)))
    near = b.less(b.abs(eta), 0.1)  # beyond that both terms are 0
    return b.add(main, b.select(near, b.mul(b.mul(scale, rest), sign), 0.0))


def _one_minus(value: SSAValue, b: FlowBuilder) -> SSAValue:
    return b.sub(1.0, value)


def _regular(b: FlowBuilder, a: SSAValue, x: SSAValue, upper: bool) -> SSAValue:
    """Where both operands are positive and finite."""

    def sums(b: FlowBuilder) -> SSAValue:
        series_limit = b.select(b.less(x, 1.1), inf, a)  # the fraction is slow for small x
        return b.choose(b.less(x, series_limit), below, above)

    def below(b: FlowBuilder) -> SSAValue:
        if not upper:
            return _lower_series(b, a, x)
        gradual = b.both(b.less(x, 1.1), b.less(a, b.add(x, 0.5)))
        return b.choose(gradual, lambda b: _upper_series(b, a, x), lambda b: _one_minus(_lower_series(b, a, x), b))

    def above(b: FlowBuilder) -> SSAValue:
        value = _upper_fraction(b, a, x)
        return value if upper else _one_minus(value, b)

    return b.choose(b.less(a, LARGE), sums, lambda b: _temme(b, a, x, 1.0 if upper else -1.0))


def _function(b: FlowBuilder, a: SSAValue, x: SSAValue, upper: bool) -> SSAValue:
    """SciPy's edges: 1 and 0 at x = 0, at an infinite x the other way round; NaN at a = x = 0 and below 0."""
    low, high = (1.0, 0.0) if upper else (0.0, 1.0)
    positive = b.both(b.greater(a, 0.0), b.greater(x, 0.0))
    regular = b.both(positive, b.both(b.less(a, inf), b.less(x, inf)))
    at_zero = b.both(b.equal(x, 0.0), b.greater(a, 0.0))
    at_infinity = b.both(b.equal(x, inf), b.both(b.less(a, inf), b.greater(a, -1e-320)))
    edge = b.select(b.both(b.equal(a, inf), b.both(b.less(x, inf), b.greater(x, 0.0))), low, nan)
    edge = b.select(b.both(b.equal(a, 0.0), b.greater(x, 0.0)), high, edge)
    edge = b.select(at_infinity, high, b.select(at_zero, low, edge))
    return b.choose(regular, lambda b: _regular(b, a, x, upper), lambda b: edge)


def gammainc(b: FlowBuilder, a: SSAValue, x: SSAValue) -> SSAValue:
    """The integral of t^(a - 1) exp(-t) from 0 to x, over gamma(a)."""
    return _function(b, a, x, upper=False)


def gammaincc(b: FlowBuilder, a: SSAValue, x: SSAValue) -> SSAValue:
    """The integral from x to infinity, over gamma(a)."""
    return _function(b, a, x, upper=True)
