"""atan, asin and acos, and atan2, each of one polynomial in the square of an argument brought below 1 or 1/2."""

from __future__ import annotations

from math import inf

from xdsl.ir import SSAValue

from phintys.passes.float_format import F32
from phintys.passes.scalar_builder import ScalarBuilder

PI = (3.141592653589793, 1.2246467991473532e-16)
ORDINARY = {"f64": (2.0**1000, 2.0**-1018), "f32": (2.0**120, 2.0**-122)}  # where the remainder neither overflows nor vanishes
PIS = {"f64": PI, "f32": (3.1415927410125732, -8.742277657347586e-08)}
ATAN = (  # (atan(t) / t - 1) / t^2 for t <= 1, error 7.9e-18
    -0.3333333333333324, 0.19999999999976292, -0.14285714283804404, 0.1111111103803712, -0.09090907471937354,
    0.07692284495488887, -0.0666643618218577, 0.0588068756741307, -0.052541045852959045, 0.0472392812256125,
    -0.04222474233933475, 0.0366920243893613, -0.029958535517069448, 0.0220239582687252, -0.013912900592279885,
    0.007189111184896931, -0.002873362303443838, 0.0008246773077196896, -0.00015020024779034076, 1.2979577464039657e-05,
)  # fmt: skip
ASIN = (  # (asin(t) / t - 1) / t^2 for t <= 1/2, error 1.9e-18
    0.16666666666666702, 0.07499999999984425, 0.04464285716374379, 0.030381943138356605, 0.02237220513378517,
    0.017351752625159346, 0.013979523138275496, 0.011406698314348816, 0.010750760625084637, 0.0037700246043199086,
    0.02165687806397246, -0.02106005715641715, 0.032741483343111624,
)  # fmt: skip


ATAN_SINGLE = (  # error 3e-9
    -0.3333331048488617, 0.19998863339424133, -0.1426738053560257, 0.10967738181352615, -0.08446799963712692,
    0.058669354766607285, -0.03186075761914253, 0.011268741451203823, -0.0018702782690525055,
)  # fmt: skip
ASIN_SINGLE = (  # error 6e-9
    0.16666725277900696, 0.07496172189712524, 0.04537754878401756, 0.024580860510468483, 0.04155583307147026,
)  # fmt: skip
ATANS = {"f64": ATAN, "f32": ATAN_SINGLE}
ASINS = {"f64": ASIN, "f32": ASIN_SINGLE}


def _halves(pair: tuple[float, float]) -> tuple[float, float]:
    return pair[0] / 2, pair[1] / 2


def _atan_tail(b: ScalarBuilder, t: SSAValue, t_low: SSAValue) -> SSAValue:
    """atan(t + t_low) - t, for 0 <= t <= 1."""
    z = b.mul(t, t)
    slope = b.fma(z, b.sub(b.mul(z, 0.5), 1.0), 1.0)  # about 1 / (1 + z), enough for t_low
    return b.fma(b.mul(z, t), b.polynomial(z, ATANS[b.format.name]), b.mul(t_low, slope))


def atan(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """atan(|x|), or pi / 2 - atan(1 / |x|), with the sign of x."""
    magnitude = b.abs(x)
    large = b.greater(magnitude, 1.0)
    inverse = b.div(1.0, magnitude)
    finite = b.select(b.less(magnitude, inf), magnitude, 0.0)
    inverse_low = b.mul(b.fma(b.neg(inverse), finite, 1.0), inverse)
    t = b.select(large, inverse, magnitude)
    tail = _atan_tail(b, t, b.select(large, inverse_low, 0.0))
    half_pi = _halves(PIS[b.format.name])
    high, low = b.fast_two_sum(half_pi[0], b.neg(t))
    beyond = b.add(high, b.sub(b.add(low, half_pi[1]), tail))
    return b.copysign(b.select(large, beyond, b.add(t, tail)), x)


def atan2(b: ScalarBuilder, y: SSAValue, x: SSAValue) -> SSAValue:
    """The angle of (x, y): atan(min / max) of the magnitudes, brought into its octant."""
    over, under = b.abs(y), b.abs(x)
    steep = b.greater(over, under)
    small, large = b.select(steep, under, over), b.select(steep, over, under)
    t = b.div(small, large)
    # the remainder is exact, or right to 2 bits beyond an ulp of the quotient where it is subnormal
    t_low = b.div(b.fma(b.neg(t), large, small), large)
    most, least = ORDINARY[b.format.name]
    inside = b.both(b.less(large, most), b.greater(small, least))
    t_low = b.select(inside, t_low, 0.0)
    t = b.select(b.equal(large, 0.0), large, b.select(b.equal(small, inf), 1.0, t))
    tail = _atan_tail(b, t, t_low)
    backwards = b.less(b.copysign(1.0, x), 0.0)
    # angle = base + direction (t + tail)
    pi = PIS[b.format.name]
    half_pi = _halves(pi)
    base = b.select(steep, half_pi[0], b.select(backwards, pi[0], 0.0))
    base_low = b.select(steep, half_pi[1], b.select(backwards, pi[1], 0.0))
    turned = b.either(b.unless(steep, backwards), b.unless(backwards, steep))
    t, tail = b.select(turned, b.neg(t), t), b.select(turned, b.neg(tail), tail)
    high, low = b.fast_two_sum(base, t)
    value = b.copysign(b.add(high, b.add(low, b.add(base_low, tail))), y)
    return b.select(b.equal(y, y), b.select(b.equal(x, x), value, x), y)


def _asin_parts(b: ScalarBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue, SSAValue]:
    """|x|, whether it is beyond 1/2, and asin of |x|, or of sqrt((1 - |x|) / 2), as the argument and what is added to it."""
    magnitude = b.abs(x)
    large = b.greater(magnitude, 0.5)
    half = b.fma(magnitude, -0.5, 0.5)
    z = b.select(large, half, b.mul(magnitude, magnitude))
    if b.format is F32:  # the root's own rounding is half of what there may be
        root, root_low = b.sqrt(half), b.const(0.0)
    else:
        root, root_low, _ = b.root(half)
    t = b.select(large, root, magnitude)
    tail = b.fma(b.mul(t, z), b.polynomial(z, ASINS[b.format.name]), b.select(large, root_low, 0.0))
    return magnitude, large, t, tail


def asin(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """asin(|x|), or pi / 2 - 2 asin(sqrt((1 - |x|) / 2)), with the sign of x."""
    _, large, t, tail = _asin_parts(b, x)
    half_pi = _halves(PIS[b.format.name])
    high, low = b.fast_two_sum(half_pi[0], b.mul(t, -2.0))
    beyond = b.add(high, b.add(low, b.fma(tail, -2.0, half_pi[1])))
    return b.copysign(b.select(large, beyond, b.add(t, tail)), x)


def acos(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """pi / 2 - asin(x) near 0; 2 asin(sqrt((1 - x) / 2)) for large x, pi less that of -x for very negative x."""
    _, large, t, tail = _asin_parts(b, x)
    negative, whole = b.less(x, 0.0), PIS[b.format.name]
    half_pi = _halves(whole)
    base = b.select(large, b.select(negative, whole[0], 0.0), half_pi[0])
    base_low = b.select(large, b.select(negative, whole[1], 0.0), half_pi[1])
    # near 0: -x and its tail; far: 2 t for positive x, -2 t for negative x
    factor = b.select(large, b.select(negative, -2.0, 2.0), b.select(negative, 1.0, -1.0))
    high, low = b.fast_two_sum(base, b.mul(t, factor))
    return b.add(high, b.add(low, b.fma(tail, factor, base_low)))
