"""Lowering rows for sorting along a dimension: values, and the positions that sort.

Every element becomes an integer whose order is that of the elements, NaN last. Short lines are sorted by counting for
each element those that come before it, which vectorizes; longer ones by their bytes, the lowest first, where all
elements that share a byte keep their order (Knuth, The Art of Computer Programming, volume 3, sections 5.2 and 5.2.5).
Both are stable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xdsl.dialects import arith, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, Region, SSAValue

from phintys.dialects.convert import scalar_type
from phintys.dialects.nd import NdOp
from phintys.ir.host import options_text
from phintys.ir.types import DTYPES

from .emit import Emitter, Index
from .loop_facts import SCRATCH
from .loops_host import call_python
from .nest import Nest

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row

SHORT = 128  # elements of a line that is sorted by counting
BUCKETS = 256


@dataclass(frozen=True)
class _Order:
    """The integers that elements of a dtype are compared as, signed and of as many bits as they have."""

    dtype: str
    exact: bool  # whether elements come back from them: zeros of both signs then differ

    @property
    def bits(self) -> int:
        """How many bits an element has in memory."""
        return max(DTYPES[self.dtype].bits, 8)

    @property
    def type(self) -> bi.IntegerType:
        """The type of the integers."""
        return bi.IntegerType(self.bits)

    def _number(self, e: Emitter, value: int) -> SSAValue:
        return e.constant(value, self.type)

    def _mirrored(self, e: Emitter, bits: SSAValue) -> SSAValue:
        """Negative floats in the order of their magnitude, turned around; applied twice, what it was."""
        sign = e.op(arith.ShRSIOp, [bits, self._number(e, self.bits - 1)])
        return e.op(arith.XOrIOp, [bits, e.op(arith.AndIOp, [sign, self._number(e, 2 ** (self.bits - 1) - 1)])])

    def integer(self, e: Emitter, x: SSAValue) -> SSAValue:
        """The integer of an element."""
        kind = DTYPES[self.dtype].kind
        if kind == "b":
            return e.op(arith.ExtUIOp, [x], self.type)
        if kind != "f":
            return x if kind == "i" else e.op(arith.XOrIOp, [x, self._number(e, -(2 ** (self.bits - 1)))])
        plain = x if self.exact else e.op(arith.AddfOp, [x, e.constant(0.0, x.type)])  # -0.0 + 0.0 is 0.0
        found = self._mirrored(e, e.op(arith.BitcastOp, [plain], self.type))
        return e.select(e.fcmp("uno", x, x), self._number(e, 2 ** (self.bits - 1) - 1), found)

    def element(self, e: Emitter, number: SSAValue) -> SSAValue:
        """The element of an integer."""
        kind = DTYPES[self.dtype].kind
        if kind == "b":
            return e.icmp("ne", number, self._number(e, 0))
        if kind != "f":
            return number if kind == "i" else e.op(arith.XOrIOp, [number, self._number(e, -(2 ** (self.bits - 1)))])
        return e.op(arith.BitcastOp, [self._mirrored(e, number)], scalar_type(self.dtype))

    def byte(self, e: Emitter, number: SSAValue, which: Index) -> SSAValue:
        """One byte of an integer, the lowest is 0, in the order of unsigned ones."""
        shift = e.op(arith.IndexCastOp, [e.index(e.mul(which, 8))], bi.i64)
        if self.bits < 64:
            shift = e.op(arith.TruncIOp, [shift], self.type)
        raised = e.op(arith.XOrIOp, [number, self._number(e, -(2 ** (self.bits - 1)))])
        found = e.op(arith.AndIOp, [e.op(arith.ShRUIOp, [raised, shift]), self._number(e, BUCKETS - 1)])
        wide = found if self.bits == 64 else e.op(arith.ExtUIOp, [found], bi.i64)
        return e.op(arith.IndexCastOp, [wide], bi.IndexType())


@dataclass(frozen=True)
class _Line:
    """One line: reading an element, writing to a place, and scratch memory of two halves of `size` each."""

    order: _Order
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
        """Elements are moved to the buckets of one byte after the other, from one half of the scratch into the other."""
        digits = self.order.bits // 8
        self._count(e, digits)
        outer, loop = e.loop(0, digits, 1, [e.index(0)])
        digit, half = loop.regions[0].block.args
        start = outer.mul(digit, BUCKETS)
        first = outer.load(self.counts, [self._bucket(outer, start, outer.load(self.keys, [half]), digit)])
        alone = outer.icmp("eq", first, outer.op(arith.IndexCastOp, [outer.index(self.size)], bi.i64))
        self._starts(outer, start)
        other = outer.index(outer.sub(self.size, half))
        stop = outer.select(alone, outer.index(0), outer.index(self.size))  # one bucket holds all: nothing moves
        self._move(outer, (half, other), stop, start, digit)
        outer.end_loop([outer.select(alone, half, other)])
        copy, inner = e.loop(0, self.size)
        (i,) = inner.regions[0].block.args
        at = [copy.index(copy.add(loop.results[0], i))]
        found = copy.load(self.keys if self.positions is None else self.positions, at)
        self.write(copy, self.order.element(copy, found) if self.positions is None else found, i)
        copy.end_loop()

    def _bucket(self, e: Emitter, start: Index, key: SSAValue, digit: Index) -> SSAValue:
        return e.index(e.add(start, self.order.byte(e, key, digit)))

    def _count(self, e: Emitter, digits: int) -> None:
        """How many elements each bucket of each byte has."""
        one, zero = e.constant(1, bi.i64), e.constant(0, bi.i64)
        clear, loop = e.loop(0, digits * BUCKETS)
        clear.store(zero, self.counts, [loop.regions[0].block.args[0]])
        clear.end_loop()
        inner, loop = e.loop(0, self.size)
        (i,) = loop.regions[0].block.args
        key = inner.load(self.keys, [i])
        if self.positions is not None:
            inner.store(inner.op(arith.IndexCastOp, [i], bi.i64), self.positions, [i])
        for digit in range(digits):
            at = [self._bucket(inner, digit * BUCKETS, key, digit)]
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

    def _move(self, e: Emitter, halves: Sequence[SSAValue], stop: SSAValue, start: Index, digit: SSAValue) -> None:
        source, target = halves
        inner, loop = e.loop(0, stop)
        (i,) = loop.regions[0].block.args
        own = [inner.index(inner.add(source, i))]
        key = inner.load(self.keys, own)
        bucket = [self._bucket(inner, start, key, digit)]
        place = inner.load(self.counts, bucket)
        inner.store(inner.op(arith.AddiOp, [place, inner.constant(1, bi.i64)]), self.counts, bucket)
        at = [inner.index(inner.add(target, inner.op(arith.IndexCastOp, [place], bi.IndexType())))]
        inner.store(key, self.keys, at)
        if self.positions is not None:
            inner.store(inner.load(self.positions, own), self.positions, at)
        inner.end_loop()


def _sorted(low: Lowering, op: NdOp) -> None:
    """`sort` and `argsort`; a GPU leaves them to NumPy."""
    if low.device:
        call_python(low, op, op.op, options_text({"axis": op.attrs["axis"]}))
        return
    source, axis = low.buffer(op.operands[0]), op.attrs["axis"]
    target = low.destination(op.results[0], source.sizes)
    size, order = source.sizes[axis], _Order(source.dtype, op.op == "sort")
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
        _either(nest.e, nest.e.icmp("sle", size, nest.e.index(SHORT)), line.by_counting, line.by_bytes)
    nest.close()


def _scratch(low: Lowering, dtype: str, sizes: Sequence[Index]) -> SSAValue:
    """Memory that each line writes before it reads."""
    buffer = low.allocate(dtype, sizes)
    op = buffer.storage.memref.owner
    assert isinstance(op, Operation)
    op.attributes[SCRATCH] = bi.UnitAttr()
    return buffer.view(low.body)


def _either(e: Emitter, condition: SSAValue, yes: Callable[[Emitter], None], no: Callable[[Emitter], None]) -> None:
    """`scf.if` without results."""
    blocks = Block(), Block()
    for block, body in zip(blocks, (yes, no), strict=True):
        inner = Emitter(block, e.location, e)
        body(inner)
        inner.end_loop()
    regions = [Region(block) for block in blocks]
    e.insert(scf.IfOp.create(operands=[condition], result_types=[], regions=regions, location=e.location))


ROWS: dict[str, Row] = dict.fromkeys(("sort", "argsort"), _sorted)
