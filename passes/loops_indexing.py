"""Lowering rows for indexing: basic subscripts are views, gather and scatter are loops that check every index they use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import FusedOp, NdOp
from phintys.ir.infer import broadcast_shapes
from phintys.ir.subscript import Bound, Entry, as_long, parse_index
from phintys.ir.types import DTYPES

from .buffers import Buffer, Scalar
from .combiners import OPERATIONS
from .elementwise import cast
from .emit import INDEX, Emitter, Index
from .loops_copy import copy
from .loops_shape import broadcast, fill

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row

# Operations that write their result, and show it to nobody else.
FRESH = frozenset({"alloc", "set_subtensor", "inc_subtensor", "scatter_add", "scatter_set", "dot", "gemm", "concatenate"})
OUT_OF_BOUNDS = "index {0} is out of bounds for dimension %d of size {1}"


def _wrapped(low: Lowering, e: Emitter, position: Index, size: Index, axis: int) -> Index:
    """A position counted from the end where negative; IndexError when it is outside."""
    if isinstance(position, int) and isinstance(size, int):
        return position + size if position < 0 else position
    value, extent = e.index(position), e.index(size)
    return _checked(low, e, _from_either_end(e, value, extent), value, size, axis)


def _from_either_end(e: Emitter, value: SSAValue, extent: SSAValue) -> SSAValue:
    return e.select(e.icmp("slt", value, e.index(0)), e.op(arith.AddiOp, [value, extent]), value)


def _checked(low: Lowering, e: Emitter, final: SSAValue, given: SSAValue, size: Index, axis: int) -> SSAValue:
    """A position; IndexError that shows `given` when it is outside."""
    extent = e.index(size)
    low.require(e, e.icmp("ult", final, extent), "IndexError", OUT_OF_BOUNDS % axis, [given, extent])
    return final


def _clamped(e: Emitter, bound: Index, size: Index, low: int, high_less: int) -> Index:
    """A slice bound counted from the end where negative, then clamped to [low, size - high_less]."""
    top = e.sub(size, high_less)
    if isinstance(bound, int) and isinstance(size, int):
        return max(low, min(bound + size if bound < 0 else bound, size - high_less))
    if isinstance(bound, int):
        moved = e.add(bound, size) if bound < 0 else bound
    else:
        moved = e.select(e.icmp("slt", bound, e.index(0)), e.index(e.add(bound, size)), bound)
    if isinstance(bound, int) and bound >= 0:
        return bound if bound == 0 and low == 0 and high_less == 0 else e.minimum(moved, top)
    return e.maximum(e.minimum(moved, top), low)


def _as_long(e: Emitter, entry: Entry, size: Index, length: Index) -> Index:
    """The length of a slice, computed as that of others which are as long, so that it is seen to be the same."""
    other = as_long(entry)
    if other is None or other.step is not None or isinstance(length, int):
        return length
    if isinstance(other.start, int) and other.stop is None:
        return e.maximum(e.sub(size, other.start), 0)
    return e.minimum(size, other.stop) if other.start is None and isinstance(other.stop, int) else length


def _slice(low: Lowering, e: Emitter, bounds: Sequence[Index | None], size: Index) -> tuple[Index, Index, Index]:
    """Start, length and step of a slice of a dimension of `size`, by Python's rules."""
    start, stop, step = bounds
    step = 1 if step is None else step
    if isinstance(step, int):
        if step > 0:
            first = _clamped(e, 0 if start is None else start, size, 0, 0)
            last = size if stop is None else _clamped(e, stop, size, 0, 0)
            span = e.sub(last, first)
        else:
            first = e.sub(size, 1) if start is None else _clamped(e, start, size, -1, 1)
            last = -1 if stop is None else _clamped(e, stop, size, -1, 1)
            span = e.sub(first, last)
        return first, _steps(e, span, abs(step)), step
    return _slice_by_sign(low, e, start, stop, step, size)


