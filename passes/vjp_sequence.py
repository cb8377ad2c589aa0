"""Derivatives of running sums and products, of writing to positions, and of stacks of matrix products."""

from __future__ import annotations

from .complex_rows import Pair, join, over, split, times
from .nd_builder import Term
from .vjp import Adjoint, Row


def _from_the_end(x: Term, axis: int) -> Term:
    """Sums of the last 1, 2, ... elements along an axis."""
    reverse = ":, " * axis + "::-1"
    return x.op("subtensor", index=reverse).op("cumsum", axis=axis).op("subtensor", index=reverse)


def _cumsum(c: Adjoint) -> Term:
    return _from_the_end(c.g, c.attr("axis"))


def _cumprod(c: Adjoint) -> Term:
    """Quotients by x, except at the first zero of a run: there the products go on as if it were 1, and after it all is 0."""
    axis = c.attr("axis")
    zero = c.x.op("eq", 0.0)
    first = _first(zero, axis)
    filled = first.select(c.number(1.0), c.x)
    at_zero = _from_the_end(c.g * filled.op("cumprod", axis=axis), axis)
    quotient = _from_the_end(c.g * c.out, axis) / zero.select(c.number(1.0), c.x)
    return zero.select(first.select(at_zero, 0.0), quotient)


def _cumprod_pairs(c: Adjoint) -> Term:
    """The same with complex numbers; gradients go back through the conjugates of derivatives."""
    axis = c.attr("axis")
    x, out, g = split(c.x), split(c.out), split(c.g)
    one = c.number(1.0)
    zero = x.re.op("eq", 0.0).op("and", x.im.op("eq", 0.0))
    first = _first(zero, axis)
    filled = split(join(Pair(first.select(one, x.re), x.im)).op("cumprod_pairs", axis=axis))

    def behind(y: Pair) -> Pair:
        product = times(g, Pair(y.re, -y.im))
        return Pair(_from_the_end(product.re, axis), _from_the_end(product.im, axis))

    at_zero = behind(filled)
    quotient = over(behind(out), Pair(zero.select(one, x.re), -x.im))
    parts = (zero.select(first.select(a, 0.0), b) for a, b in zip(at_zero, quotient, strict=True))
    return join(Pair(*parts))


def _first(zero: Term, axis: int) -> Term:
    """Where the first true element along an axis stands."""
    count = zero.op("cast", dtype="int64").op("cumsum", axis=axis)
    return zero.op("and", count.op("eq", 1))


def _sort(c: Adjoint) -> Term:
    """The gradient of an element goes back to the position that it came from."""
    axis, ndim = c.attr("axis"), c.x.type.ndim
    indices = []
    for place in range(ndim):
        count = c.b.op("dim", c.x.value, axis=place)
        numbers = Term(c.b, c.b.op("arange", c.b.constant(0, "int64"), count, c.b.constant(1, "int64"), dtype="int64"))
        order = tuple(0 if other == place else -1 for other in range(ndim))
        indices.append(c.x.op("argsort", axis=axis) if place == axis else numbers.op("dimshuffle", order=order))
    return Term(c.b, c.b.full_like(c.x.value, 0.0)).op("scatter_set", c.g, *indices)


def _scatter_set(c: Adjoint, index: int) -> Term:
    indices = [c.operand(number) for number in range(2, len(c.op.operands))]
    if index == 0:
        return c.g.op("scatter_set", 0.0, *indices)
    return c.g.op("gather", *indices)


def _flipped(x: Term) -> Term:
    return x.op("dimshuffle", order=(0, 2, 1))


SEQUENCE: dict[str, Row] = {
    "cumsum": (_cumsum,),
    "cumprod": (_cumprod,),
    "cumprod_pairs": (_cumprod_pairs,),
    "scatter_set": _scatter_set,
    "sort": (_sort,),
    "specify_shape": lambda c, index: c.g,
    "batched_dot": (
        lambda c: c.g.op("batched_dot", _flipped(c.y)),
        lambda c: _flipped(c.x).op("batched_dot", c.g),
    ),
}
