"""The first three derivatives of psi: the asymptotic series beyond 10, the recurrence below it, the reflection formula below 0.

Abramowitz and Stegun, Handbook of Mathematical Functions, 6.4.6, 6.4.7, 6.4.12, 6.4.13.
"""

from __future__ import annotations

from math import factorial, inf, nan, pi

from xdsl.dialects import math
from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

SHIFT = 10  # the series is used from here
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
PENTA_SERIES = tuple((2 * k + 2) * (2 * k + 1) * number for k, number in enumerate(BERNOULLI, 1))
TETRA_SERIES = tuple(-(2 * k + 1) * number for k, number in enumerate(BERNOULLI, 1))
SINE = tuple((-1) ** k * pi ** (2 * k + 1) / factorial(2 * k + 1) for k in range(12))  # sin(pi r), |r| <= 1/2
COSINE = tuple((-1) ** k * pi ** (2 * k) / factorial(2 * k) for k in range(13))


def _positive(b: ScalarBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """1 - x where x is not positive, else x; and whether it was reflected."""
    reflected = b.less(x, 0.0)
    return b.select(reflected, b.sub(1.0, x), x), reflected


def _shifted(b: ScalarBuilder, x: SSAValue, power: int) -> tuple[SSAValue, SSAValue]:
    """y >= 10 for the series, and the sum of 1 / (x + k)**power over the steps from x to y, as one quotient."""
    small = b.less(x, float(SHIFT))
    numerator, denominator = b.const(0.0), b.const(1.0)
    for k in range(SHIFT):
        step = b.add(x, float(k))
        factor = step
        for _ in range(power - 1):
            factor = b.mul(factor, step)
        numerator = b.fma(numerator, factor, denominator)
        denominator = b.mul(denominator, factor)
    total = b.select(small, b.div(numerator, denominator), 0.0)
    return b.select(small, b.add(x, float(SHIFT)), x), total


def sine_and_cosine(b: ScalarBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
    """The distance r of x to the nearest integer, sin(pi r) and cos(pi r)."""
    r = b.sub(x, b.float_op(math.RoundEvenOp, x))
    square = b.mul(r, r)
    return r, b.mul(r, b.polynomial(square, SINE)), b.polynomial(square, COSINE)


def tri_gamma(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """1 / y + 1 / (2 y^2) + sum B(2k) / y^(2k+1), and the steps; (pi / sin(pi x))^2 - tri_gamma(1 - x) below 0."""
    positive, reflected = _positive(b, x)
    y, steps = _shifted(b, positive, 2)
    inverse = b.div(1.0, y)
    square = b.mul(inverse, inverse)
    series = b.mul(b.mul(square, inverse), b.polynomial(square, BERNOULLI))
    value = b.add(steps, b.add(inverse, b.fma(square, 0.5, series)))
    _, sine, _ = sine_and_cosine(b, x)
    scale = b.div(pi, sine)
    value = b.select(reflected, b.sub(b.mul(scale, scale), value), value)
    return b.select(b.equal(x, 0.0), inf, value)


def tetra_gamma(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """-1 / y^2 - 1 / y^3 - sum (2k + 1) B(2k) / y^(2k+2), and the steps.

    Below 0 it is tetra_gamma(1 - x) - 2 pi^3 cos(pi x) / sin(pi x)^3.
    """
    positive, reflected = _positive(b, x)
    y, steps = _shifted(b, positive, 3)
    inverse = b.div(1.0, y)
    square = b.mul(inverse, inverse)
    series = b.mul(b.mul(square, square), b.polynomial(square, TETRA_SERIES))
    value = b.sub(b.sub(series, b.fma(square, inverse, square)), b.mul(steps, 2.0))
    r, sine, cosine = sine_and_cosine(b, x)
    scale = b.div(pi, sine)
    below = b.sub(value, b.mul(b.mul(b.mul(scale, scale), scale), b.mul(cosine, 2.0)))
    below = b.select(b.equal(r, 0.0), nan, below)
    value = b.select(reflected, below, value)
    return b.select(b.equal(x, 0.0), b.copysign(inf, b.neg(x)), value)


def penta_gamma(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """2 / y^3 + 3 / y^4 + sum (2k + 2) (2k + 1) B(2k) / y^(2k+3), and the steps.

    Below 0 it is 2 (pi / sin(pi x))^4 (2 cos(pi x)^2 + 1) - penta_gamma(1 - x).
    """
    positive, reflected = _positive(b, x)
    y, steps = _shifted(b, positive, 4)
    inverse = b.div(1.0, y)
    square = b.mul(inverse, inverse)
    cube = b.mul(square, inverse)
    series = b.mul(b.mul(cube, square), b.polynomial(square, PENTA_SERIES))
    value = b.add(b.mul(steps, 6.0), b.add(b.fma(b.mul(square, square), 3.0, b.mul(cube, 2.0)), series))
    _, sine, cosine = sine_and_cosine(b, x)
    scale = b.div(pi, sine)
    scale = b.mul(scale, scale)
    below = b.mul(b.mul(scale, scale), b.fma(b.mul(cosine, cosine), 4.0, 2.0))
    value = b.select(reflected, b.sub(below, value), value)
    return b.select(b.equal(x, 0.0), inf, value)
