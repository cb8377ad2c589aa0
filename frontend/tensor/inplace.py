"""Theano's `exp_inplace` and its kin: the same expressions as `exp` and its kin.

Whether memory is written in place is for the compiler to decide; an expression says only what is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import tensor as T

_FUNCTIONS = (
    *("abs_", "add", "and_", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2"),
    *("arctanh", "ceil", "chi2sf", "conj", "cos", "cosh", "deg2rad", "eq", "erf", "erfc", "erfcinv", "erfcx"),
    *("erfinv", "exp", "exp2", "expm1", "fill", "floor", "gamma", "gammainc", "gammaincc", "gammal"),
    *("gammaln", "gammau", "ge", "gt", "i0", "i1", "imag", "int_div", "inv", "invert", "isinf", "isnan"),
    *("iv", "j0", "j1", "jv", "le", "log", "log10", "log1p", "log2", "lt", "maximum", "minimum", "mod"),
    *("mul", "neg", "neq", "or_", "pow", "psi", "rad2deg", "real", "round_half_away_from_zero"),
    *("round_half_to_even", "second", "sgn", "sin", "sinh", "sqr", "sqrt", "sub", "switch", "tan", "tanh"),
    *("tri_gamma", "true_div", "trunc", "xor"),
)
__all__ = [f"{name}_inplace" for name in _FUNCTIONS]
globals().update({f"{name}_inplace": getattr(T, name) for name in _FUNCTIONS})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
