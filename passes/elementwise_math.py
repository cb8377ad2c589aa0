"""Scalar code of the functions of `ir/ops_math.py`: rows of `elementwise`."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from phintys.dialects.xmath import ThreefryOp
from phintys.dialects.xmath_special import SPECIAL

from .emit import Emitter

ERFCX_SERIES_FROM = {"float64": 10.0, "float32": 6.0}
_ODD = [1.0]
for _k in range(1, 13):
    _ODD.append(_ODD[-1] * (1 - 2 * _k))
ERFCX_SERIES = tuple(_ODD)  # (-1)^k (2k - 1)!!


def _same(e: Emitter, args: Sequence[SSAValue], dtype: str) -> SSAValue:
    return args[0]


def _polynomial(e: Emitter, x: SSAValue, coefficients: Sequence[float]) -> SSAValue:
    value = e.constant(coefficients[-1], x.type)
    for coefficient in reversed(coefficients[:-1]):
        value = e.op(math.FmaOp, [value, x, e.constant(coefficient, x.type)])
    return value


def _erfcx(e: Emitter, args: Sequence[SSAValue], dtype: str) -> SSAValue:
    """exp(x^2) erfc(x), with the rounding error of x^2 made up for; the asymptotic series for large x.

    Abramowitz and Stegun 7.1.23.
    """
    (x,) = args
    square = e.op(arith.MulfOp, [x, x])
    lost = e.op(math.FmaOp, [x, x, e.op(arith.NegfOp, [square])])
    lost = e.select(e.fcmp("ord", lost, lost), lost, e.constant(0.0, x.type))  # x^2 is infinite
    power = e.op(math.ExpOp, [square])
    finite = e.fcmp("olt", power, e.constant(float("inf"), x.type))
    power = e.select(finite, e.op(math.FmaOp, [power, lost, power]), power)
    direct = e.op(arith.MulfOp, [power, e.op(SPECIAL["erfc"], [x])])
    inverse = e.op(arith.DivfOp, [e.constant(1.0, x.type), x])
    z = e.op(arith.MulfOp, [e.op(arith.MulfOp, [inverse, inverse]), e.constant(0.5, x.type)])
    series = e.op(arith.MulfOp, [e.op(arith.MulfOp, [inverse, e.constant(pi**-0.5, x.type)]), _polynomial(e, z, ERFCX_SERIES)])
    return e.select(e.fcmp("ogt", x, e.constant(ERFCX_SERIES_FROM[dtype], x.type)), series, direct)


def _xlogx(e: Emitter, args: Sequence[SSAValue], dtype: str) -> SSAValue:
    (x,) = args
    zero = e.constant(0.0, x.type)
    return e.select(e.fcmp("oeq", x, zero), zero, e.op(arith.MulfOp, [x, e.op(math.LogOp, [x])]))


ROUNDED = {"i": _same, "u": _same, "b": _same}
ROWS: dict[str, dict[str, Any]] = {
    "exp2": {"f": math.Exp2Op},
    "log2": {"f": math.Log2Op},
    "log10": {"f": math.Log10Op},
    "arcsin": {"f": math.AsinOp},
    "arccos": {"f": math.AcosOp},
    "arcsinh": {"f": math.AsinhOp},
    "arccosh": {"f": math.AcoshOp},
    "arctanh": {"f": math.AtanhOp},
    "arctan2": {"f": math.Atan2Op},
    "round": {"f": math.RoundEvenOp, **ROUNDED},
    "round_half_away": {"f": math.RoundOp, **ROUNDED},
    "trunc": {"f": math.TruncOp, **ROUNDED},
    "erf": {"f": math.ErfOp},
    "erfcx": {"f": _erfcx},
    "xlogx": {"f": _xlogx},
    "threefry": {"u": ThreefryOp},
    **{name: {"f": cls} for name, cls in SPECIAL.items()},
}
