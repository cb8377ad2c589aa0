"""psi of f64, the derivative of gammaln: its asymptotic series from 8 upwards, below it the recurrence from 2 + e.

Abramowitz and Stegun, Handbook of Mathematical Functions, 6.3.5 to 6.3.7 and 6.3.18.
"""

from __future__ import annotations

from math import inf, nan, pi

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm import log
from .polygamma import BERNOULLI, sine_and_cosine

SERIES_FROM = 8.0
SERIES = tuple(-number / (2 * k) for k, number in enumerate(BERNOULLI, 1))
MIDDLE = (  # psi(2 + e), |e| <= 1/2, error 5e-18
    0.42278433509846713, 0.6449340668482264, -0.20205690315959488, 0.08232323371115713, -0.036927755143283975,
    0.01734306198308874, -0.00834927738670909, 0.0040773562426278265, -0.002008392693522442, 0.0009945743265569354,
    -0.0004941906801118114, 0.0002460950918153433, -0.00012269381476754965, 6.119212030597766e-05, -3.070048515176995e-05,
    1.5507813736767655e-05, -7.254093154176662e-06, 3.2863644382069953e-06, -2.6079827266475834e-06, 1.5900180314204984e-06,
)  # fmt: skip
ROOT = (1.4616321449683622, 9.549995429965697e-17)  # as a sum of two numbers
ROOT_TERMS = (  # Taylor coefficients at the root, from the first
    0.9676722454476212, -0.4427631689835921, 0.258499760955651, -0.16394270544240652, 0.10782405069126237,
    -0.07219956125645471, 0.04880428816414311, -0.03316112647484736, 0.022597648232218104, -0.01542476590494896,
    0.010538791616612175, -0.007204534386356869, 0.004926781395729853, -0.003369801655439328, 0.002305126326734928,
    -0.0015769367714301972, 0.0010788252019162967, -0.0007380709389960052, 0.000504953265834602,
)  # fmt: skip


def _steps(b: ScalarBuilder, x: SSAValue, n: SSAValue) -> tuple[SSAValue, SSAValue]:
    """psi(x) - psi(2 + x - n) as a quotient: 1 / (x - 1) + 1 / (x - 2) ... or -1 / x - 1 / (x + 1)."""
    up, down = b.const(0.0), b.const(1.0)
    for j in range(1, 7):
        taken = b.greater(n, j + 1.5)
        factor = b.select(taken, b.sub(x, float(j)), 1.0)
        up = b.fma(up, factor, b.select(taken, down, 0.0))
        down = b.mul(down, factor)
    two = b.less(n, 0.5)
    back = b.less(n, 1.5)
    up = b.select(back, b.select(two, b.fma(x, -2.0, -1.0), -1.0), up)
    return up, b.select(back, b.select(two, b.mul(x, b.add(x, 1.0)), x), down)


def psi(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """Around the positive root a Taylor series; below 0 it is psi(1 - x) - pi / tan(pi x)."""
    reflected = b.less(x, 0.0)
    y = b.select(reflected, b.sub(1.0, x), x)
    n, _ = b.round(y)
    small = b.less(y, SERIES_FROM)
    up, down = _steps(b, y, n)
    quotient = b.div(b.select(small, up, 1.0), b.select(small, down, y))
    square = b.mul(quotient, quotient)
    beyond = b.add(log(b, y), b.fma(quotient, -0.5, b.mul(square, b.polynomial(square, SERIES))))
    value = b.select(small, b.add(b.polynomial(b.sub(y, n), MIDDLE), quotient), beyond)
    near = b.sub(b.sub(x, ROOT[0]), ROOT[1])
    value = b.select(b.less(b.abs(near), 0.2), b.mul(near, b.polynomial(near, ROOT_TERMS)), value)
    r, sine, cosine = sine_and_cosine(b, x)
    below = b.sub(value, b.div(b.mul(cosine, pi), sine))
    below = b.select(b.equal(r, 0.0), nan, below)  # a pole whose sides have different signs
    value = b.select(reflected, below, value)
    return b.select(b.equal(x, 0.0), b.copysign(inf, b.neg(x)), value)
