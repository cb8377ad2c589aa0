"""Few long rows: several blocks reduce parts of each, then a block combines the parts of a row.

A row that is a reduction, with nothing written before it, is what a column is to `gpu_columns`, whose second stage this has,
too; but neighbouring threads are of neighbouring elements. How many parts there are depends on sizes only.
"""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from .emit import Emitter, Index
from .gpu_checks import run
from .gpu_columns import ColumnKernel
from .gpu_host import Host, constant_of, leave
from .gpu_kernel import THREADS
from .gpu_loops import MOST_PARTS, ceiling
from .gpu_nests import Nest, is_for_columns
from .gpu_wide import Carried, wide

FEW = 128  # rows; more of them keep a device busy as they are
PIECE = 1 << 13  # elements of a part, or more
ALIGNED = 64  # elements: a part begins at a multiple


def is_split(nest: Nest) -> bool:
    """Whether rows can be taken apart."""
    return is_for_columns(nest)


def are_few_and_long(host: Host, total: Index, length: Index) -> bool | SSAValue:
    """Whether rows of a length are too few to keep a device busy."""
    e = host.writer()
    result = e.both(e.at_most(total, FEW), e.at_most(4 * PIECE, length))
    host.put(e)
    return result


def pieces(host: Host, total: Index, length: Index) -> tuple[Index, Index, Index]:
    """How many parts a row has, how many elements are in one, and how many parts there are in all."""
    e = host.writer()
    wanted = e.op(arith.DivUIOp, [e.index(MOST_PARTS), e.index(e.maximum(total, 1))])
    chunks = e.maximum(e.minimum(wanted, ceiling(e, length, PIECE)), 1)
    piece = e.mul(ceiling(e, e.add(e.op(arith.DivUIOp, [e.index(length), e.index(chunks)]), 1), ALIGNED), ALIGNED)
    every = e.mul(chunks, total)
    host.put(e)
    return chunks, piece, every


class PartRows(ColumnKernel):
    """Two kernels: parts of rows, then rows."""

    mapping = "rows"

    def has_use(self) -> bool | SSAValue:
        """Whether the rows are few and long."""
        self.find()
        return are_few_and_long(self.host, self.total, self._length())

    def write(self) -> None:
        """Write both."""
        chunks, piece, every = pieces(self.host, self.total, self._length())
        parts = [self.host.slot(value.type, [every]) for value in self.column.results]
        self._pieces(piece, every, parts)
        self._by_blocks(chunks, parts)

    def _pieces(self, piece: Index, every: Index, parts: list[SSAValue]) -> None:
        """A block for each part: its threads go along the row side by side."""
        self.use(self.fresh())
        kernel, column = self.kernel, self.column
        team, memories = kernel.team, [kernel.memory(part) for part in parts]
        inner, op = kernel.body.loop(team.block, kernel.index(every), team.grid)
        position, total = op.body.block.args[0], kernel.index(self.total)
        low = inner.index(inner.mul(inner.op(arith.DivUIOp, [position, total]), kernel.index(piece)))
        self._count(inner, inner.op(arith.RemUIOp, [position, total]))
        self._copy(inner, self.before)
        high = inner.minimum(inner.add(low, kernel.index(piece)), self.env.get(column.ub, column.ub))
        initial = [self.env.get(value, value) for value in column.iter_args]
        neutral = [value for r, own in self._own(initial) for value in r.neutral(inner, own)]
        variable, *carried = column.body.block.args
        *ops, last = column.body.block.ops
        first, found = inner.add(low, team.thread), neutral
        plan = wide(ops, variable, carried, self.host.memory)
        if plan is not None:
            ends = [plan.chunks(inner, plan.fits(kernel), end) for end in (low, high)]
            bounds = inner.add(ends[0], team.thread), ends[1], team.size
            found = plan.loop(inner, bounds, lambda e, at: at, self.env, Carried(carried, last.operands, neutral, self._join))
            rest = inner.maximum(low, inner.mul(ends[1], plan.count))
            first = inner.add(rest, team.thread)
        rows, loop = inner.loop(first, high, team.size, found)
        self.env.update(zip(column.body.block.args, loop.body.block.args, strict=True))
        rows.end_loop(run(rows, ops, self.env, self.failed, last.operands, list(loop.body.block.args[1:])))
        totals = team.total(inner, list(loop.results), neutral, self._join)
        team.first(inner, lambda e: _leave(e, totals, memories, position))
        inner.end_loop()
        kernel.launch(every, THREADS)

    def _length(self) -> Index:
        length = constant_of(self.column.ub)
        return int(length) if length is not None else self.host.known(self.column.ub)


def _leave(e: Emitter, totals: list[SSAValue], memories: list[SSAValue], position: SSAValue) -> None:
    for value, memory in zip(totals, memories, strict=True):
        leave(e, value, memory, [position])
