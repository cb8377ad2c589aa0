"""Kernels for reductions along columns: many threads for each, since few columns would leave most of the device idle.

A thread is of a column and of one part of its rows; neighbours are of neighbouring columns, so that they read neighbours. A
second kernel combines the parts of each column and does what follows. How many parts there are depends on sizes only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from xdsl.dialects import arith, memref, scf
from xdsl.ir import Operation, SSAValue

from .emit import Emitter, Index
from .gpu_checks import Env, run
from .gpu_host import constant_of, copy_into, get, leave
from .gpu_kernel import THREADS
from .gpu_loops import MOST_BLOCKS, NestKernel, ceiling
from .gpu_reducers import Reducer, reducers
from .gpu_shared import WARP
from .gpu_wide import Wide, wide

BUSY = 1 << 20  # elements that are under way at once in a busy device: 4 MiB of floats, four to a thread
ROWS_EACH = 16  # rows that a thread reduces at least


class ColumnKernel(NestKernel):
    """Two kernels: parts of columns, then columns."""

    mapping = "columns"

    def find(self) -> None:
        """Find the loop, what stands before and after it, and how neighbours are taken together."""
        leaf = self.nest.leaf
        place = next(number for number, op in enumerate(leaf) if isinstance(op, scf.ForOp))
        loop = leaf[place]
        assert isinstance(loop, scf.ForOp)
        self.column, self.before, self.after = loop, leaf[:place], leaf[place + 1 :]
        found = reducers(loop)
        assert found is not None
        self.found: list[Reducer] = found
        variable = self.nest.parallel[-1].body.block.args[0]
        width = self.trips[-1] if isinstance(self.trips[-1], int) else 0
        ops = [*self.before, *loop.body.block.ops]
        self.plan = wide(ops, variable, loop.body.block.args[1:], self.host.memory, width) if self.bounds[-1][0] == 0 else None

    def write(self) -> None:
        """Write both."""
        self.find()
        chunks, every = self._geometry()
        parts = [self.host.slot(value.type, [every]) for value in self.column.results]
        self._first(chunks, every, parts)
        e = self.host.writer()
        many = e.at_most(WARP, chunks)
        self.host.put(e)
        self.host.either(many, lambda: self._by_blocks(chunks, parts), lambda: self._by_threads(chunks, parts))

    def _geometry(self) -> tuple[Index, Index]:
        """How many parts a column has, and how many there are in all."""
        e = self.host.writer()
        length = constant_of(self.column.ub)
        rows: Index = int(length) if length is not None else self.host.known(self.column.ub)
        columns = e.index(e.maximum(self.total, 1))
        wanted = e.op(arith.DivUIOp, [e.index(BUSY), columns])
        chunks = e.maximum(e.minimum(wanted, ceiling(e, rows, ROWS_EACH)), 1)
        every = e.mul(chunks, self.total)
        self.host.put(e)
        return chunks, every

    def _grid(self, threads: Index) -> Index:
        e = self.host.writer()
        grid = e.minimum(ceiling(e, threads, THREADS), MOST_BLOCKS)
        self.host.put(e)
        return grid

    def _spread(self, threads: SSAValue, start: Index = 0) -> tuple[Emitter, scf.ForOp]:
        """A loop whose iterations are those of all threads."""
        team, body = self.kernel.team, self.kernel.body
        first = body.add(body.add(body.mul(team.block, team.size), team.thread), start)
        return body.loop(first, threads, body.mul(team.grid, team.size))

    def _neighbours(self, plan: Wide, chunks: Index, every: Index, memories: list[SSAValue]) -> SSAValue:
        """A loop over chunks of neighbouring columns; how many columns of all parts that has done: all, or none."""
        kernel = self.kernel
        entry, total = kernel.entry, kernel.index(self.total)
        rest = entry.op(arith.RemUIOp, [kernel.index(self.trips[-1]), entry.index(plan.count)])
        fits = entry.op(arith.AndIOp, [plan.fits(kernel), entry.icmp("eq", rest, entry.index(0))])
        inner, op = self._spread(plan.chunks(entry, fits, kernel.index(every)))
        position = inner.index(inner.mul(op.body.block.args[0], plan.count))
        chunk = inner.op(arith.DivUIOp, [position, total])
        self._count(inner, inner.op(arith.RemUIOp, [position, total]))
        lanes = plan.lanes(inner, self.env[plan.variable], self.env)
        plan.write(inner, self.before, lanes, dict(self.env))
        results = self._rows_of(plan, inner, lanes, chunk, kernel.index(chunks))
        for lane in range(plan.count):
            at = inner.index(inner.add(position, lane))
            for value, memory in zip(results[lane :: plan.count], memories, strict=True):
                leave(inner, value, memory, [at])
        inner.end_loop()
        return entry.select(fits, kernel.index(every), entry.index(0))

    def _rows_of(self, plan: Wide, e: Emitter, lanes: list[Env], chunk: SSAValue, step: SSAValue) -> Sequence[SSAValue]:
        """The loop over rows, with totals for each lane."""
        initial = [[lane.get(value, value) for value in self.column.iter_args] for lane in lanes]
        neutral = [[value for r, own in self._own(values) for value in r.neutral(e, own)] for values in initial]
        high = self.env.get(self.column.ub, self.column.ub)
        inner, loop = e.loop(chunk, high, step, [value for values in zip(*neutral, strict=True) for value in values])
        row, *carried = loop.body.block.args
        variable, *arguments = self.column.body.block.args
        *ops, last = self.column.body.block.ops
        shared = {**self.env, variable: row}
        for number, lane in enumerate(lanes):
            lane.update([(variable, row), *zip(arguments, carried[number :: plan.count], strict=True)])
        plan.write(inner, ops, lanes, shared)
        inner.end_loop([lane.get(value, value) for value in last.operands for lane in lanes])
        return loop.results

    def _first(self, chunks: Index, every: Index, parts: list[SSAValue]) -> None:
        kernel = self.kernel
        memories = [kernel.memory(part) for part in parts]
        start: Index = 0
        if self.plan is not None:
            start = self._neighbours(self.plan, chunks, every, memories)
        inner, op = self._spread(kernel.index(every), start)
        position = op.body.block.args[0]
        total = kernel.index(self.total)
        chunk = inner.op(arith.DivUIOp, [position, total])
        self._count(inner, inner.op(arith.RemUIOp, [position, total]))
        self._copy(inner, self.before)
        initial = [self.env.get(value, value) for value in self.column.iter_args]
        neutral = [value for r, own in self._own(initial) for value in r.neutral(inner, own)]
        high = self.env.get(self.column.ub, self.column.ub)
        rows, loop = inner.loop(chunk, high, kernel.index(chunks), neutral)
        self.env.update(zip(self.column.body.block.args, loop.body.block.args, strict=True))
        *ops, last = self.column.body.block.ops
        rows.end_loop(run(rows, ops, self.env, self.failed, last.operands, list(loop.body.block.args[1:])))
        for value, memory in zip(loop.results, memories, strict=True):
            leave(inner, value, memory, [position])
        inner.end_loop()
        kernel.launch(self._grid(every), THREADS)

    def _by_blocks(self, chunks: Index, parts: list[SSAValue]) -> None:
        """Many parts of few columns: the threads of a block combine those of one."""
        self.use(self.fresh())
        kernel = self.kernel
        team, memories = kernel.team, [kernel.memory(part) for part in parts]
        inner, op = kernel.body.loop(team.block, kernel.index(self.total), team.grid)
        position = op.body.block.args[0]
        self._count(inner, position)
        self._copy(inner, self.before)
        initial = [self.env.get(value, value) for value in self.column.iter_args]
        neutral = [value for r, own in self._own(initial) for value in r.neutral(inner, own)]
        rows, loop = inner.loop(team.thread, kernel.index(chunks), team.size, neutral)
        rows.end_loop(self._with_part(rows, loop, memories, position))
        totals = team.total(inner, list(loop.results), neutral, self._join)
        self.env.update(zip(self.column.results, self._join(inner, initial, totals), strict=True))
        for each in self.after:
            if isinstance(each, memref.StoreOp):
                team.first(inner, partial(self._write, each))
            else:
                copy_into(inner, each, self.env)
        inner.end_loop()
        host = self.host.writer()
        grid = host.minimum(self.total, MOST_BLOCKS)
        self.host.put(host)
        kernel.launch(grid, THREADS)

    def _by_threads(self, chunks: Index, parts: list[SSAValue]) -> None:
        self.use(self.fresh())
        kernel = self.kernel
        memories = [kernel.memory(part) for part in parts]
        inner, op = self._spread(kernel.index(self.total))
        position = op.body.block.args[0]
        self._count(inner, position)
        self._copy(inner, self.before)
        initial = [self.env.get(value, value) for value in self.column.iter_args]
        rows, loop = inner.loop(0, kernel.index(chunks), 1, initial)
        rows.end_loop(self._with_part(rows, loop, memories, position))
        self.env.update(zip(self.column.results, loop.results, strict=True))
        self._copy(inner, self.after)
        inner.end_loop()
        kernel.launch(self._grid(self.total), THREADS)

    def _with_part(self, e: Emitter, loop: scf.ForOp, memories: Sequence[SSAValue], position: SSAValue) -> list[SSAValue]:
        """What a loop over the parts of a column carries, and the next of them."""
        chunk, *carried = loop.body.block.args
        at = e.index(e.add(e.mul(chunk, self.kernel.index(self.total)), position))
        return self._join(
            e, carried, [get(e, memory, [at], value.type) for memory, value in zip(memories, carried, strict=True)]
        )

    def _join(self, e: Emitter, a: Sequence[SSAValue], b: Sequence[SSAValue]) -> list[SSAValue]:
        pairs = zip(self._own(a), self._own(b), strict=True)
        return [value for (r, own), (_, other) in pairs for value in r.combine(e, own, other)]

    def _own(self, values: Sequence[SSAValue]) -> list[tuple[Reducer, list[SSAValue]]]:
        rest = list(values)
        return [(r, [rest.pop(0) for _ in range(r.width)]) for r in self.found]

    def _write(self, op: Operation, e: Emitter) -> None:
        copy_into(e, op, self.env)

    def _copy(self, e: Emitter, ops: list[Operation]) -> None:
        for op in ops:
            copy_into(e, op, self.env)
