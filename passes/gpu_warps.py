"""Short rows, a warp each: their sums need no barrier, and eight of them keep a block busy.

All warps of a block go through its loop as often, so that a barrier in it, where a row's temporaries need one, is one for all.
A warp without a row goes along with empty loops, reads where the last row begins, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from .control import branch
from .emit import Emitter, Index
from .gpu_kernel import THREADS
from .gpu_loops import MOST_BLOCKS, ceiling
from .gpu_shared import WARP, Combine, Registers, Team
from .gpu_temporaries import Temporaries

if TYPE_CHECKING:
    from .gpu_rows import RowKernel

WARPS = THREADS // WARP


class WarpTeam:
    """The threads of a warp, as `Team` has those of a block."""

    def __init__(self, block: Team) -> None:
        e = block.entry
        self.all = block
        self.thread = e.op(arith.RemUIOp, [block.thread, e.index(WARP)])
        self.number = e.op(arith.DivUIOp, [block.thread, e.index(WARP)])
        self.size = e.index(WARP)

    def take(self, e: Emitter, first: SSAValue, total: SSAValue) -> SSAValue:
        """Find the row of the warp, of those that begin at `first`; the last one where there is none for it."""
        row = e.index(e.add(first, self.number))
        self.active = e.icmp("slt", row, total)
        return e.index(e.minimum(row, e.sub(total, 1)))

    def within(self, e: Emitter, high: SSAValue) -> SSAValue:
        """See `Team.within`."""
        return e.select(self.active, high, e.index(0))

    def first(self, e: Emitter, do: Callable[[Emitter], None]) -> None:
        """See `Team.first`."""

        def then(inner: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            do(inner)
            return []

        branch(e, e.op(arith.AndIOp, [self.active, e.icmp("eq", self.thread, e.index(0))]), then, [])

    def barrier(self, e: Emitter) -> None:
        """See `Team.barrier`."""
        self.all.barrier(e)

    def total(self, e: Emitter, values: Registers, neutral: Registers, combine: Combine) -> Registers:
        """See `Team.total`."""
        return self.all.butterfly(e, values, combine)


class WarpRows:
    """Writes the kernel of short rows for a `RowKernel`."""

    def __init__(self, rows: RowKernel) -> None:
        self.rows = rows

    def write(self, temporaries: Temporaries) -> None:
        """Write and launch it."""
        rows = self.rows
        e = rows.host.writer()
        grid: Index = e.minimum(ceiling(e, rows.total, WARPS), MOST_BLOCKS)
        rows.host.put(e)
        rows.use(rows.fresh())
        kernel = rows.kernel
        rows.team = team = WarpTeam(kernel.team)
        bytes = temporaries.shared(rows, grid, WARPS, team.number)
        rows.begin()
        body, total = kernel.body, kernel.index(rows.total)
        start, step = (body.mul(number, WARPS) for number in (kernel.team.block, kernel.team.grid))
        inner, loop = body.loop(start, total, step)
        rows.iteration(inner, team.take(inner, loop.body.block.args[0], total))
        inner.end_loop()
        kernel.launch(grid, THREADS, bytes)