def _steps(e: Emitter, span: Index, step: int) -> Index:
    """ceil(span / step), at least 0."""
    if isinstance(span, int):
        return max(0, -(-span // step))
    positive = e.maximum(span, 0)
    if step == 1:
        return positive
    return e.op(arith.DivUIOp, [e.index(e.add(positive, step - 1)), e.index(step)])


def _slice_by_sign(
    low: Lowering, e: Emitter, start: Index | None, stop: Index | None, step: SSAValue, size: Index
) -> tuple[Index, Index, Index]:
    """The general case: the sign of the step is known only at run time."""
    low.require(e, e.icmp("ne", step, e.index(0)), "ValueError", "slice step cannot be zero", [])
    forward = e.icmp("sgt", step, e.index(0))

    def choose(bound: Index | None, ahead: Index, back: Index) -> SSAValue:
        if bound is None:
            return e.select(forward, e.index(ahead), e.index(back))
        a, b = _clamped(e, bound, size, 0, 0), _clamped(e, bound, size, -1, 1)
        return e.select(forward, e.index(a), e.index(b))

    first, last = choose(start, 0, e.sub(size, 1)), choose(stop, size, -1)
    span = e.select(forward, e.index(e.sub(last, first)), e.index(e.sub(first, last)))
    magnitude = e.select(forward, step, e.index(e.sub(0, step)))
    safe = e.op(arith.MaxSIOp, [magnitude, e.index(1)])
    rounded = e.add(e.maximum(span, 0), e.sub(safe, 1))
    return first, e.op(arith.DivUIOp, [e.index(rounded), safe]), step


def region(low: Lowering, source: Buffer, index: str, operands: Sequence[SSAValue]) -> Buffer:
    """The view `source[index]`."""
    values = iter(operands)

    def bound(text: Bound) -> Index | None:
        return low.index(next(values)) if text == "?" else text  # type: ignore[return-value]

    offset, sizes, strides = source.offset, list[Index](), list[Index]()
    dense, positive, narrowed = source.dense, source.positive, False
    entries = parse_index(index)
    for axis, entry in enumerate(entries):
        bounds = [bound(entry.start), bound(entry.stop), bound(entry.step)]
        size, stride = source.sizes[axis], source.strides[axis]
        e = low.at(*[v for v in [*bounds, size, stride, offset] if isinstance(v, SSAValue)])
        first: Index = 0
        length: Index = size
        step: Index = 1
        if entry.is_slice and not entry.is_whole:
            first, length, step = _slice(low, e, bounds, size)
            length = _as_long(e, entry, size, length)
        elif not entry.is_slice:
            assert bounds[0] is not None
            first = _wrapped(low, e, bounds[0], size, axis)
        offset = e.add(offset, e.mul(first, stride))
        dense = dense and step == 1 and (entry.is_whole or not any(s != 1 for s in sizes))
        positive = positive and isinstance(step, int) and step > 0
        narrowed = narrowed or not entry.is_whole
        if entry.is_slice:
            sizes.append(length)
            strides.append(e.mul(step, stride))
    sizes += source.sizes[len(entries) :]
    strides += source.strides[len(entries) :]
    return Buffer(source.storage, sizes, strides, offset, source.whole and not narrowed, dense, positive, dtype=source.dtype)


def _subtensor(low: Lowering, op: NdOp) -> None:
    view = region(low, low.buffer(op.operands[0]), op.attrs["index"], op.operands[1:])
    if view.sizes:
        low.tensors[op.results[0]] = view
        return
    # An element of an argument is read at the entry, so that later sizes may depend on it.
    untouched = view.storage.argument is not None and op.operands[0] in low.plan.root
    early = untouched and low.at(view.offset) is low.entry
    e = low.entry if early else low.body
    low.set_scalar(op.results[0], e.load(e.reinterpret(view.storage.memref, view.offset, [], []), []))


def written_copy(low: Lowering, op: NdOp) -> Buffer:
    """The buffer that an update of a part of the first operand is written to; it holds that operand."""
    source = low.buffer(op.operands[0])
    if op.results[0] not in low.plan.in_place and _is_last_reader(op, source):
        low.tensors[op.results[0]] = source
        return source
    target = low.destination(op.results[0], source.sizes)
    if target.storage is not source.storage:
        copy(low, source, target)
    return target


def _is_last_reader(op: NdOp, source: Buffer) -> bool:
    """Whether the first operand is a temporary that nothing else reads, directly or as a view."""
    producer = op.operands[0].owner
    fresh = isinstance(producer, FusedOp) or (isinstance(producer, NdOp) and producer.op in FRESH)
    uses = list(op.operands[0].uses)
    return fresh and len(uses) == 1 and source.whole and source.storage.argument is None


def _update(low: Lowering, op: NdOp, add: bool) -> None:
    _, update, *index = op.operands
    target = written_copy(low, op)
    part = region(low, target, op.attrs["index"], index)
    if not part.sizes:
        part = Buffer(part.storage, [1], [1], part.offset, dense=True, dtype=part.dtype)
    if not add:
        fill(low, part, update)
        return
    _add_into(low, part, update)


def _add_into(low: Lowering, target: Buffer, update: SSAValue) -> None:
    e = low.body
    view = target.view(e)
    tensor = low.tensors[update]
    source = None
    if isinstance(tensor, Buffer):
        source = broadcast(tensor, from_xdsl(update.type).shape, target.sizes).view(e)
    add = OPERATIONS["add", DTYPES[target.dtype].kind]
    ivs: list[SSAValue] = []
    loops: list[Emitter] = []
    for size in target.sizes:
        e, op = e.loop(0, size)
        ivs.append(op.regions[0].block.args[0])
        loops.append(e)
    value = tensor.value if isinstance(tensor, Scalar) else e.load(source, ivs)  # type: ignore[arg-type]
    e.store(e.op(add, [e.load(view, ivs), value]), view, ivs)
    for loop in reversed(loops):
        loop.end_loop()


def _set_subtensor(low: Lowering, op: NdOp) -> None:
    _update(low, op, add=False)


def _inc_subtensor(low: Lowering, op: NdOp) -> None:
    _update(low, op, add=True)


class _IndexLoops:
    """The loops over index tensors and over the dimensions that they leave whole; `checked`: whether indices are, here."""

    def __init__(self, low: Lowering, value: Buffer, indices: Sequence[SSAValue], checked: bool = True) -> None:
        self.low = low
        self.checked = checked
        self.value = value
        shapes = [from_xdsl(index.type).shape for index in indices]
        self.sizes: list[Index] = list(broadcast_sizes(low, indices, shapes))
        self.count = len(indices)
        self.loops: list[Emitter] = []
        views = []
        for index, shape in zip(indices, shapes, strict=True):
            tensor = low.tensors[index]
            kind = from_xdsl(index.type).dtype
            if isinstance(tensor, Scalar):
                views.append((tensor.value, kind, False))
            else:
                views.append((broadcast(tensor, shape, self.sizes).view(low.body), kind, True))
        self.e = low.body
        outer = [self._open(size) for size in self.sizes]
        self.positions = [self._position(axis, view, outer) for axis, view in enumerate(views)]
        self.rest = value.sizes[self.count :]
        self.outer = outer

    def _open(self, size: Index) -> SSAValue:
        self.e, op = self.e.loop(0, size)
        self.loops.append(self.e)
        return op.regions[0].block.args[0]

    def _position(self, axis: int, view: tuple[SSAValue, str, bool], ivs: list[SSAValue]) -> SSAValue:
        number, dtype, in_memory = view
        register = self.e.load(number, ivs) if in_memory else number
        wide = cast(self.e, register, dtype, "int64")
        position = self.e.op(arith.IndexCastOp, [wide], INDEX)
        size = self.value.sizes[axis]
        if not self.checked:
            return self._inside(position if dtype == "uint64" else _from_either_end(self.e, position, self.e.index(size)), size)
        if dtype == "uint64":  # what looks negative is too large
            return _checked(self.low, self.e, position, position, size, axis)
        return self.e.index(_wrapped(self.low, self.e, position, size, axis))

    def _inside(self, position: SSAValue, size: Index) -> SSAValue:
        """A position that was found right before: should another thread have changed it since, no memory outside is read."""
        return self.e.op(arith.MinUIOp, [position, self.e.index(self.e.sub(size, 1))])

    def inner(self) -> list[SSAValue]:
        """Open the loops over the whole dimensions; their counters."""
        return [self._open(size) for size in self.rest]

    def close(self) -> None:
        """End all loops."""
        for loop in reversed(self.loops):
            loop.end_loop()


def broadcast_sizes(low: Lowering, values: Sequence[SSAValue], shapes: Sequence[tuple[int | None, ...]]) -> list[Index]:
    """Sizes of the broadcast of several tensors."""
    result: list[Index] = list[Index](size if size is not None else -1 for size in broadcast_shapes(list(shapes)))
    for value, shape in zip(values, shapes, strict=True):
        for own, size in enumerate(shape):
            axis = own + len(result) - len(shape)
            if result[axis] == -1 and size is None:
                result[axis] = low.buffer(value).sizes[own]
    return result


def _gather(low: Lowering, op: NdOp) -> None:
    source = low.buffer(op.operands[0])
    shapes = [from_xdsl(index.type).shape for index in op.operands[1:]]
    sizes = broadcast_sizes(low, op.operands[1:], shapes) + source.sizes[len(shapes) :]
    memory = source.view(low.body)
    if not sizes:
        loops = _IndexLoops(low, source, op.operands[1:])
        low.set_scalar(op.results[0], low.body.load(memory, loops.positions))
        return
    into = low.destination(op.results[0], sizes).view(low.body)
    rows = len(shapes) < source.ndim and not low.device
    if rows:  # checked before the rows are copied: loops that cannot stop the program are shared among threads
        _IndexLoops(low, source, op.operands[1:]).close()
    loops = _IndexLoops(low, source, op.operands[1:], checked=not rows)
    inner = loops.inner()
    loops.e.store(loops.e.load(memory, [*loops.positions, *inner]), into, [*loops.outer, *inner])
    loops.close()


def _scatter(low: Lowering, op: NdOp) -> None:
    _, update, *indices = op.operands
    if op.results[0] in low.plan.in_place:
        _IndexLoops(low, low.buffer(op.operands[0]), indices).close()  # all indices are checked before the state is written
    target = written_copy(low, op)
    view = target.view(low.body)
    sizes = broadcast_sizes(low, indices, [from_xdsl(i.type).shape for i in indices]) + target.sizes[len(indices) :]
    tensor = low.tensors[update]
    terms = None
    if isinstance(tensor, Buffer):
        terms = broadcast(tensor, from_xdsl(update.type).shape, sizes).view(low.body)
    loops = _IndexLoops(low, target, indices)
    inner = loops.inner()
    e = loops.e
    at = [*loops.positions, *inner]
    term = tensor.value if isinstance(tensor, Scalar) else e.load(terms, [*loops.outer, *inner])  # type: ignore[arg-type]
    if op.op == "scatter_add":
        term = e.op(OPERATIONS["add", DTYPES[target.dtype].kind], [e.load(view, at), term])
    e.store(term, view, at)
    loops.close()


ROWS: dict[str, Row] = {
    "subtensor": _subtensor,
    "set_subtensor": _set_subtensor,
    "inc_subtensor": _inc_subtensor,
    "gather": _gather,
    "scatter_add": _scatter,
    "scatter_set": _scatter,
}
