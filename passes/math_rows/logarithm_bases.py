"""log2 and log10: f / ln(base) with twice the precision, plus the rest of the logarithm and the exponent's share."""

from __future__ import annotations

from typing import NamedTuple

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm import at_the_edges, log1p_tail, split_exponent


class Base(NamedTuple):
    """1 / ln(base), and log(2) to this base with a first part so short that its product with an exponent is exact."""

    slope: tuple[float, float]
    unit: tuple[float, float]


TWO = {
    "f64": Base((1.4426950408889634, 2.0355273740931033e-17), (1.0, 0.0)),
    "f32": Base((1.4426950216293335, 1.925963033500011e-08), (1.0, 0.0)),
}
TEN = {
    "f64": Base((0.4342944819032518, 1.098319650216765e-17), (0.30102999566361177, 3.694239077158931e-13)),
    "f32": Base((0.4342944920063019, -1.0103049952192578e-08), (0.301025390625, 4.605039066518657e-06)),
}


def _logarithm(b: ScalarBuilder, x: SSAValue, base: Base) -> SSAValue:
    lift = b.format.mantissa + 2
    subnormal = b.less(x, b.format.min_normal)
    normal = b.select(subnormal, b.mul(x, 2.0**lift), x)
    k, f, _ = split_exponent(b, normal, b.select(subnormal, float(lift), 0.0))
    value, low = b.two_product(f, base.slope[0])
    tail = log1p_tail(b, f, b.const(0.0))
    low = b.fma(tail, base.slope[0], b.fma(f, base.slope[1], low))
    high, lost = b.fast_two_sum(b.mul(k, base.unit[0]), value)
    low = b.fma(k, base.unit[1], b.add(lost, low))
    return at_the_edges(b, x, b.add(high, low))


def log2(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The logarithm to base 2, exact for powers of 2."""
    return _logarithm(b, x, TWO[b.format.name])


def log10(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The logarithm to base 10."""
    return _logarithm(b, x, TEN[b.format.name])
