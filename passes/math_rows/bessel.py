"""Bessel functions of the orders 0 and 1: j0, j1 and the modified i0, i1, without branches.

Up to 8 a polynomial in x^2: of j with its two zeros taken out as factors, of i the power series. Beyond it Hankel's
expansion, sqrt(2 / (pi x)) (P cos(x - c) - Q sin(x - c)) and exp(x) / sqrt(x) R, with P, Q and R polynomials in 1 / x^2 or
1 / x (Abramowitz and Stegun 9.2.5, 9.7.1). The polynomials are Chebyshev interpolants in a variable between -1 and 1.
"""

from __future__ import annotations

from math import factorial, inf, pi, sqrt

from xdsl.dialects import math
from xdsl.ir import SSAValue

from phintys.passes.scalar_flow import FlowBuilder

LIMIT = 8.0
J0_ZEROS = ((2.404825557695773, -1.176691651530894e-16), (5.520078110286311, 8.088597146146722e-17))
J1_ZEROS = ((3.8317059702075125, -1.5269184090088067e-16), (7.015586669815619, -9.414165653410389e-17))
J0_MIDDLE = (
    0.0011434937743762545, -0.002119794289479692, 0.0015636431645931661, -0.0006415390646406127, 0.00016977200713997844,
    -3.157342540223125e-05, 4.3669323246406834e-06, -4.677128021500441e-07, 3.998839345472477e-08, -2.7948629190182998e-09,
    1.62764894918064e-10, -8.023536504699326e-12, 3.3923298937104677e-13, -1.2440365198698484e-14, 4.0068948013720515e-16,
    -1.1360491745378638e-17,
)  # fmt: skip
J1_MIDDLE = (
    0.00019498936985895625, -0.0002697522746716368, 0.00015860016799369874, -5.408003239085507e-05, 1.224217365301561e-05,
    -1.98909351591414e-06, 2.442522260752042e-07, -2.3521922546334384e-08, 1.8268547695321333e-09, -1.1696932385905797e-10,
    6.284733827929608e-12, -2.875548656182314e-13, 1.1343125416873433e-14, -3.898564466971905e-16, 1.181146462725329e-17,
    -3.1622441710487245e-19,
)  # fmt: skip
P0 = (
    0.9994572757882519, -0.0005363673192129672, 6.137416080109497e-06, -2.0527448261170675e-07, 1.280376144080092e-08,
    -1.2121098178951377e-09, 1.5500565496632596e-10, -2.491146535471666e-11, 4.786995821368021e-12, -1.0157485021065686e-12,
    2.453177296734565e-13, -1.0251790052830972e-13, 3.3394522590705915e-14,
)  # fmt: skip
Q0 = (
    -0.12444091103610816, 0.0005466519279472034, -1.1817110660715592e-05, 5.684971972265847e-07, -4.5349736139769986e-08,
    5.1461591930522475e-09, -7.57586453075858e-10, 1.364832378469862e-10, -2.8840344824996383e-11, 6.538016467992805e-12,
    -1.6783779045027524e-12, 7.915216052472361e-13, -2.7338449247233696e-13,
)  # fmt: skip
P1 = (
    1.0009070262780821, 0.0008988049416705183, -7.9596946984383e-06, 2.453676633366693e-07, -1.4708512991275258e-08,
    1.3602969253877949e-09, -1.713107485294131e-10, 2.7234512682813397e-11, -5.191158004646541e-12, 1.0954826479277635e-12,
    -2.633576067246176e-13, 1.092371365307942e-13, -3.5455617466604013e-14,
)  # fmt: skip
Q1 = (
    0.3742149922195918, -0.0007697167057640292, 1.4569614809339924e-05, -6.633568656664936e-07, 5.136106815451932e-08,
    -5.72081439754336e-09, 8.31558632159462e-10, -1.484281450450414e-10, 3.11439422133464e-11, -7.028011349149183e-12,
    1.7969644745735648e-12, -8.412485658069532e-13, 2.896094083115027e-13,
)  # fmt: skip
I0_TAIL = (
    0.40217650944500816, 0.0033605519836677504, 0.00013621607437904054, 1.1143033800708978e-05, 1.4838480973971794e-06,
    2.973596046562869e-07, 8.87136003875532e-08, 3.932889375099369e-08, 2.1620199017822634e-08, 7.534355844618702e-09,
    -7.101093490349131e-09, -1.3326094408390386e-08, -4.305727427259468e-09, 7.335968716119481e-09, 5.191958084029745e-09,
    -3.1346276497032924e-09, -2.9337366289289524e-09, 1.105055884763002e-09, 9.735776626394376e-10, -2.803382021285692e-10,
    -1.482489321748315e-10, 3.6293552738652706e-11,
)  # fmt: skip
I1_TAIL = (
    0.3893984590258723, -0.009749577193235635, -0.00021923576382047057, -1.5038547209501857e-05, -1.8349106860450975e-06,
    -3.483853438037794e-07, -1.0000393426324037e-07, -4.313196489962199e-08, -2.3448682413030737e-08, -8.409182041272361e-09,
    7.102306101138936e-09, 1.3958551004054438e-08, 4.8307021644398485e-09, -7.444441482589067e-09, -5.559075346190168e-09,
    3.0868867436134523e-09, 3.100880270510214e-09, -1.059454421451328e-09, -1.0230972772159408e-09, 2.634077133288352e-10,
    1.5532708321497783e-10, -3.365431898029213e-11,
)  # fmt: skip
I0_SERIES = tuple(1 / factorial(k) ** 2 for k in range(25))  # in x^2 / 4
I1_SERIES = tuple(1 / (factorial(k) * factorial(k + 1)) for k in range(24))  # of i1 / (x / 2)

