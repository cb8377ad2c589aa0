"""Rounding, the error, gamma and Bessel functions; comparisons of floats within a tolerance.

Sources: NumPy's and SciPy's references for the functions of the same names.
"""

from __future__ import annotations

from typing import Any

from .build import as_tensor_variable, cast
from .elementwise import _binary, _unary, abs_, and_, eq, gt, isinf, isnan, le, lt, maximum, or_, switch
from .reduction import all as all_
from .var import TensorVariable

__all__ = [
    "allclose",
    "chi2sf",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammal",
    "gammaln",
    "gammau",
    "i0",
    "i1",
    "iround",
    "isclose",
    "iv",
    "j0",
    "j1",
    "jv",
    "psi",
    "round",
    "round_half_away_from_zero",
    "round_half_to_even",
    "tri_gamma",
    "trunc",
]

trunc = _unary("trunc", "trunc", "The integer part, in the operand's dtype.")
round_half_to_even = _unary("round", "round_half_to_even", "Nearest integer, halves to the even one, in the same dtype.")
round_half_away_from_zero = _unary(
    "round_half_away", "round_half_away_from_zero", "Nearest integer, halves away from zero, in the same dtype."
)
erf = _unary("erf", "erf", "Error function.")
erfc = _unary("erfc", "erfc", "`1 - erf(x)`, precise for large `x`.")
erfcx = _unary("erfcx", "erfcx", "`exp(x ** 2) * erfc(x)`, without underflow.")
erfinv = _unary("erfinv", "erfinv", "Inverse of `erf`.")
erfcinv = _unary("erfcinv", "erfcinv", "Inverse of `erfc`.")
gamma = _unary("gamma", "gamma", "Gamma function.")
gammaln = _unary("gammaln", "gammaln", "`log(abs(gamma(x)))`, without overflow.")
psi = _unary("psi", "psi", "Derivative of `gammaln`: the digamma function.")
tri_gamma = _unary("tri_gamma", "tri_gamma", "Derivative of `psi`: the trigamma function.")
gammainc = _binary("gammainc", "gammainc", "Regularized lower incomplete gamma function of order `x` at `y`.")
gammaincc = _binary("gammaincc", "gammaincc", "`1 - gammainc(x, y)`, precise in the upper tail.")
j0 = _unary("j0", "j0", "Bessel function of the first kind of order 0; 0 at infinity.")
j1 = _unary("j1", "j1", "Bessel function of the first kind of order 1; 0 at infinity.")
jv = _binary("jv", "jv", "Bessel function of the first kind of real order `x` at `y`.")
i0 = _unary("i0", "i0", "Modified Bessel function of the first kind of order 0.")
i1 = _unary("i1", "i1", "Modified Bessel function of the first kind of order 1.")
iv = _binary("iv", "iv", "Modified Bessel function of the first kind of real order `x` at `y`.")


def gammal(k: Any, x: Any) -> TensorVariable:
    """The lower incomplete gamma function of order `k` at `x`: the integral of `t**(k - 1) * exp(-t)` up to `x`."""
    return gammainc(k, x) * gamma(k)


def gammau(k: Any, x: Any) -> TensorVariable:
    """The upper incomplete gamma function of order `k` at `x`: the integral from `x` on."""
    return gammaincc(k, x) * gamma(k)


def chi2sf(x: Any, k: Any) -> TensorVariable:
    """The probability that the sum of squares of `k` standard normal numbers is above `x`; nan for `k <= 0`.

    `k` need not be whole. A float; no derivative with respect to `k`.
    """
    degrees = as_tensor_variable(k)
    tail = gammaincc(degrees * 0.5, maximum(x, 0) * 0.5)
    return switch(gt(degrees, 0), tail, float("nan"))


ROUNDING = {"half_to_even": round_half_to_even, "half_away_from_zero": round_half_away_from_zero}


def round(a: Any, mode: str | None = None) -> TensorVariable:
    """Nearest integer, in the operand's dtype; `mode` is "half_to_even" (the default) or "half_away_from_zero"."""
    if mode is not None and mode not in ROUNDING:
        raise ValueError(f"round mode {mode} is not implemented: it is one of {', '.join(ROUNDING)}")
    return ROUNDING[mode or "half_to_even"](a)


def iround(a: Any, mode: str | None = None) -> TensorVariable:
    """`round`, as int64."""
    return cast(round(a, mode), "int64")


def isclose(a: Any, b: Any, rtol: float = 1.0e-5, atol: float = 1.0e-8, equal_nan: bool = False) -> TensorVariable:
    """Where `abs(a - b) <= atol + rtol * abs(b)`; infinities are close to themselves, and nan too with `equal_nan`."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    close = le(abs_(a - b), atol + rtol * abs_(b))
    finite = lt(abs_(b), float("inf")) if b.type.kind in "fc" else None
    if finite is not None:
        close = or_(and_(close, finite), and_(isinf(b), eq(a, b)))
    return or_(close, and_(isnan(a), isnan(b))) if equal_nan else close


def allclose(a: Any, b: Any, rtol: float = 1.0e-5, atol: float = 1.0e-8, equal_nan: bool = False) -> TensorVariable:
    """Whether all elements are close, see `isclose`."""
    return all_(isclose(a, b, rtol, atol, equal_nan))
