"""sin and cos of f64, and of their quotient what is beyond `tangent`.

x = n pi/2 + r with |r| <= pi/4, r as a sum of two numbers (Cody and Waite 1980): the first step is exact, its fma has a
result that fits into the mantissa, whatever n. The lowest bits of n say which of the polynomials counts, and its sign.
Arguments beyond FAR are left to the C library.
"""

from __future__ import annotations

from typing import NamedTuple

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

FAR = 2.0**30
TINY = 2.0**-27  # sin(x) is x up to here
TWO_OVER_PI = 0.6366197723675814
PI_HALVES = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33)
SINE = (  # (sin(r) - r) / r^3, error 6.2e-18
    -0.1666666666666664, 0.008333333333323575, -0.000198412698300642, 2.7557313621771576e-06,
    -2.505072963515091e-08, 1.5894416117286866e-10,
)  # fmt: skip
COSINE = (  # (cos(r) - 1 + r^2 / 2) / r^4, error 1.5e-19
    0.04166666666666665, -0.0013888888888882785, 2.480158729457783e-05, -2.7557315719792157e-07,
    2.0875894650411363e-09, -1.1367797640996695e-11,
)  # fmt: skip


class Angle(NamedTuple):
    """sin(r) and cos(r) as pairs, and the integer whose lowest bits are n."""

    sine: tuple[SSAValue, SSAValue]
    cosine: tuple[SSAValue, SSAValue]
    quadrant: SSAValue


def reduce(b: ScalarBuilder, x: SSAValue) -> Angle:
    """Take x apart, for |x| <= FAR."""
    n, biased = b.round(b.mul(x, TWO_OVER_PI))
    minus = b.neg(n)
    first = b.fma(minus, PI_HALVES[0], x)
    second, second_low = b.two_product(minus, PI_HALVES[1])
    r, r_low = b.two_sum(first, second)
    return angle_of(b, r, b.add(r_low, b.fma(minus, PI_HALVES[2], second_low)), b.to_bits(biased))


def angle_of(b: ScalarBuilder, r: SSAValue, r_low: SSAValue, quadrant: SSAValue) -> Angle:
    """The angle r + r_low in a quadrant."""
    z = b.mul(r, r)
    sine_low = b.fma(b.mul(r, z), b.polynomial(z, SINE), r_low)
    half = b.mul(z, 0.5)
    high = b.sub(1.0, half)
    lost = b.sub(b.sub(1.0, high), half)
    z_low = b.fma(r, r, b.neg(z))
    rest = b.fma(b.mul(z, z), b.polynomial(z, COSINE), lost)
    rest = b.fma(b.neg(r), r_low, b.fma(z_low, -0.5, rest))
    return Angle((r, sine_low), (high, rest), quadrant)


def sine_of(b: ScalarBuilder, angle: Angle, shift: int = 0) -> SSAValue:
    """The sine of the angle and `shift` quadrants more."""
    quadrant = b.int_add(angle.quadrant, shift) if shift else angle.quadrant
    other = b.has_bits(quadrant, 1)
    value = b.select(other, b.add(*angle.cosine), b.add(*angle.sine))
    return _signed(b, value, quadrant, 1)


def cosine_of(b: ScalarBuilder, angle: Angle) -> SSAValue:
    """The cosine of the angle."""
    return sine_of(b, angle, 1)


def tangent_of(b: ScalarBuilder, angle: Angle) -> SSAValue:
    """The quotient of sine and cosine, or minus that of cosine and sine."""
    sine = b.fast_two_sum(*angle.sine)
    cosine = b.fast_two_sum(*angle.cosine)
    other = b.has_bits(angle.quadrant, 1)
    above = [b.select(other, c, s) for s, c in zip(sine, cosine, strict=True)]
    below = [b.select(other, s, c) for s, c in zip(sine, cosine, strict=True)]
    return _signed(b, b.quotient(*above, *below), angle.quadrant, 0)


def _signed(b: ScalarBuilder, value: SSAValue, quadrant: SSAValue, bit: int) -> SSAValue:
    """`value`, negative where that bit of the quadrant is set."""
    top = b.shift_left(b.shift_right(quadrant, bit), b.format.bits - 1)
    return b.from_bits(b.int_xor(b.to_bits(value), top))


def _far(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    return b.greater(b.abs(x), FAR)


def sin(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The sine of x."""
    value = sine_of(b, reduce(b, x))
    value = b.select(b.less(b.abs(x), TINY), x, value)
    return b.rare("sinl", _far(b, x), [x], value)


def cos(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The cosine of x."""
    return b.rare("cosl", _far(b, x), [x], cosine_of(b, reduce(b, x)))
