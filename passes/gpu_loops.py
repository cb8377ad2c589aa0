"""Kernels for loops: the iterations of a nest divided among all threads, or among blocks whose threads share each iteration.

In both, what a loop carries (totals) is first combined in each block, then by one block over the blocks' parts. The number of
blocks depends on sizes only, so that results do not depend on the device.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, scf
from xdsl.ir import Operation, SSAValue

from .emit import Emitter, Index
from .gpu_checks import Checks, Env, run, structured
from .gpu_host import Host, constant_of, get, leave
from .gpu_kernel import THREADS, Kernel
from .gpu_nests import Nest
from .gpu_reducers import Reducer
from .gpu_wide import Carried, Wide, wide

MOST_BLOCKS = 4096  # each takes several iterations when there are more
MOST_PARTS = 1024  # blocks of a reduction
EACH = 8  # values that a thread of a reduction takes at least
Registers = list[SSAValue]


def ceiling(e: Emitter, a: Index, b: int) -> Index:
    """a / b, rounded up."""
    if isinstance(a, int):
        return -(-a // b)
    return e.op(arith.DivUIOp, [e.index(e.add(a, b - 1)), e.index(b)])


class NestKernel:
    """Base: the geometry of a nest, its counters, and what becomes of totals."""

    mapping = "elements"

    def __init__(self, host: Host, nest: Nest, checks: Checks) -> None:
        self.host = host
        self.nest = nest
        self.checks = checks
        self.bounds = [(self._outer(level.lb), self._outer(level.ub)) for level in nest.parallel]
        e = host.writer()
        self.trips = [e.sub(high, low) if low != 0 else high for low, high in self.bounds]
        if len(self.trips) > 1 or any(low != 0 for low, _ in self.bounds):
            self.trips = [e.maximum(size, 0) for size in self.trips]
        self.total = e.product(self.trips)
        host.put(e)
        self.use(self.fresh())

    def fresh(self) -> Kernel:
        """A kernel that knows what the nest uses."""
        totals = self.nest.reducers and self.mapping == "elements"
        kernel = Kernel(self.host, "totals" if totals else self.mapping)
        kernel.take(self.nest.loop)
        return kernel

    def use(self, kernel: Kernel) -> None:
        """Go on with another kernel."""
        self.kernel = kernel
        self.failed = self.checks.raiser(kernel)
        self.env: Env = kernel.env
        self.initial = [kernel.value(value) for value in self.nest.loop.iter_args]

    def _outer(self, value: SSAValue) -> Index:
        number = constant_of(value)
        return int(number) if number is not None else self.host.known(value)

    def _count(self, e: Emitter, position: SSAValue) -> None:
        """Set the counters of the loops of a nest from the number of an iteration."""
        rest = position
        for number in reversed(range(len(self.nest.parallel))):
            counter = rest
            if number:
                size = self.kernel.index(self.trips[number])
                counter = e.op(arith.RemUIOp, [rest, size])
                rest = e.op(arith.DivUIOp, [rest, size])
            low = self.kernel.index(self.bounds[number][0]) if self.bounds[number][0] != 0 else 0
            self.env[self.nest.parallel[number].body.block.args[0]] = e.index(e.add(counter, low))

    # --- totals --------------------------------------------------------------------------------------------------------------

    def _split(self, values: Sequence[SSAValue]) -> list[tuple[Reducer, Registers]]:
        rest = list(values)
        return [(r, [rest.pop(0) for _ in range(r.width)]) for r in self.nest.reducers]

    def _combine(self, e: Emitter, a: Registers, b: Registers) -> Registers:
        pairs = zip(self._split(a), self._split(b), strict=True)
        return [value for (r, own), (_, other) in pairs for value in r.combine(e, own, other)]

    def _neutral(self, e: Emitter, initial: Sequence[SSAValue]) -> Registers:
        return [value for r, own in self._split(initial) for value in r.neutral(e, own)]

    def _finish(self, kernel: Kernel, totals: Registers, parts: list[SSAValue] | None) -> None:
        """The first thread of a block writes the block's totals: as a part, or joined with what the loop began with."""
        team = kernel.team
        if parts is not None:
            memories = [kernel.memory(part) for part in parts]
            team.first(kernel.body, lambda e: _store(e, totals, memories, [team.block]))
            return
        slots = [self.host.slot(value.type) for value in totals]
        memories = [kernel.memory(slot) for slot in slots]
        initial = [kernel.value(value) for value in self.nest.loop.iter_args]

        def write(e: Emitter) -> None:
            _store(e, self._combine(e, initial, totals), memories, [])

        team.first(kernel.body, write)
        self.host.slots.update(zip(self.nest.loop.results, slots, strict=True))

    def _parts(self, grid: Index) -> list[SSAValue] | None:
        """A buffer for each total with an element for each block; None where one block does it all."""
        if grid == 1:
            return None
        return [self.host.slot(value.type, [grid]) for value in self.nest.loop.results]

    def _second(self, parts: list[SSAValue], grid: Index) -> None:
        """One block combines the parts."""
        kernel = Kernel(self.host, "totals")
        team, e = kernel.team, kernel.body
        memories = [kernel.memory(part) for part in parts]
        neutral = self._neutral(kernel.entry, [kernel.value(value) for value in self.nest.loop.iter_args])
        inner, op = e.loop(team.thread, kernel.index(grid), team.size, neutral)
        position, *carried = op.body.block.args
        types = [value.type for value in carried]
        found = [get(inner, memory, [position], type) for memory, type in zip(memories, types, strict=True)]
        inner.end_loop(self._combine(inner, list(carried), found))
        self._finish(kernel, team.total(e, list(op.results), neutral, self._combine), None)
        kernel.launch(1, THREADS)


