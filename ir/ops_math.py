"""Rows of the operation table: the rest of the mathematical functions of one element, or two.

Names are NumPy's; those of the error and gamma functions are Theano's (which took them from SciPy).
"""

from __future__ import annotations

from . import infer as i
from .op_row import ORDERED, REAL_FLOAT, OpRow, binary, unary

MATH: tuple[OpRow, ...] = (
    unary("exp2", REAL_FLOAT, "2 to the power x."),
    unary("log2", REAL_FLOAT, "Logarithm to base 2."),
    unary("log10", REAL_FLOAT, "Logarithm to base 10."),
    unary("arcsin", REAL_FLOAT, "Inverse sine, in radians; NaN outside of [-1, 1]."),
    unary("arccos", REAL_FLOAT, "Inverse cosine, in radians; NaN outside of [-1, 1]."),
    unary("arcsinh", REAL_FLOAT, "Inverse hyperbolic sine."),
    unary("arccosh", REAL_FLOAT, "Inverse hyperbolic cosine; NaN below 1."),
    unary("arctanh", REAL_FLOAT, "Inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond."),
    binary("arctan2", REAL_FLOAT, None, "The angle of the point (y, x), in radians between -pi and pi."),
    unary("round", ORDERED, "The nearest integer, halves to the even one, in x's dtype."),
    unary("round_half_away", ORDERED, "The nearest integer, halves away from zero, in x's dtype."),
    unary("trunc", ORDERED, "The integer part, in x's dtype."),
    unary("xlogx", REAL_FLOAT, "x log(x), 0 at 0; NaN below."),
    unary("erf", REAL_FLOAT, "Error function: 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."),
    unary("erfc", REAL_FLOAT, "1 - erf(x), accurate for large x."),
    unary("erfcx", REAL_FLOAT, "exp(x**2) * erfc(x), without underflow."),
    unary("erfinv", REAL_FLOAT, "Inverse of erf; infinite at -1 and 1, NaN beyond."),
    unary("erfcinv", REAL_FLOAT, "Inverse of erfc; infinite at 0 and 2, NaN outside."),
    unary("gamma", REAL_FLOAT, "Gamma function, (x - 1)! of integers."),
    unary("gammaln", REAL_FLOAT, "log(abs(gamma(x))), without overflow."),
    unary("psi", REAL_FLOAT, "Digamma function, the derivative of gammaln."),
    unary("tri_gamma", REAL_FLOAT, "Trigamma function, the derivative of psi."),
    unary("tetra_gamma", REAL_FLOAT, "The derivative of tri_gamma."),
    unary("penta_gamma", REAL_FLOAT, "The derivative of tetra_gamma."),
    binary("gammainc", REAL_FLOAT, None, "Regularized lower incomplete gamma function of order x at y; NaN below 0."),
    binary("gammaincc", REAL_FLOAT, None, "1 - gammainc(x, y), accurate in the upper tail."),
    unary("j0", REAL_FLOAT, "Bessel function of the first kind of order 0."),
    unary("j1", REAL_FLOAT, "Bessel function of the first kind of order 1."),
    binary(
        "jv",
        REAL_FLOAT,
        None,
        "Bessel function of the first kind of order x at y; NaN at y < 0 unless x is whole.",
    ),
    unary("i0", REAL_FLOAT, "Modified Bessel function of the first kind of order 0."),
    unary("i1", REAL_FLOAT, "Modified Bessel function of the first kind of order 1."),
    binary("threefry", i.elementwise(i.words), None, "64 random bits for a key and a counter (Threefry-2x32-20), all uint64."),
    binary("iv", REAL_FLOAT, None, "Modified Bessel function of the first kind of order x at y; domain as of jv."),
)
