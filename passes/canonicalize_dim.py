"""The size of anything computed, without computing it: `nd.dim` moves through operations to their operands.

One function for each operation, `(op, axis, b) -> size`; it answers for axis `axis` of the result of `op`, or gives up.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp
from phintys.ir.subscript import parse_index

from .canonicalize_arithmetic import Found
from .nd_builder import Builder, type_of
from .rewriting import Rules, attribute, is_constant, is_wrt

SizeOf = Callable[[NdOp, int, Builder], SSAValue | None]


def _dim(value: SSAValue, axis: int, b: Builder) -> SSAValue:
    return b.op("dim", value, axis=axis)


def of_first(op: NdOp, axis: int, b: Builder) -> SSAValue:
    """The result has the shape of the first operand."""
    return _dim(op.operands[0], axis, b)


def of_broadcast(values: list[SSAValue], axis: int, ndim: int, b: Builder) -> SSAValue | None:
    """Along `axis` of a broadcast, an operand whose size is not 1 decides."""
    for value in values:
        own = axis - ndim + type_of(value).ndim
        if own >= 0 and type_of(value).shape[own] != 1:
            return _dim(value, own, b)
    return None


def of_elementwise(op: NdOp, axis: int, b: Builder) -> SSAValue | None:
    """See `of_broadcast`."""
    return of_broadcast(list(op.operands), axis, type_of(op.results[0]).ndim, b)


def of_reduction(op: NdOp, axis: int, b: Builder) -> SSAValue:
    """The axes that are left, in order."""
    axes = attribute(op, "axes")
    kept = [index for index in range(type_of(op.operands[0]).ndim) if index not in axes]
    return _dim(op.operands[0], kept[axis], b)


def of_dot(op: NdOp, axis: int, b: Builder) -> SSAValue:
    """Rows of x, then columns of y."""
    x, y = op.operands
    return _dim(x, 0, b) if axis == 0 and type_of(x).ndim == 2 else _dim(y, 1, b)


def of_sized(op: NdOp, axis: int, b: Builder) -> SSAValue | None:
    """`alloc` and `reshape` were told their sizes; one that is inferred (-1) is not known."""
    sizes = attribute(op, "sizes")
    if sizes[axis] is not None:
        return None
    return b.cast(op.operands[1 + sizes[:axis].count(None)], "int64")


def of_dimshuffle(op: NdOp, axis: int, b: Builder) -> SSAValue:
    """The axis it came from; an inserted one has a static size."""
    return _dim(op.operands[0], attribute(op, "order")[axis], b)


def of_concatenate(op: NdOp, axis: int, b: Builder) -> SSAValue:
    """Along the joined axis the sum of all sizes, else that of the first operand."""
    if axis != attribute(op, "axis"):
        return _dim(op.operands[0], axis, b)
    first, *others = (_dim(value, axis, b) for value in op.operands)
    for size in others:
        first = b.op("add", first, size)
    return first


def of_gather(op: NdOp, axis: int, b: Builder) -> SSAValue | None:
    """The broadcast of the indices, then what is left of the value."""
    value, *indices = op.operands
    rank = max(type_of(index).ndim for index in indices)
    if axis >= rank:
        return _dim(value, axis - rank + len(indices), b)
    return of_broadcast(indices, axis, rank, b)


def of_subtensor(op: NdOp, axis: int, b: Builder) -> SSAValue | None:
    """A dimension taken whole keeps its size."""
    entries = parse_index(attribute(op, "index"))
    slices = [index for index, entry in enumerate(entries) if entry.is_slice]
    if axis >= len(slices):
        return _dim(op.operands[0], axis - len(slices) + len(entries), b)
    return _dim(op.operands[0], slices[axis], b) if entries[slices[axis]].is_whole else None


def of_arange(op: NdOp, axis: int, b: Builder) -> SSAValue | None:
    """`arange(0, n, 1)` of ints has `maximum(n, 0)` elements."""
    start, stop, step = op.operands
    if type_of(stop).kind not in "iu" or not is_constant(start, 0) or not is_constant(step, 1):
        return None
    return b.op("maximum", b.cast(stop, "int64"), b.constant(0, "int64"))


BY_FAMILY: dict[str, SizeOf] = {"elementwise": of_elementwise, "reduction": of_reduction, "composite": of_first}
BY_NAME: dict[str, SizeOf] = {
    "dot": of_dot,
    "gemm": of_first,
    "alloc": of_sized,
    "reshape": of_sized,
    "dimshuffle": of_dimshuffle,
    "concatenate": of_concatenate,
    "subtensor": of_subtensor,
    "set_subtensor": of_first,
    "inc_subtensor": of_first,
    "gather": of_gather,
    "scatter_add": of_first,
    "arange": of_arange,
    **dict.fromkeys(("cumsum", "cumprod", "sort", "argsort"), of_first),
}


def dim_of_result(op: NdOp, b: Builder) -> Found:
    """`dim(f(x)) -> dim(x)`, by the tables of this module; a static size is a constant."""
    value, axis = op.operands[0], attribute(op, "axis")
    size = type_of(value).shape[axis]
    if size is not None:
        return b.constant(size, "int64")
    inner = value.owner
    if not isinstance(inner, NdOp) or is_wrt(value):
        return None
    rule = BY_NAME.get(inner.op) or BY_FAMILY.get(inner.row.family)
    return None if rule is None else rule(inner, axis, b)


def clamp_size(op: NdOp, b: Builder) -> Found:
    """`maximum(dim(x), 0) -> dim(x)`: sizes are not negative."""
    size, zero = op.operands
    inner = size.owner
    is_size = isinstance(inner, NdOp) and inner.op == "dim"
    return size if is_size and is_constant(zero, 0) and size.type == op.results[0].type else None


DIM: Rules = {"dim": (dim_of_result,), "maximum": (clamp_size,)}
