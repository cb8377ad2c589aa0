"""Kernels for loops in which something is read across the rows of its memory: transposed matrices, alone and among others.

A warp that reads down a column fetches 32 bytes for each element. So a block takes a tile of 32 by 32: neighbouring threads
read neighbours in memory into a tile that the block shares, wait, and then compute along the other dimension, in which results
are neighbours. A row of the tile has 33 places, so that threads that read down a column of it read from different banks.

    phase 1, a thread for each (b, a)      tile[a, b] = x[a, b]           neighbouring threads: neighbouring b
    phase 2, a thread for each (b, a)      y[b, a] = f(tile[a, b], ...)   neighbouring threads: neighbouring a
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, memref, scf
from xdsl.ir import Attribute, Operation, SSAValue

from phintys.dialects import gpu
from phintys.dialects.rt import AssertOp

from .control import branch
from .emit import Emitter, segments
from .gpu_host import copy_into
from .gpu_kernel import THREADS
from .gpu_loops import MOST_BLOCKS, NestKernel, ceiling
from .gpu_nests import Nest, trip
from .loop_facts import Memory

TILE = 32
PADDED = TILE + 1
LINES = THREADS // TILE  # of a tile that the threads take at once
MOST_TILES = 4  # operands of 8 bytes whose tiles fit into shared memory
SMALL = TILE // 4  # a dimension that is known to be smaller has no use for tiles


def across(nest: Nest, memory: Memory) -> tuple[scf.ForOp, list[memref.LoadOp]] | None:
    """The loop along which operands are read across the innermost one, and the loads that do; None where there are none."""
    inner = nest.parallel[-1]
    plain = not (nest.serial or nest.reducers or nest.private or nest.by_block or nest.columns)
    if not plain or any(op.regions or isinstance(op, AssertOp) for op in nest.leaf):
        return None
    variables: dict[SSAValue, scf.ForOp] = {level.body.block.args[0]: level for level in nest.parallel}
    found: dict[scf.ForOp, list[memref.LoadOp]] = {}
    for op in nest.leaf:
        if not isinstance(op, memref.LoadOp | memref.StoreOp):
            continue
        along = _along(op, variables, memory)
        if along is None or along is inner:
            continue
        if isinstance(op, memref.StoreOp):
            return None
        if inner.body.block.args[0] in op.indices and all(_is_known(index, variables, nest) for index in op.indices):
            found.setdefault(along, []).append(op)
    if len(found) != 1:
        return None
    ((outer, loads),) = found.items()
    sizes = [trip(loop) for loop in (outer, inner)]
    return None if any(size is not None and size < SMALL for size in sizes) or len(loads) > MOST_TILES else (outer, loads)


def _along(op: memref.LoadOp | memref.StoreOp, variables: dict[SSAValue, scf.ForOp], memory: Memory) -> scf.ForOp | None:
    """The loop whose iterations are neighbours in memory."""
    view = memory.view(op.memref)
    if view is None:
        return None
    return next((variables.get(index) for index, stride in zip(op.indices, view.strides, strict=True) if stride == 1), None)


def _is_known(index: SSAValue, variables: dict[SSAValue, scf.ForOp], nest: Nest) -> bool:
    """Whether an index is a loop's variable, or the same in all iterations."""
    owner = index.owner
    return index in variables or (isinstance(owner, Operation) and owner not in nest.leaf and not _inside(owner, nest.loop))


def _inside(op: Operation, loop: scf.ForOp) -> bool:
    parent = op.parent_op()
    while parent is not None and parent is not loop:
        parent = parent.parent_op()
    return parent is loop


