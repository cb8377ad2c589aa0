"""Logarithms of what overflows or underflows: `logarithm(value)` is log(value) of exponentials, their sums and products.

A term of the table says what the logarithm of an operation is in terms of its operands, whose own logarithms are asked for
in turn: log(2 exp(x) + exp(y)) is log_add(log(2) + x, y). None where a logarithm is as good as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, log

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term, type_of
from .rewriting import attribute, is_constant, producer, splat_value
from .stabilize_match import alike, negate

LAYOUT = frozenset({"dimshuffle", "reshape", "subtensor", "gather", "alloc"})  # these move elements and change none
GROWING = frozenset({"exp", "cosh", "sum", "prod"})  # whose values leave the range of floats
DEPTH = 8  # of nested sums and products

Form = Callable[[NdOp, Builder, int], "Term | None"]


def log_rule(op: NdOp, b: Builder) -> Term | None:
    """`log(v)` by the table."""
    return logarithm(op.operands[0], b, DEPTH)


def logarithm(value: SSAValue, b: Builder, depth: int) -> Term | None:
    """log(value) without the value."""
    op = value.owner
    if not isinstance(op, NdOp) or producer(value, op.op) is None or type_of(value).kind != "f" or depth < 0:
        return None
    form = FORMS.get(op.op)
    return None if form is None else form(op, b, depth - 1)


def _positive_constant(value: SSAValue) -> bool:
    number = splat_value(value)
    return number is not None and 0 < number < inf


def _of_factor(value: SSAValue, b: Builder, depth: int) -> Term | None:
    """The logarithm of a factor or an addend: of the table, or of a positive constant."""
    return b.term(b.op("log", value)) if _positive_constant(value) else logarithm(value, b, depth)


def _both(op: NdOp, b: Builder, depth: int) -> tuple[Term, Term] | None:
    """Logarithms of two operands, of which one is no constant."""
    if all(_positive_constant(value) for value in op.operands):
        return None
    x = _of_factor(op.operands[0], b, depth)
    y = None if x is None else _of_factor(op.operands[1], b, depth)
    return None if x is None or y is None else (x, y)


def grows(value: SSAValue) -> bool:
    """Whether a value is made of what leaves the range of floats."""
    op = value.owner
    if not isinstance(op, NdOp):
        return False
    inner = op.op in {"mul", "add", "div", "cast"} or op.op in LAYOUT
    return op.op in GROWING or (inner and any(map(grows, op._operands[:2])))


# --- the terms --------------------------------------------------------------------------------------------------------


def _product(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(u v) -> log(u) + log(v)`; `log(x x) -> 2 log(abs(x))`."""
    found = _both(op, b, depth)
    if found is not None:
        return found[0] + found[1]
    square = alike(*op.operands) and depth == DEPTH - 1
    return b.term(op.operands[0]).op("abs").op("log") * 2.0 if square else None


