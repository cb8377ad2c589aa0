"""jv and iv: Bessel functions of a real order, the modified one by its series, the other one in three ways.

J by its series while the argument is small beside the order; by Hankel's expansion far beyond it; between them by Miller's
recurrence from high orders down, scaled with the Neumann series of (x / 2)^f. Orders below 0 go on down by the recurrence.
Abramowitz and Stegun 9.1.10, 9.1.27, 9.1.87, 9.2.5, 9.6.10, 9.6.26; Gautschi, Computational aspects of three-term recurrence
relations (SIAM Review 9, 1967). Beyond LIMIT in order or argument the result is NaN.
"""

from __future__ import annotations

from math import inf, nan, pi

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue

from phintys.dialects.xmath_special import SPECIAL
from phintys.passes.scalar_flow import FlowBuilder

LIMIT = 1e6
EPSILON = 2.0**-54
BIG = 2.0**600
SMALL = 2.0**-600
Step = tuple[SSAValue, list[SSAValue]]


def _scale(b: FlowBuilder, v: SSAValue, half: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Two factors of half^v / gamma(v + 1): for small orders exact powers, for others the exponential of logarithms."""
    order = b.add(v, 1.0)
    few = b.less(b.abs(v), 100.0)
    direct = b.div(b.float_op(math.PowFOp, half, v), b.function(SPECIAL["gamma"], order))
    usable = b.both(few, b.both(b.less(b.abs(direct), inf), b.greater(b.abs(direct), 1e-290)))
    logarithm = b.sub(b.mul(v, b.function(math.LogOp, half)), b.function(SPECIAL["gammaln"], order))
    root = b.function(math.ExpOp, b.mul(logarithm, 0.5))
    return b.select(usable, direct, b.mul(root, _gamma_sign(b, order))), b.select(usable, 1.0, root)


def _gamma_sign(b: FlowBuilder, x: SSAValue) -> SSAValue:
    """The sign of gamma(x)."""
    odd = b.less(b.floor(b.mul(b.floor(x), 0.5)), b.mul(b.floor(x), 0.5))
    return b.select(b.both(b.less(x, 0.0), odd), -1.0, 1.0)


def _series(b: FlowBuilder, v: SSAValue, x: SSAValue, sign: float) -> SSAValue:
    """(x / 2)^v / gamma(v + 1) times the sum of (sign x^2 / 4)^k / (k! (v + 1) ... (v + k))."""
    half = b.mul(x, 0.5)
    square = b.mul(b.mul(half, half), sign)

    def step(b: FlowBuilder, k: SSAValue, term: SSAValue, total: SSAValue) -> Step:
        k = b.add(k, 1.0)
        ratio = b.div(square, b.mul(k, b.add(v, k)))
        term = b.mul(term, ratio)
        total = b.add(total, term)
        early = b.less(b.add(v, k), 0.0)  # signs alternate while v + k is negative
        more = b.greater(b.abs(term), b.mul(b.abs(total), EPSILON))
        return b.both(b.either(early, more), b.less(b.abs(total), inf)), [k, term, total]

    total = b.loop([0.0, SMALL, SMALL], step)[2]
    first, second = _scale(b, v, half)
    small = b.less(b.abs(total), 1.0)
    scaled = b.mul(b.select(small, b.mul(total, BIG), total), first)
    return b.mul(b.mul(scaled, b.select(small, 1.0, BIG)), second)


def _quarter_turns(b: FlowBuilder, v: SSAValue) -> tuple[SSAValue, SSAValue]:
    """cos and sin of pi v / 2 + pi / 4, v first reduced to [0, 4), which is exact."""
    rest = b.sub(v, b.mul(b.floor(b.mul(v, 0.25)), 4.0))
    angle = b.mul(b.add(rest, 0.5), pi / 2)
    return b.function(math.CosOp, angle), b.function(math.SinOp, angle)


def _hankel(b: FlowBuilder, v: SSAValue, x: SSAValue) -> SSAValue:
    """sqrt(2 / (pi x)) (P cos(x - c) - Q sin(x - c)), c = pi v / 2 + pi / 4; the sums stop when terms are small."""
    mu = b.mul(b.mul(v, v), 4.0)
    eighth = b.div(0.125, x)

    def step(b: FlowBuilder, k: SSAValue, term: SSAValue, p: SSAValue, q: SSAValue) -> Step:
        # two terms a turn: the odd one belongs to Q, the even one to P
        odd = b.fma(k, 4.0, 1.0)
        term = b.mul(term, b.div(b.mul(b.sub(mu, b.mul(odd, odd)), eighth), b.fma(k, 2.0, 1.0)))
        q = b.add(q, term)
        even = b.fma(k, 4.0, 3.0)
        term = b.neg(b.mul(term, b.div(b.mul(b.sub(mu, b.mul(even, even)), eighth), b.fma(k, 2.0, 2.0))))
        p = b.add(p, term)
        return b.both(b.greater(b.abs(term), EPSILON), b.less(k, 40.0)), [b.add(k, 1.0), term, p, q]

    _, _, p, q = b.loop([0.0, 1.0, 1.0, 0.0], step)
    sine, cosine = b.function(math.SinOp, x), b.function(math.CosOp, x)
    turned, lifted = _quarter_turns(b, v)
    real = b.fma(cosine, turned, b.mul(sine, lifted))
    imaginary = b.sub(b.mul(sine, turned), b.mul(cosine, lifted))
    return b.mul(b.sub(b.mul(p, real), b.mul(q, imaginary)), b.float_op(math.SqrtOp, b.div(2 / pi, x)))


def _miller(b: FlowBuilder, v: SSAValue, x: SSAValue) -> SSAValue:
    """Orders f + k down from a k above both v and x; f is the fraction of v."""
    whole = b.floor(v)
    f = b.sub(v, whole)
    largest = b.select(b.less(v, x), x, v)
    root = b.function(math.CbrtOp, largest)
    top = b.mul(b.floor(b.mul(b.fma(root, 10.0, b.add(largest, 30.0)), 0.5)), 2.0)
    double = b.div(2.0, x)

    def step(
        b: FlowBuilder,
        k: SSAValue,
        above: SSAValue,
        here: SSAValue,
        weight: SSAValue,
        total: SSAValue,
        found: SSAValue,
    ) -> Step:
        """`here` belongs to the even k, `weight` to k: gamma(f + k / 2) / (k / 2)!, up to a factor that the sum shares."""
        found = b.select(b.equal(k, whole), here, found)
        total = b.fma(b.mul(b.add(f, k), weight), here, total)
        below = b.sub(b.mul(b.mul(b.add(f, k), double), here), above)
        k = b.sub(k, 1.0)
        found = b.select(b.equal(k, whole), below, found)
        lower = b.sub(b.mul(b.mul(b.add(f, k), double), below), here)
        half = b.fma(k, 0.5, 0.5)
        k = b.sub(k, 1.0)
        lighter = b.mul(weight, b.div(half, b.sub(b.add(f, half), 1.0)))
        weight = b.select(b.less(k, 0.5), weight, lighter)  # order 0 has that of order 2, which is gamma(f + 1)
        scale = b.select(b.greater(b.abs(lower), 1e150), 1e-150, 1.0)
        rest = [b.mul(below, scale), b.mul(lower, scale), weight, b.mul(total, scale), b.mul(found, scale)]
        return b.greater(k, 0.5), [k, *rest]

    _, _, here, weight, total, found = b.loop([top, 0.0, 1e-150, 1.0, 0.0, 0.0], step)
    found = b.select(b.equal(whole, 0.0), here, found)
    total = b.fma(weight, here, total)
    gamma = b.function(SPECIAL["gamma"], b.add(f, 1.0))
    scale = b.mul(b.float_op(math.PowFOp, b.mul(x, 0.5), f), b.div(weight, gamma))
    return b.mul(b.div(found, total), scale)


def _not_negative(b: FlowBuilder, v: SSAValue, x: SSAValue) -> SSAValue:
    """J of v >= 0 and x > 0."""

    def between(b: FlowBuilder) -> SSAValue:
        order = b.add(v, 1.0)
        logarithm = b.sub(b.mul(v, b.function(math.LogOp, b.mul(x, 0.5))), b.function(SPECIAL["gammaln"], order))
        outside = b.either(b.greater(v, LIMIT), b.greater(x, LIMIT))
        edge = b.select(b.less(logarithm, -760.0), 0.0, nan)  # the first term of the series is a bound
        known = b.either(outside, b.equal(edge, 0.0))
        return b.choose(known, lambda b: edge, lambda b: _miller(b, v, x))

    def far(b: FlowBuilder) -> SSAValue:
        enough = b.both(b.greater(x, 25.0), b.greater(x, b.mul(b.mul(v, v), 0.5)))
        return b.choose(enough, lambda b: _hankel(b, v, x), between)

    half = b.mul(x, 0.5)
    return b.choose(b.less(b.mul(half, half), b.add(v, 1.0)), lambda b: _series(b, v, x, -1.0), far)


def _below_zero(b: FlowBuilder, v: SSAValue, x: SSAValue) -> SSAValue:
    """J of an order v < 0 that is not whole: from the orders f and f + 1 down."""

    def recurrence(b: FlowBuilder) -> SSAValue:
        f = b.sub(v, b.floor(v))

        def step(b: FlowBuilder, order: SSAValue, above: SSAValue, here: SSAValue) -> Step:
            lower = b.sub(b.mul(b.div(b.mul(order, 2.0), x), here), above)
            order = b.sub(order, 1.0)
            return b.greater(order, b.add(v, 0.5)), [order, here, lower]

        start = [f, _not_negative(b, b.add(f, 1.0), x), _not_negative(b, f, x)]
        return b.loop(start, step)[2]

    return b.choose(b.less(x, 2.0), lambda b: _series(b, v, x, -1.0), recurrence)


def _of_order(b: FlowBuilder, v: SSAValue, x: SSAValue, sign: float) -> SSAValue:
    """The cases of both functions; `sign` is that of x^2 in the series."""
    modified = sign > 0
    whole = b.equal(b.floor(v), v)
    odd = b.both(whole, b.less(b.floor(b.mul(v, 0.5)), b.mul(v, 0.5)))
    size, order = b.abs(x), b.select(whole, b.abs(v), v)
    turn = b.less(x, 0.0) if modified else _differ(b, b.less(x, 0.0), b.less(v, 0.0))
    flip = b.select(b.both(odd, turn), -1.0, 1.0)
    usable = b.both(b.both(b.greater(size, 0.0), b.less(size, inf)), b.both(b.greater(order, -1000.0), b.less(order, inf)))
    usable = b.both(usable, b.either(whole, b.greater(x, 0.0)))

    def positive(b: FlowBuilder) -> SSAValue:
        if modified:
            return _modified(b, order, size)
        return b.choose(b.less(order, 0.0), lambda b: _below_zero(b, order, size), lambda b: _not_negative(b, order, size))

    def edge(b: FlowBuilder) -> SSAValue:
        pole = b.mul(_gamma_sign(b, b.add(order, 1.0)), inf)
        zero = b.select(b.equal(order, 0.0), 1.0, b.select(b.greater(order, 0.0), 0.0, pole))
        endless = b.select(b.either(whole, b.greater(x, 0.0)), inf if modified else 0.0, nan)
        endless = b.select(b.both(b.equal(size, inf), b.less(b.abs(v), inf)), endless, nan)
        found = b.select(b.equal(x, 0.0), zero, endless)
        vanishing = b.both(b.equal(b.abs(v), inf), b.less(size, inf))
        return b.select(vanishing, 0.0, b.select(b.equal(v, v), found, nan))

    return b.mul(b.choose(usable, positive, edge), flip)


def _differ(b: FlowBuilder, first: SSAValue, second: SSAValue) -> SSAValue:
    """Whether one of two conditions holds and the other does not."""
    return b.emit(arith.XOrIOp, (first, second), i1)


def _modified(b: FlowBuilder, v: SSAValue, x: SSAValue) -> SSAValue:
    """I by its series; where that overflows, so does I, unless the order is far above the argument."""
    value = _series(b, v, x, 1.0)
    beyond = b.select(b.less(v, b.mul(x, 1.3)), inf, nan)
    return b.select(b.less(b.abs(value), inf), value, beyond)


def jv(b: FlowBuilder, v: SSAValue, x: SSAValue) -> SSAValue:
    """J of order v at x."""
    return _of_order(b, v, x, -1.0)


def iv(b: FlowBuilder, v: SSAValue, x: SSAValue) -> SSAValue:
    """I of order v at x."""
    return _of_order(b, v, x, 1.0)
