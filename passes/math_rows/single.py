"""Functions of f32, computed in f64: plain formulas whose rounding errors vanish when the result is rounded to f32.

Rows here take a builder of f64 and f64 values that came from f32; `table.py` wraps them. `pow` goes into f64 and back itself.
A result is off by half an ulp and the polynomial's error, at most a thousandth of an ulp.
"""

from __future__ import annotations

from math import inf, log

from xdsl.dialects import arith
from xdsl.dialects.builtin import f64
from xdsl.ir import SSAValue

from phintys.passes.float_format import F64
from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm import scaled_exponent, split_exponent
from .power import SINGLE_TERMS, at_the_edges, is_special
from .table import WHOLE_POW_SINGLE
from .trigonometric import FAR, PI_HALVES, TWO_OVER_PI

SINE = (-0.16666666644040354, 0.008333329305093229, -0.00019839253543006835, 2.7172731621211796e-06)  # error 8e-12
COSINE = (0.041666654579757975, -0.0013887649460420438, 2.4463166044043193e-05)  # error 2e-10
EXP2 = (  # error 5e-11
    1.0, 0.693147180541693, 0.24022651075326187, 0.055504109625035214, 0.009618036970182733, 0.0013333430830561382,
    0.00015467094815341996, 1.5314937944745315e-05,
)  # fmt: skip
LOG2 = (  # log2(1 + f) = f (terms), error 2.4e-11 of it
    1.4426950408666819, -0.7213475207460319, 0.4808983625684174, -0.3606736995328487, 0.28853719611309775,
    -0.2404517211724201, 0.20617769336260985, -0.18033621739790665, 0.1587618905030183, -0.14276208445788377,
    0.14446782034784705, -0.1444579972775492, 0.07957317873624498,
)  # fmt: skip
LOG2_SHORT = (  # the same, error 1.0e-10
    1.4426950409397403, -0.7213475252332227, 0.4808983205812564, -0.3606727977266363, 0.28854065117945205, -0.2405042852165302,
    0.20609616650728252, -0.17904525967508345, 0.15900104846088978, -0.15699165463056525, 0.15486557957968228,
    -0.08633885545287583,
)  # fmt: skip
INSIDE = 125.0  # up to here 2^t is a normal f32
ERF = (  # erf(x) / x in x^2 / 8 - 1, error 1.6e-9
    0.35353099618849465, -0.1765762311424159, 0.13167502499972514, -0.10771053024856365, 0.09021152296858122,
    -0.07472699301972553, 0.0598603278141663, -0.04576722658498495, 0.0331993648086654, -0.022483345436571968,
    0.013946917218092394, -0.008538626803035023, 0.005530339869583233, -0.0027385916073967244, 0.0006462096623015704,
    -0.0004257021585753552, 0.0005888769949465041, -0.00022233777527907878,
)  # fmt: skip
ERFC = (  # as in error_function.py, c = 3, up to 11, error 5e-11
    1.0740069070899827, -0.8833944541900348, 0.5902283574690903, -0.3104672109479702, 0.11952775941442871,
    -0.026827957063800572, -0.0012126727695095125, 0.0030383275116185, -0.0005451323732290567, -0.0002877491123719931,
    9.483402610826298e-05, 3.90964961010533e-05,
)  # fmt: skip


# sin, cos, tan


