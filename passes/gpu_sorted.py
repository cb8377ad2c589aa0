"""Rows added to a table, many of them: sorted by place, so that a thread finds what goes to its place side by side.

    1. a thread an iteration      keys[k] = the number of its place; of one that fails its check, the number of places
    2. one block                  iterations sorted by key, those of one place in their order: two bits of the keys at a time
    3. a thread an iteration      the first of a place does, in order, the iterations of all that have it

The result has the bits of the loop. The block goes through 1024 keys in some two microseconds a step, so the second stage takes
about 20 microseconds for 1000 places and as many keys, 20 milliseconds for a million: no device has it for nothing, but it does
not grow with the square of the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from xdsl.dialects import arith, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from .control import branch, repeat
from .emit import INDEX, Emitter, Index
from .gpu_host import leave
from .gpu_kernel import THREADS, Kernel
from .gpu_loops import MOST_BLOCKS, ceiling
from .gpu_shared import Registers

if TYPE_CHECKING:
    from .gpu_scatter import ScatterKernel

SORTERS = 1024  # threads of the block that sorts
DIGITS = 4  # of two bits; how many keys of a step have each is counted in 16 bits of a word
STEPS = 2  # digits of one round, after which keys are where they were
ROUNDS = 15  # rounds of four bits, for numbers of places below 2^60


def extents(scatter: ScatterKernel, kernel: Kernel) -> list[SSAValue]:
    """How many places there are along each axis that a key is an index of."""
    store = scatter.store
    e, memory = kernel.entry, kernel.value(store.memref)
    axes = [axis for axis, index in enumerate(store.indices) if index in scatter.keys]
    return [e.op(memref.DimOp, [memory, e.index(axis)], INDEX) for axis in axes]


def number_of(e: Emitter, place: Sequence[SSAValue], sizes: Sequence[SSAValue]) -> SSAValue:
    """The number of a place among all."""
    result: Index = 0
    for index, size in zip(place, sizes, strict=True):
        result = e.add(e.mul(result, size), index)
    return e.index(result)


class Sort:
    """Writes the kernel that sorts: `keys` and `order` have room for twice their number; the first half is what counts."""

    def __init__(self, scatter: ScatterKernel, count: Index, keys: SSAValue, order: SSAValue) -> None:
        self.scatter = scatter
        self.kernel = Kernel(scatter.host, scatter.mapping)
        self.keys, self.order = (self.kernel.memory(each) for each in (keys, order))
        self.count = self.kernel.index(count)

    def write(self) -> None:
        """Write and launch it."""
        kernel, body = self.kernel, self.kernel.body
        e = kernel.entry
        number = e.index(e.product(extents(self.scatter, kernel)))
        rounds: Index = 0
        for power in range(0, 4 * ROUNDS, 4):
            rounds = e.add(rounds, e.select(e.icmp("sge", number, e.index(1 << power)), e.index(1), e.index(0)))
        inner, loop = body.loop(0, rounds)
        shift = inner.mul(loop.body.block.args[0], 4)
        for step in range(STEPS):
            bits = inner.op(arith.IndexCastOp, [inner.index(inner.add(shift, 2 * step))], bi.i64)
            self._step(inner, bits, inner.mul(self.count, step), inner.mul(self.count, 1 - step))
        inner.end_loop()
        kernel.launch(1, SORTERS)

    def _step(self, e: Emitter, bits: SSAValue, source: Index, target: Index) -> None:
        """Sort by one digit: count each, then go over the keys in order, a place for each."""
        team, zero = self.kernel.team, e.constant(0, bi.i64)
        inner, loop = e.loop(team.thread, self.count, team.size, [zero] * DIGITS)
        at: SSAValue
        at, *found = loop.body.block.args
        digit = _digit(inner, inner.load(self.keys, [inner.index(inner.add(at, source))]), bits)
        inner.end_loop([_plus(inner, [n], [_is(inner, digit, value)])[0] for value, n in enumerate(found)])
        totals = team.total(e, list(loop.results), [zero] * DIGITS, _plus)
        starts: list[SSAValue] = [zero]
        for total in totals[:-1]:
            starts.append(e.op(arith.AddiOp, [starts[-1], total]))
        inner, loop = e.loop(0, self.count, SORTERS, starts)
        first, starts = loop.body.block.args[0], list(loop.body.block.args[1:])
        at = inner.index(inner.add(first, team.thread))
        inside = inner.icmp("slt", at, self.count)
        place = inner.index(inner.add(inner.minimum(at, inner.sub(self.count, 1)), source))
        key, number = (inner.load(memory, [place]) for memory in (self.keys, self.order))
        digit = _digit(inner, key, bits)
        field = inner.op(arith.MuliOp, [digit, inner.constant(16, bi.i64)])
        mark = inner.select(inside, inner.op(arith.ShLIOp, [inner.constant(1, bi.i64), field]), zero)
        (before,), (total,) = team.scan(inner, [mark], [zero], _plus)
        start = starts[-1]
        for value in reversed(range(DIGITS - 1)):
            start = inner.select(inner.icmp("eq", digit, inner.constant(value, bi.i64)), starts[value], start)
        rank = inner.op(arith.AddiOp, [start, _field(inner, before, field)])
        into = inner.index(inner.add(inner.op(arith.IndexCastOp, [rank], INDEX), target))
        branch(inner, inside, partial(self._move, key, number, into), [])
        counts = [_field(inner, total, inner.constant(16 * value, bi.i64)) for value in range(DIGITS)]
        inner.end_loop(_plus(inner, starts, counts))
        team.barrier(e)

    def _move(self, key: SSAValue, number: SSAValue, into: SSAValue, e: Emitter, _: Sequence[SSAValue]) -> Registers:
        e.store(key, self.keys, [into])
        e.store(number, self.order, [into])
        return []


def _plus(e: Emitter, a: Registers, b: Registers) -> Registers:
    return [e.op(arith.AddiOp, [x, y]) for x, y in zip(a, b, strict=True)]


def _digit(e: Emitter, key: SSAValue, bits: SSAValue) -> SSAValue:
    return e.op(arith.AndIOp, [e.op(arith.ShRUIOp, [key, bits]), e.constant(DIGITS - 1, bi.i64)])


def _is(e: Emitter, digit: SSAValue, value: int) -> SSAValue:
    return e.op(arith.ExtUIOp, [e.icmp("eq", digit, e.constant(value, bi.i64))], bi.i64)


def _field(e: Emitter, word: SSAValue, bits: SSAValue) -> SSAValue:
    return e.op(arith.AndIOp, [e.op(arith.ShRUIOp, [word, bits]), e.constant(0xFFFF, bi.i64)])


class SortedScatter:
    """Writes the three kernels for a `ScatterKernel` whose places depend on its iterations only."""

    def __init__(self, scatter: ScatterKernel, count: Index) -> None:
        self.scatter = scatter
        self.count = count

    def write(self) -> None:
        """Write them."""
        host = self.scatter.host
        e = host.writer()
        twice = e.mul(self.count, 2)
        host.put(e)
        keys, order = (host.slot(bi.i64, [twice]) for _ in range(2))
        self._find(keys, order)
        Sort(self.scatter, self.count, keys, order).write()
        self._serve(keys, order)

    def _each(self, total: Index) -> tuple[Emitter, SSAValue, Index]:
        """A kernel with a thread for each of so many iterations, and how many blocks it is launched with."""
        scatter = self.scatter
        scatter.use(scatter.fresh())
        e = scatter.host.writer()
        grid = e.minimum(ceiling(e, total, THREADS), MOST_BLOCKS)
        scatter.host.put(e)
        team, body = scatter.kernel.team, scatter.kernel.body
        first = body.add(body.mul(team.block, team.size), team.thread)
        inner, loop = body.loop(first, scatter.kernel.index(total), body.mul(team.grid, team.size))
        return inner, loop.body.block.args[0], grid

    def _find(self, keys: SSAValue, order: SSAValue) -> None:
        scatter = self.scatter
        e, position, grid = self._each(self.count)
        kernel = scatter.kernel
        scatter.env[scatter.variable] = position
        found, right = scatter.place_of(e)
        sizes = extents(scatter, kernel)
        key = e.select(right, number_of(e, found, sizes), kernel.entry.index(kernel.entry.product(sizes)))
        for value, memory in ((key, keys), (position, order)):
            leave(e, value, kernel.memory(memory), [position])
        e.end_loop()
        kernel.launch(grid, THREADS)

    def _serve(self, keys: SSAValue, order: SSAValue) -> None:
        scatter = self.scatter
        e, position, grid = self._each(scatter.total)
        kernel = scatter.kernel
        known, numbers, count = kernel.memory(keys), kernel.memory(order), kernel.index(self.count)
        nowhere = kernel.entry.index(kernel.entry.product(extents(scatter, kernel)))
        scatter.count_of(e, position)
        start = scatter.env[scatter.variable]
        mine = e.load(known, [start])
        other = e.icmp("ne", mine, e.load(known, [e.index(e.maximum(e.sub(start, 1), 0))]))
        first = e.op(arith.OrIOp, [e.icmp("eq", start, e.index(0)), other])
        counts = e.icmp("ne", mine, e.op(arith.IndexCastOp, [nowhere], bi.i64))

        def here(e: Emitter, values: Sequence[SSAValue]) -> SSAValue:
            inside = e.icmp("slt", values[0], count)
            key = e.load(known, [e.index(e.minimum(values[0], e.sub(count, 1)))])
            return e.op(arith.AndIOp, [inside, e.icmp("eq", key, mine)])

        def serve(e: Emitter, values: Sequence[SSAValue]) -> Sequence[SSAValue]:
            number = e.op(arith.IndexCastOp, [e.load(numbers, [values[0]])], INDEX)
            scatter.iteration(e, number)
            return [e.index(e.add(values[0], 1))]

        def run(e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            repeat(e, [start], here, serve)
            return []

        branch(e, e.op(arith.AndIOp, [first, counts]), run, [])
        e.end_loop()
        kernel.launch(grid, THREADS)
