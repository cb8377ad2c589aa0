"""Loop nests of `nd.fused`: neighbouring dimensions collapsed, reductions in registers where the reduced loops are innermost.

A float sum runs in blocks of `BLOCK` terms, each summed in vector lanes. The sums of blocks are added with the rounding error of
each addition kept beside the total (Knuth's two-sum; Ogita, Rump, Oishi, Accurate sum and dot product, 2005), so that the error
does not grow with the number of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.nd import MAP, FusedOp, YieldOp
from phintys.ir.types import DTYPES

from .buffers import Buffer, Scalar
from .emit import Emitter, Index

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering

BLOCK = 1024  # terms of one block of a float sum

OPERATIONS: dict[tuple[str, str], type[Operation]] = {
    ("add", "f"): arith.AddfOp,
    ("add", "i"): arith.AddiOp,
    ("add", "u"): arith.AddiOp,
    ("add", "b"): arith.OrIOp,
    ("mul", "b"): arith.AndIOp,
    ("mul", "f"): arith.MulfOp,
    ("mul", "i"): arith.MuliOp,
    ("mul", "u"): arith.MuliOp,
    ("max", "f"): arith.MaximumfOp,
    ("max", "i"): arith.MaxSIOp,
    ("max", "u"): arith.MaxUIOp,
    ("min", "f"): arith.MinimumfOp,
    ("min", "i"): arith.MinSIOp,
    ("min", "u"): arith.MinUIOp,
    ("and", "b"): arith.AndIOp,
    ("or", "b"): arith.OrIOp,
}
NO_IDENTITY = {"max": "maximum", "min": "minimum", "argmax": "argmax", "argmin": "argmin"}


def identity(combiner: str, dtype: str) -> float | int:
    """The neutral element of a combiner."""
    row = DTYPES[dtype]
    low, high = {
        "f": (float("-inf"), float("inf")),
        "i": (-(2 ** (row.bits - 1)), 2 ** (row.bits - 1) - 1),
        "u": (0, 2**row.bits - 1),
        "b": (0, 1),
    }[row.kind]
    table: dict[str, float | int] = {"add": 0, "mul": 1, "and": 1, "or": 0, "max": low, "min": high, "argmax": low, "argmin": high}
    return table[combiner]


@dataclass(eq=False)
class _Reduction:
    """One combined result: its accumulators live in registers or, between visits, in `memory`."""

    number: int  # which yielded value
    combiner: str
    dtype: str  # of the value that is compared or added
    memory: list[Buffer]

    @property
    def by_position(self) -> bool:
        return self.combiner.startswith("arg")

    def initial(self, e: Emitter) -> list[SSAValue]:
        start = e.constant(identity(self.combiner, self.dtype), scalar_type(self.dtype))
        return [start, e.constant(0, bi.i64)] if self.by_position else [start]

    def combine(self, e: Emitter, accumulators: Sequence[SSAValue], value: SSAValue, position: SSAValue | None) -> list[SSAValue]:
        kind = DTYPES[self.dtype].kind
        if not self.by_position:
            return [e.reassociated(OPERATIONS[self.combiner, kind], accumulators[0], value)]
        assert position is not None
        better = _better(e, self.combiner, kind, value, accumulators[0])
        return [e.select(better, value, accumulators[0]), e.select(better, position, accumulators[1])]


def _better(e: Emitter, combiner: str, kind: str, value: SSAValue, best: SSAValue) -> SSAValue:
    """Whether `value` takes the place of `best`: strictly better, or the first NaN (NumPy's rule)."""
    less = combiner == "argmin"
    if kind != "f":
        signed = kind == "i"
        return e.icmp(("slt" if signed else "ult") if less else ("sgt" if signed else "ugt"), value, best)
    better = e.fcmp("olt" if less else "ogt", value, best)
    first_nan = e.op(arith.AndIOp, [e.fcmp("uno", value, value), e.fcmp("ord", best, best)])
    return e.op(arith.OrIOp, [better, first_nan])


def _two_sum(e: Emitter, total: SSAValue, lost: SSAValue, term: SSAValue) -> list[SSAValue]:
    """`total + term`, and `lost` with the rounding error of that addition."""
    new = e.op(arith.AddfOp, [total, term])
    part = e.op(arith.SubfOp, [new, total])
    of_total = e.op(arith.SubfOp, [total, e.op(arith.SubfOp, [new, part])])
    error = e.op(arith.AddfOp, [of_total, e.op(arith.SubfOp, [term, part])])
    return [new, e.op(arith.AddfOp, [lost, error])]


@dataclass(eq=False)
class _Loop:
    """One loop: neighbouring axes of the iteration space taken together."""

    axes: list[int]
    size: Index
    reduced: bool


@dataclass(eq=False)
class _Access:
    """How a buffer is visited: which loops move in it, and the memref to index with them."""

    memref: SSAValue
    loops: list[int]

    def at(self, ivs: Sequence[SSAValue]) -> list[SSAValue]:
        return [ivs[loop] for loop in self.loops]


class FusedLoops:
    """Writes the loop nest of one fused operation."""

    def __init__(self, low: Lowering, op: FusedOp) -> None:
        self.low = low
        self.op = op
        self.e = low.body
        self.sizes = _space_sizes(low, op)
        kept = [axis for axis in range(len(self.sizes)) if axis not in op.axes]
        reduced_sizes = [self.sizes[axis] for axis in kept]
        last = op.block.last_op
        assert isinstance(last, YieldOp)
        self.yields = list(last.operands)
        self.maps: list[tuple[int, Buffer]] = []
        self.reductions: list[_Reduction] = []
        for number, (combiner, result) in enumerate(zip(op.combine, op.results, strict=True)):
            if combiner == MAP:
                self.maps.append((number, low.destination(result, self.sizes)))
                continue
            dtype = self._combined_dtype(number, from_xdsl(result.type).dtype)
            memory = [low.destination(result, reduced_sizes)] if kept else []
            if memory and combiner.startswith("arg"):
                memory.insert(0, low.allocate(dtype, reduced_sizes))
            self.reductions.append(_Reduction(number, combiner, dtype, memory))
        self._require_elements()
        operands = [(low.tensors[v], list(range(len(self.sizes) - _rank(v), len(self.sizes)))) for v in op.operands]
        accessed = [(b, axes) for b, axes in operands if isinstance(b, Buffer)]
        accessed += [(b, list(range(len(self.sizes)))) for _, b in self.maps]
        accessed += [(b, kept) for r in self.reductions for b in r.memory]
        self.loops = self._collapse([(b, _moving(b, axes, self.sizes)) for b, axes in accessed])
        views = iter([self._access(b, _moving(b, axes, self.sizes)) for b, axes in accessed])
        self.operands = [b if isinstance(b, Scalar) else next(views) for b, _ in operands]
        self.targets = [next(views) for _ in self.maps]
        self.accumulators = [[next(views) for _ in r.memory] for r in self.reductions]

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

    # --- loops and views -----------------------------------------------------------------------------------------------------

    def _collapse(self, accessed: list[tuple[Buffer, dict[int, int]]]) -> list[_Loop]:
        loops: list[_Loop] = []
        for axis, size in enumerate(self.sizes):
            if size == 1:
                continue
            reduced = axis in self.op.axes
            last = loops[-1] if loops else None
            if last is not None and last.reduced == reduced and all(_joins(b, own, last.axes[-1], axis) for b, own in accessed):
                last.axes.append(axis)
                last.size = self.low.at(last.size, size).mul(last.size, size)
            else:
                loops.append(_Loop([axis], size, reduced))
        return loops

    def _access(self, buffer: Buffer, moving: dict[int, int]) -> _Access:
        used = [number for number, loop in enumerate(self.loops) if loop.axes[-1] in moving]
        if buffer.whole and [self.loops[n].axes for n in used] == [[axis] for axis in moving] and len(used) == buffer.ndim:
            return _Access(buffer.storage.memref, used)
        key = tuple(tuple(self.loops[number].axes) for number in used)
        view = buffer.views.get(key)
        if view is None:
            strides = [buffer.strides[moving[self.loops[number].axes[-1]]] for number in used]
            view = self.e.reinterpret(buffer.storage.memref, buffer.offset, [self.loops[n].size for n in used], strides)
            buffer.views[key] = view
        return _Access(view, used)

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
        accesses = [access for group in self.accumulators for access in group]
        for access, value in zip(accesses, values, strict=False):
            e.store(value, access.memref, [ivs[n] for n in access.loops])

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

    def _in_blocks(self, r: _Reduction) -> bool:
        """Whether a reduction is a sum whose total has, outside of blocks, a second register for what rounding took."""
        return self.blocked and r.combiner == "add" and DTYPES[r.dtype].kind == "f"

    def _split(self, values: Sequence[SSAValue], wide: bool) -> list[tuple[_Reduction, list[SSAValue]]]:
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
            result.extend(_two_sum(e, own[0], own[1], new[0]) if self._in_blocks(r) else new)
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


def _rank(value: SSAValue) -> int:
    return from_xdsl(value.type).ndim


def _moving(buffer: Buffer, axes: Sequence[int], sizes: Sequence[Index]) -> dict[int, int]:
    """Axes of the iteration space along which a buffer moves -> its own axes; those of size 1 stand still."""
    return {axis: own for own, axis in enumerate(axes) if buffer.sizes[own] != 1 and sizes[axis] != 1}


def _joins(buffer: Buffer, own: dict[int, int], a: int, b: int) -> bool:
    """Whether two neighbouring axes can be one loop for this buffer."""
    if (a in own) != (b in own):
        return False
    if a not in own:
        return True
    between = buffer.sizes[own[a] + 1 : own[b]]
    return buffer.dense and all(size == 1 for size in between)


def _space_sizes(low: Lowering, op: FusedOp) -> list[Index]:
    """Size of each axis of the iteration space, a number where one is known."""
    rank = max(_rank(value) for value in op.operands)
    sizes: list[Index] = [1] * rank
    for value in op.operands:
        tensor = low.tensors[value]
        if isinstance(tensor, Scalar):
            continue
        static = from_xdsl(value.type).shape
        for own, size in enumerate(tensor.sizes):
            axis = own + rank - tensor.ndim
            if static[own] != 1 and not (isinstance(sizes[axis], int) and sizes[axis] != 1):
                sizes[axis] = size if sizes[axis] == 1 or isinstance(size, int) else sizes[axis]
    return sizes


def lower_fused(low: Lowering, op: FusedOp) -> None:
    """`nd.fused` -> loops."""
    FusedLoops(low, op).emit()


def copy(low: Lowering, source: Buffer, target: Buffer, value: SSAValue | None = None) -> None:
    """Copy a buffer into another of the same sizes; or fill `target` with a scalar. Axes that allow it are collapsed."""
    e = low.body
    buffers = [target] if value is not None else [source, target]
    if all(buffer.dense for buffer in buffers):
        total = low.at(*low.dims(target)).product(target.sizes)
        sizes: list[Index] = [total]
        views = [e.reinterpret(b.storage.memref, b.offset, sizes, [1]) for b in buffers]
    else:
        sizes = target.sizes
        views = [buffer.view(e) for buffer in buffers]
    loops = []
    ivs: list[SSAValue] = []
    for size in sizes:
        inner, op = e.loop(0, size)
        ivs.append(op.regions[0].block.args[0])
        loops.append(inner)
        e = inner
    e.store(e.load(views[0], ivs) if value is None else value, views[-1], ivs)
    for inner in reversed(loops):
        inner.end_loop()