def _quotient(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(u / v) -> log(u) - log(v)`, any v where u is in the table."""
    top, bottom = op.operands
    x, y = _of_factor(top, b, depth), logarithm(bottom, b, depth)
    if x is None or (y is None and (_positive_constant(top) or type_of(bottom).kind != "f")):
        return None
    return x - (b.term(bottom).op("log") if y is None else y)


def _sum_of_two(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(u + v) -> log_add(log(u), log(v))`, where one of them may overflow."""
    if not any(map(grows, op.operands)):
        return None
    found = _both(op, b, depth)
    return None if found is None else log_add(*found)


def _difference(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(exp(x) - exp(y)) -> x + log(1 - exp(y - x))`."""
    exps = [producer(value, "exp") for value in op.operands]
    if exps[0] is None or exps[1] is None:
        return None
    x, y = (b.term(exp.operands[0]) for exp in exps if exp is not None)
    return x + log_one_minus_exp(x.op("eq", y).select(b.term(b.constant(0.0, x.type.dtype)), y - x))


def _power(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(u ** p) -> p log(u)`, for even p `p log(abs(u))`; NaN where it was. Of any u not below other operations."""
    base, exponent = op.operands
    number = splat_value(exponent)
    if number is None or number == 0 or not abs(number) < inf:
        return None
    known = logarithm(base, b, depth)
    if known is None and depth == DEPTH - 1:
        x = b.term(base)
        known = (x.op("abs") if number % 2 == 0 else x).op("log")
    return None if known is None else known * b.term(exponent)


def _root(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(sqrt(u)) -> log(u) / 2`."""
    known = logarithm(op.operands[0], b, depth)
    if known is None and depth == DEPTH - 1:
        known = b.term(op.operands[0]).op("log")
    return None if known is None else known * 0.5


def _moved(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(layout(u)) -> layout(log(u))`."""
    known = logarithm(op.operands[0], b, depth)
    return None if known is None else b.term(b.op(op.op, known.value, *list(op.operands)[1:], **op.attrs))


def _cast(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(cast(u)) -> cast(log(u))` from float to float."""
    known = logarithm(op.operands[0], b, depth)
    return None if known is None else b.term(b.cast(known.value, type_of(op.results[0]).dtype))


def _hyperbolic_cosine(op: NdOp, b: Builder, depth: int) -> Term:
    """`log(cosh(x)) -> log1p(sinh(x) ** 2) / 2`, beyond 1 `abs(x) + log1p(exp(-2 abs(x))) - log(2)`."""
    x = b.term(op.operands[0])
    size = x.op("abs")
    near = size.op("lt", 1.0)
    sine = near.select(x, 0.0).op("sinh")
    far = near.select(b.term(b.constant(1.0, x.type.dtype)), size)
    return near.select((sine * sine).op("log1p") * 0.5, far + ((far * -2.0).op("exp").op("log1p") - log(2.0)))


def _softmax(op: NdOp, b: Builder, depth: int) -> Term:
    """`log(softmax(x)) -> log_softmax(x)`."""
    return b.term(b.op("log_softmax", op.operands[0], axis=attribute(op, "axis")))


def _weighted_sum(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(sum(w exp(x), axes)) -> m + log(sum(w exp(x - m), axes))`: m is the maximum of the x whose w is not 0."""
    axes = attribute(op, "axes")
    inner = op.operands[0]
    weight: SSAValue | None = None
    known = _exponent(inner, b, depth)
    if known is None and (product := producer(inner, "mul")) is not None:
        first, second = product.operands
        known, weight = _exponent(second, b, depth), first
        if known is None:
            known, weight = _exponent(first, b, depth), second
    if known is None or not axes or 0 in (type_of(inner).shape[axis] for axis in axes):
        return None
    return _shifted_sum(known, None if weight is None else b.term(weight), b.term(inner), axes)


def _exponent(value: SSAValue, b: Builder, depth: int) -> Term | None:
    """The logarithm of an addend, where it is not yet that of a shifted exponential."""
    exp = producer(value, "exp")
    if exp is not None and is_shifted(exp.operands[0]):
        return None
    return logarithm(value, b, depth) if grows(value) or producer(value, "softmax") else None


def _shifted_sum(x: Term, weight: Term | None, inner: Term, axes: Sequence[int]) -> Term:
    ndim = inner.type.ndim
    x = x if x.type.shape == inner.type.shape else Term(x.b, x.b.broadcast_to(x.value, inner.value))
    counted = x if weight is None else weight.op("ne", 0.0).select(x, -inf)
    # The floor of the maximum is as good as the maximum itself, and has no derivative.
    shift = finite(counted.shift(axes).op("floor"))
    part = (counted - shift.keep(axes, ndim)).op("exp")
    part = part if weight is None else part * weight
    return part.sum(axes).op("log") + shift


def _product_of_all(op: NdOp, b: Builder, depth: int) -> Term | None:
    """`log(prod(exp(x), axes)) -> sum(x, axes)`."""
    known = logarithm(op.operands[0], b, depth) if producer(op.operands[0], "exp") else None
    return None if known is None else known.sum(attribute(op, "axes"))


def _gamma(op: NdOp, b: Builder, depth: int) -> Term:
    """`log(gamma(x)) -> gammaln(x)` for positive x."""
    x = b.term(op.operands[0])
    positive = x.op("gt", 0.0)
    one = b.term(b.constant(1.0, x.type.dtype))
    # Written with `+ 0`, so that this rule does not take it for its own.
    return positive.select(positive.select(x, 1.0).op("gammaln"), (positive.select(one, x).op("gamma") + 0.0).op("log"))


def _complementary_error(op: NdOp, b: Builder, depth: int) -> Term:
    """`log(erfc(x)) -> log1p(-erf(x))`, beyond 1/2 `log(erfcx(x)) - x ** 2`."""
    return _log_erfc(b.term(op.operands[0]), lambda x: (-x.op("erf")).op("log1p"), 0.0)


def log_of_normal(op: NdOp, b: Builder) -> Term | None:
    """`log(erfc(x) / 2) -> log1p(-erfc(-x) / 2)`, beyond 1/2 as above: of the normal distribution."""
    product = producer(op.operands[0], "mul")
    for half, other in (product.operands, tuple(reversed(product.operands))) if product else ():
        erfc = producer(other, "erfc")
        if erfc is not None and is_constant(half, 0.5):
            return _log_erfc(b.term(erfc.operands[0]), lambda x: ((-x).op("erfc") * -0.5).op("log1p"), log(0.5))
    return None


def _log_erfc(x: Term, lower: Callable[[Term], Term], added: float) -> Term:
    far = x.op("gt", 0.5)
    right = far.select(x, 1.0)
    tail = right.op("erfcx").op("log") - right * right
    left = far.select(x.b.term(x.b.constant(0.0, x.type.dtype)), x)
    return far.select(tail + added if added else tail, lower(left))


def finite(value: Term) -> Term:
    """`value`, with infinities and NaN replaced by 0: `inf - inf` must not arise from a shift."""
    return value.op("abs").op("lt", inf).select(value, 0.0)


def is_shifted(value: SSAValue) -> bool:
    """Whether `value` is `x - max(x)` in some form: then nothing is left to do."""
    shifted = producer(value, "sub")
    if shifted is None:
        return False
    shift = shifted.operands[1]
    while isinstance(shift.owner, NdOp) and shift.owner.op in {"dimshuffle", "select", "floor", "alloc", "reshape"}:
        shift = shift.owner.operands[1 if shift.owner.op == "select" else 0]
    return isinstance(shift.owner, NdOp) and shift.owner.op == "max" and shift.owner.operands[0] is shifted.operands[0]


def log_add(x: Term, y: Term) -> Term:
    """log(exp(x) + exp(y)): the larger plus softplus of the difference. At a tie each has half of the gradient.

    Infinities have no difference, unless the smaller one is NaN, which is passed on.
    """
    first = x.op("ge", y)
    large, small = first.select(x, y), first.select(y, x)
    apart = large.op("abs").op("lt", inf).op("or", small.op("ne", small))
    return large + apart.select(small - large, 0.0).op("softplus")


def log_one_minus_exp(x: Term) -> Term:
    """log(1 - exp(x)), by expm1 above -log(2) and by log1p below; NaN for positive x.

    Written as `0 - y` where another rule would take `-y` for what it rewrites into this.
    """
    near = x.op("gt", -log(2.0))
    small = near.select(x, -1.0).op("expm1")
    large = near.select(x.b.term(x.b.constant(-1.0, x.type.dtype)), x).op("exp")
    return near.select((0.0 - small).op("log"), (0.0 - large).op("log1p"))


FORMS: dict[str, Form] = {
    "exp": lambda op, b, depth: b.term(op.operands[0]),
    "sigmoid": lambda op, b, depth: -negate(b, op.operands[0]).op("softplus"),
    "softmax": _softmax,
    "cast": _cast,
    "cosh": _hyperbolic_cosine,
    "erfc": _complementary_error,
    "gamma": _gamma,
    "mul": _product,
    "div": _quotient,
    "add": _sum_of_two,
    "sub": _difference,
    "pow": _power,
    "sqrt": _root,
    "sum": _weighted_sum,
    "prod": _product_of_all,
    **dict.fromkeys(LAYOUT, _moved),
}
