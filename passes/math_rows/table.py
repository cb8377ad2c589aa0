"""Which operation is written out by which row, which one is a call into libm, and which one stays.

The elementary ROWS functions are at most one ulp from the true value everywhere, subnormal arguments and results included
(tests/numerics/test_expand_math.py has the bound of each, test_special.py those of the others).
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import math
from xdsl.ir import Operation, SSAValue

from phintys.dialects import xmath
from phintys.dialects.xmath_special import SPECIAL
from phintys.passes.scalar_flow import in_double

from . import (
    bessel,
    bessel_order,
    exponential,
    gamma_incomplete,
    hyperbolic,
    logarithm,
    logistic,
    polygamma,
    quantile,
    rounding,
)

Row = Callable[..., SSAValue]

ROWS: dict[type[Operation], Row] = {
    math.ExpOp: exponential.exp,
    math.ExpM1Op: exponential.expm1,
    math.LogOp: logarithm.log,
    math.Log1pOp: logarithm.log1p,
    math.SinhOp: hyperbolic.sinh,
    math.CoshOp: hyperbolic.cosh,
    math.TanhOp: hyperbolic.tanh,
    xmath.SigmoidOp: logistic.sigmoid,
    xmath.SoftplusOp: logistic.softplus,
    xmath.SignOp: rounding.sign,
    math.RoundOp: rounding.round_half_away,
    SPECIAL["erfinv"]: quantile.erfinv,
    SPECIAL["erfcinv"]: quantile.erfcinv,
    SPECIAL["psi"]: polygamma.psi,
    SPECIAL["tri_gamma"]: polygamma.tri_gamma,
    SPECIAL["tetra_gamma"]: polygamma.tetra_gamma,
    SPECIAL["gammainc"]: in_double(gamma_incomplete.gammainc),
    SPECIAL["gammaincc"]: in_double(gamma_incomplete.gammaincc),
    SPECIAL["j0"]: in_double(bessel.j0),
    SPECIAL["j1"]: in_double(bessel.j1),
    SPECIAL["jv"]: in_double(bessel_order.jv),
    SPECIAL["i0"]: in_double(bessel.i0),
    SPECIAL["i1"]: in_double(bessel.i1),
    SPECIAL["iv"]: in_double(bessel_order.iv),
}
"""Operations that become a call of a function made by the row."""

LOOPING = frozenset(SPECIAL[name] for name in ("gammainc", "gammaincc", "jv", "iv"))
"""Those whose functions have loops and are not inlined."""

LIBM: dict[type[Operation], str] = {
    math.AcosOp: "acos",
    math.AcoshOp: "acosh",
    math.AsinOp: "asin",
    math.AsinhOp: "asinh",
    math.AtanOp: "atan",
    math.Atan2Op: "atan2",
    math.AtanhOp: "atanh",
    math.CbrtOp: "cbrt",
    math.CosOp: "cos",
    math.ErfOp: "erf",
    math.Exp2Op: "exp2",
    math.Log2Op: "log2",
    math.Log10Op: "log10",
    math.PowFOp: "pow",
    math.SinOp: "sin",
    math.TanOp: "tan",
    xmath.FmodOp: "fmod",
    SPECIAL["erfc"]: "erfc",
    SPECIAL["gamma"]: "tgamma",
    SPECIAL["gammaln"]: "lgamma",
}
"""Operations that become a call of the C library's function: this name for f64, with an `f` behind it for f32."""

KEPT: frozenset[type[Operation]] = frozenset(
    {
        math.AbsFOp,
        math.AbsIOp,
        math.CeilOp,
        math.CopySignOp,
        math.CountLeadingZerosOp,
        math.CountTrailingZerosOp,
        math.CtPopOp,
        math.FloorOp,
        math.FmaOp,
        math.RoundEvenOp,
        math.SqrtOp,
        math.TruncOp,
    }
)
"""Operations that are one instruction of the machine, or a few: LLVM has an intrinsic that calls nothing."""