def _store(e: Emitter, values: Registers, memories: Sequence[SSAValue], at: Sequence[SSAValue]) -> None:
    for value, memory in zip(values, memories, strict=True):
        leave(e, value, memory, at)


class ThreadKernel(NestKernel):
    """Each thread takes iterations of its own."""

    def write(self) -> None:
        """Write the kernel, and the one that adds the blocks' parts."""
        nest, kernel, host = self.nest, self.kernel, self.host
        plan = self._plan()
        e = host.writer()
        grid: Index = ceiling(e, self.total, THREADS * (EACH if nest.reducers else plan.count if plan is not None else 1))
        if nest.reducers:
            grid = 1 if grid in (0, 1) else e.maximum(e.minimum(grid, MOST_PARTS), 1)
        else:
            grid = e.minimum(grid, MOST_BLOCKS)
        host.put(e)
        parts = self._parts(grid) if nest.reducers else None
        team, body = kernel.team, kernel.body
        first = body.add(body.mul(team.block, team.size), team.thread)
        step = body.mul(team.grid, team.size)
        neutral = self._neutral(kernel.entry, self.initial)
        found = neutral
        if plan is not None:
            first, found = self._neighbours(plan, first, step, neutral)
        inner, op = body.loop(first, kernel.index(self.total), step, found)
        self._body(inner, op)
        if nest.reducers:
            self._finish(kernel, team.total(body, list(op.results), neutral, self._combine), parts)
        kernel.launch(grid, THREADS)
        if parts is not None:
            self._second(parts, grid)

    def _plan(self) -> Wide | None:
        """How neighbours are done together, if they can be."""
        nest = self.nest
        if nest.serial or self.bounds[-1][0] != 0:
            return None
        carried = nest.loop.body.block.args[1:]
        width = self.trips[-1] if len(self.trips) > 1 and isinstance(self.trips[-1], int) else 0
        return wide(nest.leaf, nest.parallel[-1].body.block.args[0], carried, self.host.memory, width)

    def _neighbours(self, plan: Wide, first: Index, step: Index, neutral: Registers) -> tuple[Index, Registers]:
        """A loop over chunks of neighbours; where the one over the rest begins, and with what."""
        kernel, entry = self.kernel, self.kernel.entry
        plan.failed = self.failed
        fits, total = plan.fits(kernel), kernel.index(self.total)
        if len(self.trips) > 1:  # a chunk is of one row
            rest = entry.op(arith.RemUIOp, [kernel.index(self.trips[-1]), entry.index(plan.count)])
            fits = entry.op(arith.AndIOp, [fits, entry.icmp("eq", rest, entry.index(0))])
        chunks = plan.chunks(entry, fits, total)

        def place(e: Emitter, position: SSAValue) -> SSAValue:
            self._count(e, position)
            return self.env[plan.variable]

        loop = self.nest.loop
        carried = Carried(loop.body.block.args[1:], self.nest.yields, neutral, self._combine)
        totals = plan.loop(kernel.body, (first, chunks, step), place, self.env, carried)
        return kernel.body.add(first, kernel.body.mul(chunks, plan.count)), totals

    def _body(self, e: Emitter, op: scf.ForOp) -> None:
        position, *carried = op.body.block.args
        self._count(e, position)
        self.env.update(zip(self.nest.loop.body.block.args[1:], carried, strict=True))
        innermost, opened = e, [e]
        for loop in self.nest.serial:
            low, high, step = (self.env.get(value, value) for value in (loop.lb, loop.ub, loop.step))
            innermost, copy = innermost.loop(low, high, step)
            self.env[loop.body.block.args[0]] = copy.body.block.args[0]
            opened.append(innermost)
        values = run(innermost, self.nest.leaf, self.env, self.failed, self.nest.yields, carried)
        for each in reversed(opened[1:]):
            each.end_loop()
        e.end_loop(values)


def alone(host: Host, op: Operation, checks: Checks) -> None:
    """An operation that one thread runs, in order."""
    kernel = Kernel(host, "one thread")
    kernel.take(op)
    failed = checks.raiser(kernel)
    slots = [host.slot(value.type) for value in op.results]
    memories = [kernel.memory(slot) for slot in slots]

    def do(e: Emitter) -> None:
        structured(e, op, kernel.env, failed)
        for result, memory in zip(op.results, memories, strict=True):
            leave(e, kernel.env[result], memory, [])

    kernel.alone(do)
    kernel.launch(1, 32)
    host.slots.update(zip(op.results, slots, strict=True))