Table = tuple[float, ...]
Zeros = tuple[tuple[float, float], ...]


def _middle(b: FlowBuilder, x: SSAValue, zeros: Zeros, table: Table) -> SSAValue:
    """(x^2 - r^2) for each zero r, known to twice the precision, times the polynomial."""
    value = b.polynomial(b.fma(b.mul(x, x), 1 / 32, -1.0), table)
    for zero, low in zeros:
        value = b.mul(value, b.mul(b.sub(b.sub(x, zero), low), b.add(x, zero)))
    return value


def _wave(b: FlowBuilder, x: SSAValue, p: Table, q: Table, order: int) -> SSAValue:
    """Hankel's expansion for x >= 8; cos(x - pi / 4) and sin(x - pi / 4) from the sine and cosine of x."""
    inverse = b.div(1.0, x)
    u = b.fma(b.mul(inverse, inverse), 128.0, -1.0)
    p_value, q_value = b.polynomial(u, p), b.mul(b.polynomial(u, q), inverse)
    sine, cosine = b.function(math.SinOp, x), b.function(math.CosOp, x)
    total, difference = b.add(sine, cosine), b.sub(sine, cosine)
    parts = (total, difference) if order == 0 else (difference, b.neg(total))
    wave = b.sub(b.mul(p_value, parts[0]), b.mul(q_value, parts[1]))
    return b.mul(b.mul(wave, b.float_op(math.SqrtOp, inverse)), sqrt(1 / pi))


def j0(b: FlowBuilder, x: SSAValue) -> SSAValue:
    """Even, and 0 at infinity."""
    size = b.abs(x)
    value = _wave(b, b.clamp_low(size, LIMIT), P0, Q0, 0)
    value = b.select(b.less(size, LIMIT), _middle(b, size, J0_ZEROS, J0_MIDDLE), value)
    return b.select(b.equal(size, inf), 0.0, value)


def j1(b: FlowBuilder, x: SSAValue) -> SSAValue:
    """Odd, and 0 at infinity."""
    size = b.abs(x)
    value = _wave(b, b.clamp_low(size, LIMIT), P1, Q1, 1)
    middle = b.mul(size, _middle(b, size, J1_ZEROS, J1_MIDDLE))
    value = b.select(b.less(size, LIMIT), middle, value)
    return _odd(b, x, b.select(b.equal(size, inf), 0.0, value))


def _odd(b: FlowBuilder, x: SSAValue, value: SSAValue) -> SSAValue:
    """The value at |x| with the sign turned where x is negative."""
    return b.select(b.less(b.copysign(1.0, x), 0.0), b.neg(value), value)


def _growing(b: FlowBuilder, size: SSAValue, table: Table) -> SSAValue:
    """exp(x) / sqrt(x) R; the exponential in two halves, which overflow no earlier than the result."""
    x = b.clamp_low(size, LIMIT)
    inverse = b.div(1.0, x)
    value = b.mul(b.polynomial(b.fma(inverse, 16.0, -1.0), table), b.float_op(math.SqrtOp, inverse))
    half = b.function(math.ExpOp, b.mul(x, 0.5))
    return b.select(b.equal(x, inf), inf, b.mul(b.mul(value, half), half))


def i0(b: FlowBuilder, x: SSAValue) -> SSAValue:
    """Even, at least 1."""
    size = b.abs(x)
    half = b.mul(size, 0.5)
    middle = b.polynomial(b.mul(half, half), I0_SERIES)
    return b.select(b.less(size, LIMIT), middle, _growing(b, size, I0_TAIL))


def i1(b: FlowBuilder, x: SSAValue) -> SSAValue:
    """Odd, x / 2 near 0."""
    size = b.abs(x)
    half = b.mul(size, 0.5)
    middle = b.mul(half, b.polynomial(b.mul(half, half), I1_SERIES))
    return _odd(b, x, b.select(b.less(size, LIMIT), middle, _growing(b, size, I1_TAIL)))
