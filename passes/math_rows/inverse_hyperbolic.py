"""asinh, acosh and atanh, as log1p of a sum of two numbers."""

from __future__ import annotations

from math import inf, nan

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .logarithm import log1p_pair

LARGE = {"f64": 2.0**28, "f32": 2.0**14}  # beyond it asinh(x) and acosh(x) are log(2 x)
TINY = {"f64": 2.0**-28, "f32": 2.0**-14}  # up to it asinh(x) and atanh(x) are x


def _root(b: ScalarBuilder, square: SSAValue, low: SSAValue) -> tuple[SSAValue, SSAValue]:
    """sqrt(square + low) as a pair."""
    root = b.sqrt(square)
    error = b.div(b.add(b.fma(b.neg(root), root, square), low), b.add(root, root))
    return root, b.select(b.greater(root, 0.0), error, 0.0)


def asinh(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """log1p(|x| + (sqrt(x^2 + 1) - 1)) with the sign of x."""
    magnitude = b.abs(x)
    large = b.greater(magnitude, LARGE[b.format.name])
    a = b.select(large, 1.0, magnitude)
    square, low = b.two_product(a, a)
    total, lost = b.ordered_two_sum(square, 1.0)
    root, root_low = _root(b, total, b.add(lost, low))
    less, less_low = b.fast_two_sum(root, -1.0)
    high, low = b.fast_two_sum(a, less)
    low = b.add(low, b.add(less_low, root_low))
    value = _finish(b, large, magnitude, high, low)
    return b.copysign(b.select(b.less(magnitude, TINY[b.format.name]), x, value), x)


def acosh(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """log1p(sqrt(x^2 - 1) + (x - 1))."""
    large = b.greater(x, LARGE[b.format.name])
    a = b.select(large, 1.0, x)
    square, low = b.two_product(a, a)
    total, lost = b.fast_two_sum(square, -1.0)
    total, lost = b.fast_two_sum(total, b.add(lost, low))
    root, root_low = _root(b, total, lost)
    less, less_low = b.fast_two_sum(a, -1.0)
    high, low = b.fast_two_sum(root, less)
    low = b.add(low, b.add(less_low, root_low))
    return b.select(b.less(x, 1.0), nan, _finish(b, large, x, high, low))


def _finish(b: ScalarBuilder, large: SSAValue, x: SSAValue, high: SSAValue, low: SSAValue) -> SSAValue:
    """log1p(high + low), or log(2 x) for large x; what is not finite stays as it is."""
    before, before_low = b.fast_two_sum(x, -1.0)
    high, low = b.select(large, before, high), b.select(large, before_low, low)
    value = log1p_pair(b, high, low, b.select(large, 1.0, 0.0))
    return b.select(b.less(x, inf), value, x)


def atanh(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """log1p(2 |x| / (1 - |x|)) / 2 with the sign of x."""
    magnitude = b.abs(x)
    d, d_low = b.fast_two_sum(1.0, b.neg(magnitude))
    n = b.add(magnitude, magnitude)
    inverse = b.div(1.0, d)
    high = b.mul(n, inverse)
    low = b.mul(b.fma(b.neg(high), d_low, b.fma(b.neg(high), d, n)), inverse)
    value = b.mul(log1p_pair(b, high, low, b.const(0.0)), 0.5)
    value = b.select(b.less(magnitude, 1.0), value, b.select(b.equal(magnitude, 1.0), inf, nan))
    return b.copysign(b.select(b.less(magnitude, TINY[b.format.name]), x, value), x)
