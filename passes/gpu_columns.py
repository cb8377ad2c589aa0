"""Kernels for reductions along columns: many threads for each, since few columns would leave most of the device idle.

A thread is of a column and of one part of its rows; neighbours are of neighbouring columns, so that they read neighbours. A
second kernel combines the parts of each column and does what follows. How many parts there are depends on sizes only.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, scf
from xdsl.ir import Operation, SSAValue

from .emit import Emitter, Index
from .gpu_checks import run
from .gpu_host import constant_of, copy_into, get, leave
from .gpu_kernel import THREADS
from .gpu_loops import MOST_BLOCKS, NestKernel, ceiling
from .gpu_reducers import Reducer, reducers

BUSY = 1 << 16  # threads that keep a device busy
ROWS_EACH = 16  # rows that a thread reduces at least


class ColumnKernel(NestKernel):
    """Two kernels: parts of columns, then columns."""

    mapping = "columns"

    def write(self) -> None:
        """Write both."""
        leaf = self.nest.leaf
        place = next(number for number, op in enumerate(leaf) if isinstance(op, scf.ForOp))
        loop = leaf[place]
        assert isinstance(loop, scf.ForOp)
        self.column, self.before, self.after = loop, leaf[:place], leaf[place + 1 :]
        found = reducers(loop)
        assert found is not None
        self.found: list[Reducer] = found
        chunks, every = self._geometry()
        parts = [self.host.slot(value.type, [every]) for value in loop.results]
        self._first(chunks, every, parts)
        self.use(self.fresh())
        self._second_stage(chunks, parts)

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

    def _spread(self, threads: Index) -> tuple[Emitter, scf.ForOp]:
        """A loop whose iterations are those of all threads."""
        team, body = self.kernel.team, self.kernel.body
        first = body.add(body.mul(team.block, team.size), team.thread)
        return body.loop(first, self.kernel.index(threads), body.mul(team.grid, team.size))

    def _first(self, chunks: Index, every: Index, parts: list[SSAValue]) -> None:
        kernel = self.kernel
        memories = [kernel.memory(part) for part in parts]
        inner, op = self._spread(every)
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

    def _second_stage(self, chunks: Index, parts: list[SSAValue]) -> None:
        kernel = self.kernel
        memories = [kernel.memory(part) for part in parts]
        inner, op = self._spread(self.total)
        position = op.body.block.args[0]
        self._count(inner, position)
        self._copy(inner, self.before)
        initial = [self.env.get(value, value) for value in self.column.iter_args]
        rows, loop = inner.loop(0, kernel.index(chunks), 1, initial)
        chunk, *carried = loop.body.block.args
        at = rows.index(rows.add(rows.mul(chunk, kernel.index(self.total)), position))
        found = [get(rows, memory, [at], value.type) for memory, value in zip(memories, carried, strict=True)]
        pairs = zip(self._own(carried), self._own(found), strict=True)
        rows.end_loop([value for (r, own), (_, other) in pairs for value in r.combine(rows, own, other)])
        self.env.update(zip(self.column.results, loop.results, strict=True))
        self._copy(inner, self.after)
        inner.end_loop()
        kernel.launch(self._grid(self.total), THREADS)

    def _own(self, values: Sequence[SSAValue]) -> list[tuple[Reducer, list[SSAValue]]]:
        rest = list(values)
        return [(r, [rest.pop(0) for _ in range(r.width)]) for r in self.found]

    def _copy(self, e: Emitter, ops: list[Operation]) -> None:
        for op in ops:
            copy_into(e, op, self.env)
