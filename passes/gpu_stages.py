"""Few long rows with several loops each, as those of a softmax: several blocks do parts of each loop, one loop after the other.

Each loop becomes a kernel. What a loop totals, its blocks leave as parts; whoever needs the total combines the parts again, all
in the same order. What an iteration computes beside its loops is computed where it is needed; its temporaries are memory of all
rows. How many parts there are depends on sizes only.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, memref, scf
from xdsl.ir import Operation, SSAValue

from phintys.dialects.rt import AssertOp

from .emit import Emitter, Index
from .gpu_checks import run
from .gpu_host import constant_of, copy_into, get, leave, outside_values
from .gpu_kernel import THREADS
from .gpu_loops import NestKernel
from .gpu_nests import Nest
from .gpu_parts import are_few_and_long, pieces
from .gpu_reducers import Reducer, reducers
from .gpu_temporaries import Temporaries
from .gpu_totals import is_outside
from .gpu_wide import Carried, wide
from .loop_facts import root_of


def is_staged(nest: Nest) -> bool:
    """Whether the loops of an iteration can be kernels one after the other: all of one length, with nothing to hand on to each
    other but totals and memory."""
    loops = [op for op in nest.leaf if isinstance(op, scf.ForOp)]
    ends = {op.ub if constant_of(op.ub) is None else constant_of(op.ub) for op in loops}
    plain = all(constant_of(op.lb) == 0 and constant_of(op.step) == 1 and is_outside(op.ub, nest.loop) for op in loops)
    if len(ends) != 1 or not plain or nest.reducers or any(isinstance(op, AssertOp) for op in nest.loop.walk()):
        return False
    by_loops = [inner for op in loops for inner in op.walk() if isinstance(inner, memref.LoadOp | memref.StoreOp)]
    touched = {root_of(op.memref) for op in by_loops}
    written = {root_of(op.memref) for op in nest.loop.walk() if isinstance(op, memref.StoreOp)}
    loads = {root_of(op.memref) for op in nest.leaf if isinstance(op, memref.LoadOp)}
    stores = {root_of(op.memref) for op in nest.leaf if isinstance(op, memref.StoreOp)}
    return not (loads & written or stores & touched)


class Totals:
    """What a loop carries, and the parts of it that blocks leave."""

    def __init__(self, rows: StagedRows, loop: scf.ForOp) -> None:
        found = reducers(loop)
        assert found is not None
        self.found: list[Reducer] = found
        self.loop = loop
        self.parts = [rows.host.slot(value.type, [rows.every]) for value in loop.results]

    def neutral(self, e: Emitter, initial: Sequence[SSAValue]) -> list[SSAValue]:
        """What a thread begins with."""
        return [value for r, own in self._split(initial) for value in r.neutral(e, own)]

    def join(self, e: Emitter, a: Sequence[SSAValue], b: Sequence[SSAValue]) -> list[SSAValue]:
        """Two as one."""
        pairs = zip(self._split(a), self._split(b), strict=True)
        return [value for (r, own), (_, other) in pairs for value in r.combine(e, own, other)]

    def _split(self, values: Sequence[SSAValue]) -> list[tuple[Reducer, list[SSAValue]]]:
        rest = list(values)
        return [(r, [rest.pop(0) for _ in range(r.width)]) for r in self.found]


class StagedRows(NestKernel):
    """A kernel for each loop of an iteration, and one for what is stored beside them."""

    mapping = "rows"

    def has_use(self) -> bool | SSAValue:
        """Whether the rows are few and long."""
        return are_few_and_long(self.host, self.total, self._length())

    def write(self, temporaries: Temporaries) -> None:
        """Write all of them."""
        self.chunks, self.piece, self.every = pieces(self.host, self.total, self._length())
        self.temporaries = temporaries
        self.scratch = temporaries.of_rows(self.total)
        loops = [op for op in self.nest.leaf if isinstance(op, scf.ForOp)]
        self.totals = {op: Totals(self, op) for op in loops}
        for op in loops:
            self._stage(op)
        stores = [op for op in self.nest.leaf if isinstance(op, memref.StoreOp)]
        if stores:
            self._last(stores)

    def _length(self) -> Index:
        loop = next(op for op in self.nest.leaf if isinstance(op, scf.ForOp))
        length = constant_of(loop.ub)
        return int(length) if length is not None else self.host.known(loop.ub)

    def _begin(self) -> None:
        """A kernel of which each block is of one row."""
        self.use(self.fresh())
        e, team = self.kernel.entry, self.kernel.team
        total = self.kernel.index(self.total)
        self.row = e.op(arith.RemUIOp, [team.block, total])
        self.part = e.op(arith.DivUIOp, [team.block, total])
        self._count(e, self.row)
        self.temporaries.view(self, self.scratch, self.row)

    def _stage(self, op: scf.ForOp) -> None:
        """One loop: the threads of a block go along its part of the row side by side."""
        self._begin()
        kernel, env, totals = self.kernel, self.env, self.totals[op]
        e, team = kernel.body, kernel.team
        self._before(e, [op])
        low = e.index(e.mul(self.part, kernel.index(self.piece)))
        high = e.index(e.minimum(e.add(low, kernel.index(self.piece)), env.get(op.ub, op.ub)))
        neutral = totals.neutral(e, [env.get(value, value) for value in op.iter_args])
        variable, *carried = op.body.block.args
        *ops, last = op.body.block.ops
        first, found = e.add(low, team.thread), neutral
        plan = wide(ops, variable, carried, self.host.memory)
        if plan is not None:
            fits = plan.fits(kernel)
            ends = [plan.chunks(e, fits, end) for end in (low, high)]
            bounds = e.add(ends[0], team.thread), ends[1], team.size
            found = plan.loop(e, bounds, lambda e, at: at, env, Carried(carried, last.operands, neutral, totals.join))
            first = e.add(e.maximum(low, e.mul(ends[1], plan.count)), team.thread)
        inner, loop = e.loop(first, high, team.size, found)
        env.update(zip(op.body.block.args, loop.body.block.args, strict=True))
        inner.end_loop(run(inner, ops, env, self.failed, last.operands, list(loop.body.block.args[1:])))
        if totals.found:
            values = team.total(e, list(loop.results), neutral, totals.join)
            memories = [kernel.memory(part) for part in totals.parts]
            team.first(e, lambda e: _leave(e, values, memories, team.block))
        kernel.launch(self.every, THREADS)

    def _last(self, stores: list[memref.StoreOp]) -> None:
        """What an iteration stores beside its loops."""
        self._begin()
        e = self.kernel.body
        self._before(e, stores)

        def write(e: Emitter) -> None:
            for op in stores:
                copy_into(e, op, self.env)

        self.kernel.team.first(e, write)
        self.kernel.launch(self.total, THREADS)

    def _before(self, e: Emitter, ops: Sequence[Operation]) -> None:
        """What the iteration has computed before, as far as operations need it."""
        needed: set[Operation] = set()
        pending: list[SSAValue] = [value for op in ops for value in outside_values(op)]
        inside = set(self.nest.leaf)
        while pending:
            op = pending.pop().owner
            if isinstance(op, Operation) and op in inside and op not in needed:
                needed.add(op)
                pending += op.iter_args if isinstance(op, scf.ForOp) else outside_values(op)
        for op in self.nest.leaf:
            if op in needed and isinstance(op, scf.ForOp):
                self._whole(e, self.totals[op])
            elif op in needed:
                copy_into(e, op, self.env)

    def _whole(self, e: Emitter, totals: Totals) -> None:
        """The total of a loop from its parts; every thread has it."""
        kernel, team, loop = self.kernel, self.kernel.team, totals.loop
        memories = [kernel.memory(part) for part in totals.parts]
        initial = [self.env.get(value, value) for value in loop.iter_args]
        neutral = totals.neutral(e, initial)
        inner, op = e.loop(team.thread, kernel.index(self.chunks), team.size, neutral)
        part, *carried = op.body.block.args
        at = inner.index(inner.add(inner.mul(part, kernel.index(self.total)), self.row))
        other = [get(inner, memory, [at], value.type) for memory, value in zip(memories, carried, strict=True)]
        inner.end_loop(totals.join(inner, carried, other))
        found = totals.join(e, initial, team.total(e, list(op.results), neutral, totals.join))
        self.env.update(zip(loop.results, found, strict=True))


def _leave(e: Emitter, values: list[SSAValue], memories: list[SSAValue], position: SSAValue) -> None:
    for value, memory in zip(values, memories, strict=True):
        leave(e, value, memory, [position])
