"""Lowering rows for sorting along a dimension: values, and the positions that sort.

Every element becomes an integer whose order is that of the elements, NaN last. Short lines are sorted by counting for
each element those that come before it, which vectorizes; longer ones by the bytes of what they are above the least one,
the lowest byte first, where all elements that share it keep their order, and by insertion (Knuth, The Art of Computer
Programming, volume 3, sections 5.2, 5.2.1 and 5.2.5). All of it is stable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects.nd import NdOp
from phintys.ir.host import options_text

from .control import branch, either, repeat
from .emit import INDEX, Emitter, Index
from .loop_facts import SCRATCH
from .loops_host import call_python
from .nest import Nest
from .sort_keys import BUCKETS, Digits, Order

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row

SHORT = 128  # elements of a line that is sorted by counting
FIRST_BITS = 32  # of the highest bits by which all elements are sorted, before the rest is looked at
INSERTED = 1  # steps for each element, after which sorting by the other bits is cheaper


@dataclass(frozen=True)
class _Line:
    """One line: reading an element, writing to a place, and scratch memory of two halves of `size` each."""

    order: Order
    size: Index
    read: Callable[[Emitter, SSAValue], SSAValue]
    write: Callable[[Emitter, SSAValue, SSAValue], None]
    keys: SSAValue
    positions: SSAValue | None  # of elements, where these are asked for
    counts: SSAValue

    def by_counting(self, e: Emitter) -> None:
        """The place of an element is how many are smaller, or equal and before it."""
        outer, loop = e.loop(0, self.size)
        (i,) = loop.regions[0].block.args
        key = outer.load(self.keys, [i])
        place = outer.index(0)
        for low, high, test in ((0, i, "sle"), (outer.add(i, 1), self.size, "slt")):
            inner, loop = outer.loop(low, high, 1, [place])
            j, total = loop.regions[0].block.args
            before = inner.icmp(test, inner.load(self.keys, [j]), key)
            inner.end_loop([inner.index(inner.add(total, inner.select(before, inner.index(1), inner.index(0))))])
            place = loop.results[0]
        taken = self.read(outer, i) if self.positions is None else outer.op(arith.IndexCastOp, [i], bi.i64)
        self.write(outer, taken, place)
        outer.end_loop()

    def by_bytes(self, e: Emitter) -> None:
        """Elements are moved to the buckets of one byte after the other, from one half of the scratch into the other.

        The four highest bytes of what elements differ by leave few of them out of order, which are inserted. Where that
        takes long, all bytes follow.
        """
        least, bits = self._extent(e)
        zero, most = e.constant(0, bi.i64), e.constant(FIRST_BITS, bi.i64)
        if self.order.bits <= FIRST_BITS:
            half = self._passes(e, Digits(self.order, least, zero, self.order.bits // 8), e.index(0), bits)
        else:
            long = e.icmp("sgt", bits, most)
            rest = e.select(long, e.op(arith.SubiOp, [bits, most]), zero)
            high = e.op(arith.SubiOp, [bits, rest])
            half = self._passes(e, Digits(self.order, least, rest, FIRST_BITS // 8), e.index(0), high)
            every = Digits(self.order, least, zero, self.order.bits // 8)
            (half,) = branch(e, long, lambda e, halves: self._insert(e, halves[0], every, bits), [half])
        copy, inner = e.loop(0, self.size)
        (i,) = inner.regions[0].block.args
        at = [copy.index(copy.add(half, i))]
        found = copy.load(self.keys if self.positions is None else self.positions, at)
        self.write(copy, self.order.element(copy, found) if self.positions is None else found, i)
        copy.end_loop()

    def _extent(self, e: Emitter) -> tuple[SSAValue, SSAValue]:
        """The least key, and how many bits (i64) the distance of the greatest from it has; positions are numbered."""
        first = e.load(self.keys, [e.index(0)])
        inner, loop = e.loop(0, self.size, 1, [first, first])
        i, least, greatest = loop.regions[0].block.args
        if self.positions is not None:
            inner.store(inner.op(arith.IndexCastOp, [i], bi.i64), self.positions, [i])
        key = inner.load(self.keys, [i])
        inner.end_loop([inner.op(arith.MinSIOp, [key, least]), inner.op(arith.MaxSIOp, [key, greatest])])
        low, high = loop.results
        one, zero = e.constant(1, bi.i64), e.constant(0, bi.i64)
        _, bits = repeat(
            e,
            [self.order.above(e, high, low), zero],
            lambda e, values: e.icmp("ne", values[0], zero),
            lambda e, values: [e.op(arith.ShRUIOp, [values[0], one]), e.op(arith.AddiOp, [values[1], one])],
        )
        return low, bits

    def _passes(self, e: Emitter, digits: Digits, half: SSAValue, bits: SSAValue) -> SSAValue:
        """Sort by so many bits, from the half of the scratch that begins at `half`; where the other end is."""
        self._count(e, digits, half)
        seven, three = e.constant(7, bi.i64), e.constant(3, bi.i64)
        count = e.op(arith.ShRUIOp, [e.op(arith.AddiOp, [bits, seven]), three])
        outer, loop = e.loop(0, e.op(arith.IndexCastOp, [count], INDEX), 1, [half])
        digit, source = loop.regions[0].block.args
        start = outer.mul(digit, BUCKETS)
        own = digits.bucket(outer, outer.load(self.keys, [source]), digit)
        first = outer.load(self.counts, [outer.index(outer.add(start, own))])
        alone = outer.icmp("eq", first, outer.op(arith.IndexCastOp, [outer.index(self.size)], bi.i64))
        self._starts(outer, start)
        target = outer.index(outer.sub(self.size, source))
        stop = outer.select(alone, outer.index(0), outer.index(self.size))  # one bucket holds all: nothing moves
        self._move(outer, (source, target), stop, start, digits, digit)
        outer.end_loop([outer.select(alone, source, target)])
        return loop.results[0]

    def _count(self, e: Emitter, digits: Digits, source: SSAValue) -> None:
        """How many elements each bucket of each byte has."""
        one, zero = e.constant(1, bi.i64), e.constant(0, bi.i64)
        clear, loop = e.loop(0, digits.count * BUCKETS)
        clear.store(zero, self.counts, [loop.regions[0].block.args[0]])
        clear.end_loop()
        inner, loop = e.loop(0, self.size)
        (i,) = loop.regions[0].block.args
        key = inner.load(self.keys, [inner.index(inner.add(source, i))])
        for digit in range(digits.count):
            at = [inner.index(inner.add(digits.bucket(inner, key, inner.index(digit)), digit * BUCKETS))]
            inner.store(inner.op(arith.AddiOp, [inner.load(self.counts, at), one]), self.counts, at)
        inner.end_loop()

    def _starts(self, e: Emitter, start: Index) -> None:
        """Instead of how many elements a bucket has, how many are in those before it."""
        inner, loop = e.loop(0, BUCKETS, 1, [e.constant(0, bi.i64)])
        number, total = loop.regions[0].block.args
        at = [inner.index(inner.add(start, number))]
        count = inner.load(self.counts, at)
        inner.store(total, self.counts, at)
        inner.end_loop([inner.op(arith.AddiOp, [total, count])])

    def _move(
        self, e: Emitter, halves: Sequence[SSAValue], stop: SSAValue, start: Index, digits: Digits, digit: SSAValue
    ) -> None:
        source, target = halves
        inner, loop = e.loop(0, stop)
        (i,) = loop.regions[0].block.args
        own = inner.index(inner.add(source, i))
        bucket = [inner.index(inner.add(start, digits.bucket(inner, inner.load(self.keys, [own]), digit)))]
        place = inner.load(self.counts, bucket)
        inner.store(inner.op(arith.AddiOp, [place, inner.constant(1, bi.i64)]), self.counts, bucket)
        self._copy(inner, own, inner.index(inner.add(target, inner.op(arith.IndexCastOp, [place], INDEX))))
        inner.end_loop()

    def _copy(self, e: Emitter, source: SSAValue, target: SSAValue) -> None:
        for buffer in filter(None, (self.keys, self.positions)):
            e.store(e.load(buffer, [source]), buffer, [target])

    def _insert(self, e: Emitter, half: SSAValue, every: Digits, bits: SSAValue) -> list[SSAValue]:
        """Move each element below the greater ones before it, for so many steps; then sort by every byte. The half."""
        most = e.index(e.mul(self.size, INSERTED))
        outer, loop = e.loop(1, self.size, 1, [e.index(0)])
        i, steps = loop.regions[0].block.args
        allowed = outer.icmp("sle", steps, most)
        own = outer.index(outer.add(half, i))
        taken = [(buffer, outer.load(buffer, [own])) for buffer in filter(None, (self.keys, self.positions))]

        def greater(e: Emitter, values: Sequence[SSAValue]) -> SSAValue:
            inside = e.icmp("sgt", values[0], half)
            before = e.select(inside, e.index(e.sub(values[0], 1)), half)
            found = e.icmp("sgt", e.load(self.keys, [before]), taken[0][1])
            return e.op(arith.AndIOp, [allowed, e.op(arith.AndIOp, [inside, found])])

        def shift(e: Emitter, values: Sequence[SSAValue]) -> list[SSAValue]:
            before = e.index(e.sub(values[0], 1))
            self._copy(e, before, values[0])
            return [before]

        (place,) = repeat(outer, [own], greater, shift)
        for buffer, value in taken:
            outer.store(value, buffer, [place])
        outer.end_loop([outer.index(outer.add(steps, outer.sub(own, place)))])
        exceeded = e.icmp("sgt", loop.results[0], most)
        return branch(e, exceeded, lambda e, halves: [self._passes(e, every, halves[0], bits)], [half])


def _sorted(low: Lowering, op: NdOp) -> None:
    """`sort` and `argsort`; a GPU leaves them to NumPy."""
    if low.device:
        call_python(low, op, op.op, options_text({"axis": op.attrs["axis"]}))
        return
    source, axis = low.buffer(op.operands[0]), op.attrs["axis"]
    target = low.destination(op.results[0], source.sizes)
    size, order = source.sizes[axis], Order(source.dtype, op.op == "sort")
    e = low.body
    x, y = source.view(e), target.view(e)
    room = [low.at(size).mul(size, 2)]
    keys = _scratch(low, f"int{order.bits}", room)
    positions = _scratch(low, "int64", room) if op.op == "argsort" else None
    counts = _scratch(low, "int64", [order.bits // 8 * BUCKETS])
    nest = Nest(e, [*source.sizes[:axis], *source.sizes[axis + 1 :]])
    before, after = nest.ivs[:axis], nest.ivs[axis:]
    line = _Line(
        order,
        size,
        lambda e, i: e.load(x, [*before, i, *after]),
        lambda e, value, i: e.store(value, y, [*before, i, *after]),
        keys,
        positions,
        counts,
    )
    fill, loop = nest.e.loop(0, size)
    (iv,) = loop.regions[0].block.args
    fill.store(order.integer(fill, line.read(fill, iv)), keys, [iv])
    fill.end_loop()
    if isinstance(size, int):
        (line.by_counting if size <= SHORT else line.by_bytes)(nest.e)
    else:
        either(nest.e, nest.e.icmp("sle", size, nest.e.index(SHORT)), line.by_counting, line.by_bytes)
    nest.close()


def _scratch(low: Lowering, dtype: str, sizes: Sequence[Index]) -> SSAValue:
    """Memory that each line writes before it reads."""
    buffer = low.allocate(dtype, sizes)
    op = buffer.storage.memref.owner
    assert isinstance(op, Operation)
    op.attributes[SCRATCH] = bi.UnitAttr()
    return buffer.view(low.body)


ROWS: dict[str, Row] = dict.fromkeys(("sort", "argsort"), _sorted)
