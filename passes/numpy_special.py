"""The functions of `ir/ops_math.py` as NumPy functions: rows of `numpy_rows`.

What NumPy lacks is computed number by number by Python's `math`, or here in extended precision: slow and independent of
the compiled code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .numpy_decimal import DECIMAL
from .numpy_threefry import threefry

Array = Any
PI = np.longdouble("3.14159265358979323846264338")
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def _float_dtype(x: Array) -> Any:
    return np.exp(np.zeros((), np.asarray(x).dtype)).dtype


def _each(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """A function of one Python float, applied to each element."""

    def apply(x: Array) -> Array:
        x = np.asarray(x)
        values = np.array([function(float(number)) for number in x.flat], "float64")
        with np.errstate(all="ignore"):
            return values.reshape(x.shape).astype(_float_dtype(x))

    return apply


def _gamma(x: float) -> float:
    if x == 0:
        return math.copysign(math.inf, x)
    if x < 0 and not x % 1 > 0:
        return math.nan
    try:
        return math.gamma(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def _gammaln(x: float) -> float:
    """Stirling's series beyond 40, the recurrence below it, the reflection formula below 0."""
    if x <= 0 and not x % 1 > 0:
        return math.inf
    if x < 0:
        sine = np.sin(PI * np.longdouble(x - round(x)))
        return float(np.log(PI / abs(sine)) - _stirling(np.longdouble(1) - np.longdouble(x)))
    return float(_stirling(np.longdouble(x)))


def _stirling(y: Array) -> Array:
    product = np.longdouble(1)
    while y < 40:
        product *= y
        y += 1
    tail = sum(number / (2 * k * (2 * k - 1) * y ** (2 * k - 1)) for k, number in enumerate(BERNOULLI, 1))
    return y if y == math.inf else (y - np.longdouble(0.5)) * np.log(y) - y + np.log(2 * PI) / 2 + tail - np.log(product)


def _erfcx(x: float) -> float:
    """`exp(x**2) * erfc(x)`; the continued fraction of erfc (Abramowitz and Stegun 7.1.14) for large x."""
    if x < 2:
        square = np.longdouble(x) * np.longdouble(x)
        return float(np.exp(square) * np.longdouble(math.erfc(x)))
    fraction = np.longdouble(x)
    for k in range(200, 0, -1):
        fraction = np.longdouble(x) + np.longdouble(k) / 2 / fraction
    return float(1 / fraction / np.sqrt(np.longdouble(math.pi)))


def _erfcinv(x: float) -> float:
    """Newton's iteration on log(erfc(y)) = log(erfcx(y)) - y**2, or on erf(y) near the middle."""
    if not 0 < x < 2:
        return {0.0: math.inf, 2.0: -math.inf}.get(x, math.nan)
    if x > 1:
        return -_erfcinv(2 - x)
    if x > 0.5:
        return _erfinv(1 - x)
    y = math.sqrt(-math.log(x))
    for _ in range(50):
        scaled = _erfcx(y)
        y += (math.log(scaled) - y * y - math.log(x)) * scaled * math.sqrt(math.pi) / 2
    return y


def _erfinv(x: float) -> float:
    if abs(x) > 0.5:
        return math.copysign(_erfcinv(1 - abs(x)), x)
    y = x * math.sqrt(math.pi) / 2
    for _ in range(20):
        y -= (math.erf(y) - x) * math.sqrt(math.pi) / 2 * math.exp(y * y)
    return y if y else x


def _psi(x: float) -> float:
    if x <= 0:
        if not x % 1 > 0:  # at -inf it is NaN
            return math.copysign(math.inf, -x) if x == 0 else math.nan
        return float(np.longdouble(_psi(1 - x)) - PI / np.tan(PI * np.longdouble(x - round(x))))
    y, total = np.longdouble(x), np.longdouble(0)
    while y < 40:
        total -= 1 / y
        y += 1
    total += np.log(y) - 1 / (2 * y)
    return float(total - sum(number / (2 * k * y ** (2 * k)) for k, number in enumerate(BERNOULLI, 1)))


