"""Incomplete gamma and Bessel functions as NumPy functions: the power series, summed in decimal numbers of any length.

Rows of `numpy_rows`: slow, and independent of the compiled code. Digits are added for what the series cancel; ValueError for
operands above LIMIT.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

Array = Any
Function = Callable[[float, float], float]
BERNOULLI = ((1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798), (-174611, 330))
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
DIGITS = 50
LIMIT = 1e3  # of what is summed here
MANY = 1_000_000  # terms


def each(function: Function) -> Callable[[Array, Array], Array]:
    """A function of two Python floats, applied to each pair of elements, as ufuncs do."""

    def apply(x: Array, y: Array) -> Array:
        x, y = np.broadcast_arrays(x, y)
        values = np.array([function(float(a), float(b)) for a, b in zip(x.flat, y.flat, strict=True)], "float64")
        with np.errstate(all="ignore"):
            return values.reshape(x.shape).astype(np.exp(np.zeros((), np.result_type(x, y))).dtype)

    return apply


def of_order(function: Function, order: float) -> Callable[[Array], Array]:
    """`each` with the first operand fixed."""
    both = each(function)
    return lambda x: both(np.asarray(order, np.asarray(x).dtype), x)


def _log_gamma(x: Decimal) -> tuple[Decimal, int]:
    """log(abs(gamma(x))) by Stirling's series, and gamma's sign; x is no pole."""
    product = Decimal(1)
    while x < 300:
        product *= x
        x += 1
    tail = sum(Decimal(n) / d / (2 * k * (2 * k - 1)) / x ** (2 * k - 1) for k, (n, d) in enumerate(BERNOULLI, 1))
    value = (x - Decimal("0.5")) * x.ln() - x + (2 * PI).ln() / 2 + tail
    return value - abs(product).ln(), 1 if product > 0 else -1


def _series(first: Decimal, ratio: Callable[[int], Decimal]) -> Decimal:
    """first (1 + r1 (1 + r2 (...))), until the terms are small."""
    term = total = Decimal(1)
    for k in range(1, MANY):
        last, term = term, term * ratio(k)
        total += term
        if abs(term) <= abs(last) and abs(term) < abs(total).scaleb(-DIGITS):
            break
    return first * total


def _within_limit(*values: float) -> None:
    if max(map(abs, values)) > LIMIT:
        raise ValueError(f"{values} is too large for the reference, which sums up to {LIMIT:g}")


def _number(value: Decimal) -> float:
    """The float nearest to a decimal number."""
    return float(value) if value.is_finite() else math.nan


def _lower(a: float, x: float) -> Decimal:
    order, at = Decimal(a), Decimal(x)
    density = (order * at.ln() - at - _log_gamma(order + 1)[0]).exp()
    return _series(density, lambda k: at / (order + k))


def _incomplete(a: float, x: float, upper: bool) -> float:
    if not (a >= 0 and x >= 0) or a == x == 0 or a == x == math.inf:
        return math.nan
    if a == 0 or x == math.inf or x == 0 or a == math.inf:
        return float((a == 0 or x == math.inf) != upper)
    _within_limit(a, x)
    with localcontext() as context:
        context.prec = DIGITS + int(abs(x - a))
        lower = _lower(a, x)
        return _number(1 - lower if upper else lower)


def gammainc(a: float, x: float) -> float:
    """The regularized lower incomplete gamma function."""
    return _incomplete(a, x, upper=False)


def gammaincc(a: float, x: float) -> float:
    """The regularized upper incomplete gamma function."""
    return _incomplete(a, x, upper=True)


def _bessel(v: float, x: float, sign: int) -> float:
    """Cases of the order and the argument; `sign` is -1 for J and 1 for I."""
    if math.isnan(v) or math.isnan(x) or (x < 0 and v % 1 != 0 and math.isfinite(v)):
        return math.nan
    if math.isinf(x) or math.isinf(v):
        return math.nan if math.isinf(v) and math.isinf(x) else _bessel_at_infinity(v, x, sign)
    if v < 0 and v % 1 == 0:
        return _bessel(-v, x if sign > 0 else -x, sign)
    if x == 0:
        return x if v == 1 else _bessel_at_zero(v)
    flip = -1 if x < 0 and v % 2 == 1 else 1
    return flip * _bessel_sum(v, abs(x), sign)


def _bessel_at_infinity(v: float, x: float, sign: int) -> float:
    if sign < 0 or math.isinf(v):
        return 0.0
    return -math.inf if x < 0 and v % 2 == 1 else math.inf


def _bessel_at_zero(v: float) -> float:
    if v >= 0:
        return float(v == 0)
    with localcontext() as context:
        context.prec = DIGITS
        return _log_gamma(Decimal(v) + 1)[1] * math.inf


def _bessel_sum(v: float, x: float, sign: int) -> float:
    _within_limit(v, x)
    with localcontext() as context:
        context.prec = DIGITS + int(x)
        order, half = Decimal(v), Decimal(x) / 2
        size, turned = _log_gamma(order + 1)
        first = turned * (order * half.ln() - size).exp()
        return _number(_series(first, lambda k: sign * half * half / (k * (order + k))))


def jv(v: float, x: float) -> float:
    """The Bessel function of the first kind."""
    return _bessel(v, x, -1)


def iv(v: float, x: float) -> float:
    """The modified Bessel function of the first kind."""
    return _bessel(v, x, 1)


DECIMAL: dict[str, Callable[..., Array]] = {
    "gammainc": each(gammainc),
    "gammaincc": each(gammaincc),
    "j0": of_order(jv, 0.0),
    "j1": of_order(jv, 1.0),
    "jv": each(jv),
    "i0": of_order(iv, 0.0),
    "i1": of_order(iv, 1.0),
    "iv": each(iv),
}
