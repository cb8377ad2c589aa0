"""Kernels in which a block of threads shares each iteration: the rows of a matrix, with their sums and extrema.

What stands in an iteration outside of loops, all threads compute alike; what it writes there, the first thread writes. A loop
in the iteration is divided among the threads, and what it carries is combined by all of them. Barriers stand where
one thread may need what another has written.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from xdsl.dialects import arith, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects.rt import AssertOp

from .emit import Emitter, Index
from .gpu_checks import guarded, run
from .gpu_host import constant_of, copy_into
from .gpu_loops import MOST_BLOCKS, MOST_PARTS, NestKernel, ceiling
from .gpu_nests import rows
from .gpu_parts import PartRows, is_split
from .gpu_reducers import reducers
from .gpu_shared import WARP, Team
from .gpu_stages import StagedRows, is_staged
from .gpu_temporaries import MOST_SHARED, Place, Temporaries
from .gpu_totals import is_outside
from .gpu_warps import WARPS, WarpRows, WarpTeam
from .gpu_wide import Carried, Wide, wide
from .loop_facts import Memory
from .size_facts import SizeFacts

MOST_THREADS, UNKNOWN = 256, 128
# Accesses of a thread: a row for which a warp needs so few is left to it; and one for which it needs more, if there are so many
# rows that warps of other rows have work meanwhile.
TINY, SHORT, MANY = 2, 8, 1024

Touched = dict[SSAValue, tuple[set[object], bool]]  # of each buffer: rows with who has which of their elements (None: unknown)


class RowKernel(NestKernel):
    """Each block takes iterations of its own, or, of short rows, each warp."""

    mapping = "rows"

    def write(self) -> None:
        """Write the kernel, and the one that adds the blocks' parts."""
        self.memory = self.host.memory
        self._plan()
        e = self.host.writer()
        self.longest = self._longest(e)
        self.host.put(e)
        self.temporaries = Temporaries(self)
        write = self._by_blocks
        if self._fits_warps():
            short = self._is_short()
            write = partial(self.host.either, short, partial(WarpRows(self).write, self.temporaries), self._by_blocks)
        if is_split(self.nest):
            parts = PartRows(self.host, self.nest, self.checks)
            write = partial(self.host.either, parts.has_use(), parts.write, write)
        elif is_staged(self.nest):
            stages = StagedRows(self.host, self.nest, self.checks)
            write = partial(self.host.either, stages.has_use(), partial(stages.write, self.temporaries), write)
        write()

    def _longest(self, e: Emitter) -> Index | None:
        """How many iterations the longest loop has; None where that is not known before a row is looked at."""
        longest: Index = 0
        for op in self.nest.leaf:
            if isinstance(op, scf.ForOp):
                if not is_outside(op.ub, self.nest.loop):
                    return None
                number = constant_of(op.ub)
                longest = e.maximum(longest, int(number) if number is not None else self.host.known(op.ub))
        return longest

    @property
    def each(self) -> int:
        """How many neighbours a thread takes at once."""
        return max((plan.count for plan in self.plans.values()), default=1)

    # --- a warp a row --------------------------------------------------------------------------------------------------------

    def _fits_warps(self) -> bool:
        """Whether all threads go through an iteration together, whatever is in it, and no temporaries are of unknown size."""
        checks = any(isinstance(op, AssertOp) for op in self.nest.leaf)
        return not checks and not self.nest.reducers and self.longest is not None and self.temporaries.bytes is not None

    def _is_short(self) -> bool | SSAValue:
        """Whether a warp does a row by few accesses of each thread, and has room for its temporaries."""
        e = self.host.writer()
        assert self.longest is not None and self.temporaries.bytes is not None
        once = e.at_most(self.longest, TINY * WARP * self.each)
        few = e.both(e.at_most(self.longest, SHORT * WARP * self.each), e.at_most(MANY, self.total))
        room = e.at_most(self.temporaries.bytes, MOST_SHARED // WARPS)
        short = e.both(e.any_of(once, few), room)
        self.host.put(e)
        return short

    # --- a block a row -------------------------------------------------------------------------------------------------------

    def _by_blocks(self) -> None:
        nest, host, temporaries = self.nest, self.host, self.temporaries
        e = host.writer()
        grid = e.minimum(self.total, MOST_PARTS if nest.reducers else MOST_BLOCKS)
        if nest.reducers:
            grid = e.maximum(grid, 1)
        longest = UNKNOWN if self.longest is None else self.longest
        warps = e.maximum(e.minimum(ceiling(e, longest, WARP * self.each), MOST_THREADS // WARP), 1)
        threads = e.mul(warps, WARP)
        fits: bool | SSAValue = False
        if temporaries.bytes is not None and (nest.private or not nest.reducers or grid != 1):
            fits = e.at_most(temporaries.bytes, MOST_SHARED)
        host.put(e)
        parts = self._parts(grid) if nest.reducers else None
        one = partial(self._one, grid, threads, parts)
        host.either(fits if nest.private else False, partial(one, temporaries.shared), partial(one, temporaries.scratch))
        if parts is not None:
            self._second(parts, grid)

    def _one(self, grid: Index, threads: Index, parts: list[SSAValue] | None, place: Place) -> None:
        self.use(self.fresh())
        nest, kernel = self.nest, self.kernel
        self.team: Team | WarpTeam = kernel.team
        bytes = place(self, grid)
        self.begin()
        team, body = kernel.team, kernel.body
        neutral = self._neutral(kernel.entry, self.initial)
        inner, op = body.loop(team.block, kernel.index(self.total), team.grid, neutral)
        position, *carried = op.body.block.args
        self.env.update(zip(nest.loop.body.block.args[1:], carried, strict=True))
        inner.end_loop(self.iteration(inner, position, carried))
        if nest.reducers:
            self._finish(kernel, list(op.results), parts)
        kernel.launch(grid, threads, bytes)

    def begin(self) -> None:
        """Find out, in a kernel that begins, whether its buffers lie at multiples of 16 bytes."""
        self.since: list[Touched] = []  # what has been touched since the last barrier
        self.touched: list[Touched] = []  # what has been touched in this iteration
        e = self.kernel.entry
        self.fits = e.constant(1, bi.i1)
        for plan in self.plans.values():
            plan.failed = self.failed
            self.fits = e.op(arith.AndIOp, [self.fits, plan.fits(self.kernel)])

    def iteration(self, e: Emitter, position: SSAValue, carried: Sequence[SSAValue] = ()) -> list[SSAValue]:
        """Write one iteration; what it yields. The next one fills the temporaries anew, which others may be reading."""
        self._count(e, position)
        values = self._statements(e, self.nest.leaf, self.nest.yields, carried)
        private = [{root: how for root, how in each.items() if root in self.nest.private} for each in self.touched]
        if any(_conflict(a, b) for a in private for b in private if a or b):
            self.team.barrier(e)
        return values

    def _plan(self) -> None:
        """Which loops are done for neighbours: all of them for as many, so that each thread keeps its elements."""
        self.plans: dict[scf.ForOp, Wide] = {}
        for op in self.nest.leaf:
            if isinstance(op, scf.ForOp) and constant_of(op.lb) == 0:
                variable, *carried = op.body.block.args
                plan = wide(list(op.body.block.ops), variable, carried, self.memory)
                trips = constant_of(op.ub)
                if plan is not None and (trips is None or trips >= WARP * plan.count):
                    self.plans[op] = plan
        for plan in self.plans.values():
            plan.count = min(other.count for other in self.plans.values())

    # --- an iteration --------------------------------------------------------------------------------------------------------

    def _statements(
        self, e: Emitter, ops: Sequence[Operation], yields: Sequence[SSAValue], otherwise: Sequence[SSAValue]
    ) -> list[SSAValue]:
        for number, op in enumerate(ops):
            if isinstance(op, AssertOp):
                rest = ops[number + 1 :]
                return guarded(
                    e,
                    op,
                    self.env,
                    self.failed,
                    lambda e, rest=rest: self._statements(e, rest, yields, otherwise),  # type: ignore[misc]
                    otherwise,
                )
            self._statement(e, op)
        return [self.env.get(value, value) for value in yields]

    def _statement(self, e: Emitter, op: Operation) -> None:
        if isinstance(op, scf.ForOp):
            self._order(e, self._spread(op) if constant_of(op.lb) == 0 else _anywhere(op))
            self._shared(e, op)
        elif isinstance(op, memref.StoreOp):
            self._order(e, _anywhere(op))
            self.team.first(e, partial(self._write, op))
        else:
            self._order(e, _anywhere(op))
            copy_into(e, op, self.env)

    def _spread(self, op: scf.ForOp) -> Touched:
        """What a loop touches; who does depends on how many neighbours are taken together, and where the rest begins."""
        end = constant_of(op.ub)
        who = (self.plans[op].count, op.ub if end is None else end) if op in self.plans else None
        found = rows(op.walk(), op, self.memory)
        return {root: ({row and (row, who) for row in own}, writes) for root, (own, writes) in found.items()}

    def _write(self, op: Operation, e: Emitter) -> None:
        copy_into(e, op, self.env)

    def _shared(self, e: Emitter, op: scf.ForOp) -> None:
        """A loop divided among the threads."""
        team, env = self.team, self.env
        low, high = (env.get(value, value) for value in (op.lb, op.ub))
        high = team.within(e, high)
        first = e.add(0 if constant_of(op.lb) == 0 else low, team.thread)
        found = reducers(op)
        assert found is not None
        initial = [env.get(value, value) for value in op.iter_args]

        def split(values: Sequence[SSAValue]) -> list[list[SSAValue]]:
            rest = list(values)
            return [[rest.pop(0) for _ in range(r.width)] for r in found]

        def combine(e: Emitter, a: list[SSAValue], b: list[SSAValue]) -> list[SSAValue]:
            return [v for r, own, other in zip(found, split(a), split(b), strict=True) for v in r.combine(e, own, other)]

        neutral = [v for r, own in zip(found, split(initial), strict=True) for v in r.neutral(e, own)]
        *ops, last = op.body.block.ops
        start = neutral
        if op in self.plans:
            chunks = self.plans[op].chunks(e, self.fits, high)
            carried = Carried(op.body.block.args[1:], last.operands, neutral, combine)
            start = self.plans[op].loop(e, (first, chunks, team.size), lambda e, position: position, env, carried)
            first = e.add(first, e.mul(chunks, self.plans[op].count))
        inner, copy = e.loop(first, high, team.size, start)
        env.update(zip(op.body.block.args, copy.body.block.args, strict=True))
        inner.end_loop(run(inner, ops, env, self.failed, last.operands, list(copy.body.block.args[1:])))
        if found:
            totals = combine(e, initial, team.total(e, list(copy.results), neutral, combine))
            self.since = []  # there were barriers
            env.update(zip(op.results, totals, strict=True))

    def _order(self, e: Emitter, touched: Touched) -> None:
        """A barrier, if a thread may touch what another one did, and one of them writes."""
        if any(_conflict(before, touched) for before in self.since):
            self.team.barrier(e)
            self.since = []
        if touched:
            self.since.append(touched)
            self.touched.append(touched)


def _anywhere(op: Operation) -> Touched:
    """What an operation touches, by threads that are not told apart."""
    found = rows(op.walk(), _NO_LOOP, Memory(SizeFacts(_EMPTY.block)))
    return {root: ({None}, writes) for root, (_, writes) in found.items()}


def _conflict(a: Touched, b: Touched) -> bool:
    for root in a.keys() & b.keys():
        (own, writes), (other, also) = a[root], b[root]
        if (writes or also) and (own != other or len(own) != 1 or None in own):
            return True
    return False


_EMPTY = Emitter(bi.ModuleOp([]).body.block)
_NO_LOOP = _EMPTY.loop(0, 0)[1]
