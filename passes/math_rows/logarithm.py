"""log and log1p.

x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2). With s = f / (2 + f), log(1 + f) = log((1 + s) / (1 - s)) is
f - f^2/2 + s (f^2/2 + R(s^2)); the first terms carry the precision, the quotient only a twentieth of the value. In f32 a
polynomial in f itself is shorter than the quotient.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, sqrt

from xdsl.ir import SSAValue

from phintys.passes.float_format import F32
from phintys.passes.scalar_builder import Operand, ScalarBuilder


@dataclass(frozen=True)
class LogTable:
    """Constants of one float format."""

    ln2: float  # short enough for k * ln2 to be exact
    ln2_low: float  # ln 2 = ln2 + ln2_low
    terms: tuple[float, ...]  # R(z) / z on 0 <= z <= 0.0295, or (log(1 + f) - f + f^2/2) / f^3, minimax (Remez)


TABLES = {
    "f64": LogTable(
        ln2=0.693147180559663,
        ln2_low=2.8235290563031577e-13,
        terms=(  # degree 6, error relative to the logarithm 1.2e-18
            0.6666666666666735,
            0.39999999999411107,
            0.2857142874326064,
            0.22222198476107674,
            0.18183569736797428,
            0.15313903260976158,
            0.1479750804817582,
        ),
    ),
    "f32": LogTable(
        ln2=0.693145751953125,
        ln2_low=1.428606765330187e-06,
        terms=(  # degree 8, error relative to the logarithm 2e-9
            0.33333322405815125,
            -0.24999985098838806,
            0.2000155746936798,
            -0.16668954491615295,
            0.14230355620384216,
            -0.12394627928733826,
            0.11803919076919556,
            -0.11711150407791138,
            0.06969554722309113,
        ),
    ),
}


def split_exponent(b: ScalarBuilder, x: SSAValue, lift: SSAValue | None = None) -> tuple[SSAValue, SSAValue, SSAValue]:
    """k, f, and the bits k + bias, for a positive normal x = 2^k (1 + f); k is reduced by `lift`."""
    shape = b.format
    root_bits = shape.to_bits(sqrt(0.5))
    shifted = b.int_sub(b.to_bits(x), root_bits - (shape.bias << shape.mantissa))
    biased = b.shift_right(shifted, shape.mantissa)
    # The bits of k under the exponent of 2^mantissa are the float 2^mantissa + k.
    offset_k = b.from_bits(b.int_or(biased, shape.to_bits(2.0**shape.mantissa)))
    k = b.sub(offset_k, 2.0**shape.mantissa + shape.bias)
    if lift is not None:
        k = b.sub(k, lift)
    mantissa = b.int_and(shifted, (1 << shape.mantissa) - 1)
    return k, b.sub(b.from_bits(b.int_add(mantissa, root_bits)), 1.0), biased


def scaled_exponent(b: ScalarBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """2^mantissa k and f, for a positive normal x = 2^k (1 + f): an operation less than k takes."""
    exponent = b.int_and(b.int_sub(b.to_bits(x), b.format.to_bits(sqrt(0.5))), -1 << b.format.mantissa)
    return b.from_int(exponent), b.sub(b.from_bits(b.int_sub(b.to_bits(x), exponent)), 1.0)


def log1p_tail(b: ScalarBuilder, f: SSAValue, low: SSAValue) -> SSAValue:
    """log(1 + f) - f + low."""
    table = TABLES[b.format.name]
    if b.format is F32:
        return b.fma(b.mul(f, f), b.polynomial(f, (-0.5, *table.terms)), low)
    s = b.div(f, b.add(f, 2.0))
    z = b.mul(s, s)
    half_f = b.mul(f, 0.5)
    rest = b.fma(z, b.polynomial(z, table.terms), b.mul(half_f, f))
    return b.fma(b.neg(half_f), f, b.fma(s, rest, low))


def add_exponent(b: ScalarBuilder, k: SSAValue, f: SSAValue) -> tuple[SSAValue, SSAValue]:
    """k ln 2 + f as a sum of two floats."""
    table = TABLES[b.format.name]
    high, low = b.fast_two_sum(b.mul(k, table.ln2), f)
    return high, b.fma(k, table.ln2_low, low)


def at_the_edges(b: ScalarBuilder, x: SSAValue, value: SSAValue) -> SSAValue:
    """`value` for positive finite x, and what log says elsewhere."""
    outside = b.select(b.equal(x, 0.0), -inf, nan)
    value = b.select(b.greater(x, 0.0), value, outside)
    return b.select(b.equal(x, inf), inf, value)


def log(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """log(x); a subnormal x is scaled up first."""
    lift = b.format.mantissa + 2
    subnormal = b.less(x, b.format.min_normal)
    normal = b.select(subnormal, b.mul(x, 2.0**lift), x)
    k, f, _ = split_exponent(b, normal, b.select(subnormal, float(lift), 0.0))
    high, low = add_exponent(b, k, f)
    return at_the_edges(b, x, b.add(high, log1p_tail(b, f, low)))


def log1p_pair(b: ScalarBuilder, x: SSAValue, x_low: Operand, exponent: Operand) -> SSAValue:
    """log(1 + x + x_low) + exponent ln 2, for a small x_low; what it says of NaN and infinities is of no use.

    What the sum 1 + x loses is added back, and for small x there is no sum: f is x.
    """
    shape = b.format
    total, lost = b.ordered_two_sum(x, 1.0)
    lost = b.add(lost, x_low)
    k, f, biased = split_exponent(b, total)
    near_zero = b.equal(k, 0.0)
    scale = b.from_bits(b.shift_left(b.int_sub(b.int_const(2 * shape.bias + 1), biased), shape.mantissa))  # 2 * 2^-k
    f = b.select(near_zero, x, f)
    lost = b.select(near_zero, b.mul(x_low, 2.0), b.mul(lost, scale))
    high, low = add_exponent(b, b.add(k, exponent), f)
    # log(1 + f + lost / 2) has the slope 1 / (1 + f) / 2, about (1 - f + f^2) / 2
    low = b.fma(lost, b.fma(f, b.fma(f, 0.5, -0.5), 0.5), low)
    return b.add(high, log1p_tail(b, f, low))


def log1p(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """log(1 + x)."""
    value = b.copysign(log1p_pair(b, x, 0.0, 0.0), x)
    return at_the_edges(b, b.add(x, 1.0), value)
