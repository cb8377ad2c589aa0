"""Lowering rows for operations on shapes: constants, sizes, views (dimshuffle, reshape), alloc, arange, concatenate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from xdsl.dialects import arith, memref
from xdsl.dialects import builtin as bi
from xdsl.dialects.math import CeilOp
from xdsl.ir import SSAValue

from phintys.dialects.convert import elements, from_xdsl, scalar_type
from phintys.dialects.nd import NdOp
from phintys.ir.types import DTYPES

from .buffers import Buffer, Storage, row_major
from .elementwise import cast
from .emit import INDEX, Emitter, Index
from .loops_copy import copy

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row


def _constant(low: Lowering, op: NdOp) -> None:
    array: np.ndarray[Any, Any] = op.attrs["value"]
    dtype = str(array.dtype)
    if not array.ndim:
        low.set_scalar(op.results[0], low.entry.constant(array.item(), scalar_type(dtype)))
        return
    module = low.function.parent_op()
    assert isinstance(module, bi.ModuleOp)
    name = f"constant_{sum(isinstance(other, memref.GlobalOp) for other in module.ops)}"
    type = bi.MemRefType(scalar_type(dtype), array.shape)
    tensor = bi.TensorType(scalar_type(dtype), array.shape)
    data = elements(tensor, array)
    module.body.block.insert_op_before(
        memref.GlobalOp.get(
            bi.StringAttr(name), type, initial_value=data, sym_visibility=bi.StringAttr("private"), constant=bi.UnitAttr()
        ),
        low.function,
    )
    value = low.entry.op(memref.GetGlobalOp, [], type, {"name": bi.SymbolRefAttr(name)})
    # as an argument's, this memory is not ours to return or to free
    low.tensors[op.results[0]] = low.whole(Storage(value, argument=-1), list(array.shape), dtype)
    low._copy_if_returned(op.results[0])


def as_int64(e: Emitter, size: Index) -> SSAValue:
    """A size as an int64 scalar."""
    return e.constant(size, bi.i64) if isinstance(size, int) else e.op(arith.IndexCastOp, [size], bi.i64)


def _dim(low: Lowering, op: NdOp) -> None:
    size = low.buffer(op.operands[0]).sizes[op.attrs["axis"]]
    low.set_scalar(op.results[0], as_int64(low.at(size), size))


def _make_vector(low: Lowering, op: NdOp) -> None:
    target = low.destination(op.results[0], [len(op.operands)])
    dtype = from_xdsl(op.results[0].type).dtype
    for position, value in enumerate(op.operands):
        number = cast(low.body, low.scalar(value), from_xdsl(value.type).dtype, dtype)
        low.body.store(number, target.view(low.body), [low.body.index(position)])


def _count(low: Lowering, op: NdOp) -> Index | None:
    """How many elements `arange(0, n, 1)` of ints has; None for another one."""
    start, stop, step = op.operands
    if from_xdsl(op.results[0].type).kind == "f" or low.index(start) != 0 or low.index(step) != 1:
        return None
    count = low.index(stop)
    size = stop.owner
    if isinstance(count, int) or (isinstance(size, NdOp) and size.op == "dim"):
        return count if not isinstance(count, int) else max(count, 0)
    return low.at(count).op(arith.MaxSIOp, [count, low.at(count).index(0)])


def _arange(low: Lowering, op: NdOp) -> None:
    dtype = from_xdsl(op.results[0].type).dtype
    count = _count(low, op)
    if count is not None:
        target = low.destination(op.results[0], [count])
        inner, loop = low.body.loop(0, target.sizes[0])
        iv = loop.regions[0].block.args[0]
        number = cast(inner, inner.op(arith.IndexCastOp, [iv], bi.i64), "int64", dtype)
        inner.store(number, target.view(low.body), [iv])
        inner.end_loop()
        return
    values = [low.scalar(value) for value in op.operands]
    e = low.at(*values)
    start, stop, step = (cast(e, v, t.dtype, dtype) for v, t in zip(values, op.types, strict=True))
    floating = DTYPES[dtype].kind == "f"
    zero = e.constant(0, scalar_type(dtype))
    nonzero = e.fcmp("une", step, zero) if floating else e.icmp("ne", step, zero)
    low.require(e, nonzero, "ZeroDivisionError", "arange: the step is zero", [])
    length = _float_length(e, start, stop, step) if floating else _int_length(e, start, stop, step, dtype)
    target = low.destination(op.results[0], [e.op(arith.IndexCastOp, [length], INDEX)])
    inner, loop = low.body.loop(0, target.sizes[0])
    iv = loop.regions[0].block.args[0]
    position = cast(inner, inner.op(arith.IndexCastOp, [iv], bi.i64), "int64", dtype)
    add, mul = (arith.AddfOp, arith.MulfOp) if floating else (arith.AddiOp, arith.MuliOp)
    inner.store(inner.op(add, [start, inner.op(mul, [position, step])]), target.view(low.body), [iv])
    inner.end_loop()


def _float_length(e: Emitter, start: SSAValue, stop: SSAValue, step: SSAValue) -> SSAValue:
    """ceil((stop - start) / step), at least 0 (NumPy's rule)."""
    steps = e.op(CeilOp, [e.op(arith.DivfOp, [e.op(arith.SubfOp, [stop, start]), step])])
    length = e.op(arith.FPToSIOp, [steps], bi.i64)
    return e.op(arith.MaxSIOp, [length, e.constant(0, bi.i64)])


def _int_length(e: Emitter, start: SSAValue, stop: SSAValue, step: SSAValue, dtype: str) -> SSAValue:
    """ceil((stop - start) / step), at least 0; the divisor cannot be zero here, the check has failed then."""
    start, stop, step = (cast(e, value, dtype, "int64") for value in (start, stop, step))
    zero, one = e.constant(0, bi.i64), e.constant(1, bi.i64)
    toward = e.select(e.icmp("sgt", step, zero), e.constant(-1, bi.i64), one)
    rounded = e.op(arith.AddiOp, [e.op(arith.AddiOp, [e.op(arith.SubiOp, [stop, start]), step]), toward])
    safe = e.select(e.icmp("eq", step, zero), one, step)
    return e.op(arith.MaxSIOp, [e.op(arith.DivSIOp, [rounded, safe]), zero])


def _sizes(low: Lowering, op: NdOp) -> list[Index]:
    operands = iter(op.operands[1:])
    return [low.index(next(operands)) if size is None else size for size in op.attrs["sizes"]]


def _alloc(low: Lowering, op: NdOp) -> None:
    target = low.destination(op.results[0], _sizes(low, op))
    fill(low, target, op.operands[0])


def fill(low: Lowering, target: Buffer, value: SSAValue) -> None:
    """Write a tensor, broadcast, into a buffer."""
    if not from_xdsl(value.type).ndim:
        copy(low, target, target, low.scalar(value))
        return
    source = low.buffer(value)
    copy(low, broadcast(source, from_xdsl(value.type).shape, target.sizes), target)


def broadcast(source: Buffer, static: Sequence[int | None], sizes: Sequence[Index]) -> Buffer:
    """A view of the given sizes that repeats `source` along the dimensions of known size 1."""
    missing = len(sizes) - source.ndim
    strides: list[Index] = [0] * missing
    repeats = bool(missing)
    for own, size in enumerate(static):
        repeated = size == 1 and sizes[own + missing] != 1
        strides.append(0 if repeated else source.strides[own])
        repeats = repeats or repeated
    if not repeats:
        return source
    return Buffer(source.storage, list(sizes), strides, source.offset, positive=source.positive, dtype=source.dtype)


def _reshape(low: Lowering, op: NdOp) -> None:
    source = low.buffer(op.operands[0]) if from_xdsl(op.operands[0].type).ndim else _boxed(low, op.operands[0])
    sizes = _sizes(low, op)
    asked = list(sizes)
    e = low.at(*[size for size in [*sizes, *source.sizes] if not isinstance(size, int)])
    total = e.product(source.sizes)
    for axis, size in enumerate(op.attrs["sizes"]):
        if size in (-1, None):
            sizes[axis] = _inferred(low, e, sizes, axis, total)
    known = e.product(sizes)
    if not (isinstance(known, int) and known == total):
        values = [e.index(total), e.index(known), *(e.index(size) for size in asked)]
        shape = ", ".join(f"{{{number}}}" for number in range(2, len(values))) + "," * (len(asked) == 1)
        message = f"reshape: cannot put {{0}} elements into the shape ({shape})"
        low.require(e, e.icmp("eq", *values[:2]), "ValueError", message, values)
    if not source.dense:
        source = low.copy(source)
    if not sizes:
        low.set_scalar(op.results[0], low.body.load(low.body.reinterpret(source.storage.memref, source.offset, [], []), []))
        return
    steps, whole = row_major(e, sizes), source.complete
    low.tensors[op.results[0]] = Buffer(
        source.storage, sizes, steps, source.offset, dense=True, complete=whole, dtype=source.dtype
    )


def _boxed(low: Lowering, value: SSAValue) -> Buffer:
    dtype = from_xdsl(value.type).dtype
    box = low.allocate(dtype, [1])
    low.body.store(low.scalar(value), box.view(low.body), [low.body.index(0)])
    return box


def _inferred(low: Lowering, e: Emitter, sizes: list[Index], axis: int, total: Index) -> Index:
    """A size that is -1, or may be at run time: what is left of the total for it."""
    others = e.product([size for other, size in enumerate(sizes) if other != axis])
    size = sizes[axis]
    if isinstance(others, int) and isinstance(total, int) and isinstance(size, int):
        return total // max(others, 1) if size == -1 else size
    divisor = e.op(arith.MaxSIOp, [e.index(others), e.index(1)])
    left = e.op(arith.DivSIOp, [e.index(total), divisor])
    if isinstance(size, int):
        return left if size == -1 else size
    return e.select(e.icmp("eq", size, e.index(-1)), left, size)


def _dimshuffle(low: Lowering, op: NdOp) -> None:
    value, order = op.operands[0], op.attrs["order"]
    if not from_xdsl(value.type).ndim:
        if not order:
            low.tensors[op.results[0]] = low.tensors[value]
            return
        source, order = _boxed(low, value), (0,) + (-1,) * (len(order) - 1)
    else:
        source = low.buffer(value)
    if not order:
        at = low.body.reinterpret(source.storage.memref, source.offset, [], [])
        low.set_scalar(op.results[0], low.body.load(at, []))
        return
    sizes: list[Index] = [1 if axis == -1 else source.sizes[axis] for axis in order]
    strides: list[Index] = [1 if axis == -1 else source.strides[axis] for axis in order]
    long = [axis for axis in order if axis != -1 and source.sizes[axis] != 1]
    dense = source.dense and long == sorted(long)
    whole = dense and source.complete
    low.tensors[op.results[0]] = Buffer(
        source.storage, sizes, strides, source.offset, False, dense, source.positive, whole, source.dtype
    )


def _concatenate(low: Lowering, op: NdOp) -> None:
    axis = op.attrs["axis"]
    sources = [low.buffer(value) for value in op.operands]
    places = low.concatenations
    target, starts = places.begun.get(op), places.starts(op, [source.sizes[axis] for source in sources])
    if target is None:
        sizes = list(sources[0].sizes)
        target = low.destination(op.results[0], [*sizes[:axis], starts[-1], *sizes[axis + 1 :]])
    low.tensors[op.results[0]] = target
    for source, start in zip(sources, starts, strict=False):
        assert source.dtype == target.dtype, "concatenate operands are cast before"
        if source.storage is not target.storage:
            copy(low, source, places.at(target, source.sizes, axis, start))


ROWS: dict[str, Row] = {
    "constant": _constant,
    "dim": _dim,
    "make_vector": _make_vector,
    "arange": _arange,
    "alloc": _alloc,
    "reshape": _reshape,
    "dimshuffle": _dimshuffle,
    "concatenate": _concatenate,
}
