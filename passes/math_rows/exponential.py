"""exp and expm1, and the range reduction that the logistic family shares.

x = n ln 2 + r with n an integer and |r| <= ln(2) / 2, so exp(x) = 2^n exp(r). Then exp(r) is a polynomial, and 2^n is
made of exponent bits: n comes out of the addition of 1.5 * 2^mantissa, which leaves it in the lowest bits of the sum
(Cody and Waite 1980; Muller, Elementary Functions, 3rd ed., chapters 9 and 11). No step converts between floats and
integers, which AVX2 could not do for 64 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder


@dataclass(frozen=True)
class ExpTable:
    """Constants of one float format; the polynomials are minimax (Remez) on |r| <= 1.0005 ln(2) / 2."""

    low: float  # exp is 0 from here downwards
    high: float  # and inf from here upwards
    expm1_low: float  # expm1 is -1 from here downwards
    tiny: float  # expm1(x) and sinh(x) are x up to here
    log2_e: float
    ln2: float
    ln2_low: float  # ln 2 = ln2 + ln2_low
    exp_terms: tuple[float, ...]  # exp(r) = 1 + r + r^2 (terms)
    expm1_terms: tuple[float, ...]  # the same, relative to exp(r) - 1


TABLES = {
    "f64": ExpTable(
        low=-750.0,
        high=710.0,
        expm1_low=-40.0,
        tiny=2.0**-60,
        log2_e=1.4426950408889634,
        ln2=0.6931471805599453,
        ln2_low=2.3190468138462996e-17,
        exp_terms=(  # degree 11, error 5.4e-18
            0.5,
            0.16666666666666433,
            0.04166666666660374,
            0.008333333333500548,
            0.0013888888926892437,
            0.00019841269465365542,
            2.480150854946915e-05,
            2.755764133381335e-06,
            2.762524434344452e-07,
            2.4978338941509032e-08,
        ),
        expm1_terms=(  # degree 12, error 2.7e-19
            0.5,
            0.16666666666666677,
            0.041666666666666574,
            0.00833333333332211,
            0.0013888888888942872,
            0.0001984126988508437,
            2.480158719793454e-05,
            2.7557245138618992e-06,
            2.7557387161070444e-07,
            2.51087446205659e-08,
            2.0878918368809085e-09,
        ),
    ),
    "f32": ExpTable(
        low=-110.0,
        high=89.0,
        expm1_low=-20.0,
        tiny=2.0**-30,
        log2_e=1.4426950216293335,
        ln2=0.6931471824645996,
        ln2_low=-1.9046542121259336e-09,
        exp_terms=(  # degree 6, error 3.6e-9
            0.5,
            0.16666534543037415,
            0.041667237877845764,
            0.008367509581148624,
            0.0013863762142136693,
        ),
        expm1_terms=(  # degree 7, error 3.9e-10
            0.5,
            0.1666666567325592,
            0.041666481643915176,
            0.0083334194496274,
            0.0013933301670476794,
            0.00019824122136924416,
        ),
    ),
}


class Reduced(NamedTuple):
    """x = n ln 2 + r, `r_high` before the small part of ln 2, and `biased`, whose lowest bits are n plus a bias."""

    biased: SSAValue
    n: SSAValue
    r_high: SSAValue
    r: SSAValue


def reduce_argument(b: ScalarBuilder, x: SSAValue, bias: int) -> Reduced:
    """Split x into a multiple of ln 2 and the rest; n + `bias` stands in the lowest bits of `biased`.

    The first step to r is exact: its fma has a result that fits into the mantissa.
    """
    table = TABLES[b.format.name]
    magic = b.format.integer_magic + bias
    biased = b.fma(x, table.log2_e, magic)
    n = b.sub(biased, magic)
    r_high = b.fma(n, -table.ln2, x)
    return Reduced(biased, n, r_high, b.fma(n, -table.ln2_low, r_high))


def power_of_two(b: ScalarBuilder, biased: SSAValue) -> SSAValue:
    """2^n for `biased` made with the format's exponent bias; n has to be the exponent of a normal number."""
    return b.from_bits(b.shift_left(b.to_bits(biased), b.format.mantissa))


def power_of_two_halves(b: ScalarBuilder, reduced: Reduced) -> tuple[SSAValue, SSAValue]:
    """Two normal numbers with the product 2^n for `biased` made with twice the exponent bias.

    Multiplying by one after the other rounds only once, at the end, where the result is subnormal.
    """
    first = b.fma(reduced.n, 0.5, b.format.integer_magic + b.format.bias)
    second = b.int_sub(b.to_bits(reduced.biased), b.to_bits(first))
    return power_of_two(b, first), b.from_bits(b.shift_left(second, b.format.mantissa))


def expm1_parts(b: ScalarBuilder, reduced: Reduced, terms: tuple[float, ...]) -> tuple[SSAValue, SSAValue]:
    """exp(r) - 1 as a sum of two floats, its error far below an ulp."""
    r = reduced.r
    r_error = b.fma(reduced.n, -TABLES[b.format.name].ln2_low, b.sub(reduced.r_high, r))
    curved = b.mul(b.mul(r, r), b.polynomial(r, terms))
    value, error = b.fast_two_sum(r, curved)
    return value, b.add(error, b.fma(r_error, value, r_error))


def exp_parts(b: ScalarBuilder, reduced: Reduced) -> tuple[SSAValue, SSAValue]:
    """exp(r) as a rounded sum and what its last rounding lost; together they are off by a third of an ulp at most."""
    slope = b.polynomial(reduced.r, (1.0, *TABLES[b.format.name].exp_terms))
    high = b.fma(slope, reduced.r, 1.0)
    return high, b.fma(slope, reduced.r, b.sub(1.0, high))


def exp(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """exp(x): 1 + r (1 + r terms), scaled."""
    table = TABLES[b.format.name]
    reduced = reduce_argument(b, b.clamp(x, table.low, table.high), 2 * b.format.bias)
    value = b.polynomial(reduced.r, (1.0, 1.0, *table.exp_terms))
    first, second = power_of_two_halves(b, reduced)
    return b.mul(b.mul(value, first), second)


def scaled_expm1_parts(b: ScalarBuilder, x: SSAValue, scale: int) -> tuple[SSAValue, SSAValue]:
    """(exp(x) - 1) / 2^scale = (s - 1 / 2^scale) + s (exp(r) - 1), s = 2^(n - scale), as a sum of two floats.

    Scaled, it cannot overflow on the way to a result that is finite; n - scale has to be a normal number's exponent.
    """
    reduced = reduce_argument(b, x, b.format.bias - scale)
    power = power_of_two(b, reduced.biased)
    value, error = expm1_parts(b, reduced, TABLES[b.format.name].expm1_terms)
    offset, offset_low = b.fast_two_sum(power, -(2.0**-scale))
    total, total_low = b.fast_two_sum(offset, b.mul(value, power))
    return total, b.add(total_low, b.fma(error, power, offset_low))


def expm1(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """exp(x) - 1, as twice its half."""
    table = TABLES[b.format.name]
    high, low = scaled_expm1_parts(b, b.clamp(x, table.expm1_low, table.high), 1)
    half = b.add(high, low)
    return b.select(b.less(b.abs(x), table.tiny), x, b.add(half, half))
