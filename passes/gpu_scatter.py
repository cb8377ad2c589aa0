"""Kernels for loops that write where their data says: rows added to a table at given places, in the order of the loop.

Places may come twice, so that iterations are not independent. Of few, a thread that finds its place among those before leaves
it to the first that has it; the first does the iterations of all that have its place, in order: the work is the square of their
number. Many are sorted (`gpu_sorted`). Either way the result has the bits of the loop, whatever the threads do first.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from phintys.dialects.rt import AssertOp

from .control import branch
from .emit import Emitter
from .gpu_checks import Env, Failed, run
from .gpu_host import Host
from .gpu_loops import ThreadKernel
from .gpu_nests import Nest
from .gpu_places import depends, places
from .gpu_sorted import SortedScatter

OUTSIDE, NOWHERE = -1, -2  # places that fail their check: of the thread itself, of another
FEW = 256  # places; for more it is worth it to sort them


class ScatterKernel(ThreadKernel):
    """A thread for each iteration, the first of a place for all that have it."""

    mapping = "scatter"

    def __init__(self, host: Host, nest: Nest, checks: object) -> None:
        (self.loop,) = nest.serial
        self.variable: SSAValue = self.loop.body.block.args[0]
        self.slice, self.keys = places(nest.leaf, self.variable)
        self.store = next(op for op in nest.leaf if isinstance(op, memref.StoreOp))
        super().__init__(host, nest, checks)  # type: ignore[arg-type]

    def write(self) -> None:
        """Write the kernels for few places and for many."""
        level = self.nest.parallel.index(self.loop)
        few: bool | SSAValue = True
        if self._is_separate() and self.bounds[level][0] == 0:
            e = self.host.writer()
            few = e.at_most(self.trips[level], FEW)
            self.host.put(e)
        self.host.either(few, super().write, SortedScatter(self, self.trips[level]).write)

    def _is_separate(self) -> bool:
        """Whether the loops around or inside have nothing to do with an iteration's place."""
        others = [loop.body.block.args[0] for loop in self.nest.parallel if loop is not self.loop]
        checks = [value for op in self.slice if isinstance(op, AssertOp) for value in op.operands]
        return not any(depends(value, other, self.nest.leaf) for other in others for value in (*self.keys, *checks))

    # --- one iteration -------------------------------------------------------------------------------------------------------

    def count_of(self, e: Emitter, position: SSAValue) -> None:
        """Set the counters of all loops."""
        self._count(e, position)

    def place_of(self, e: Emitter) -> tuple[list[SSAValue], SSAValue]:
        """The place of the iteration that the counters say, and whether it is one."""
        place = self._place(e, self.env, self.failed, OUTSIDE)
        return place, e.icmp("ne", place[0], e.index(OUTSIDE))

    def iteration(self, e: Emitter, number: SSAValue) -> Sequence[SSAValue]:
        """What the loop does in an iteration."""
        run(e, self.nest.leaf, {**self.env, self.variable: number}, _leave_out, [], [])
        return []

    def _body(self, e: Emitter, op: scf.ForOp) -> None:
        self._count(e, op.body.block.args[0])
        mine, step = self.env[self.variable], e.index(1)
        low, high = (self.env.get(value, value) for value in (self.loop.lb, self.loop.ub))
        place, right = self.place_of(e)
        before, earlier = e.loop(low, mine, step, [e.constant(0, bi.i1)])
        other, found = earlier.body.block.args
        before.end_loop([before.op(arith.OrIOp, [found, self._same(before, other, place)])])
        first = e.select(earlier.results[0], e.constant(0, bi.i1), right)

        def serve(e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            inner, loop = e.loop(mine, high, step)
            other = loop.body.block.args[0]
            branch(inner, self._same(inner, other, place), lambda e, _: self.iteration(e, other), [])
            inner.end_loop()
            return []

        branch(e, first, serve, [])
        e.end_loop()

    def _place(self, e: Emitter, env: Env, failed: Failed, otherwise: int) -> list[SSAValue]:
        return run(e, self.slice, env, failed, self.keys, [e.index(otherwise)] * len(self.keys))

    def _same(self, e: Emitter, other: SSAValue, place: Sequence[SSAValue]) -> SSAValue:
        """Whether another iteration has this place."""
        env = {**self.env, self.variable: other}
        theirs = self._place(e, env, _leave_out, NOWHERE)
        result = e.icmp("eq", place[0], theirs[0])
        for a, b in zip(place[1:], theirs[1:], strict=True):
            result = e.op(arith.AndIOp, [result, e.icmp("eq", a, b)])
        return result


def _leave_out(e: Emitter, op: AssertOp, env: Env) -> None:
    """The check of another iteration, which that one's own thread reports."""
