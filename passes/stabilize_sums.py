"""Rules of `stabilize` for quotients by sums of exponentials: softmax and its logarithm as they are written by hand."""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, type_of
from .rewriting import attribute, is_constant, producer
from .stabilize_match import alike


def _layout(value: SSAValue) -> NdOp | None:
    return producer(value, "dimshuffle") or producer(value, "reshape")


def _lined_up(value: SSAValue, axis: int, ndim: int) -> bool:
    """Whether a reduction over `axis`, with `value`'s change of shape, broadcasts against its operand of rank `ndim`."""
    layout = _layout(value)
    if layout is None:  # without a place of its own, only the first axis' sum lines up with the rows that it belongs to
        return axis == 0
    if layout.op == "dimshuffle":
        return bool(attribute(layout, "order") == tuple(-1 if i == axis else i - (i > axis) for i in range(ndim)))
    type = type_of(value)  # a vector has one shape with one column, or one row
    return ndim == 2 and type.ndim == 2 and type.shape[axis] == 1


def _sum_of_exp(value: SSAValue) -> tuple[SSAValue, int] | None:
    """x and the axis where `value` is `sum(exp(x), axis)`."""
    total = producer(value, "sum")
    exp = None if total is None else producer(total.operands[0], "exp")
    if total is None or exp is None or len(attribute(total, "axes")) != 1:
        return None
    return exp.operands[0], attribute(total, "axes")[0]


def _softmax(top: SSAValue, bottom: SSAValue, b: Builder) -> SSAValue | None:
    exp, layout = producer(top, "exp"), _layout(bottom)
    found = _sum_of_exp(bottom if layout is None else layout.operands[0])
    if exp is None or found is None or not alike(found[0], exp.operands[0]):
        return None
    x, axis = exp.operands[0], found[1]
    return b.op("softmax", x, axis=axis) if _lined_up(bottom, axis, type_of(x).ndim) else None


def softmax_by_hand(op: NdOp, b: Builder) -> SSAValue | None:
    """`exp(x) / sum(exp(x), axis, keepdims) -> softmax(x, axis)`."""
    top, bottom = op.operands
    return _softmax(top, bottom, b)


def softmax_by_inverse(op: NdOp, b: Builder) -> SSAValue | None:
    """`exp(x) * (1 / sum(exp(x), axis, keepdims)) -> softmax(x, axis)`."""
    for top, other in (op.operands, tuple(reversed(op.operands))):
        inverse = producer(other, "div")
        if inverse is not None and is_constant(inverse.operands[0], 1):
            return _softmax(top, inverse.operands[1], b)
    return None


def log_softmax_by_hand(op: NdOp, b: Builder) -> SSAValue | None:
    """`x - log(sum(exp(x), axis, keepdims)) -> log_softmax(x, axis)`, also with the logarithm in its stable form."""
    x, other = op.operands
    layout = _layout(other)
    found = _logarithm_of_sum(other if layout is None else layout.operands[0])
    if found is None or not alike(found[0], x) or not _lined_up(other, found[1], type_of(x).ndim):
        return None
    return b.op("log_softmax", x, axis=found[1])


def _logarithm_of_sum(value: SSAValue) -> tuple[SSAValue, int] | None:
    """x and the axis where `value` is `log(sum(exp(x), axis))`, or `log(sum(exp(x - m), axis)) + m`."""
    added = producer(value, "add")
    log = producer(value if added is None else added.operands[0], "log")
    found = None if log is None else _sum_of_exp(log.operands[0])
    if found is None or added is None:
        return found
    shifted = producer(found[0], "sub")
    keep = None if shifted is None else _layout(shifted.operands[1])
    if shifted is None or keep is None or keep.operands[0] is not added.operands[1]:
        return None
    return shifted.operands[0], found[1]


def exp_of_log_softmax(op: NdOp, b: Builder) -> SSAValue | None:
    """`exp(log_softmax(x)) -> softmax(x)`: the derivative of one reads what the other has computed."""
    inner = producer(op.operands[0], "log_softmax")
    return None if inner is None else b.op("softmax", inner.operands[0], axis=attribute(inner, "axis"))
