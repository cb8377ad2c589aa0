"""gammaln of -m for 2 <= m < 8, where it has roots: -log(m sin(pi m) / pi gamma(m)) in pairs of numbers.

The terms are near 1 where the sum is 0, so that each has to be known to more places than a number has: the sum is off by
some 10^-18, and by an ulp or two unless it is smaller than a thousandth.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm_pair import Pair, log2_pair
from .polygamma import SINE

LN2 = (0.6931471805599453, 2.3190468138462996e-17)
WAVE = (  # of sin(pi r) / (pi r) in r^2
    (1.0, 0.0), (-1.6449340668482264, -3.040672350398476e-17), (0.8117424252833536, 3.561384032141524e-17),
    (-0.19075182412208422, 4.4195856292634144e-18), (0.0261478478176548, 6.311763718038651e-19),
)  # fmt: skip
WAVE_REST = tuple(number / pi for number in SINE[len(WAVE) :])
LEADING = 5  # coefficients whose products with the argument are pairs


def product(b: ScalarBuilder, x: Pair, y: Pair) -> Pair:
    """x y, to some 2^-102."""
    high, low = b.two_product(x[0], y[0])
    return b.fast_two_sum(high, b.add(low, b.fma(x[0], y[1], b.mul(x[1], y[0]))))


def total(b: ScalarBuilder, x: Pair, y: Pair) -> Pair:
    """x + y, to some 2^-102 of the larger one."""
    high, low = b.two_sum(x[0], y[0])
    return b.fast_two_sum(high, b.add(low, b.add(x[1], y[1])))


def polynomial(b: ScalarBuilder, x: Pair, leading: Sequence[tuple[float, float]], rest: Sequence[float]) -> Pair:
    """By Horner's rule; the terms of `rest` are too small to matter beyond the places of one number."""
    value: Pair = (b.polynomial(x[0], rest), b.const(0.0))
    for high, low in reversed(leading):
        value = total(b, (b.const(high), b.const(low)), product(b, x, value))
    return value


def reflected_with_roots(b: ScalarBuilder, magnitude: SSAValue, r: SSAValue, gammaln: Sequence[float]) -> SSAValue:
    """For |x| = `magnitude`, `r` from the nearest integer; `gammaln` is a polynomial of gammaln(2 + e) / e."""
    zero = b.const(0.0)
    n, _ = b.round(magnitude)
    e: Pair = (b.sub(magnitude, n), zero)
    square = b.two_product(r, r)
    inside = product(b, (magnitude, zero), product(b, (r, zero), polynomial(b, square, WAVE, WAVE_REST)))
    for j in range(1, 7):  # gamma(m) = gamma(2 + e) (m - 1) (m - 2) ...
        inside = product(b, inside, (b.select(b.greater(n, j + 1.5), b.sub(magnitude, float(j)), 1.0), zero))
    logarithm = product(b, log2_pair(b, *inside), (b.const(LN2[0]), b.const(LN2[1])))
    rest = polynomial(b, e, [(number, 0.0) for number in gammaln[:LEADING]], gammaln[LEADING:])
    high, low = total(b, logarithm, product(b, e, rest))
    return b.neg(b.add(high, low))
