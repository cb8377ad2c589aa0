"""Kernels in which a block of threads shares each iteration: the rows of a matrix, with their sums and extrema.

What stands in an iteration outside of loops, all threads compute alike; what it writes there, the first thread writes. A loop
in the iteration is divided among the threads, and what it carries is combined by all of them. Barriers stand where
one thread may need what another has written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from xdsl.dialects import arith, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects.rt import AssertOp

from .emit import Emitter, Index
from .gpu_checks import guarded, run
from .gpu_host import constant_of, copy_into
from .gpu_loops import MOST_BLOCKS, MOST_PARTS, NestKernel, ceiling
from .gpu_nests import is_outside, rows
from .gpu_reducers import reducers
from .gpu_temporaries import MOST_SHARED, Place, Temporaries
from .gpu_wide import Carried, Wide, wide
from .loop_facts import Memory, SizeFacts

MOST_THREADS, UNKNOWN, WARP = 256, 128, 32

Touched = dict[SSAValue, tuple[set[object], bool]]  # of each buffer: rows with who has which of their elements (None: unknown)


class RowKernel(NestKernel):
    """Each block takes iterations of its own."""

    mapping = "rows"

    def write(self) -> None:
        """Write the kernel, and the one that adds the blocks' parts."""
        nest, host = self.nest, self.host
        self.memory = host.memory
        self._plan()
        e = host.writer()
        most = MOST_PARTS if nest.reducers else MOST_BLOCKS
        grid = e.minimum(self.total, most)
        if nest.reducers:
            grid = e.maximum(grid, 1)
        threads = self._threads(e)
        host.put(e)
        parts = self._parts(grid) if nest.reducers else None
        temporaries = Temporaries(self)
        if not nest.private or (parts is None and nest.reducers) or temporaries.bytes is None:
            self._one(grid, threads, parts, temporaries.scratch)
        elif isinstance(temporaries.bytes, int):
            fits = temporaries.bytes <= MOST_SHARED
            self._one(grid, threads, parts, temporaries.shared if fits else temporaries.scratch)
        else:
            self._either(temporaries, lambda place: self._one(grid, threads, parts, place))
        if parts is not None:
            self._second(parts, grid)

    def _either(self, temporaries: Temporaries, write: Callable[[Place], None]) -> None:
        """A kernel with temporaries in shared memory, launched where they fit, and one with them in global memory."""
        other = self.fresh()
        e = self.host.writer()
        fits = e.icmp("sle", e.index(temporaries.bytes or 0), e.index(MOST_SHARED))
        self.host.put(e)

        def scratch() -> None:
            self.use(other)
            write(temporaries.scratch)

        self.host.either(fits, lambda: write(temporaries.shared), scratch)

    def _one(self, grid: Index, threads: Index, parts: list[SSAValue] | None, place: Place) -> None:
        nest, kernel = self.nest, self.kernel
        self.since: list[Touched] = []  # what has been touched since the last barrier
        bytes = place(grid)
        self.fits = kernel.entry.constant(1, bi.i1)
        for plan in self.plans.values():
            self.fits = kernel.entry.op(arith.AndIOp, [self.fits, plan.fits(kernel)])
        team, body = kernel.team, kernel.body
        neutral = self._neutral(kernel.entry, self.initial)
        inner, op = body.loop(team.block, kernel.index(self.total), team.grid, neutral)
        position, *carried = op.body.block.args
        self._count(inner, position)
        self.env.update(zip(nest.loop.body.block.args[1:], carried, strict=True))
        values = self._statements(inner, nest.leaf, nest.yields, carried)
        if any(root in touched for touched in self.since for root in nest.private):
            team.barrier(inner)
        inner.end_loop(values)
        if nest.reducers:
            self._finish(kernel, list(op.results), parts)
        kernel.launch(grid, threads, bytes)

    def _threads(self, e: Emitter) -> Index:
        """Threads of a block: as many as the longest loop has iterations, in whole warps."""
        longest: Index = 0
        for op in self.nest.leaf:
            if not isinstance(op, scf.ForOp):
                continue
            if not is_outside(op.ub, self.nest.loop):
                longest = UNKNOWN
                break
            number = constant_of(op.ub)
            longest = e.maximum(longest, int(number) if number is not None else self.host.known(op.ub))
        each = max((plan.count for plan in self.plans.values()), default=1)
        warps = e.maximum(e.minimum(ceiling(e, longest, WARP * each), MOST_THREADS // WARP), 1)
        return e.mul(warps, WARP)

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
            self.kernel.team.first(e, partial(self._write, op))
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
        team, env = self.kernel.team, self.env
        low, high = (env.get(value, value) for value in (op.lb, op.ub))
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
            first, start = self.plans[op].loop(e, (first, chunks, team.size), lambda e, position: position, env, carried)
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
            self.kernel.team.barrier(e)
            self.since = []
        if touched:
            self.since.append(touched)


def _anywhere(op: Operation) -> Touched:
    """What an operation touches, by threads that are not told apart."""
    found = rows(op.walk(), _NO_LOOP, _NO_MEMORY)
    return {root: ({None}, writes) for root, (_, writes) in found.items()}


def _conflict(a: Touched, b: Touched) -> bool:
    for root in a.keys() & b.keys():
        (own, writes), (other, also) = a[root], b[root]
        if (writes or also) and (own != other or len(own) != 1 or None in own):
            return True
    return False


_EMPTY = Emitter(bi.ModuleOp([]).body.block)
_NO_LOOP = _EMPTY.loop(0, 0)[1]
_NO_MEMORY = Memory(SizeFacts(_EMPTY.block))
