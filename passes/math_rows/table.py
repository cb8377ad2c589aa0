"""Which operation is written out by which row, which one is a call into libm, and which one stays.

The elementary ROWS functions are at most 1.5 ulp from the true value everywhere, subnormal arguments and results included
(tests/numerics/ulp.py has the bound of each, test_special.py those of the others).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from xdsl.dialects import math
from xdsl.ir import Operation, SSAValue

from phintys.dialects import xmath
from phintys.dialects.xmath_special import SPECIAL
from phintys.passes.scalar_flow import Row, by_format, in_double, of_each


class _Module:
    """A module of rows, imported when the first of them is written."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, row: str) -> Row:
        def late(b: Any, *operands: SSAValue) -> SSAValue:
            found: Row = getattr(import_module(f".{self._name}", __package__), row)
            return found(b, *operands)

        return late


bessel = _Module("bessel")
bessel_order = _Module("bessel_order")
digamma = _Module("digamma")
error_function = _Module("error_function")
exponential = _Module("exponential")
gamma = _Module("gamma")
gamma_incomplete = _Module("gamma_incomplete")
hyperbolic = _Module("hyperbolic")
inverse_hyperbolic = _Module("inverse_hyperbolic")
inverse_trigonometric = _Module("inverse_trigonometric")
logarithm = _Module("logarithm")
logarithm_bases = _Module("logarithm_bases")
logistic = _Module("logistic")
polygamma = _Module("polygamma")
power = _Module("power")
quantile = _Module("quantile")
rounding = _Module("rounding")
single = _Module("single")
tangent = _Module("tangent")
threefry = _Module("threefry")
trigonometric = _Module("trigonometric")

ROWS: dict[type[Operation], Row] = {
    math.ExpOp: exponential.exp,
    math.ExpM1Op: exponential.expm1,
    math.Exp2Op: of_each(power.exp2, power.exp2_single),
    math.PowFOp: of_each(power.pow, single.pow),
    math.RsqrtOp: in_double(power.rsqrt),
    math.LogOp: logarithm.log,
    math.Log2Op: logarithm_bases.log2,
    math.Log10Op: logarithm_bases.log10,
    math.Log1pOp: logarithm.log1p,
    math.SinOp: by_format(trigonometric.sin, single.sin),
    math.CosOp: by_format(trigonometric.cos, single.cos),
    math.TanOp: tangent.tan,
    math.AsinOp: inverse_trigonometric.asin,
    math.AcosOp: inverse_trigonometric.acos,
    math.AtanOp: inverse_trigonometric.atan,
    math.Atan2Op: inverse_trigonometric.atan2,
    math.SinhOp: hyperbolic.sinh,
    math.CoshOp: hyperbolic.cosh,
    math.TanhOp: of_each(hyperbolic.tanh, hyperbolic.tanh_single),
    math.AsinhOp: inverse_hyperbolic.asinh,
    math.AcoshOp: inverse_hyperbolic.acosh,
    math.AtanhOp: inverse_hyperbolic.atanh,
    math.ErfOp: by_format(error_function.erf, single.erf),
    SPECIAL["erfc"]: by_format(error_function.erfc, single.erfc),
    xmath.SigmoidOp: logistic.sigmoid,
    xmath.SoftplusOp: logistic.softplus,
    xmath.SignOp: rounding.sign,
    math.RoundOp: rounding.round_half_away,
    SPECIAL["gamma"]: by_format(gamma.gamma, gamma.gamma_single),
    SPECIAL["gammaln"]: in_double(gamma.gammaln),
    SPECIAL["erfinv"]: quantile.erfinv,
    SPECIAL["erfcinv"]: quantile.erfcinv,
    SPECIAL["psi"]: in_double(digamma.psi),
    SPECIAL["tri_gamma"]: polygamma.tri_gamma,
    SPECIAL["tetra_gamma"]: polygamma.tetra_gamma,
    SPECIAL["penta_gamma"]: in_double(polygamma.penta_gamma),
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

INTEGER: dict[type[Operation], Callable[..., SSAValue]] = {xmath.ThreefryOp: threefry.threefry}
"""The same on integers; these rows take an `Emitter` and the operands."""

FAR_ERFINV = "phi_far_erfinv"
WHOLE = "phi_whole_"
WHOLE_POW, WHOLE_POW_SINGLE = f"{WHOLE}pow_f64", f"{WHOLE}pow_f32"
WHOLE_TAN = f"{WHOLE}tan_f32"
FAR: dict[str, Row] = {
    FAR_ERFINV: quantile.far,
    WHOLE_POW: power.complete,
    WHOLE_POW_SINGLE: single.complete,
    WHOLE_TAN: in_double(single.far_tan),
}
"""Functions that rows leave seldom arguments to, by the name in `ScalarBuilder.rare`; the others are the C library's.

Those whose names begin with WHOLE are computed for whole vectors: beside an argument that needs them, others may do, too.
"""

LOOPING = frozenset(SPECIAL[name] for name in ("gammainc", "gammaincc", "jv", "iv"))
"""Those whose functions have loops and are not inlined."""

LIBM: dict[type[Operation], str] = {
    math.CbrtOp: "cbrt",
    xmath.FmodOp: "fmod",
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
