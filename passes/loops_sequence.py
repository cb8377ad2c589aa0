"""Lowering rows for what goes along a dimension in order: running sums, searching, positions of true elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import scalar_type
from phintys.dialects.nd import NdOp
from phintys.ir.types import DTYPES

from .buffers import Buffer, Scalar
from .combiners import OPERATIONS, identity
from .control import branch
from .emit import Emitter, Index
from .loop_facts import DISTINCT
from .nest import Nest

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row


def _cumulative(combiner: str) -> Row:
    """`y[i] = y[i - 1] + x[i]`: in a register where the axis is the last, or on a device, else row by row, from memory."""

    def row(low: Lowering, op: NdOp) -> None:
        source, axis = low.buffer(op.operands[0]), op.attrs["axis"]
        target = low.destination(op.results[0], source.sizes)
        kind = DTYPES[target.dtype].kind
        name = {"add": "or", "mul": "and"}[combiner] if kind == "b" else combiner
        e = low.body
        x, y = source.view(e), target.view(e)
        start = e.constant(identity(name, target.dtype), scalar_type(target.dtype))
        operation = OPERATIONS[name, kind]
        if low.device or axis == source.ndim - 1:
            outer = Nest(e, [size for place, size in enumerate(source.sizes) if place != axis])
            _line(outer, source.sizes[axis], axis, (x, y), start, operation)
        else:
            outer = Nest(e, source.sizes[:axis])
            nest = Nest(outer.e, source.sizes[axis:])
            e, (place, *rest) = nest.e, nest.ivs
            before = e.op(arith.MaxSIOp, [e.index(e.sub(place, 1)), e.index(0)])
            first = e.icmp("eq", place, e.index(0))
            sofar = e.select(first, start, e.load(y, [*outer.ivs, before, *rest]))
            new = e.op(operation, [sofar, e.load(x, [*outer.ivs, place, *rest])])
            e.store(new, y, [*outer.ivs, place, *rest])
            nest.close()
        outer.close()

    return row


def _line(
    outer: Nest, size: Index, axis: int, views: tuple[SSAValue, SSAValue], start: SSAValue, operation: type[Operation]
) -> None:
    """A running total along an axis, in a register."""
    x, y = views
    inner, loop = outer.e.loop(0, size, 1, [start])
    iv, total = loop.regions[0].block.args
    at = [*outer.ivs[:axis], iv, *outer.ivs[axis:]]
    new = inner.op(operation, [total, inner.load(x, at)])
    inner.store(new, y, at)
    inner.end_loop([new])


def _less(e: Emitter, kind: str, a: SSAValue, b: SSAValue) -> SSAValue:
    """Whether `a` comes before `b`; NaN comes last."""
    if kind != "f":
        return e.icmp("slt" if kind == "i" else "ult", a, b)
    last = e.op(arith.AndIOp, [e.fcmp("ord", a, a), e.fcmp("uno", b, b)])
    return e.op(arith.OrIOp, [e.fcmp("olt", a, b), last])


def _bits(e: Emitter, value: Index) -> Index:
    """How many bits a number has: the least k with value < 2**k; 0 of what is not positive. No loop: the host knows it, too."""
    if isinstance(value, int):
        return max(value, 0).bit_length()
    count: Index = 0
    rest = value
    for step in (32, 16, 8, 4, 2, 1):
        more = e.icmp("sge", rest, e.index(1 << step))
        count = e.add(count, e.select(more, e.index(step), e.index(0)))
        rest = e.select(more, e.op(arith.ShRUIOp, [rest, e.index(step)]), rest)
    return e.add(count, e.maximum(rest, 0))


def _searchsorted(low: Lowering, op: NdOp) -> None:
    """A binary search for each element: as many steps as the vector's length has bits."""
    source = low.buffer(op.operands[0])
    size, kind = source.sizes[0], DTYPES[source.dtype].kind
    tensor = low.tensors[op.operands[1]]
    e = low.body
    memory = source.view(e)
    sizes: list[Index] = [] if isinstance(tensor, Scalar) else tensor.sizes
    target = low.destination(op.results[0], sizes).view(e) if sizes else None
    values = None if isinstance(tensor, Scalar) else tensor.view(e)
    steps = _bits(e, size)
    nest = Nest(e, sizes)
    e = nest.e
    value = tensor.value if isinstance(tensor, Scalar) else e.load(values, nest.ivs)  # type: ignore[arg-type]
    inner, loop = e.loop(0, steps, 1, [e.index(0), e.index(size)])
    _, first, last = loop.regions[0].block.args
    middle = inner.op(arith.DivUIOp, [inner.index(inner.add(first, last)), inner.index(2)])
    key = inner.load(memory, [inner.index(inner.maximum(inner.minimum(middle, inner.sub(size, 1)), 0))])
    if op.attrs["side"] == "left":
        beyond = _less(inner, kind, key, value)
    else:
        beyond = inner.op(arith.XOrIOp, [_less(inner, kind, value, key), inner.constant(1, bi.i1)])
    searching = inner.icmp("slt", first, last)
    up = inner.op(arith.AndIOp, [searching, beyond])
    down = inner.op(arith.AndIOp, [searching, inner.op(arith.XOrIOp, [beyond, inner.constant(1, bi.i1)])])
    inner.end_loop([inner.select(up, inner.index(inner.add(middle, 1)), first), inner.select(down, middle, last)])
    found = e.op(arith.IndexCastOp, [loop.results[0]], bi.i64)
    if target is None:
        low.set_scalar(op.results[0], found)
        return
    e.store(found, target, nest.ivs)
    nest.close()