class TileKernel(NestKernel):
    """A block takes a tile of the two loops, for one iteration of all others."""

    mapping = "tiles"

    def write(self) -> None:
        """Write the kernel."""
        found = across(self.nest, self.host.memory)
        assert found is not None
        self.outer, self.loads = found
        kernel, e = self.kernel, self.host.writer()
        rows, columns = (self.trips[self.nest.parallel.index(loop)] for loop in (self.outer, self.nest.parallel[-1]))
        pieces = [ceiling(e, size, TILE) for size in (rows, columns)]
        self.others = [level for level in self.nest.parallel[:-1] if level is not self.outer]
        counts = [self.trips[self.nest.parallel.index(level)] for level in self.others]
        tiles = e.product([*counts, *pieces])
        grid = e.minimum(tiles, MOST_BLOCKS)
        self.host.put(e)
        self.sizes = [kernel.index(rows), kernel.index(columns)]
        team, body = kernel.team, kernel.body
        lane, line = (body.op(op, [team.thread, body.index(TILE)]) for op in (arith.RemUIOp, arith.DivUIOp))
        memories = [self._tile(load) for load in self.loads]
        inner, loop = body.loop(team.block, kernel.index(tiles), team.grid)
        starts = self._place(inner, loop.body.block.args[0], [kernel.index(count) for count in [*counts, *pieces]])
        self._fill(inner, starts, (lane, line), memories)
        team.barrier(inner)
        self._compute(inner, starts, (lane, line), memories)
        team.barrier(inner)
        inner.end_loop()
        kernel.launch(grid, THREADS)

    def _tile(self, load: memref.LoadOp) -> SSAValue:
        e = self.kernel.entry
        element: Attribute = load.res.type
        return e.op(memref.AllocaOp, [], gpu.shared_memory(element, TILE * PADDED), {"operandSegmentSizes": segments(0, 0)})

    def _place(self, e: Emitter, tile: SSAValue, counts: Sequence[SSAValue]) -> list[SSAValue]:
        """Set the counters of the other loops from a tile's number; where it begins in the two."""
        numbers: list[SSAValue] = []
        rest = tile
        for count in reversed(counts[1:]):
            numbers.insert(0, e.op(arith.RemUIOp, [rest, count]))
            rest = e.op(arith.DivUIOp, [rest, count])
        numbers.insert(0, rest)
        for level, number in zip(self.others, numbers, strict=False):
            self._set(e, level, number)
        return [e.index(e.mul(number, TILE)) for number in numbers[-2:]]

    def _set(self, e: Emitter, level: scf.ForOp, counter: SSAValue) -> None:
        low = self.bounds[self.nest.parallel.index(level)][0]
        self.env[level.body.block.args[0]] = e.index(e.add(counter, self.kernel.index(low) if low != 0 else 0))

    def _fill(
        self, e: Emitter, starts: Sequence[SSAValue], place: tuple[SSAValue, SSAValue], tiles: Sequence[SSAValue]
    ) -> None:
        """Phase 1. Beyond the matrix the last element is read, which nobody looks at: so no thread waits for one load."""
        lane, line = place
        row = self._within(e, starts[0], lane, 0)
        self._set(e, self.outer, row)
        read: list[tuple[SSAValue, SSAValue, SSAValue]] = []
        for first in range(0, TILE, LINES):
            at = e.index(e.add(line, first))
            self._set(e, self.nest.parallel[-1], self._within(e, starts[1], at, 1))
            where = e.index(e.add(e.mul(at, PADDED), lane))
            for load, tile in zip(self.loads, tiles, strict=True):
                copy_into(e, load, self.env)
                read.append((self.env[load.res], tile, where))
        for value, tile, where in read:
            e.store(value, tile, [where])

    def _within(self, e: Emitter, start: SSAValue, at: SSAValue, number: int) -> SSAValue:
        """A position in a tile as a counter of its loop, at most the last."""
        return e.index(e.minimum(e.add(start, at), e.sub(self.sizes[number], 1)))

    def _compute(
        self, e: Emitter, starts: Sequence[SSAValue], place: tuple[SSAValue, SSAValue], tiles: Sequence[SSAValue]
    ) -> None:
        """Phase 2."""
        lane, line = place
        column = e.index(e.add(starts[1], lane))
        inside = e.icmp("slt", column, self.sizes[1])
        for first in range(0, TILE, LINES):
            at = e.index(e.add(line, first))
            row = e.index(e.add(starts[0], at))
            where = e.index(e.add(e.mul(lane, PADDED), at))
            both = e.op(arith.AndIOp, [inside, e.icmp("slt", row, self.sizes[0])])
            branch(e, both, self._element(row, column, where, tiles), [])

    def _element(
        self, row: SSAValue, column: SSAValue, where: SSAValue, tiles: Sequence[SSAValue]
    ) -> Callable[[Emitter, Sequence[SSAValue]], Sequence[SSAValue]]:
        def write(e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            self._set(e, self.outer, row)
            self._set(e, self.nest.parallel[-1], column)
            for op in self.nest.leaf:
                if op in self.loads:
                    tile = tiles[self.loads.index(op)]  # type: ignore[arg-type]
                    self.env[op.results[0]] = e.load(tile, [where])
                else:
                    copy_into(e, op, self.env)
            return []

        return write
