"""Loop nests of `nd.fused`: neighbouring dimensions collapsed, reductions in registers where the reduced loops are innermost.

Where other loops stand inside of a reduced one, totals are in memory, and several terms are added each time they are touched.
What registers a reduction has, and what happens at the end of a block of the innermost loop, is written in `accumulators`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from xdsl.dialects import arith, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.nd import MAP, MAY_BE_EMPTY, FusedOp, YieldOp
from phintys.ir.types import DTYPES

from . import loops_spread
from .accumulators import TOTALS, Extremum, Matches, OneByOne, Plain, Position, Registers, accumulator
from .buffers import Buffer, Scalar
from .combiners import NO_IDENTITY, Reduction
from .emit import Emitter, Index
from .iteration import Moving, access, collapse, memory_order, moving, rank_of, space_sizes, tiled
from .loop_facts import AHEAD, AHEAD_ROWS, ANY_BLOCKS
from .nests import Leaf, Part, Point, Unrolled, nest, tiles

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering

BLOCK = 1024  # terms of one block of the innermost reduced loop
SEARCHED = 256  # the same where the position of an extremum is looked for in the blocks that improve on it
FETCHED = 512  # elements: a shorter loop is over before it gets what it has asked for
COLUMNS = 1024  # whose totals are computed together: fewer would make the rows that are read too short
WIDE = 1 << 15  # bytes of a row in the blocks of a thread that is alone
UNROLL = ((8, 6), (4, 16), (2, 32))  # how many terms at once, for scalar code of so many operations at most
COMPARED = 4  # as many at most where each is compared: the rows after them are fetched meanwhile

Visit = Callable[[Emitter, Point, Registers], Registers]


class FusedLoops:
    """Writes the loop nest of one fused operation."""

    def __init__(self, low: Lowering, op: FusedOp) -> None:
        self.low = low
        self.op = op
        self.e = low.body
        self.sizes = space_sizes(low, op)
        kept = [axis for axis in range(len(self.sizes)) if axis not in op.axes]
        reduced_sizes = [self.sizes[axis] for axis in kept]
        last = op.block.last_op
        assert isinstance(last, YieldOp)
        self.yields = list(last.operands)
        self.maps: list[tuple[int, Buffer]] = []
        self.reductions: list[Reduction] = []
        for number, (combiner, result) in enumerate(zip(op.combine, op.results, strict=True)):
            if combiner == MAP:
                part = low.concatenations.part(result, self.sizes)
                self.maps.append((number, part or low.destination(result, self.sizes)))
                low.tensors[result] = self.maps[-1][1]
                continue
            dtype = self._combined_dtype(number, from_xdsl(result.type).dtype)
            memory = [low.destination(result, reduced_sizes)] if kept else []
            if memory and combiner.startswith("arg"):
                memory.insert(0, low.allocate(dtype, reduced_sizes))
            self.reductions.append(Reduction(number, combiner, dtype, memory))
        self._require_elements()
        operands = [(low.tensors[v], list(range(len(self.sizes) - rank_of(v), len(self.sizes)))) for v in op.operands]
        accessed = [(b, axes) for b, axes in operands if isinstance(b, Buffer)]
        accessed += [(b, list(range(len(self.sizes)))) for _, b in self.maps]
        accessed += [(b, kept) for r in self.reductions for b in r.memory]
        storages = {b.storage for b, _ in operands if isinstance(b, Buffer)}
        self.overwrites = any(b.storage in storages for _, b in self.maps)
        self.walks = walks = [(b, moving(b, axes, self.sizes)) for b, axes in accessed]
        self.loops = collapse(low, self.sizes, self._order(walks), op.axes, walks)
        views = iter([access(low, self.loops, b, own) for b, own in walks])
        self.operands = [b if isinstance(b, Scalar) else next(views) for b, _ in operands]
        self.targets = [next(views) for _ in self.maps]
        self.totals = [[next(views) for _ in r.memory] for r in self.reductions]

    def _order(self, walks: list[tuple[Buffer, Moving]]) -> list[int]:
        """Order of the axes; positions among several reduced axes are counted as they come, so these stay."""
        counted = sum(self.sizes[axis] != 1 for axis in self.op.axes)
        order = memory_order(self.sizes, walks)
        if counted > 1 and any(r.by_position for r in self.reductions):
            order = list(range(len(self.sizes)))
        return sorted(order, key=lambda axis: axis in self.op.axes) if self.low.device else order

    def _combined_dtype(self, number: int, dtype: str) -> str:
        """dtype of what is combined; of integers whose position is wanted, signed (`fuse` maps unsigned ones to them)."""
        type = self.yields[number].type
        if type == scalar_type(dtype):
            return dtype
        return next(row.name for row in DTYPES.values() if row.kind in "bif" and scalar_type(row.name) == type)

    def _require_elements(self) -> None:
        if MAY_BE_EMPTY in self.op.attributes:
            return
        for reduction in self.reductions:
            if reduction.combiner not in NO_IDENTITY:
                continue
            for axis in self.op.axes:
                size = self.sizes[axis]
                if isinstance(size, int) and size > 0:
                    continue
                e = self.low.at(size)
                value = e.index(size)
                message = f"{NO_IDENTITY[reduction.combiner]} of no elements: dimension {axis} has size {{0}}"
                self.low.require(e, e.icmp("ne", value, e.index(0)), "ValueError", message, [value])

    # --- code ----------------------------------------------------------------------------------------------------------------

    def emit(self) -> None:
        """Write the nest and bind scalar results."""
        tail = 0
        while tail < len(self.loops) and self.loops[len(self.loops) - 1 - tail].reduced:
            tail += 1
        head = len(self.loops) - tail if self.reductions else len(self.loops)
        in_memory = any(loop.reduced for loop in self.loops[:head])
        size = self.loops[-1].size if tail else 1
        self.block = SEARCHED if any(r.by_position for r in self.reductions) else BLOCK
        self.one_block = self.low.device or (isinstance(size, int) and size <= self.block)
        several = tail > 1 or not self.one_block
        one_by_one = self.low.device or not tail
        self.accumulators = [OneByOne(r) if one_by_one else accumulator(r, several, self.overwrites) for r in self.reductions]
        self.ahead = self._waits_for_memory()
        results: Registers = []

        def visit(e: Emitter, points: list[Point]) -> None:
            values = self._load_totals(e, points[0]) if in_memory else [v for r in self.reductions for v in r.initial(e)]
            values = self._each(e, 0, values, lambda a, own: a.widen(e, own))
            if len(points) > 1 and self._compares():
                self._mark(e, AHEAD_ROWS)
            for point in points:
                values = self._reduce(e, head, point, values)
            if tail and not head:
                self._label(values)
            values = self._each(e, 1, values, lambda a, own: a.narrow(e, own))
            self._store_totals(e, points[0], values)
            results.extend(values)

        pair = None if self.reductions or self.low.device else tiled(self.loops, self.walks)
        if pair is not None:
            tiles(self.e, self.loops, pair, visit)
        elif in_memory:
            self._in_parts(lambda e, part: self._nest_in_memory(e, head, visit, part))
        else:
            nest(self.e, self.loops, range(head), visit)
        self._bind_scalars(results)

    def _waits_for_memory(self) -> bool:
        """Whether the innermost loop, an extremum's, tests so much for each element that it is worth to fetch ahead of it."""
        size = self.loops[-1].size if self.loops else 1
        if self.low.device or (isinstance(size, int) and size < FETCHED):
            return False
        return any(isinstance(a, Extremum | Position) for a in self.accumulators)

    def _nest_in_memory(self, e: Emitter, head: int, visit: Leaf, part: Part | None) -> None:
        """Totals in memory: neutral elements first."""
        outer = [number for number, loop in enumerate(self.loops) if not loop.reduced]
        nest(e, self.loops, outer, self._initialize, part=part)
        nest(e, self.loops, range(head), visit, self._unrolled(head) if head == len(self.loops) else None, part=part)

    def _in_parts(self, write: Callable[[Emitter, Part | None], None]) -> None:
        """Where a reduced loop is outermost, a block of columns at a time, whose totals stay in the first-level cache."""
        last = len(self.loops) - 1
        size = self.loops[last].size
        if not self.loops[0].reduced or self.loops[last].reduced or (isinstance(size, int) and size <= COLUMNS):
            write(self.e, None)
            return
        outer, op = self.e.loop(0, size, COLUMNS)
        bits = max(DTYPES[from_xdsl(value.type).dtype].bits for value in self.op.operands)
        op.attributes[ANY_BLOCKS] = bi.IntegerAttr(max(COLUMNS, 8 * WIDE // bits), bi.i64)
        start = op.body.block.args[0]
        write(outer, (last, start, outer.minimum(outer.add(start, COLUMNS), size)))
        outer.end_loop()

    def _compares(self) -> bool:
        return any(r.combiner.removeprefix("arg") in ("max", "min") for r in self.reductions)

    def _mark(self, e: Emitter, attribute: str) -> None:
        loop = e.block.parent_op()
        if isinstance(loop, scf.ForOp):
            loop.attributes[attribute] = bi.UnitAttr()

    def _label(self, values: Registers) -> None:
        """Say what the loop that these values come from carries; a block that is alone has none."""
        loop = values[0].owner
        if isinstance(loop, scf.ForOp):
            loop.attributes[TOTALS] = bi.ArrayAttr([bi.StringAttr(a.label) for a in self.accumulators])

    def _unrolled(self, head: int) -> Unrolled | None:
        """The reduced loop around others, whose totals in memory are worth several terms each time they are touched."""
        length = len(list(self.op.block.ops))
        count = next((count for count, most in UNROLL if length <= most), 1)
        count = min(count, COMPARED) if self._compares() else count
        reduced = [number for number in range(head) if self.loops[number].reduced]
        return (reduced[-1], count) if reduced and reduced[-1] < head - 1 and count > 1 else None

    def _initialize(self, e: Emitter, points: list[Point]) -> None:
        self._store_totals(e, points[0], [value for r in self.reductions for value in r.initial(e)])

    def _load_totals(self, e: Emitter, ivs: Point) -> Registers:
        return [e.load(a.memref, [ivs[n] for n in a.loops]) for accesses in self.totals for a in accesses]

    def _store_totals(self, e: Emitter, ivs: Point, values: Registers) -> None:
        accesses = [each for group in self.totals for each in group]
        for each, value in zip(accesses, values, strict=False):
            e.store(value, each.memref, [ivs[n] for n in each.loops])

    def _split(self, which: int, values: Registers) -> list[tuple[Plain, Registers]]:
        """Registers of each accumulator: outside (0), from block to block (1) or inside of a block (2)."""
        rest = iter(values)
        return [(a, [next(rest) for _ in range(a.widths[which])]) for a in self.accumulators]

    def _each(self, e: Emitter, which: int, values: Registers, do: Callable[[Plain, Registers], Registers]) -> Registers:
        return [value for a, own in self._split(which, values) for value in do(a, own)]

    def _reduce(self, e: Emitter, loop: int, ivs: Point, values: Registers) -> Registers:
        """Run the loops from `loop` on with `values` from block to block."""
        if loop == len(self.loops):
            return self._point(e, ivs, values)
        size = self.loops[loop].size
        if loop < len(self.loops) - 1 and self.low.device:
            return self._flat(e, loop, ivs, values)
        if loop < len(self.loops) - 1:
            return self._counted(e, loop, 0, size, ivs, values, lambda e, ivs, own: self._reduce(e, loop + 1, ivs, own))
        if self.one_block or not any(a.blocked for a in self.accumulators):
            return self._block(e, 0, size, ivs, values)
        outer, op = e.loop(0, size, self.block, values)
        start, *carried = op.regions[0].block.args
        outer.end_loop(self._block(outer, start, outer.minimum(outer.add(start, self.block), size), ivs, list(carried)))
        return list(op.results)

    def _flat(self, e: Emitter, first: int, ivs: Point, values: Registers) -> Registers:
        """The loops from `first` on as one over the product of their sizes."""
        numbers = range(first, len(self.loops))
        inner, op = e.loop(0, e.product([self.loops[n].size for n in numbers]), 1, values)
        counter, *carried = op.regions[0].block.args
        rest: SSAValue = counter
        point = dict(ivs)
        for number in reversed(numbers[1:]):
            size = inner.index(self.loops[number].size)
            point[number] = inner.op(arith.RemUIOp, [rest, size])
            rest = inner.op(arith.DivUIOp, [rest, size])
        inner.end_loop(self._point(inner, {**point, first: rest}, list(carried)))
        return list(op.results)

    def _block(self, e: Emitter, start: Index, stop: Index, ivs: Point, carried: Registers) -> Registers:
        """A block of the innermost loop."""
        loop = len(self.loops) - 1
        inside = self._each(e, 1, carried, lambda a, own: a.restart(e, own))
        inside = self._counted(e, loop, start, stop, ivs, inside, self._point)
        result: Registers = []
        for (a, own), (_, new) in zip(self._split(1, carried), self._split(2, inside), strict=True):
            result += a.join(e, own, new, partial(self._find, start, stop, ivs, a.r.number))
        return result

    def _find(self, start: Index, stop: Index, ivs: Point, number: int, e: Emitter, matches: Matches) -> SSAValue:
        """Position of the first point of a block whose yielded value matches."""
        loop = len(self.loops) - 1

        def visit(e: Emitter, point: Point, values: Registers) -> Registers:
            hit = matches(e, self.scalars(e, point, [self.yields[number]])[self.yields[number]])
            return [e.op(arith.MinSIOp, [e.select(hit, point[loop], e.index(stop)), values[0]])]

        (first,) = self._counted(e, loop, start, stop, ivs, [e.index(stop)], visit)
        return self._position(e, {**ivs, loop: first})

    def _counted(
        self, e: Emitter, loop: int, start: Index, stop: Index, ivs: Point, values: Registers, visit: Visit
    ) -> Registers:
        inner, op = e.loop(start, stop, 1, values)
        iv, *carried = op.regions[0].block.args
        inner.end_loop(visit(inner, {**ivs, loop: iv}, list(carried)))
        return list(op.results)

    def scalars(self, e: Emitter, ivs: Point, wanted: Sequence[SSAValue]) -> dict[SSAValue, SSAValue]:
        """The scalar code at one point, as far as the wanted values need it."""
        needed, ops = set(wanted), list[Operation]()
        for op in reversed(list(self.op.block.ops)):
            if needed.intersection(op.results):
                needed.update(op.operands)
                ops.append(op)
        mapping: dict[SSAValue, SSAValue] = {}
        for argument, operand in zip(self.op.block.args, self.operands, strict=True):
            if argument not in needed:
                continue
            if isinstance(operand, Scalar):
                mapping[argument] = operand.value
            else:
                mapping[argument] = e.load(operand.memref, [ivs[n] for n in operand.loops])
        e.copy(reversed(ops), mapping)
        return mapping

    def _point(self, e: Emitter, ivs: Point, values: Registers) -> Registers:
        """One point: loads, scalar code, stores, combination."""
        if self.ahead:
            self._mark(e, AHEAD)
        mapping = self.scalars(e, ivs, self.yields)
        for (number, _), target in zip(self.maps, self.targets, strict=True):
            e.store(mapping[self.yields[number]], target.memref, [ivs[n] for n in target.loops])
        result: Registers = []
        for a, own in self._split(2, values):
            position = self._position(e, ivs) if isinstance(a, OneByOne) and a.r.by_position else None
            result += a.combine(e, own, mapping[self.yields[a.r.number]], position)
        return result

    def _position(self, e: Emitter, ivs: Point) -> SSAValue:
        """Row-major number of a point among the reduced dimensions."""
        position: Index = 0
        for number, loop in enumerate(self.loops):
            if loop.reduced:
                position = e.add(e.mul(position, loop.size), ivs[number])
        return e.op(arith.IndexCastOp, [e.index(position)], bi.i64)

    def _bind_scalars(self, values: Registers) -> None:
        if self.reductions and not from_xdsl(self.op.results[self.reductions[0].number].type).ndim:
            for a, own in self._split(0, values):
                self.low.set_scalar(self.op.results[a.r.number], own[-1])


def lower_fused(low: Lowering, op: FusedOp) -> None:
    """`nd.fused` -> loops."""
    loops = FusedLoops(low, op)
    spread = loops_spread.spread_of(loops)
    if spread is None:
        loops.emit()
    else:
        loops_spread.emit(loops, spread)
