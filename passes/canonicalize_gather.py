"""Rules for gather and scatter: what is picked is computed, what is scattered into zeros is added where it belongs.

    %p = nd.exp %x ; %q = nd.gather %p, %rows, %y          ->  %q = nd.exp (nd.gather %x, %rows, %y)
    %s = nd.scatter_add %zeros, %v, %i ; nd.sub %w, %s     ->  nd.scatter_add %w, (nd.neg %v), %i

The first is the likelihood of one class in each row, the second the step of a table of which a batch uses some rows. Both
came from sparse programs that wrote and read whole matrices (Theano: local_subtensor_merge, IncSubtensor of zeros).
"""

from __future__ import annotations

import math

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .canonicalize_arithmetic import Found
from .nd_builder import Builder, type_of
from .rewriting import Rules, attribute, is_constant, is_wrt, producer, splat_value

MAX_PICKED = 32  # operations that one gather moves through


def _used_once(value: SSAValue) -> bool:
    use = value.first_use
    return use is not None and use._next_use is None


def _sparse(value: SSAValue) -> NdOp | None:
    """The `scatter_add` into zeros that computes a value."""
    op = producer(value, "scatter_add")
    return op if op is not None and is_constant(op.operands[0], 0) else None


def add_sparse(op: NdOp, b: Builder) -> Found:
    """`x + scatter_add(0, v, i) -> scatter_add(x, v, i)`, and so for a difference."""
    for number, value in enumerate(op.operands):
        sparse = _sparse(value)
        if sparse is None or not _used_once(value):
            continue
        dense = op.operands[1 - number]
        if dense.type != op.results[0].type or type_of(dense).shape != type_of(value).shape:
            continue
        _, update, *indices = sparse.operands
        if op.op == "sub":
            if type_of(value).kind not in "ifc":
                return None
            if number == 0:
                dense = b.op("neg", dense)
            else:
                update = b.op("neg", update)
        return b.op("scatter_add", dense, update, *indices)
    return None


def scale_sparse(op: NdOp, b: Builder) -> Found:
    """`scatter_add(0, v, i) * c -> scatter_add(0, v * c, i)` for a finite constant scalar c."""
    value, factor = op.operands
    sparse = _sparse(value)
    if sparse is None or not _used_once(value) or type_of(factor).shape or type_of(value).kind != "f":
        return None
    number = splat_value(factor)
    if number is None or not math.isfinite(number):
        return None
    zeros, update, *indices = sparse.operands
    return b.op("scatter_add", zeros, b.op("mul", update, factor), *indices)


def sum_sparse(op: NdOp, b: Builder) -> Found:
    """`sum(scatter_add(0, v, i, j), axis of j) -> scatter_add(0, v, i)`, where the scattered tensor itself is needed too."""
    sparse = _sparse(op.operands[0])
    axes = attribute(op, "axes")
    if sparse is None or _used_once(op.operands[0]):  # its indices would not be checked any more
        return None
    zeros, update, *indices = sparse.operands
    ndim = type_of(zeros).ndim
    shapes = {type_of(index).shape for index in indices}
    if len(indices) != ndim or len(axes) == ndim or len(shapes) != 1:
        return None
    kept = [axis for axis in range(ndim) if axis not in axes]
    sizes, shape = [], []
    for axis in kept:
        size = type_of(zeros).shape[axis]
        shape.append(size)
        if size is None:
            sizes.append(b.op("dim", zeros, axis=axis))
    small = b.op("alloc", b.constant(0, type_of(zeros).dtype), *sizes, sizes=tuple(shape))
    return b.op("scatter_add", small, update, *(indices[axis] for axis in kept))


def pick_first(op: NdOp, b: Builder) -> Found:
    """`gather(f(x, y), rows, j) -> f(gather(x, rows, j), gather(y, rows, j))` when one element of each row is picked."""
    value, *indices = op.operands
    if len(indices) != type_of(value).ndim or not any(producer(index, "arange") for index in indices):
        return None
    if not _is_elementwise(value):
        return None
    order = _elementwise_above(value)
    if len(order) > MAX_PICKED:
        return None
    picked: dict[SSAValue, SSAValue] = {}
    for inner in order:
        operands = []
        for operand in inner.operands:
            if operand not in picked:
                picked[operand] = _pick(operand, indices, type_of(inner.results[0]).ndim, b)
            operands.append(picked[operand])
        picked[inner.results[0]] = b.op(inner.op, *operands, **inner.attrs)
    return picked[value]


def _is_elementwise(value: SSAValue) -> bool:
    op = value.owner
    return isinstance(op, NdOp) and op.row.family == "elementwise" and not is_wrt(value)


def _elementwise_above(value: SSAValue) -> list[NdOp]:
    """The elementwise operations of full rank that a value is made of, operands first; cut off beyond `MAX_PICKED`."""
    ndim = type_of(value).ndim
    order: list[NdOp] = []
    seen: set[SSAValue] = set()

    def visit(value: SSAValue) -> None:
        op = value.owner
        if value in seen or len(order) > MAX_PICKED or type_of(value).ndim != ndim or not _is_elementwise(value):
            return
        seen.add(value)
        assert isinstance(op, NdOp)
        for operand in op.operands:
            visit(operand)
        order.append(op)

    visit(value)
    return order


def _pick(value: SSAValue, indices: list[SSAValue], ndim: int, b: Builder) -> SSAValue:
    """Elements of an operand, which broadcasts along its dimensions of size 1."""
    type = type_of(value)
    moving = [axis for axis, size in enumerate(type.shape) if size != 1]
    if len(moving) < type.ndim:
        value = b.op("dimshuffle", value, order=tuple(moving))
    return b.op("gather", value, *(indices[axis + ndim - type.ndim] for axis in moving)) if moving else value


GATHER: Rules = {
    "gather": (pick_first,),
    "add": (add_sparse,),
    "sub": (add_sparse,),
    "mul": (scale_sparse,),
    "sum": (sum_sparse,),
}
