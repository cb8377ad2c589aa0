"""Lowering rows for random draws: the generator's state is copied (or moved on in place), the sample is written in blocks.

Uniform numbers take two words each, straight from the key. Normal ones come in pairs by the polar method: candidates of one
key are made by a loop without branches, the accepted ones moved together, and a second loop takes their logarithms and
roots. The order of words is NumPy's, so numbers and states are those of its RandomState.
Source: Marsaglia and Bray, A convenient method for generating normal variables (SIAM Review 6, 1964).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.dialects.math import LogOp, SqrtOp
from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp
from phintys.ir.host import STATE_WORDS

from . import mersenne as mt
from .buffers import Buffer
from .control import branch, repeat
from .emit import Emitter, Index
from .loops_copy import copy

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row

_ROOM = 160  # candidates of one key: 156 from 624 words, and what the key before left over


class _Draw:
    """One draw: where its numbers go, how many they are, and the state, which is moved on in place."""

    def __init__(self, low: Lowering, op: NdOp) -> None:
        operands = iter(op.operands[1:])
        sizes: list[Index] = [low.index(next(operands)) if size is None else size for size in op.attrs["sizes"]]
        self.low, self.op, self.scalar = low, op, not sizes
        target = low.allocate("float64", sizes or [1])
        if sizes:
            low.tensors[op.results[1]] = target
        at = low.at(*[size for size in sizes if not isinstance(size, int)])
        self.count: SSAValue = at.index(at.product(sizes))
        self.out = low.body.reinterpret(target.storage.memref, 0, [self.count], [1])
        self.e = low.body

    def take_state(self) -> None:
        """Bind the next state; called after all memory has been asked for."""
        source = self.low.buffer(self.op.operands[0])
        target = self.low.destination(self.op.results[0], [STATE_WORDS])
        if target.storage is not source.storage:
            copy(self.low, source, target)
        self.state = target.view(self.e)

    def scratch(self, dtype: str, length: int) -> SSAValue:
        """Memory for the work on one key."""
        buffer: Buffer = self.low.allocate(dtype, [length])
        return buffer.view(self.e)

    def finish(self) -> None:
        """Bind a scalar sample."""
        if self.scalar:
            self.low.set_scalar(self.op.results[1], self.e.load(self.out, [self.e.index(0)]))


def _less(e: Emitter, a: SSAValue, b: SSAValue) -> SSAValue:
    return e.icmp("slt", a, b)


def _half(e: Emitter, value: SSAValue, bits: int) -> SSAValue:
    return e.op(arith.ShRUIOp, [value, e.index(bits)])


def _sum(e: Emitter, a: Index, b: Index) -> SSAValue:
    return e.index(e.add(a, b))


def _uniform(low: Lowering, op: NdOp) -> None:
    draw = _Draw(low, op)
    draw.take_state()
    e, state, count = draw.e, draw.state, draw.count
    start = mt.position(e, state)
    words = e.add(start, e.mul(count, 2))
    keys = e.op(arith.DivUIOp, [e.index(words), e.index(mt.WORDS)])
    inner, loop = mt.counted(e, 0, _sum(e, keys, 1), 1, [e.index(0), start])
    done: SSAValue
    place: SSAValue
    _, done, place = loop.regions[0].block.args
    room = _half(inner, inner.index(inner.sub(mt.WORDS, place)), 1)
    taken = inner.op(arith.MinSIOp, [room, inner.index(inner.sub(count, done))])
    _from_key(inner, draw, done, place, taken)
    done, place = _sum(inner, done, taken), _sum(inner, place, inner.mul(taken, 2))

    def renewed(into: Emitter, values: Sequence[SSAValue]) -> Sequence[SSAValue]:
        return _over_the_edge(into, draw, *values)

    inner.end_loop(branch(inner, _less(inner, done, count), renewed, [done, place]))
    mt.set_position(e, state, loop.results[1])
    draw.finish()


def _from_key(e: Emitter, draw: _Draw, done: SSAValue, place: SSAValue, taken: SSAValue) -> None:
    """Numbers of which both words are in the key."""
    inner, loop = mt.counted(e, 0, taken)
    number = loop.regions[0].block.args[0]
    first = _sum(inner, place, inner.mul(number, 2))
    a, b = (mt.temper(inner, inner.load(draw.state, [at])) for at in (first, _sum(inner, first, 1)))
    inner.store(mt.unit(inner, a, b), draw.out, [_sum(inner, done, number)])
    inner.end_loop()


def _over_the_edge(e: Emitter, draw: _Draw, done: SSAValue, place: SSAValue) -> list[SSAValue]:
    """The next key; where one word of the old key is left, the number that it begins."""
    last = mt.temper(e, e.load(draw.state, [e.index(mt.WORDS - 1)]))
    mt.renew(e, draw.state)

    def straddle(into: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
        first = mt.temper(into, into.load(draw.state, [into.index(0)]))
        into.store(mt.unit(into, last, first), draw.out, [done])
        return [_sum(into, done, 1), into.index(1)]

    return branch(e, _less(e, place, e.index(mt.WORDS)), straddle, [done, e.index(0)])


class _Normal:
    """The loops of a normal draw. A round takes the candidates of one key; `words` begins with those the last one left."""

    def __init__(self, draw: _Draw) -> None:
        self.draw, self.e = draw, draw.e
        self.words = draw.scratch("uint32", mt.WORDS + 8)
        self.x, self.y = draw.scratch("float64", _ROOM), draw.scratch("float64", _ROOM)
        draw.take_state()
        self.state = draw.state

    def run(self) -> None:
        """Hand out the number that is kept, then draw pairs; of an odd number the last is kept."""
        e, count = self.e, self.draw.count
        some = _less(e, e.index(0), count)
        kept = e.icmp("ne", e.load(self.state, [e.index(mt.KEPT)]), mt.word(e, 0))
        has = e.op(arith.AndIOp, [some, kept])
        branch(e, has, self._hand_out, [])
        self.start = e.select(has, e.index(1), e.index(0))
        left = e.index(e.sub(count, self.start))
        self.full = _half(e, left, 1)
        self.pairs = _half(e, _sum(e, left, 1), 1)
        branch(e, some, self._forget, [])
        zero = e.index(0)
        _, place, _ = repeat(e, [zero, mt.position(e, self.state), zero], self._more, self._round)
        mt.set_position(e, self.state, place)
        self.draw.finish()

    def _hand_out(self, e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
        low, high = (e.op(arith.ExtUIOp, [e.load(self.state, [e.index(at)])], bi.i64) for at in (mt.NUMBER, mt.NUMBER + 1))
        bits = e.op(arith.OrIOp, [low, e.op(arith.ShLIOp, [high, e.constant(32, bi.i64)])])
        e.store(e.op(arith.BitcastOp, [bits], bi.f64), self.draw.out, [e.index(0)])
        return []

    def _forget(self, e: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """Whether this draw leaves a number is known beforehand; which one, its last round says."""
        odd = e.op(arith.SubiOp, [self.pairs, self.full])
        e.store(e.op(arith.IndexCastOp, [odd], bi.i32), self.state, [e.index(mt.KEPT)])
        for at in (mt.NUMBER, mt.NUMBER + 1):
            e.store(mt.word(e, 0), self.state, [e.index(at)])
        return []

    def _more(self, e: Emitter, values: Sequence[SSAValue]) -> SSAValue:
        return _less(e, values[0], self.pairs)

    def _round(self, e: Emitter, values: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """Pairs done, position, words left over: from before to after the candidates of one key."""
        done, place, rest = values
        fresh = e.index(e.sub(mt.WORDS, place))
        inner, loop = mt.counted(e, 0, fresh)
        at = loop.regions[0].block.args[0]
        number = mt.temper(inner, inner.load(self.state, [_sum(inner, place, at)]))
        inner.store(number, self.words, [_sum(inner, rest, at)])
        inner.end_loop()
        available = _sum(e, rest, fresh)
        candidates = _half(e, available, 2)
        self._candidates(e, candidates)
        accepted, looked_at = self._compact(e, candidates, done)
        self._emit(e, done, accepted)
        total = _sum(e, done, accepted)
        used = e.index(e.sub(_sum(e, place, e.mul(looked_at, 4)), rest))

        def go_on(into: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            taken = into.index(into.mul(candidates, 4))
            left = into.index(into.sub(available, taken))
            keep, moving = mt.counted(into, 0, left)
            number = moving.regions[0].block.args[0]
            keep.store(keep.load(self.words, [_sum(keep, taken, number)]), self.words, [number])
            keep.end_loop()
            mt.renew(into, self.state)
            return [into.index(0), left]

        return [total, *branch(e, _less(e, total, self.pairs), go_on, [used, e.index(0)])]

    def _candidates(self, e: Emitter, count: SSAValue) -> None:
        """Points of the square from -1 to 1."""
        inner, loop = mt.counted(e, 0, count)
        number = loop.regions[0].block.args[0]
        first = inner.index(inner.mul(number, 4))
        words = [inner.load(self.words, [_sum(inner, first, step)]) for step in range(4)]
        two, one = inner.constant(2.0, bi.f64), inner.constant(1.0, bi.f64)
        for memory, (a, b) in ((self.x, words[:2]), (self.y, words[2:])):
            doubled = inner.op(arith.MulfOp, [mt.unit(inner, a, b), two])
            inner.store(inner.op(arith.SubfOp, [doubled, one]), memory, [number])
        inner.end_loop()

    def _square(self, e: Emitter, at: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
        x, y = e.load(self.x, [at]), e.load(self.y, [at])
        return x, y, e.op(arith.AddfOp, [e.op(arith.MulfOp, [x, x]), e.op(arith.MulfOp, [y, y])])

    def _compact(self, e: Emitter, count: SSAValue, done: SSAValue) -> tuple[SSAValue, SSAValue]:
        """Move the points inside of the circle to the front; how many they are, and how many points were looked at."""
        wanted = e.index(e.sub(self.pairs, done))
        inner, loop = mt.counted(e, 0, count, 1, [e.index(0), e.index(0)])
        number, accepted, looked_at = loop.regions[0].block.args
        x, y, square = self._square(inner, number)
        inside = inner.op(
            arith.AndIOp,
            [
                inner.fcmp("olt", square, inner.constant(1.0, bi.f64)),
                inner.fcmp("ogt", square, inner.constant(0.0, bi.f64)),
            ],
        )
        active = _less(inner, accepted, wanted)
        inner.store(x, self.x, [accepted])
        inner.store(y, self.y, [accepted])
        one, zero = inner.index(1), inner.index(0)
        taken = inner.select(inner.op(arith.AndIOp, [active, inside]), one, zero)
        inner.end_loop([_sum(inner, accepted, taken), _sum(inner, looked_at, inner.select(active, one, zero))])
        return loop.results[0], loop.results[1]

    def _pair(self, e: Emitter, at: SSAValue) -> tuple[SSAValue, SSAValue]:
        """Two normal numbers of an accepted point, in the order in which they are handed out."""
        x, y, square = self._square(e, at)
        scaled = e.op(arith.MulfOp, [e.op(LogOp, [square]), e.constant(-2.0, bi.f64)])
        factor = e.op(SqrtOp, [e.op(arith.DivfOp, [scaled, square])])
        return e.op(arith.MulfOp, [factor, y]), e.op(arith.MulfOp, [factor, x])

    def _emit(self, e: Emitter, done: SSAValue, accepted: SSAValue) -> None:
        """Write the pairs; of the last one the second number may be kept."""
        whole = e.op(arith.MinSIOp, [accepted, e.index(e.sub(self.full, done))])
        base = _sum(e, self.start, e.mul(done, 2))
        inner, loop = mt.counted(e, 0, whole)
        number = loop.regions[0].block.args[0]
        at = _sum(inner, base, inner.mul(number, 2))
        for step, value in enumerate(self._pair(inner, number)):
            inner.store(value, self.draw.out, [_sum(inner, at, step)])
        inner.end_loop()

        def keep(into: Emitter, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            first, second = self._pair(into, whole)
            into.store(first, self.draw.out, [into.index(into.sub(self.draw.count, into.index(1)))])
            bits = into.op(arith.BitcastOp, [second], bi.i64)
            high = into.op(arith.ShRUIOp, [bits, into.constant(32, bi.i64)])
            for place, half in enumerate((bits, high)):
                narrow = into.op(arith.TruncIOp, [half], bi.i32)
                into.store(narrow, self.state, [into.index(mt.NUMBER + place)])
            return []

        branch(e, _less(e, whole, accepted), keep, [])


def _normal(low: Lowering, op: NdOp) -> None:
    _Normal(_Draw(low, op)).run()


ROWS: dict[str, Row] = {"random_uniform": _uniform, "random_normal": _normal}
