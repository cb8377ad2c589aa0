"""Bodies of loops written for several neighbours at once, so that a thread moves 16 bytes by one instruction.

A device hides the time to its memory by what is under way: some 20 KiB a multiprocessor for 4.8 TB/s. Its 2048 threads have
8 KiB under way if each waits for one float, and 32 KiB for 16 bytes. So a loop over the elements of a row becomes two:

    scf.for %c = %thread to %chunks step %threads       { vector.load %x[4 * %c] ... vector.store }     chunks of neighbours
    scf.for %i = 4 * %chunks + %thread to %n step ...   { memref.load %x[%i] ... memref.store }         the rest

`%chunks` is 0 where a buffer is not at a multiple of 16 bytes, or the rows of a matrix are not: then the second loop does all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from xdsl.dialects import arith, memref, scf, vector
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation, SSAValue

from phintys.dialects.rt import AssertOp

from .emit import INDEX, Emitter, Index
from .gpu_checks import Failed, guarded
from .gpu_host import copy_into, outside_values
from .gpu_kernel import Kernel
from .llvm_memory import byte_size
from .loop_facts import Memory, root_of

WIDEST = 16  # bytes of one access
MOST_BYTES = 32  # of one operand that a thread has at once: more would cost registers, of which 2048 threads have 32 each
MOST_WORK = 160  # operations of all neighbours together
FUNCTION = 20  # what a mathematical function counts for, for each argument; of f64 three times as much
Lane = dict[SSAValue, SSAValue]
Registers = list[SSAValue]


@dataclass(frozen=True)
class Carried:
    """What a loop carries: its block's arguments, what its body yields, what a thread begins with, and how two join."""

    arguments: Sequence[SSAValue]
    yields: Sequence[SSAValue]
    neutral: Registers
    combine: Callable[[Emitter, Registers, Registers], Registers]


