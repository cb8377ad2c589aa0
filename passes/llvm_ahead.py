"""Loops that say so have their operands fetched ahead: blocks of 256 elements, each of which asks for what comes later.

    scf.for %i = %lo to %hi step %1 { ... memref.load %x[%i] ... } {phi.ahead}

    for b in lo to hi - 256 step 256:              none where x fits into the caches of a core
      prefetch 256 elements, 8 KiB behind x[b]
      for i in b to b + 256: ...
    for i in the rest: ...

The processor's own prefetching ends with each page of 4 KiB, and where there is much to do for each element the loop gets to
the next page late: the maximum of each row of 4000 x 4000 takes 7.7 ms instead of 9.6. What lies behind an array's end may
be asked for, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm, memref, scf
from xdsl.ir import Attribute, Operation, SSAValue

from .llvm_emit import _NO_FLAGS, I32, I64, PTR, Int, LlvmEmitter
from .llvm_memory import Descriptor, byte_size, stored
from .loop_facts import AHEAD, constant

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

Stream = tuple[Descriptor, tuple[SSAValue, ...]]  # a memref and the indices of a load from it
BLOCK = 256  # elements
DISTANCE = 8192  # bytes, two pages
LARGE = 1 << 20  # bytes
LINE = 64  # bytes that one prefetch asks for
READ, SECOND_LEVEL, DATA = 0, 2, 1  # operands of llvm.prefetch
_UNROLLED = bi.StringAttr("novectorize,unroll=4")
NE, SLT, SLE = 1, 2, 3  # predicates of llvm.icmp


def lower(low: FunctionLowering, op: scf.ForOp) -> bool:
    """Lower a loop whose operands are fetched ahead; False, and nothing done, for any other."""
    streams = list(_streams(low, op)) if AHEAD in op.attributes and constant(op.step) == 1 else []
    if not streams:
        return False
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
    for descriptor, indices in streams:
        _fetch(low, descriptor, [begin if index is op.body.block.args[0] else low.value(index) for index in indices])
    end = e.int(e.add(begin, BLOCK))
    low.loop(op, begin, end, step, given=carried, hints="nounroll")
    e.branch(header, [end, *(low.value(value) for value in op.results)])
    rest = e.new_block()
    e.block = header
    e.branch_if(more, body, rest)
    e.block = rest
    low.loop(op, begin, last, step, given=carried)
    return True


def _is_large(low: FunctionLowering, streams: list[Stream]) -> SSAValue:
    """Whether one of the operands does not fit into the caches of a core."""
    e = low.e
    most = e.int(LARGE)
    for descriptor, _ in streams:
        bytes: Int = byte_size(stored(descriptor.element))
        for size in descriptor.sizes:
            bytes = e.mul(bytes, size)
        most = e.intrinsic("llvm.smax.i64", [most, e.int(bytes)], I64)
    return _compared(e, NE, most, e.int(LARGE))


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


def _fetch(low: FunctionLowering, d: Descriptor, indices: list[SSAValue]) -> None:
    """Ask for as many bytes as a block of a buffer has, some way behind its element at `indices`."""
    e, size = low.e, byte_size(stored(d.element))
    position = d.offset
    for index, stride in zip(indices, d.strides, strict=True):
        position = e.add(position, e.mul(index, stride))
    here = e.element(d.pointer, position, stored(d.element))
    header = e.new_block([I64])
    e.branch(header, [e.int(DISTANCE)])
    (byte,) = header.args
    e.block = header
    more = _compared(e, SLT, byte, e.int(DISTANCE + BLOCK * size))
    e.block = body = e.new_block()
    line = e.op(llvm.GEPOp, [here, byte], PTR, _ANYWHERE)
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
