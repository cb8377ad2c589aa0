"""log2 and log10: f / ln(base) with twice the precision, plus the rest of the logarithm and the exponent's share.

In f32 the slope is one number, and the rest is f^2 times a polynomial that has the base in it.
"""

from __future__ import annotations

from typing import NamedTuple

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm import at_the_edges, log1p_tail, scaled_exponent


class Base(NamedTuple):
    """1 / ln(base), and log(2) to this base with a first part so short that its product with an exponent is exact."""

    slope: tuple[float, float]
    unit: tuple[float, float]
    terms: tuple[float, ...] = ()  # of f32: log(1 + f) = f slope + f^2 (terms), error relative to the logarithm 4e-9


TWO = {
    "f64": Base((1.4426950408889634, 2.0355273740931033e-17), (1.0, 0.0)),
    "f32": Base(
        (1.4426950216293335, 0.0),
        (1.0, 0.0),
        (
            -0.7213473320007324,
            0.4808982312679291,
            -0.3606966733932495,
            0.28856784105300903,
            -0.23961694538593292,
            0.2045939713716507,
            -0.19106115400791168,
            0.18620945513248444,
            -0.10998988896608353,
        ),
    ),
}
TEN = {
    "f64": Base((0.4342944819032518, 1.098319650216765e-17), (0.30102999566361177, 3.694239077158931e-13)),
    "f32": Base(
        (0.4342944920063019, 0.0),
        (0.301025390625, 4.605039066518657e-06),
        (
            -0.21714718639850616, 0.14476479589939117, -0.10858052223920822, 0.08686756832765579, -0.07213188707828522,
            0.061588920652866364, -0.057515136897563934, 0.056054629385471344, -0.033110253512859344,
        ),
    ),
}  # fmt: skip


def _logarithm(b: ScalarBuilder, x: SSAValue, base: Base) -> SSAValue:
    lift, scale = b.format.mantissa + 2, 2.0**b.format.mantissa
    subnormal = b.less(x, b.format.min_normal)
    k, f = scaled_exponent(b, b.select(subnormal, b.mul(x, 2.0**lift), x))
    k = b.sub(k, b.select(subnormal, lift * scale, 0.0))
    high_unit, low_unit = (part / scale for part in base.unit)
    if base.terms:
        low = b.mul(b.mul(f, f), b.polynomial(f, base.terms))
        low = b.fma(k, low_unit, low) if low_unit else low
        return at_the_edges(b, x, b.fma(k, high_unit, b.fma(f, base.slope[0], low)))
    value, low = b.two_product(f, base.slope[0])
    tail = log1p_tail(b, f, b.const(0.0))
    low = b.fma(tail, base.slope[0], b.fma(f, base.slope[1], low))
    high, lost = b.fast_two_sum(b.mul(k, high_unit), value)
    low = b.fma(k, low_unit, b.add(lost, low)) if low_unit else b.add(lost, low)
    return at_the_edges(b, x, b.add(high, low))


def log2(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The logarithm to base 2, exact for powers of 2."""
    return _logarithm(b, x, TWO[b.format.name])


def log10(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The logarithm to base 10."""
    return _logarithm(b, x, TEN[b.format.name])