@dataclass(eq=False)
class Wide:
    """How the body of a loop is written for `count` neighbouring values of its variable."""

    ops: Sequence[Operation]
    variable: SSAValue
    varying: set[SSAValue]  # values that are not the same for all neighbours
    along: dict[Operation, int] = field(default_factory=dict)  # accesses of neighbours in memory: the axis of the variable
    count: int = 0
    failed: Failed | None = None  # what is done where a check fails, which is the same for all neighbours

    def loop(
        self,
        e: Emitter,
        bounds: tuple[Index, Index, Index],
        place: Callable[[Emitter, SSAValue], SSAValue],
        env: Lane,
        carried: Carried,
    ) -> Registers:
        """A loop over chunks from, to, by `bounds`, each lane with totals of its own; the totals of all lanes.

        `place` makes the variable's value of the number of the chunk's first element.
        """
        first, end, step = bounds
        inner, op = e.loop(first, end, step, [value for value in carried.neutral for _ in range(self.count)])
        position, *values = op.body.block.args
        rows = [values[start : start + self.count] for start in range(0, len(values), self.count)]
        base = place(inner, inner.index(inner.mul(position, self.count)))
        lanes = self.lanes(inner, base, env)
        for lane, own in zip(lanes, zip(*rows, strict=True), strict=False):
            lane.update(zip(carried.arguments, own, strict=True))
        self.write(inner, self.ops, lanes, dict(env))
        inner.end_loop([lane.get(value, value) for value in carried.yields for lane in lanes])
        totals: list[Registers] = [list(op.results[lane :: self.count]) for lane in range(self.count)]
        while len(totals) > 1:
            totals = [carried.combine(e, a, b) for a, b in zip(totals[::2], totals[1::2], strict=True)]
        return totals[0]

    def lanes(self, e: Emitter, base: SSAValue, env: Lane) -> list[Lane]:
        """What is known where the variable is `base`, and where it is one of those after it."""
        return [{**env, self.variable: e.index(e.add(base, lane))} for lane in range(self.count)]

    def write(self, e: Emitter, ops: Sequence[Operation], lanes: list[Lane], shared: Lane) -> None:
        """Write operations of the body for all lanes; what is the same for all of them is written once."""
        for number, op in enumerate(ops):
            if isinstance(op, AssertOp):
                assert self.failed is not None
                guarded(e, op, shared, self.failed, partial(self._behind, ops[number + 1 :], lanes, shared), [])
                return
            if op in self.along:
                self._access(e, op, lanes)
            elif self._varies(op):
                for lane in lanes:
                    copy_into(e, op, lane)
            else:
                copy_into(e, op, shared)
                for lane in lanes:
                    lane.update((result, shared[result]) for result in op.results)

    def _behind(self, ops: Sequence[Operation], lanes: list[Lane], shared: Lane, e: Emitter) -> Registers:
        """What stands behind a check, where it holds."""
        self.write(e, ops, lanes, shared)
        return []

    def _varies(self, op: Operation) -> bool:
        return isinstance(op, memref.StoreOp) or any(result in self.varying for result in op.results)

    def _access(self, e: Emitter, op: Operation, lanes: list[Lane]) -> None:
        assert isinstance(op, memref.LoadOp | memref.StoreOp)
        element, each = _element(op), self._each(op)
        type = bi.VectorType(element, [each])
        for start in range(0, self.count, each):
            part = lanes[start : start + each]
            first = part[0]
            place = [first.get(op.memref, op.memref), *(first.get(index, index) for index in op.indices)]
            if isinstance(op, memref.StoreOp):
                e.insert(
                    vector.StoreOp.create(operands=[_joined(e, [lane.get(op.value, op.value) for lane in part], type), *place])
                )
                continue
            found = e.op(vector.LoadOp, place, type)
            for number, lane in enumerate(part):
                lane[op.res] = e.op(vector.ExtractOp, [found], element, _at(number))

    def _each(self, op: Operation) -> int:
        """How many neighbours one access moves."""
        return min(self.count, WIDEST // byte_size(_element(op)))

    def fits(self, kernel: Kernel) -> SSAValue:
        """Whether all accesses are at multiples of their size where the variable is one of `count`; all threads agree."""
        e = kernel.entry
        loose: dict[int, SSAValue] = {}
        seen: set[tuple[SSAValue, int]] = set()
        for op, axis in self.along.items():
            assert isinstance(op, memref.LoadOp | memref.StoreOp)
            if (op.memref, axis) not in seen:
                seen.add((op.memref, axis))
                bytes = byte_size(_element(op)) * self._each(op)
                for number in _distances(e, kernel.value(op.memref), axis, byte_size(_element(op))):
                    loose[bytes] = e.op(arith.OrIOp, [loose[bytes], number]) if bytes in loose else number
        result = e.constant(1, bi.i1)
        for bytes, number in loose.items():
            rest = e.op(arith.AndIOp, [number, e.index(bytes - 1)])
            result = e.op(arith.AndIOp, [result, e.icmp("eq", rest, e.index(0))])
        return result

    def chunks(self, e: Emitter, fits: SSAValue, size: Index) -> SSAValue:
        """How many chunks of neighbours there are in so many values."""
        return e.select(fits, e.op(arith.DivUIOp, [e.index(size), e.index(self.count)]), e.index(0))


def wide(
    ops: Sequence[Operation], variable: SSAValue, carried: Sequence[SSAValue], memory: Memory, width: int = 0
) -> Wide | None:
    """How operations of a loop's body are written for neighbours, of which there are whole numbers of chunks in `width`.

    None where that is not possible or has no use.
    """
    body = [op for op in ops if not isinstance(op, scf.YieldOp)]
    varying = {variable, *carried}
    for op in body:
        if isinstance(op, scf.ForOp | scf.WhileOp) or (isinstance(op, AssertOp) and (carried or varying & set(op.operands))):
            return None
        if varying.intersection(outside_values(op)):
            varying.update(op.results)
    found = Wide(body, variable, varying)
    for op in body:
        axis = _axis(op, found, memory)
        if axis is not None:
            found.along[op] = axis
    if not found.along or _reads_back(body):
        return None
    bytes = [byte_size(_element(op)) for op in found.along]
    found.count = min(WIDEST // min(bytes), MOST_BYTES // max(bytes))
    while found.count > 1 and (width % found.count or found.count * sum(map(_work, body)) > MOST_WORK):
        found.count //= 2
    return found if found.count * min(bytes) > 4 and found.count > 1 else None


def _axis(op: Operation, plan: Wide, memory: Memory) -> int | None:
    """The axis of the variable in an access whose neighbours are neighbours in memory."""
    if not isinstance(op, memref.LoadOp | memref.StoreOp):
        return None
    view = memory.view(op.memref)
    if view is None or op.memref.owner in plan.ops:
        return None
    size = byte_size(_element(op))
    numbers = [view.offset, *view.strides]
    for axis, (index, stride) in enumerate(zip(op.indices, view.strides, strict=True)):
        others = [*op.indices[:axis], *op.indices[axis + 1 :]]
        numbers = [view.offset, *view.strides[:axis], *view.strides[axis + 1 :]]
        uneven = any(isinstance(number, int) and number * size % 8 for number in numbers)
        if stride == 1 and index is plan.variable and not plan.varying.intersection(others) and not uneven:
            return axis
    return None


def _reads_back(ops: Sequence[Operation]) -> bool:
    """Whether an iteration reads what it has written."""
    written: set[SSAValue] = set()
    for op in ops:
        for inner in op.walk():
            if isinstance(inner, memref.LoadOp) and root_of(inner.memref) in written:
                return True
            if isinstance(inner, memref.StoreOp):
                written.add(root_of(inner.memref))
    return False


def _work(op: Operation) -> int:
    """How much an operation counts for: a function, if it is not one instruction, as many as it takes on average."""
    total = 0
    for inner in op.walk():
        name = inner.name
        simple = name in ("math.sqrt", "math.fma", "math.absf", "math.floor", "math.ceil", "math.trunc", "math.copysign")
        function = name == "func.call" or (name.startswith(("math.", "xmath.")) and not simple)
        total += FUNCTION * len(inner.operands) * (1 if inner.results[0].type == bi.f32 else 3) if function else 1
    return total


def _element(op: Operation) -> Attribute:
    type = op.operands[int(isinstance(op, memref.StoreOp))].type
    assert isinstance(type, bi.MemRefType)
    found: Attribute = type.element_type
    return found


def _at(number: int) -> dict[str, Attribute]:
    return {"static_position": bi.DenseArrayBase.from_list(bi.i64, [number])}


def _joined(e: Emitter, values: Sequence[SSAValue], type: Attribute) -> SSAValue:
    """Numbers as a vector."""
    result = e.op(vector.BroadcastOp, [values[0]], type)
    for number, value in enumerate(values[1:], 1):
        result = e.op(vector.InsertOp, [value, result], type, _at(number))
    return result


def _distances(e: Emitter, memory: SSAValue, axis: int, size: int) -> list[SSAValue]:
    """Numbers of bytes that are to be multiples of an access's size: the buffer's address, offset, strides but the axis's."""
    type, view = memory.type, memory.owner
    assert isinstance(type, bi.MemRefType)
    source = view.source if isinstance(view, memref.ReinterpretCastOp) else memory
    address = e.op(memref.ExtractAlignedPointerAsIndexOp, [source], INDEX)
    if isinstance(view, memref.ReinterpretCastOp):
        numbers = [*_mixed(view.static_offsets, view.offsets), *_without(_mixed(view.static_strides, view.strides), axis)]
    else:
        numbers = _without(_strides(e, memory), axis)
    return [address, *(e.index(e.mul(number, size)) for number in numbers if number != 0)]


def _without(numbers: list[Index], axis: int) -> list[Index]:
    return numbers[:axis] + numbers[axis + 1 :]


def _mixed(static: Attribute, dynamic: Sequence[SSAValue]) -> list[Index]:
    assert isinstance(static, bi.DenseArrayBase)
    values = iter(dynamic)
    return [next(values) if number == bi.DYNAMIC_INDEX else int(number) for number in static.get_values()]


def _strides(e: Emitter, memory: SSAValue) -> list[Index]:
    """Strides of a whole buffer."""
    assert isinstance(memory.type, bi.MemRefType)
    shape = memory.type.get_shape()
    step: Index = 1
    strides: list[Index] = []
    for axis in reversed(range(len(shape))):
        strides.insert(0, step)
        if axis:
            size = shape[axis]
            dim: Index = e.op(memref.DimOp, [memory, e.index(axis)], INDEX) if size == bi.DYNAMIC_INDEX else size
            step = e.mul(step, dim)
    return strides
