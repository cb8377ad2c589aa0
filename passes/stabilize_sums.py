"""Stable sums of exponentials: the rules of `stabilize` that shift by a maximum.

The shift is the floor of the maximum: as good as the maximum itself, and its derivative is zero, so that a gradient
taken afterwards is the softmax and nothing else.
"""

from __future__ import annotations

from math import inf

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term, type_of
from .rewriting import attribute, producer


def _finite(value: Term) -> Term:
    """`value`, with infinities and NaN replaced by 0: `inf - inf` must not arise from the shift."""
    return value.op("abs").op("lt", inf).select(value, 0.0)


def _is_shifted(value: SSAValue) -> bool:
    """Whether `value` is `x - max(x)` in some form: then nothing is left to do."""
    shifted = producer(value, "sub")
    if shifted is None:
        return False
    shift = shifted.operands[1]
    while isinstance(shift.owner, NdOp) and shift.owner.op in {"dimshuffle", "select", "floor", "alloc", "reshape"}:
        shift = shift.owner.operands[1 if shift.owner.op == "select" else 0]
    return isinstance(shift.owner, NdOp) and shift.owner.op == "max" and shift.owner.operands[0] is shifted.operands[0]


def log_of_sum(op: NdOp, b: Builder) -> Term | None:
    """`log(sum(exp(x), axes)) -> m + log(sum(exp(x - m), axes))`, m = floor(max(x, axes)), 0 where that is infinite."""
    total = producer(op.operands[0], "sum")
    exp = None if total is None else producer(total.operands[0], "exp")
    if total is None or exp is None or _is_shifted(exp.operands[0]):
        return None
    x, axes = b.term(exp.operands[0]), attribute(total, "axes")
    if not axes or 0 in (x.type.shape[axis] for axis in axes):
        return None
    shift = _finite(x.op("max", axes=axes).op("floor"))
    return (x - shift.keep(axes, x.type.ndim)).op("exp").sum(axes).op("log") + shift


def log_of_two(op: NdOp, b: Builder) -> Term | None:
    """`log(exp(x) + exp(y)) -> maximum(x, y) + log1p(exp(-abs(x - y)))`; equal infinities have no difference."""
    total = producer(op.operands[0], "add")
    if total is None:
        return None
    exps = [producer(value, "exp") for value in total.operands]
    if exps[0] is None or exps[1] is None:
        return None
    x, y = b.term(exps[0].operands[0]), b.term(exps[1].operands[0])
    difference = x.op("eq", y).select(b.term(b.constant(0.0, x.type.dtype)), x - y)
    return x.op("maximum", y) + (-difference.op("abs")).op("exp").op("log1p")


def softmax_by_hand(op: NdOp, b: Builder) -> SSAValue | None:
    """`exp(x) / sum(exp(x), axis, keepdims) -> softmax(x, axis)`."""
    top, bottom = op.operands
    exp = producer(top, "exp")
    ndim = type_of(top).ndim
    shuffle = producer(bottom, "dimshuffle")
    total = producer(bottom if shuffle is None else shuffle.operands[0], "sum")
    if exp is None or total is None or total.operands[0] is not top or len(attribute(total, "axes")) != 1:
        return None
    (axis,) = attribute(total, "axes")
    kept = tuple(-1 if i == axis else i - (i > axis) for i in range(ndim))
    # Without a place of its own, only the first axis' sum lines up with the rows that it belongs to.
    lined_up = axis == 0 if shuffle is None else attribute(shuffle, "order") == kept
    return b.op("softmax", exp.operands[0], axis=axis) if lined_up else None


def exp_of_log_softmax(op: NdOp, b: Builder) -> SSAValue | None:
    """`exp(log_softmax(x)) -> softmax(x)`: the derivative of one reads what the other has computed."""
    inner = producer(op.operands[0], "log_softmax")
    return None if inner is None else b.op("softmax", inner.operands[0], axis=attribute(inner, "axis"))
