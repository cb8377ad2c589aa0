"""tan: x = n pi/2 + r as in `trigonometric`, and one polynomial: tan(r), or -1 / tan(r) where n is odd.

All is done for |x|; the sign comes last. Far arguments are left to others: in f64 to the C library, in f32 to `single.far_tan`.
"""

from __future__ import annotations

from typing import NamedTuple

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .table import WHOLE_TAN
from .trigonometric import FAR, PI_HALVES, TWO_OVER_PI


class Tangent(NamedTuple):
    """Of one float format: pi/2 in three parts, (tan(r) - r) / r^3 in r^2, from where on it is left to what function."""

    quarter: tuple[float, float, float]
    terms: tuple[float, ...]
    far: float
    name: str


TABLES = {
    "f64": Tangent(
        PI_HALVES,
        (  # error relative to the tangent 1.2e-17
            0.3333333333333278, 0.13333333333414457, 0.05396825392673927, 0.021869489607435275, 0.008863219184701406,
            0.0035922889067368006, 0.0014547589447027368, 0.00059506088272047, 0.00022239058791206256,
            0.000136504276014272, -2.635717926748353e-05, 8.942639997322438e-05, -4.486286259130119e-05,
            2.0860025546835857e-05,
        ),
        FAR,
        "tanl",
    ),
    "f32": Tangent(
        (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
        (  # error 1.3e-9
            0.33333349227905273, 0.13332656025886536, 0.05406080558896065, 0.021277206018567085, 0.010849637910723686,
            7.096368062775582e-05, 0.004385906737297773,
        ),
        2.0**14,
        WHOLE_TAN,
    ),
}  # fmt: skip


def tan(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The tangent of x."""
    table = TABLES[b.format.name]
    size = b.abs(x)
    biased = b.fma(size, TWO_OVER_PI, b.format.integer_magic)
    minus = b.sub(b.format.integer_magic, biased)
    first = b.fma(minus, table.quarter[0], size)
    second, second_low = b.two_product(minus, table.quarter[1])
    r, lost = b.fast_two_sum(first, second)  # exact in any order: both are whole multiples of an ulp of r
    r_low = b.fma(minus, table.quarter[2], b.add(lost, second_low))
    z = b.mul(r, r)
    curved = b.fma(b.mul(r, z), b.long_polynomial(z, table.terms), b.fma(r_low, z, r_low))
    t, t_low = b.fast_two_sum(r, curved)
    inverse = b.div(1.0, t)
    rest = b.fma(b.neg(t_low), inverse, b.fma(b.neg(t), inverse, 1.0))
    value = b.select(b.has_bits(b.to_bits(biased), 1), b.fma(rest, inverse, inverse), t)
    top = b.format.bits - 1
    sign = b.int_xor(b.shift_left(b.to_bits(biased), top), b.int_and(b.to_bits(x), -1 << top))
    value = b.from_bits(b.int_xor(b.to_bits(value), sign))
    return b.rare(table.name, b.not_less(size, table.far), [x], value)
