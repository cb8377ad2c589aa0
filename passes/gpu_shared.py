"""What the threads of a block find together: values joined by shuffles in a warp, and through shared memory between warps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, SSAValue

from phintys.dialects import gpu

from .control import branch
from .emit import INDEX, Emitter, segments

Registers = list[SSAValue]
Combine = Callable[[Emitter, Registers, Registers], Registers]
WARP = 32
MOST_WARPS = 32


class Team:
    """The threads of a block: their numbers, and shared memory for partial values, one vector for each type and place."""

    def __init__(self, entry: Emitter) -> None:
        self.entry = entry
        self.thread = entry.insert(gpu.ThreadIdOp.build_op()).results[0]
        self.block = entry.insert(gpu.BlockIdOp.build_op()).results[0]
        self.size = entry.insert(gpu.BlockDimOp.build_op()).results[0]
        self.grid = entry.insert(gpu.GridDimOp.build_op()).results[0]
        self._partials: dict[tuple[Attribute, int], SSAValue] = {}

    def first(self, e: Emitter, do: Callable[[Emitter], None]) -> None:
        """What the first thread of the block does alone."""

        def then(inner: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            do(inner)
            return []

        branch(e, e.icmp("eq", self.thread, e.index(0)), then, [])

    def within(self, e: Emitter, high: SSAValue) -> SSAValue:
        """The end of a loop of the team's iteration: itself, or nothing where there is no iteration."""
        return high

    def barrier(self, e: Emitter) -> None:
        """Wait for each other."""
        e.insert(gpu.BarrierOp.build_op(e.location))

    def total(self, e: Emitter, values: Registers, neutral: Registers, combine: Combine) -> Registers:
        """The values of all threads as one; every thread has it."""
        in_warp = self.butterfly(e, values, combine)
        warp = e.op(arith.DivUIOp, [self.thread, e.index(WARP)])
        lane = e.op(arith.RemUIOp, [self.thread, e.index(WARP)])
        memories = [self._partial(value.type, number) for number, value in enumerate(values)]

        def leave(inner: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            for value, memory in zip(in_warp, memories, strict=True):
                inner.store(_wide(inner, value), memory, [warp])
            return []

        def take(inner: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            return [
                _narrow(inner, inner.load(memory, [lane]), value.type) for value, memory in zip(values, memories, strict=True)
            ]

        branch(e, e.icmp("eq", lane, e.index(0)), leave, [])
        self.barrier(e)
        warps = e.op(arith.DivUIOp, [self.size, e.index(WARP)])
        parts = branch(e, e.icmp("ult", lane, warps), take, neutral)
        self.barrier(e)
        return self.butterfly(e, parts, combine)

    def scan(self, e: Emitter, values: Registers, neutral: Registers, combine: Combine) -> tuple[Registers, Registers]:
        """For each thread the values of those before it as one, and the values of all."""
        warp = e.op(arith.DivUIOp, [self.thread, e.index(WARP)])
        lane = e.op(arith.RemUIOp, [self.thread, e.index(WARP)])
        memories = [self._partial(value.type, number) for number, value in enumerate(values)]
        in_warp = self._ascending(e, values, lane, combine)

        def leave(inner: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            for value, memory in zip(in_warp, memories, strict=True):
                inner.store(_wide(inner, value), memory, [warp])
            return []

        branch(e, e.icmp("eq", lane, e.index(WARP - 1)), leave, [])
        self.barrier(e)
        known = e.icmp("ult", lane, e.op(arith.DivUIOp, [self.size, e.index(WARP)]))
        parts = [
            e.select(known, _narrow(e, e.load(memory, [lane]), value.type), start)
            for value, memory, start in zip(values, memories, neutral, strict=True)
        ]
        self.barrier(e)
        warps = self._ascending(e, parts, lane, combine)
        before = [self._of(e, value, e.index(e.sub(warp, 1))) for value in warps]
        before = [e.select(e.icmp("eq", warp, e.index(0)), a, b) for a, b in zip(neutral, before, strict=True)]
        lanes = [_shuffle(e, value, 1, "up") for value in in_warp]
        lanes = [e.select(e.icmp("eq", lane, e.index(0)), a, b) for a, b in zip(neutral, lanes, strict=True)]
        return combine(e, before, lanes), [self._of(e, value, e.index(WARP - 1)) for value in warps]

    def _ascending(self, e: Emitter, values: Registers, lane: SSAValue, combine: Combine) -> Registers:
        """For each thread its value and those before it in its warp as one."""
        for offset in (1, 2, 4, 8, 16):
            joined = combine(e, [_shuffle(e, value, offset, "up") for value in values], values)
            there = e.icmp("uge", lane, e.index(offset))
            values = [e.select(there, a, b) for a, b in zip(joined, values, strict=True)]
        return values

    def _of(self, e: Emitter, value: SSAValue, lane: SSAValue) -> SSAValue:
        """The value of one thread of the warp."""
        return _shuffle(e, value, e.op(arith.IndexCastOp, [lane], bi.i32), "idx")

    def butterfly(self, e: Emitter, values: Registers, combine: Combine) -> Registers:
        """The values of the threads of a warp as one; every thread has it."""
        for offset in (16, 8, 4, 2, 1):
            values = combine(e, values, [_shuffle(e, value, offset) for value in values])
        return values

    def _partial(self, type: Attribute, number: int) -> SSAValue:
        wide = _wide_type(type)
        if (wide, number) not in self._partials:
            memory = gpu.shared_memory(wide, MOST_WARPS)
            self._partials[wide, number] = self.entry.op(memref.AllocaOp, [], memory, {"operandSegmentSizes": segments(0, 0)})
        return self._partials[wide, number]


def _wide_type(type: Attribute) -> Attribute:
    if type == INDEX:
        return bi.i64
    return bi.i32 if isinstance(type, bi.IntegerType) and type.width.data < 32 else type


def _wide(e: Emitter, value: SSAValue) -> SSAValue:
    """The value in a type that shuffles take."""
    wide = _wide_type(value.type)
    if wide == value.type:
        return value
    return e.op(arith.IndexCastOp if value.type == INDEX else arith.ExtUIOp, [value], wide)


def _narrow(e: Emitter, value: SSAValue, type: Attribute) -> SSAValue:
    if value.type == type:
        return value
    return e.op(arith.IndexCastOp if type == INDEX else arith.TruncIOp, [value], type)


def _shuffle(e: Emitter, value: SSAValue, offset: int | SSAValue, mode: str = "xor") -> SSAValue:
    wide, width = _wide(e, value), e.constant(WARP, bi.i32)
    place = e.constant(offset, bi.i32) if isinstance(offset, int) else offset
    op = gpu.ShuffleOp.build_op(mode, wide, place, width)
    return _narrow(e, e.insert(op).results[0], value.type)