def _nonzero(low: Lowering, op: NdOp) -> None:
    """Counted first, then written: every position goes to the next place, which the next true one may take again.

    On a device, where the next one may be the first to write, only those of true elements do.
    """
    source = low.buffer(op.operands[0])
    message = "boolean index did not match the indexed tensor along dimension %d: {0} truth values for size {1}"
    for axis, wanted in enumerate(map(low.index, op.operands[1:])):
        _require_size(low, source.sizes[axis], wanted, "IndexError", message % axis)
    if not source.dense and source.ndim > 1:
        source = low.copy(source)
    e = low.body
    size = low.at(*low.dims(source)).product(source.sizes)
    truth = source.view(e) if source.ndim == 1 else e.reinterpret(source.storage.memref, source.offset, [size], [1])
    counting, loop = e.loop(0, size, 1, [e.index(0)])
    iv, count = loop.regions[0].block.args
    counting.end_loop([_counted(counting, truth, iv, count)])
    total = loop.results[0]
    room = e.add(total, 1)  # the place after the last
    whole = low.allocate("int64", [room])
    into = whole.view(e)
    filling, loop = e.loop(0, size, 1, [e.index(0)])
    iv, count = loop.regions[0].block.args
    new = _counted(filling, truth, iv, count)

    def write(e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
        e.store(e.op(arith.IndexCastOp, [iv], bi.i64), into, [count])
        return []

    if low.device:
        loop.attributes[DISTINCT] = bi.UnitAttr()
        branch(filling, filling.icmp("ne", new, count), write, [])
    else:
        write(filling, [])
    filling.end_loop([new])
    low.tensors[op.results[0]] = Buffer(whole.storage, [total], [1], dense=True, dtype="int64")


def _specify_shape(low: Lowering, op: NdOp) -> None:
    """The same memory, with sizes that are known where they are numbers."""
    source = low.buffer(op.operands[0])
    operands = iter(op.operands[1:])
    sizes = list(source.sizes)
    for axis, size in enumerate(op.attrs["sizes"]):
        if size == -1:
            continue
        wanted = low.index(next(operands)) if size is None else size
        message = f"specify_shape: dimension {axis} is {{0}}, but {{1}} was specified"
        _require_size(low, source.sizes[axis], wanted, "ValueError", message)
        sizes[axis] = wanted if isinstance(wanted, int) else sizes[axis]
    low.tensors[op.results[0]] = replace(source, sizes=sizes, views={})


def _require_size(low: Lowering, found: Index, wanted: Index, exception: str, message: str) -> None:
    if found is wanted or (isinstance(found, int) and found == wanted):
        return
    e = low.at(found, wanted)
    values = [e.index(found), e.index(wanted)]
    low.require(e, e.icmp("eq", *values), exception, message, values)


def _counted(e: Emitter, truth: SSAValue, iv: SSAValue, count: SSAValue) -> SSAValue:
    step = e.select(e.load(truth, [iv]), e.index(1), e.index(0))
    return e.index(e.add(count, step))


def _cumprod_pairs(low: Lowering, op: NdOp) -> None:
    """Real and imaginary part in registers, along the axis."""
    source, axis = low.buffer(op.operands[0]), op.attrs["axis"]
    target = low.destination(op.results[0], source.sizes)
    x, y, type = source.view(low.body), target.view(low.body), scalar_type(target.dtype)
    start = [low.body.constant(number, type) for number in (1.0, 0.0)]
    parts = [low.body.index(number) for number in (0, 1)]
    nest = Nest(low.body, [size for place, size in enumerate(source.sizes[:-1]) if place != axis])
    e, loop = nest.e.loop(0, source.sizes[axis], 1, start)
    iv, a, b = loop.regions[0].block.args
    at = [*nest.ivs[:axis], iv, *nest.ivs[axis:]]
    c, d = (e.load(x, [*at, part]) for part in parts)
    re = e.op(arith.SubfOp, [e.op(arith.MulfOp, [a, c]), e.op(arith.MulfOp, [b, d])])
    im = e.op(arith.AddfOp, [e.op(arith.MulfOp, [a, d]), e.op(arith.MulfOp, [b, c])])
    for part, value in zip(parts, (re, im), strict=True):
        e.store(value, y, [*at, part])
    e.end_loop([re, im])
    nest.close()


ROWS: dict[str, Row] = {
    "cumsum": _cumulative("add"),
    "cumprod": _cumulative("mul"),
    "cumprod_pairs": _cumprod_pairs,
    "searchsorted": _searchsorted,
    "nonzero": _nonzero,
    "specify_shape": _specify_shape,
}
