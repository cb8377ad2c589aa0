"""Loop nests of `nd.fused`: neighbouring dimensions collapsed, reductions in registers where the reduced loops are innermost.

A float sum runs in blocks of `BLOCK` terms, each summed in vector lanes. The sums of blocks are added with the rounding error
of each addition kept beside the total (Knuth's two-sum; Ogita, Rump, Oishi, Accurate sum and dot product, 2005), so that the
error does not grow with the number of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.nd import MAP, FusedOp, YieldOp
from phintys.ir.types import DTYPES

from .buffers import Buffer, Scalar
from .combiners import NO_IDENTITY, Reduction, two_sum
from .emit import Emitter, Index
from .iteration import Moving, access, collapse, memory_order, moving, rank_of, space_sizes

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering

BLOCK = 1024  # terms of one block of a float sum


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
                self.maps.append((number, low.destination(result, self.sizes)))
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
        walks = [(b, moving(b, axes, self.sizes)) for b, axes in accessed]
        self.loops = collapse(low, self.sizes, self._order(walks), op.axes, walks)
        views = iter([access(low, self.loops, b, own) for b, own in walks])
        self.operands = [b if isinstance(b, Scalar) else next(views) for b, _ in operands]
        self.targets = [next(views) for _ in self.maps]
        self.accumulators = [[next(views) for _ in r.memory] for r in self.reductions]

    def _order(self, walks: list[tuple[Buffer, Moving]]) -> list[int]:
        """Order of the axes; positions among several reduced axes are counted as they come, so these stay."""
        counted = sum(self.sizes[axis] != 1 for axis in self.op.axes)
        if counted > 1 and any(r.by_position for r in self.reductions):
            return list(range(len(self.sizes)))
        return memory_order(self.sizes, walks)

    def _combined_dtype(self, number: int, dtype: str) -> str:
        """dtype of what is combined; of integers whose position is wanted, signed (`fuse` maps unsigned ones to them)."""
        type = self.yields[number].type
        if type == scalar_type(dtype):
            return dtype
        return next(row.name for row in DTYPES.values() if row.kind in "bif" and scalar_type(row.name) == type)

    def _require_elements(self) -> None:
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
        if in_memory:
            outer = [number for number, loop in enumerate(self.loops) if not loop.reduced]
            self._nest(self.e, outer, {}, self._initialize)
        size = self.loops[-1].size if tail else 1
        self.blocked = tail > 1 or not isinstance(size, int) or size > BLOCK
        results: list[SSAValue] = []

        def visit(e: Emitter, ivs: dict[int, SSAValue]) -> None:
            start = self._load_accumulators(e, ivs) if in_memory else [v for r in self.reductions for v in r.initial(e)]
            final = self._narrow(e, self._reduce(e, head, ivs, self._widen(e, start)))
            self._store_accumulators(e, ivs, final)
            results.extend(final)

        self._nest(self.e, list(range(head)), {}, visit)
        self._bind_scalars(results)

    def _nest(
        self, e: Emitter, loops: list[int], ivs: dict[int, SSAValue], leaf: Callable[[Emitter, dict[int, SSAValue]], None]
    ) -> None:
        if not loops:
            leaf(e, ivs)
            return
        inner, op = e.loop(0, self.loops[loops[0]].size)
        self._nest(inner, loops[1:], {**ivs, loops[0]: op.regions[0].block.args[0]}, leaf)
        inner.end_loop()

    def _initialize(self, e: Emitter, ivs: dict[int, SSAValue]) -> None:
        self._store_accumulators(e, ivs, [value for r in self.reductions for value in r.initial(e)])

    def _load_accumulators(self, e: Emitter, ivs: dict[int, SSAValue]) -> list[SSAValue]:
        return [e.load(a.memref, [ivs[n] for n in a.loops]) for accesses in self.accumulators for a in accesses]

    def _store_accumulators(self, e: Emitter, ivs: dict[int, SSAValue], values: list[SSAValue]) -> None:
        accesses = [each for group in self.accumulators for each in group]
        for each, value in zip(accesses, values, strict=False):
            e.store(value, each.memref, [ivs[n] for n in each.loops])

    def _reduce(self, e: Emitter, loop: int, ivs: dict[int, SSAValue], values: list[SSAValue]) -> list[SSAValue]:
        """Run the loops from `loop` on with `values` as accumulators."""
        if loop == len(self.loops):
            return self._point(e, ivs, values)
        size = self.loops[loop].size
        if loop < len(self.loops) - 1 or not any(map(self._in_blocks, self.reductions)):
            return self._counted(e, loop, 0, size, ivs, values)
        if isinstance(size, int) and size <= BLOCK:
            return self._add_block(e, values, self._counted(e, loop, 0, size, ivs, self._restart(e, values)))
        outer, op = e.loop(0, size, BLOCK, values)
        start, *carried = op.regions[0].block.args
        stop = outer.minimum(outer.add(start, BLOCK), size)
        inner = self._counted(outer, loop, start, stop, ivs, self._restart(outer, carried))
        outer.end_loop(self._add_block(outer, carried, inner))
        return list(op.results)

    def _in_blocks(self, r: Reduction) -> bool:
        """Whether a reduction is a sum whose total has, outside of blocks, a second register for what rounding took."""
        return self.blocked and r.combiner == "add" and DTYPES[r.dtype].kind == "f"

    def _split(self, values: Sequence[SSAValue], wide: bool) -> list[tuple[Reduction, list[SSAValue]]]:
        """Registers of each reduction: value and position, or (`wide`) total and lost part, or one."""
        rest = iter(values)
        two = [r.by_position or (wide and self._in_blocks(r)) for r in self.reductions]
        return [(r, [next(rest) for _ in range(1 + both)]) for r, both in zip(self.reductions, two, strict=True)]

    def _widen(self, e: Emitter, values: Sequence[SSAValue]) -> list[SSAValue]:
        lost = [r.initial(e) if self._in_blocks(r) else [] for r in self.reductions]
        return [v for (_, own), more in zip(self._split(values, False), lost, strict=True) for v in (*own, *more)]

    def _narrow(self, e: Emitter, values: Sequence[SSAValue]) -> list[SSAValue]:
        """Totals with what they lost; an infinite total has lost NaN."""
        result: list[SSAValue] = []
        for r, own in self._split(values, True):
            if self._in_blocks(r):
                total, lost = own
                own = [e.select(e.fcmp("ord", lost, lost), e.op(arith.AddfOp, [total, lost]), total)]
            result.extend(own)
        return result

    def _restart(self, e: Emitter, values: Sequence[SSAValue]) -> list[SSAValue]:
        """Accumulators of a block: sums start from zero."""
        return [v for r, own in self._split(values, True) for v in (r.initial(e) if self._in_blocks(r) else own)]

    def _add_block(self, e: Emitter, values: Sequence[SSAValue], inner: Sequence[SSAValue]) -> list[SSAValue]:
        result: list[SSAValue] = []
        for (r, own), (_, new) in zip(self._split(values, True), self._split(inner, False), strict=True):
            result.extend(two_sum(e, own[0], own[1], new[0]) if self._in_blocks(r) else new)
        return result

    def _counted(
        self, e: Emitter, loop: int, start: Index, stop: Index, ivs: dict[int, SSAValue], values: Sequence[SSAValue]
    ) -> list[SSAValue]:
        inner, op = e.loop(start, stop, 1, values)
        iv, *carried = op.regions[0].block.args
        inner.end_loop(self._reduce(inner, loop + 1, {**ivs, loop: iv}, list(carried)))
        return list(op.results)

    def _point(self, e: Emitter, ivs: dict[int, SSAValue], values: list[SSAValue]) -> list[SSAValue]:
        """The scalar code at one point: loads, body, stores, combination."""
        mapping: dict[SSAValue, SSAValue] = {}
        for argument, operand in zip(self.op.block.args, self.operands, strict=True):
            if isinstance(operand, Scalar):
                mapping[argument] = operand.value
            else:
                mapping[argument] = e.load(operand.memref, [ivs[n] for n in operand.loops])
        clone_body(e, self.op.block.ops, mapping)
        for (number, _), target in zip(self.maps, self.targets, strict=True):
            e.store(mapping[self.yields[number]], target.memref, [ivs[n] for n in target.loops])
        result: list[SSAValue] = []
        for r, own in self._split(values, False):
            position = self._position(e, ivs) if r.by_position else None
            result.extend(r.combine(e, own, mapping[self.yields[r.number]], position))
        return result

    def _position(self, e: Emitter, ivs: dict[int, SSAValue]) -> SSAValue:
        """Row-major number of this point among the reduced dimensions."""
        position: Index = 0
        for number, loop in enumerate(self.loops):
            if loop.reduced:
                position = e.add(e.mul(position, loop.size), ivs[number])
        return e.op(arith.IndexCastOp, [e.index(position)], bi.i64)

    def _bind_scalars(self, values: list[SSAValue]) -> None:
        for r, own in self._split(values, False):
            result = self.op.results[r.number]
            if not from_xdsl(result.type).ndim:
                self.low.set_scalar(result, own[-1])


def clone_body(e: Emitter, ops: Iterable[Operation], mapping: dict[SSAValue, SSAValue]) -> None:
    """Copy scalar operations to the end of a block, operands renamed by `mapping`, which receives their results."""
    for op in ops:
        if isinstance(op, YieldOp):
            continue
        if isinstance(op, arith.ConstantOp) and isinstance(op.value, bi.IntegerAttr | bi.FloatAttr):
            mapping[op.result] = e.constant(op.value.value.data, op.result.type)
            continue
        copy = type(op).create(
            operands=[mapping.get(value, value) for value in op.operands],
            result_types=[value.type for value in op.results],
            properties=op.properties,
            attributes=op.attributes,
            location=op.location,
        )
        e.insert(copy)
        mapping.update(zip(op.results, copy.results, strict=True))


def lower_fused(low: Lowering, op: FusedOp) -> None:
    """`nd.fused` -> loops."""
    FusedLoops(low, op).emit()