def _tri_gamma(x: float) -> float:
    if x <= 0:
        if not x % 1 > 0:
            return math.inf if math.isfinite(x) else math.nan
        return float((PI / np.sin(PI * np.longdouble(x - round(x)))) ** 2 - _tri_gamma(1 - x))
    y, total = np.longdouble(x), np.longdouble(0)
    while y < 40:
        total += 1 / y**2
        y += 1
    total += 1 / y + 1 / (2 * y**2)
    return float(total + sum(number / y ** (2 * k + 1) for k, number in enumerate(BERNOULLI, 1)))


def _tetra_gamma(x: float) -> float:
    if x <= 0:
        if not x % 1 > 0:
            return math.copysign(math.inf, -x) if x == 0 else math.nan
        angle = PI * np.longdouble(x - round(x))
        return float(np.longdouble(_tetra_gamma(1 - x)) - 2 * (PI / np.sin(angle)) ** 3 * np.cos(angle))
    y, total = np.longdouble(x), np.longdouble(0)
    while y < 40:
        total -= 2 / y**3
        y += 1
    total -= 1 / y**2 + 1 / y**3
    return (
        -0.0
        if total == 0
        else float(total - sum((2 * k + 1) * number / y ** (2 * k + 2) for k, number in enumerate(BERNOULLI, 1)))
    )


def _penta_gamma(x: float) -> float:
    if x <= 0:
        if not x % 1 > 0:
            return math.inf if math.isfinite(x) else math.nan
        sine, cosine = (f(PI * np.longdouble(x - round(x))) for f in (np.sin, np.cos))
        return float(2 * (PI / sine) ** 4 * (2 * cosine * cosine + 1) - _penta_gamma(1 - x))
    y, total = np.longdouble(x), np.longdouble(0)
    while y < 40:
        total += 6 / y**4
        y += 1
    total += 2 / y**3 + 3 / y**4
    return float(total + sum((2 * k + 2) * (2 * k + 1) * number / y ** (2 * k + 3) for k, number in enumerate(BERNOULLI, 1)))


def _of_floats(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Ints are rounded already, and keep their dtype."""

    def apply(x: Array) -> Array:
        return function(x) if np.asarray(x).dtype.kind == "f" else x

    return apply


def round_half_away(x: Array) -> Array:
    """The nearest integer, halves away from zero."""
    below = np.floor(np.abs(x))
    return np.copysign(np.where(np.abs(x) - below >= 0.5, below + 1, below).astype(x.dtype), x)


def join(re: Array, im: Array) -> Array:
    """The complex numbers of two parts."""
    re, im = np.broadcast_arrays(re, im)
    found = np.empty(re.shape, np.result_type(re.dtype, "complex64"))
    found.real, found.imag = re, im
    return found


SPECIAL: dict[str, Callable[..., Array]] = {
    "real": np.real,
    "imag": np.imag,
    "conj": np.conj,
    "angle": lambda z: np.arctan2(z.imag, z.real),
    "complex": join,
    "exp2": np.exp2,
    "log2": np.log2,
    "log10": np.log10,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "arctan2": np.arctan2,
    "round": _of_floats(np.rint),
    "round_half_away": _of_floats(round_half_away),
    "trunc": _of_floats(np.trunc),
    "xlogx": lambda x: np.where(x == 0, 0, x * np.log(x)).astype(_float_dtype(x)),
    "erf": _each(math.erf),
    "erfc": _each(math.erfc),
    "erfcx": _each(_erfcx),
    "erfinv": _each(_erfinv),
    "erfcinv": _each(_erfcinv),
    "gamma": _each(_gamma),
    "gammaln": _each(_gammaln),
    "psi": _each(_psi),
    "tri_gamma": _each(_tri_gamma),
    "tetra_gamma": _each(_tetra_gamma),
    "penta_gamma": _each(_penta_gamma),
    "threefry": threefry,
    **DECIMAL,
}
