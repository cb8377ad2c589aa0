"""Kernels for loops whose iterations go on from a total of those before: running sums and products, places of true elements.

A line (all there is, or one of many) is taken in pieces, a block each. First the pieces are reduced, then a block goes over
their totals, then each piece is gone over from where it begins: what is read, is read twice, and nobody waits for another
block. A block goes over 256 neighbours at a time: threads of a warp by shuffles, then the warps of the block. How many pieces
there are depends on sizes only, and so do the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from .control import branch
from .emit import Emitter, Index
from .gpu_host import constant_of, copy_into, get, leave
from .gpu_kernel import THREADS
from .gpu_loops import MOST_BLOCKS, MOST_PARTS, NestKernel, ThreadKernel, ceiling

PIECE = 8 * THREADS  # elements of a piece, or more
LINES = 1 << 14  # lines or more keep a device busy by a thread each
SHORT = 64  # a line of no more elements is left to a thread


class ScanKernel(NestKernel):
    """Kernels of one scan."""

    mapping = "scan"

    def write(self) -> None:
        """Write them."""
        assert self.nest.scan is not None
        self.scan = self.nest.scan
        length = constant_of(self.scan.loop.ub)
        self.length: Index = int(length) if length is not None else self.host.known(self.scan.loop.ub)
        if not self.nest.parallel:
            self._by_blocks()
            return
        threads = ThreadKernel(self.host, self.nest, self.checks)
        e = self.host.writer()
        busy = e.any_of(e.at_most(LINES, self.total), e.at_most(self.length, SHORT))
        self.host.put(e)
        self.host.either(busy, threads.write, self._by_blocks)

    def _by_blocks(self) -> None:
        e = self.host.writer()
        one = e.at_most(self.length, PIECE)
        rounds = ceiling(e, self.length, THREADS)
        self.host.put(e)
        self.host.either(one, lambda: self._over(1, rounds, None), self._in_pieces)

    def _in_pieces(self) -> None:
        e = self.host.writer()
        wanted = e.quotient(MOST_PARTS, e.maximum(self.total, 1))
        pieces = e.maximum(e.minimum(wanted, ceiling(e, self.length, PIECE)), 1)
        rounds = ceiling(e, e.add(e.quotient(self.length, pieces), 1), THREADS)
        every = e.mul(pieces, self.total)
        self.host.put(e)
        starts = self.host.slot(self.scan.loop.results[0].type, [every])
        self._reduce(every, pieces, rounds, starts)
        self._go_over_totals(pieces, starts)
        self._over(pieces, rounds, starts)

    # --- kernels -------------------------------------------------------------------------------------------------------------

    def _begin(self, every: Index, pieces: Index) -> tuple[Emitter, SSAValue, SSAValue]:
        """A kernel with a block for each piece of each line; where it is written, the piece's number in all and in its line."""
        self.use(self.fresh())
        team = self.kernel.team
        inner, op = self.kernel.body.loop(team.block, self.kernel.index(every), team.grid)
        position, count = op.body.block.args[0], self.kernel.index(pieces)
        line = position if pieces == 1 else inner.index(inner.quotient(position, count))
        self._line(inner, line)
        number = inner.index(inner.sub(position, inner.mul(line, count)))
        return inner, position, number

    def _line(self, e: Emitter, line: SSAValue) -> None:
        """Set the counters of the loops around, and what an iteration of them computes."""
        assert self.nest.scan is not None
        if self.nest.parallel:
            self._count(e, line)
        for op in self.nest.leaf:
            if op is not self.scan.loop:
                copy_into(e, op, self.env)
        self.start = self.env.get(self.scan.loop.iter_args[0], self.scan.loop.iter_args[0])

    def _end(self, e: Emitter, blocks: Index) -> None:
        e.end_loop()
        host = self.host.writer()
        grid = host.minimum(blocks, MOST_BLOCKS)
        self.host.put(host)
        self.kernel.launch(grid, THREADS)

    def _join(self, e: Emitter, a: Sequence[SSAValue], b: Sequence[SSAValue]) -> list[SSAValue]:
        return self.scan.total.combine(e, a, b)

    def _one(self, e: Emitter, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._join(e, [a], [b])[0]

    def _neutral(self, e: Emitter, initial: Sequence[SSAValue]) -> list[SSAValue]:
        return self.scan.total.neutral(e, initial)

    def _high(self) -> SSAValue:
        return self.env.get(self.scan.loop.ub, self.scan.loop.ub)

    def _value(self, e: Emitter, at: SSAValue) -> SSAValue:
        """The value of an iteration."""
        self.env[self.scan.loop.body.block.args[0]] = at
        for op in self.scan.before:
            copy_into(e, op, self.env)
        return self.env.get(self.scan.total.value, self.scan.total.value)

    def _reduce(self, every: Index, pieces: Index, rounds: Index, starts: SSAValue) -> None:
        """The total of each piece."""
        e, position, number = self._begin(every, pieces)
        kernel, team = self.kernel, self.kernel.team
        memory, width = kernel.memory(starts), e.mul(kernel.index(rounds), THREADS)
        low = e.mul(number, width)
        neutral = self._neutral(e, [self.start])
        inner, op = e.loop(e.add(low, team.thread), e.minimum(e.add(low, width), self._high()), team.size, neutral)
        at, sofar = op.body.block.args
        inner.end_loop([self._one(inner, sofar, self._value(inner, at))])
        (total,) = team.total(e, list(op.results), neutral, self._join)
        team.first(e, lambda e: leave(e, total, memory, [position]))
        self._end(e, every)

    def _go_over_totals(self, pieces: Index, starts: SSAValue) -> None:
        """Where each piece begins, instead of its total: a block for each line."""
        e, line, _ = self._begin(self.total, 1)
        kernel, team = self.kernel, self.kernel.team
        memory, count = kernel.memory(starts), kernel.index(pieces)
        inner, op = e.loop(0, count, THREADS, [self.start])
        low, sofar = op.body.block.args
        neutral = self._neutral(inner, [sofar])
        number = inner.index(inner.add(low, team.thread))
        at = inner.index(inner.add(inner.mul(line, count), inner.minimum(number, inner.sub(count, 1))))
        inside = inner.icmp("slt", number, count)
        value = inner.select(inside, get(inner, memory, [at], sofar.type), neutral[0])
        (before,), (total,) = team.scan(inner, [value], neutral, self._join)

        def write(e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            leave(e, self._one(e, sofar, before), memory, [at])
            return []

        branch(inner, inside, write, [])
        inner.end_loop([self._one(inner, sofar, total)])
        self._end(e, self.total)

    def _over(self, pieces: Index, rounds: Index, starts: SSAValue | None) -> None:
        """What the loop does, for each piece from where it begins."""
        host = self.host.writer()
        every = host.mul(pieces, self.total)
        self.host.put(host)
        e, position, number = self._begin(every, pieces)
        kernel, team, high = self.kernel, self.kernel.team, self._high()
        start = self.start if starts is None else get(e, kernel.memory(starts), [position], self.start.type)
        low = e.mul(number, e.mul(kernel.index(rounds), THREADS))
        end = e.minimum(e.add(low, e.mul(kernel.index(rounds), THREADS)), high)
        inner, op = e.loop(low, end, THREADS, [start])
        first, sofar = op.body.block.args
        neutral = self._neutral(inner, [sofar])
        at = inner.index(inner.add(first, team.thread))
        inside = inner.icmp("slt", at, inner.index(end))
        value = self._value(inner, inner.index(inner.minimum(at, inner.sub(end, 1))))
        (before,), (total,) = team.scan(inner, [inner.select(inside, value, neutral[0])], neutral, self._join)
        own = self._one(inner, sofar, before)
        self.env[self.scan.total.carried] = own
        self.env[self.scan.total.op.results[0]] = self._one(inner, own, value)

        def write(e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            for op in self.scan.after:
                copy_into(e, op, self.env)
            return []

        branch(inner, inside, write, [])
        inner.end_loop([self._one(inner, sofar, total)])
        self._end(e, every)