def _angle(b: ScalarBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
    """sin(r), cos(r) and an integer whose lowest bits are n, x = n pi / 2 + r."""
    n, biased = b.round(b.mul(x, TWO_OVER_PI))
    minus = b.neg(n)
    r = b.fma(minus, PI_HALVES[1], b.fma(minus, PI_HALVES[0], x))
    z = b.mul(r, r)
    sine = b.mul(r, b.polynomial(z, (1.0, *SINE)))
    return sine, b.polynomial(z, (1.0, -0.5, *COSINE)), b.to_bits(biased)


def _negated(b: ScalarBuilder, value: SSAValue, quadrant: SSAValue, bit: int) -> SSAValue:
    top = b.shift_left(b.shift_right(quadrant, bit), b.format.bits - 1)
    return b.from_bits(b.int_xor(b.to_bits(value), top))


def _far(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    return b.greater(b.abs(x), FAR)


def sin(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The sine of x."""
    sine, cosine, quadrant = _angle(b, x)
    value = b.select(b.has_bits(quadrant, 1), cosine, sine)
    return b.rare("sin", _far(b, x), [x], _negated(b, value, quadrant, 1))


def cos(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The cosine of x."""
    sine, cosine, quadrant = _angle(b, x)
    value = b.select(b.has_bits(quadrant, 1), sine, cosine)
    return b.rare("cos", _far(b, x), [x], _negated(b, value, b.int_add(quadrant, 1), 1))


def far_tan(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The quotient of both."""
    sine, cosine, quadrant = _angle(b, x)
    other = b.has_bits(quadrant, 1)
    value = b.div(b.select(other, cosine, sine), b.select(other, sine, cosine))
    return b.rare("tan", _far(b, x), [x], _negated(b, value, quadrant, 0))


# Powers


def exp2_normal(b: ScalarBuilder, t: SSAValue) -> SSAValue:
    """2^t as long as it is a normal f64."""
    magic = b.format.integer_magic + b.format.bias
    biased = b.add(t, magic)
    f = b.sub(t, b.sub(biased, magic))
    scale = b.from_bits(b.shift_left(b.to_bits(biased), b.format.mantissa))
    return b.mul(b.polynomial(f, EXP2), scale)


def exp2(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """2^x."""
    return exp2_normal(b, b.clamp(x, -1000.0, 1000.0))


def log2_normal(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """log2 of a positive normal number."""
    k, f, _ = split_exponent(b, x)
    return b.fma(f, b.polynomial(f, LOG2), k)


def complete(b: ScalarBuilder, x: SSAValue, y: SSAValue) -> SSAValue:
    """pow: 2^(y log2(|x|)) in f64; its sign and its edges in f32."""
    magnitude = b.abs(x)
    d = ScalarBuilder(b.block, F64)
    wide, exponent = (b.emit(arith.ExtFOp, (value,), f64) for value in (magnitude, y))
    value = b.emit(arith.TruncFOp, (exp2(d, d.mul(exponent, log2_normal(d, wide))),), b.format.type)
    inside = b.both(b.greater(magnitude, 0.0), b.less(magnitude, inf))
    outside = b.select(b.less(y, 0.0), b.select(b.equal(magnitude, 0.0), inf, 0.0), magnitude)
    value = b.select(inside, value, outside)
    # a NaN of either comes out again
    value = b.select(b.equal(x, x), b.select(b.equal(y, y), value, y), x)
    return at_the_edges(b, x, y, value)


def pow(b: ScalarBuilder, x: SSAValue, y: SSAValue) -> SSAValue:
    """x^y of positive normal x, where it is far from the ends of the range; what else there is, `complete` does.

    In f64 are the first terms of the logarithm and the product with y: what both take away is at most half an ulp.
    """
    d = ScalarBuilder(b.block, F64)
    scaled, short = scaled_exponent(b, x)
    k = b.mul(scaled, 2.0**-b.format.mantissa)
    parts = (b.polynomial(short, LOG2_SHORT[5:]), short, k, y)
    tail, f, k, exponent = (b.emit(arith.ExtFOp, (part,), f64) for part in parts)
    t = d.mul(exponent, d.fma(f, d.polynomial(f, (*LOG2_SHORT[:5], tail)), k))
    biased = d.add(t, d.format.integer_magic)
    rest = b.emit(arith.TruncFOp, (d.sub(t, d.sub(biased, d.format.integer_magic)),), b.format.type)
    n = b.emit(arith.TruncIOp, (d.to_bits(biased),), b.format.integer)
    value = b.polynomial(rest, (1.0, *SINGLE_TERMS))
    value = b.from_bits(b.int_add(b.to_bits(value), b.shift_left(n, b.format.mantissa)))
    far = d.not_less(d.abs(t), INSIDE)
    return b.rare(WHOLE_POW_SINGLE, b.either(is_special(b, x), far), [x, y], value)


# Error function


def erf(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """x times a polynomial up to 4, where it is 1."""
    limited = b.clamp(x, -4.0, 4.0)
    square = b.fma(b.mul(limited, limited), 0.125, -1.0)
    return b.mul(limited, b.long_polynomial(square, ERF))


def erfc(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """exp(-x^2) P(t) / (x + 3) for positive x, 2 - erfc(-x) for negative x."""
    magnitude = b.clamp_high(b.abs(x), 11.0)
    inverse = b.div(1.0, b.add(magnitude, 3.0))
    value = b.polynomial(b.mul(b.sub(magnitude, 3.0), inverse), ERFC)
    power = exp2_normal(b, b.mul(b.mul(magnitude, magnitude), -1 / log(2)))
    value = b.mul(power, b.mul(value, inverse))
    return b.select(b.less(x, 0.0), b.sub(2.0, value), value)
