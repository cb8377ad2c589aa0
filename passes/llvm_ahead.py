"""Loops that say so have their operands fetched ahead: blocks of 256 elements, each of which asks for what comes later.

    scf.for %i = %lo to %hi step %1 { ... memref.load %x[%i] ... } {phi.ahead}

    for b in lo to hi - 256 step 256:              none where x fits into the caches of a core
      prefetch 256 elements, 8 KiB behind x[b]
      for i in b to b + 256: ...
    for i in the rest: ...

The processor's own prefetching ends with each page of 4 KiB, and where there is much to do for each element the loop gets to
the next page late: the maximum of each row of 4000 x 4000 takes 7.7 ms instead of 9.6. What lies behind an array's end may
be asked for, too.

Where the totals of columns are in memory, and several rows are added to them at once, the next rows are asked for:

    scf.for %r = %lo to %hi step %4 { scf.for %i = ... { ... memref.load %x[%r, %i] ... } {phi.ahead_rows} }

    for b in lo to hi step 8:                      one block where x fits into a cache
      prefetch x[r + 4, b], and the same of the other rows: 64 bytes each
      for i in b to b + 8: ...

More at once takes the place of what is waited for. The positions of the largest of the columns of 4000 x 4000, in blocks of
4096 columns, take 7.0 ms instead of 9.2, the maximum 6.9 instead of 9.1; to read them takes 7.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xdsl.dialects import arith, llvm, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation, SSAValue

from .llvm_emit import _NO_FLAGS, I32, I64, PTR, Int, LlvmEmitter
from .llvm_memory import Descriptor, byte_size, stored
from .loop_facts import AHEAD, AHEAD_ROWS
from .size_facts import constant

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

Stream = tuple[Descriptor, tuple[SSAValue, ...]]  # a memref and the indices of a load from it
Row = tuple[Stream, Int]  # and how many elements behind it the next row's begins
BLOCK = 256  # elements
ROW_BYTES = 64  # of each row in a block
LONGEST = 1 << 40  # elements: one block is all of the loop
DISTANCE = 8192  # bytes, two pages
LARGE = 1 << 20  # bytes
LARGE_ROWS = 1 << 22  # bytes: what a loop comes back to eight rows later is in a cache
LINE = 64  # bytes that one prefetch asks for
READ, SECOND_LEVEL, DATA = 0, 2, 1  # operands of llvm.prefetch
_UNROLLED = bi.StringAttr("novectorize,unroll=4")
NE, SLT, SLE = 1, 2, 3  # predicates of llvm.icmp


def lower(low: FunctionLowering, op: scf.ForOp) -> bool:
    """Lower a loop whose operands are fetched ahead; False, and nothing done, for any other."""
    if constant(op.step) != 1 or not op.attributes.keys() & {AHEAD, AHEAD_ROWS}:
        return False
    streams = list(_streams(low, op))
    if AHEAD_ROWS in op.attributes:
        rows = [row for stream in streams for row in _next_row(low, op, stream)]
        if rows:
            _lower_rows(low, op, rows)
        return bool(rows)
    if streams:
        _lower_along(low, op, streams)
    return bool(streams)


def _lower_along(low: FunctionLowering, op: scf.ForOp, streams: list[Stream]) -> None:
    """Blocks of a loop, each of which asks for what lies some way behind it."""
    e = low.e
    first, last, step = (low.value(value) for value in op.operands[:3])
    start = [low.value(value) for value in op.operands[3:]]
    bounds = [_is_large(low, streams), e.int(e.add(last, -BLOCK)), e.int(-1)]
    limit = e.op(llvm.SelectOp, bounds, I64, {"fastmathFlags": _NO_FLAGS})
    header = e.new_block([I64, *(value.type for value in start)])
    e.branch(header, [first, *start])
    begin, *carried = header.args
    e.block = header
    more = _compared(e, SLE, begin, limit)
    e.block = body = e.new_block()
    for d, indices in streams:
        here = tuple(begin if index is op.body.block.args[0] else low.value(index) for index in indices)
        _fetch(low, [_place(low, (d, here))], DISTANCE, DISTANCE + BLOCK * byte_size(stored(d.element)))
    end = e.int(e.add(begin, BLOCK))
    low.loop(op, begin, end, step, given=carried, hints="nounroll")
    e.branch(header, [end, *(low.value(value) for value in op.results)])
    rest = e.new_block()
    e.block = header
    e.branch_if(more, body, rest)
    e.block = rest
    low.loop(op, begin, last, step, given=carried)


def _next_row(low: FunctionLowering, op: scf.ForOp, stream: Stream) -> Iterator[Row]:
    """A stream with how many elements behind it the next iteration of the loop around reads; none if it stands still there."""
    around, (descriptor, indices) = op.parent_op(), stream
    step = constant(around.step) if isinstance(around, scf.ForOp) else None
    if not isinstance(around, scf.ForOp) or step is None:
        return
    for index, stride in zip(indices[:-1], descriptor.strides, strict=False):
        if around.body.block.args[0] in (index.owner.operands if isinstance(index.owner, arith.AddiOp) else [index]):
            yield stream, low.e.mul(stride, step)


def _lower_rows(low: FunctionLowering, op: scf.ForOp, rows: list[Row]) -> None:
    """Blocks of a loop, each of which asks for its elements in the rows that come next."""
    e = low.e
    first, last, step = (low.value(value) for value in op.operands[:3])
    large = _is_large(low, [stream for stream, _ in rows], LARGE_ROWS)
    sizes = sorted({byte_size(stored(descriptor.element)) for (descriptor, _), _ in rows})
    length = ROW_BYTES // sizes[-1]
    block = _chosen(low, large, length, LONGEST)
    header = e.new_block([I64])
    e.branch(header, [first])
    (begin,) = header.args
    e.block = header
    more = _compared(e, SLT, begin, last)
    e.block = body = e.new_block()
    for size in sizes:
        places = [
            _place(low, (d, tuple(begin if index is op.body.block.args[0] else low.value(index) for index in indices)), ahead)
            for (d, indices), ahead in rows
            if byte_size(stored(d.element)) == size
        ]
        _fetch(low, places, e.int(0), _chosen(low, large, length * size, 0))
    end = e.intrinsic("llvm.smin.i64", [e.int(e.add(begin, block)), last], I64)
    low.loop(op, begin, end, step, hints="nounroll")
    e.branch(header, [end])
    leave = e.new_block()
    e.block = header
    e.branch_if(more, body, leave)
    e.block = leave


def _chosen(low: FunctionLowering, condition: SSAValue, a: Int, b: Int) -> SSAValue:
    e = low.e
    return e.op(llvm.SelectOp, [condition, e.int(a), e.int(b)], I64, {"fastmathFlags": _NO_FLAGS})


def _is_large(low: FunctionLowering, streams: list[Stream], least: int = LARGE) -> SSAValue:
    """Whether one of the operands does not fit into the caches of a core."""
    e = low.e
    most = e.int(least)
    for descriptor in dict.fromkeys(descriptor for descriptor, _ in streams):
        bytes: Int = byte_size(stored(descriptor.element))
        for size in descriptor.sizes:
            bytes = e.mul(bytes, size)
        most = e.intrinsic("llvm.smax.i64", [most, e.int(bytes)], I64)
    return _compared(e, NE, most, e.int(least))


def _streams(low: FunctionLowering, op: scf.ForOp) -> Iterator[Stream]:
    """What a loop reads element by element as they lie in memory; each once."""
    variable, seen = op.body.block.args[0], set[tuple[SSAValue, ...]]()
    for inner in op.body.block.ops:
        if not isinstance(inner, memref.LoadOp) or not inner.indices or tuple(inner.operands) in seen:
            continue
        *outer, last = inner.indices
        descriptor = low.memrefs[inner.memref]
        if last is variable and descriptor.strides[-1] == 1 and not any(_is_inside(index, op) for index in outer):
            seen.add(tuple(inner.operands))
            yield descriptor, tuple(inner.indices)


def _is_inside(value: SSAValue, loop: scf.ForOp) -> bool:
    block = value.owner.parent if isinstance(value.owner, Operation) else value.owner
    return block is loop.body.block


def _place(low: FunctionLowering, stream: Stream, ahead: Int = 0) -> SSAValue:
    """The address of an element, or of one some way behind it."""
    e, (d, indices) = low.e, stream
    position = d.offset
    for index, stride in zip(indices, d.strides, strict=True):
        position = e.add(position, e.mul(index, stride))
    here, size = e.element(d.pointer, position, stored(d.element)), byte_size(stored(d.element))
    return e.op(llvm.GEPOp, [here, e.int(e.mul(ahead, size))], PTR, _ANYWHERE) if ahead else here


def _fetch(low: FunctionLowering, places: list[SSAValue], first: Int, last: Int) -> None:
    """Ask for the bytes from `first` to `last` behind each of some places."""
    e = low.e
    header = e.new_block([I64])
    e.branch(header, [e.int(first)])
    (byte,) = header.args
    e.block = header
    more = _compared(e, SLT, byte, e.int(last))
    e.block = body = e.new_block()
    for place in places:
        line = e.op(llvm.GEPOp, [place, byte], PTR, _ANYWHERE)
        e.intrinsic("llvm.prefetch.p0", [line, *(e.int(number, I32) for number in (READ, SECOND_LEVEL, DATA))], None)
    e.branch(header, [e.int(e.add(byte, LINE))]).attributes["phi.loop"] = _UNROLLED
    e.block = header
    leave = e.new_block()
    e.branch_if(more, body, leave)
    e.block = leave


def _compared(e: LlvmEmitter, predicate: int, a: SSAValue, b: SSAValue) -> SSAValue:
    return e.op(llvm.ICmpOp, [a, b], bi.i1, {"predicate": bi.IntegerAttr(predicate, bi.i64)})


_ANYWHERE: dict[str, Attribute] = {  # of an address that may be outside of its array
    "elem_type": bi.i8,
    "rawConstantIndices": bi.DenseArrayBase.from_list(bi.i32, [llvm.GEP_USE_SSA_VAL]),
    "noWrapFlags": bi.IntegerAttr(0, 32),
}
