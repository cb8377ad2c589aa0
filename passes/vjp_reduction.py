"""Derivatives of reductions, of the softmax family and of `dot`.

A gradient of a reduction's result gets its axes back as size 1 and broadcasts against the operand. `max` and `min` pass
it to every element that attains the extremum, as Theano does.
"""

from __future__ import annotations

from .nd_builder import Term
from .vjp import Adjoint, Row


def _kept(c: Adjoint, value: Term) -> Term:
    """A reduction's result so that it broadcasts against the operand; leading axes need no place of their own."""
    axes = c.attr("axes")
    return value if axes == tuple(range(len(axes))) else value.keep(axes, c.x.type.ndim)


def _sum(c: Adjoint) -> Term:
    return Term(c.b, c.b.broadcast_to(_kept(c, c.g).value, c.x.value))


def _extremum(c: Adjoint) -> Term:
    return c.x.op("eq", _kept(c, c.out)).select(_kept(c, c.g), 0.0)


def _prod(c: Adjoint) -> Term:
    """The product of the other elements, also where some are zero: it is nonzero only at a zero that stands alone."""
    axes = c.attr("axes")
    if not axes:
        return c.g
    zero = c.x.op("eq", 0.0)
    rest = zero.select(c.number(1.0), c.x)
    product = _kept(c, rest.op("prod", axes=axes))
    zeros = _kept(c, zero.op("cast", dtype=c.x.type.dtype).sum(axes))
    alone = zeros.op("eq", 1.0).select(product, 0.0)
    others = zeros.op("eq", 0.0).select(product, 0.0) / rest
    return _kept(c, c.g) * zero.select(alone, others)


def _softmax(c: Adjoint) -> Term:
    axes = (c.attr("axis"),)
    return (c.g - (c.g * c.out).sum(axes).keep(axes, c.x.type.ndim)) * c.out


def _log_softmax(c: Adjoint) -> Term:
    axes = (c.attr("axis"),)
    return c.g - c.out.op("exp") * c.g.sum(axes).keep(axes, c.x.type.ndim)


def _transposed(value: Term) -> Term:
    return value.op("dimshuffle", order=(1, 0))


def _outer(column: Term, row: Term) -> Term:
    return column.op("dimshuffle", order=(0, -1)) * row.op("dimshuffle", order=(-1, 0))


def _dot_x(c: Adjoint) -> Term:
    if c.x.type.ndim == 1:
        return c.g * c.y if c.y.type.ndim == 1 else c.y.op("dot", c.g)
    return _outer(c.g, c.y) if c.y.type.ndim == 1 else c.g.op("dot", _transposed(c.y))


def _dot_y(c: Adjoint) -> Term:
    if c.x.type.ndim == 1:
        return c.g * c.x if c.y.type.ndim == 1 else _outer(c.x, c.g)
    return _transposed(c.x).op("dot", c.g)


def _gemm(c: Adjoint, index: int) -> Term:
    z, alpha, x, y, beta = (c.operand(k) for k in range(5))
    return (
        lambda: c.g * beta,
        lambda: (c.g * x.op("dot", y)).sum((0, 1)),
        lambda: c.g.op("dot", _transposed(y)) * alpha,
        lambda: _transposed(x).op("dot", c.g) * alpha,
        lambda: (c.g * z).sum((0, 1)),
    )[index]()


REDUCTION: dict[str, Row] = {
    "sum": (_sum,),
    "prod": (_prod,),
    "max": (_extremum,),
    "min": (_extremum,),
    "softmax": (_softmax,),
    "log_softmax": (_log_softmax,),
    "dot": (_dot_x, _dot_y),
    "gemm": _gemm,
}
