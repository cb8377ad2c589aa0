"""Derivatives of the functions of `ir/ops_math.py` (Abramowitz and Stegun, chapters 4, 6, 7 and 9)."""

from __future__ import annotations

from math import log, pi, sqrt

from .nd_builder import Term
from .rewriting import refusal
from .vjp import Adjoint, Row


def _nothing(c: Adjoint) -> None:
    return None


def _gauss(x: Term) -> Term:
    """The derivative of erf: 2 / sqrt(pi) exp(-x**2)."""
    return (-(x * x)).op("exp") * (2 / sqrt(pi))


def _distance(c: Adjoint) -> Term:
    """The square of the distance of the point (y, x) from the origin."""
    return c.x * c.x + c.y * c.y


def _not_the_order(c: Adjoint) -> None:
    raise refusal(c.op, "there is no derivative with respect to the order, the first operand; hold it constant")


def _gamma_density(c: Adjoint) -> Term:
    """y**(x - 1) exp(-y) / gamma(x), without overflow."""
    return ((c.x - 1.0) * c.y.op("log") - c.y - c.x.op("gammaln")).op("exp")


MATH: dict[str, Row] = {
    "exp2": (lambda c: c.g * c.out * log(2.0),),
    "log2": (lambda c: c.g / (c.x * log(2.0)),),
    "log10": (lambda c: c.g / (c.x * log(10.0)),),
    "arcsin": (lambda c: c.g / ((1.0 - c.x) * (c.x + 1.0)).op("sqrt"),),
    "arccos": (lambda c: -(c.g / ((1.0 - c.x) * (c.x + 1.0)).op("sqrt")),),
    "arcsinh": (lambda c: c.g / (c.x * c.x + 1.0).op("sqrt"),),
    "arccosh": (lambda c: c.g / ((c.x - 1.0) * (c.x + 1.0)).op("sqrt"),),
    "arctanh": (lambda c: c.g / ((1.0 - c.x) * (c.x + 1.0)),),
    "arctan2": (lambda c: c.g * c.y / _distance(c), lambda c: -(c.g * c.x / _distance(c))),
    "round": (_nothing,),
    "round_half_away": (_nothing,),
    "trunc": (_nothing,),
    "xlogx": (lambda c: c.g * (c.x.op("log") + 1.0),),
    "erf": (lambda c: c.g * _gauss(c.x),),
    "erfc": (lambda c: -(c.g * _gauss(c.x)),),
    "erfcx": (lambda c: c.g * (c.x * c.out * 2.0 - 2 / sqrt(pi)),),
    "erfinv": (lambda c: c.g * ((c.out * c.out).op("exp") * (sqrt(pi) / 2)),),
    "erfcinv": (lambda c: -(c.g * ((c.out * c.out).op("exp") * (sqrt(pi) / 2))),),
    "gamma": (lambda c: c.g * c.out * c.x.op("psi"),),
    "gammaln": (lambda c: c.g * c.x.op("psi"),),
    "psi": (lambda c: c.g * c.x.op("tri_gamma"),),
    "tri_gamma": (lambda c: c.g * c.x.op("tetra_gamma"),),
    "tetra_gamma": (lambda c: c.g * c.x.op("penta_gamma"),),
    "gammainc": (_not_the_order, lambda c: c.g * _gamma_density(c)),
    "gammaincc": (_not_the_order, lambda c: -(c.g * _gamma_density(c))),
    "j0": (lambda c: -(c.g * c.x.op("j1")),),
    "j1": (lambda c: c.g * (c.x.op("j0") - c.number(2.0).op("jv", c.x)) * 0.5,),
    "jv": (_not_the_order, lambda c: c.g * ((c.x - 1.0).op("jv", c.y) - (c.x + 1.0).op("jv", c.y)) * 0.5),
    "i0": (lambda c: c.g * c.x.op("i1"),),
    "i1": (lambda c: c.g * (c.x.op("i0") + c.number(2.0).op("iv", c.x)) * 0.5,),
    "iv": (_not_the_order, lambda c: c.g * ((c.x - 1.0).op("iv", c.y) + (c.x + 1.0).op("iv", c.y)) * 0.5),
}
