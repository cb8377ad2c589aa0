"""The exponential of a matrix in simpler operations: scaling, one Padé approximant, squaring.

Source: N. J. Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited, SIAM J. Matrix Anal. Appl. 26
(2005), algorithm 2.3, always with the approximant of degree 13: the smaller ones save products for small matrices.
"""

from __future__ import annotations

from math import inf, nan

from phintys.dialects.nd import NdOp
from phintys.ir.pade import coefficients
from phintys.ir.types import TensorType

from .matrix_terms import host, product, squared_up, where
from .nd_builder import Builder, Term, type_of

_DEGREE = 13
_LIMIT = 5.371920351148152  # the largest 1-norm at which the approximant's backward error is below 2^-53

_B = coefficients(_DEGREE)


def expm(op: NdOp, b: Builder) -> Term:
    """Computed in double precision; NaN throughout where an element is not finite."""
    given = squared_up("expm", b.term(op.operands[0]), type_of(op.results[0]).shape)
    x = b.term(b.cast(given.value, "float64"))
    sums = x.op("abs").sum((0,))
    none = b.term(b.op("alloc", b.constant(0.0, "float64"), sizes=(1,)))
    norm = sums.op("concatenate", none, axis=0).op("max", axes=(0,))
    finite = norm.op("lt", inf)
    wanted = (finite.select(norm, 1.0) / _LIMIT).op("log2").op("ceil").op("maximum", 0.0)
    scale = b.term(b.constant(2.0, "float64")).op("pow", -wanted)
    approximant = _pade(finite.select(x * scale, nan))
    times = b.term(b.cast(wanted.value, "int64"))
    result = host("squared", [TensorType("float64", x.type.shape)], approximant, times)[0]
    return b.term(b.cast(result.value, given.type.dtype))


def _pade(a: Term) -> Term:
    """The approximant q(a)^-1 p(a), whose p has the odd terms u and the even terms v, and whose q has -u and v."""
    a2 = product(a, a)
    a4 = product(a2, a2)
    a6 = product(a4, a2)

    def terms(first: int) -> Term:
        """Every second term from `first` on, without a factor a; six more than that are in a product with a6."""
        low = a6 * _B[first + 6] + a4 * _B[first + 4] + a2 * _B[first + 2]
        high = a6 * _B[first + 12] + a4 * _B[first + 10] + a2 * _B[first + 8]
        return product(a6, high) + where(low, "eq", low + _B[first], low)

    u, v = product(a, terms(1)), terms(0)
    return host("solve", [a.type], v - u, v + u)[0]
