"""Rounding, the error functions and the gamma functions; comparisons of floats within a tolerance.

Sources: NumPy's and SciPy's references for the functions of the same names.
"""

from __future__ import annotations

from typing import Any

from .build import as_tensor_variable, cast
from .elementwise import _unary, abs_, and_, eq, isinf, isnan, le, lt, or_
from .reduction import all as all_
from .var import TensorVariable

__all__ = [
    "allclose",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "gamma",
    "gammaln",
    "iround",
    "isclose",
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
