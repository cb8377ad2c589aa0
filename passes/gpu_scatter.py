"""Kernels for loops that write where their data says: rows added to a table at given places, in the order of the loop.

Places may come twice, so that iterations are not independent. A thread that finds its place among those before leaves it to the
first that has it; the first does the iterations of all that have its place, in order. So the result has the bits of
the loop, whatever the threads do first. The work is the square of the number of places.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from phintys.dialects.rt import AssertOp

from .emit import Emitter
from .gpu_checks import Env, Failed, run
from .gpu_loops import ThreadKernel
from .gpu_places import places
from .mersenne import branch

OUTSIDE, NOWHERE = -1, -2  # places that fail their check: of the thread itself, of another


class ScatterKernel(ThreadKernel):
    """A thread for each iteration, the first of a place for all that have it."""

    mapping = "scatter"

    def _body(self, e: Emitter, op: scf.ForOp) -> None:
        (self.loop,) = self.nest.serial
        variable = self.loop.body.block.args[0]
        self._count(e, op.body.block.args[0])
        mine, step = self.env[variable], e.index(1)
        low, high = (self.env.get(value, value) for value in (self.loop.lb, self.loop.ub))
        self.slice, self.keys = places(self.nest.leaf, variable)
        place = self._place(e, self.env, self.failed, OUTSIDE)
        before, earlier = e.loop(low, mine, step, [e.constant(0, bi.i1)])
        other, found = earlier.body.block.args
        before.end_loop([before.op(arith.OrIOp, [found, self._same(before, other, place)])])
        first = e.select(earlier.results[0], e.constant(0, bi.i1), e.icmp("ne", place[0], e.index(OUTSIDE)))

        def serve(e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            inner, loop = e.loop(mine, high, step)
            other = loop.body.block.args[0]
            branch(inner, self._same(inner, other, place), lambda e, _: self._iteration(e, other), [])
            inner.end_loop()
            return []

        branch(e, first, serve, [])
        e.end_loop()

    def _place(self, e: Emitter, env: Env, failed: Failed, otherwise: int) -> list[SSAValue]:
        return run(e, self.slice, env, failed, self.keys, [e.index(otherwise)] * len(self.keys))

    def _same(self, e: Emitter, other: SSAValue, place: Sequence[SSAValue]) -> SSAValue:
        """Whether another iteration has this place."""
        env = {**self.env, self.loop.body.block.args[0]: other}
        theirs = self._place(e, env, _leave_out, NOWHERE)
        result = e.icmp("eq", place[0], theirs[0])
        for a, b in zip(place[1:], theirs[1:], strict=True):
            result = e.op(arith.AndIOp, [result, e.icmp("eq", a, b)])
        return result

    def _iteration(self, e: Emitter, number: SSAValue) -> Sequence[SSAValue]:
        env = {**self.env, self.loop.body.block.args[0]: number}
        run(e, self.nest.leaf, env, _leave_out, [], [])
        return []


def _leave_out(e: Emitter, op: AssertOp, env: Env) -> None:
    """The check of another iteration, which that one's own thread reports."""
