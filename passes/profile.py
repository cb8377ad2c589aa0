"""profile: clocks around every loop and library call of a function, and the size of every array, for `profile=True`.

Expects: loops when nothing else changes them, since other passes do not look at clocks, or level gpu. Leaves: the same with
`rt.clock` before and after each outermost loop, matrix product, LAPACK call and call of Python, each launch of a kernel and
each transfer between host and device, and `rt.record` of the time and of the bytes of each array. `phi.profile` of the function
says what each slot is of, as text that `phintys.ir.profile` reads: where the work of a kernel comes from, by weight; where an
array comes from and how long it lives, counted in kernels.

    scf.for ...        ->      %a = rt.clock : i64
                               scf.for ...
                               %b = rt.clock : i64
                               %t = arith.subi %b, %a : i64
                               rt.record %t {slot = 1 : i64}
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import SymbolTable

from phintys.dialects import gpu
from phintys.dialects.convert import location_text
from phintys.dialects.rt import ToDeviceOp, ToHostOp
from phintys.dialects.rt_host import HostOp
from phintys.dialects.rt_profile import ClockOp, RecordOp
from phintys.ir.profile import BufferSlot, KernelSlot

from .emit import INDEX, Emitter, Index
from .llvm_memory import byte_size
from .loop_work import cost

LIBRARIES = ("blas", "lapack")
TRANSFERS = {ToDeviceOp: "to device", ToHostOp: "to host"}
REPEATED = 16  # how much more what stands in an inner loop weighs


def kind_of(op: Operation) -> str | None:
    """What a kernel is; `None` for an operation that is none."""
    if isinstance(op, HostOp):
        return f"Python: {op.text('function')}"
    if op.name.partition(".")[0] in LIBRARIES:
        return op.name
    if isinstance(op, gpu.LaunchFuncOp):
        mapping = kernel_of(op).attributes["phi.mapping"]
        return f"kernel: {mapping.data}" if isinstance(mapping, bi.StringAttr) else "kernel"
    if type(op) in TRANSFERS:
        return TRANSFERS[type(op)]  # type: ignore[index]
    inner = [kind for region in op.regions for block in region.blocks for each in block.ops if (kind := kind_of(each))]
    if isinstance(op, scf.ForOp | scf.WhileOp):
        libraries = [kind for kind in inner if kind != "loop"]
        return libraries[0] if libraries else "loop"
    return inner[0] if inner else None


def kernel_of(op: gpu.LaunchFuncOp) -> gpu.FuncOp:
    """The kernel that is launched."""
    found = SymbolTable.lookup_symbol(op, op.kernel)
    assert isinstance(found, gpu.FuncOp)
    return found


def places(op: Operation) -> Counter[str]:
    """What places in the program cost in a kernel; what comes back from a device is of where it was made."""
    source = op
    if isinstance(op, ToHostOp) and isinstance(op.operands[0].owner, Operation):
        launches = [use.operation for use in op.operands[0].uses if isinstance(use.operation, gpu.LaunchFuncOp)]
        source = op.operands[0].owner if location_text(op.operands[0].owner) or not launches else launches[0]
    found = weights(source)
    if any(found):
        del found[""]  # arithmetic of threads and blocks, of no place of its own
    return found


def weights(op: Operation, factor: int = 1) -> Counter[str]:
    """What an operation costs by place in the program: what stands in an inner loop counts more."""
    found: Counter[str] = Counter()
    if isinstance(op, gpu.LaunchFuncOp):
        for inner in kernel_of(op).block.ops:
            found += weights(inner, factor)
    elif not op.regions:
        found[location_text(op)] += factor * max(1, cost(op))
    for region in op.regions:
        for block in region.blocks:
            for inner in block.ops:
                found += weights(inner, factor * REPEATED if isinstance(op, scf.ForOp | scf.WhileOp) else factor)
    return found


class _Profile:
    """Writes clocks and records into one function."""

    def __init__(self, function: func.FuncOp) -> None:
        self.function, self.block = function, function.body.block
        self.slots: list[str] = []
        self.done = 0  # kernels so far
        last = self.block.last_op
        assert last is not None
        self.returned = {value: number for number, value in enumerate(last.operands)}
        for value, number in list(self.returned.items()):
            if isinstance(value.owner, ToHostOp):  # on a GPU, an output is copied from there
                self.returned.setdefault(value.owner.operands[0], number)

    def run(self) -> None:
        """Write them."""
        ops = list(self.block.ops)
        freed = self.lifetimes(ops)
        first, last = ops[0], ops[-1]
        start = self.clock_before(first)
        self.arguments(first)
        for op in ops:
            kind = kind_of(op)
            for inner in op.walk():
                if isinstance(inner, memref.AllocOp | memref.AllocaOp):
                    self.buffer(inner, freed.get(inner.results[0]) if inner is op else self.done)
            if kind is not None:
                self.kernel(op, kind)
                self.done += 1
        self.record_time(last, start, KernelSlot("all", {}))
        self.function.attributes["phi.profile"] = bi.ArrayAttr([bi.StringAttr(text) for text in self.slots])

    def lifetimes(self, ops: list[Operation]) -> dict[SSAValue, int]:
        """The kernel before which each array is given back."""
        found, kernels = dict[SSAValue, int](), 0
        for op in ops:
            if isinstance(op, memref.DeallocOp):
                found[op.operands[0]] = kernels - 1
            kernels += kind_of(op) is not None
        return found

    def slot(self, text: object) -> int:
        """The number of a new slot."""
        self.slots.append(str(text))
        return len(self.slots) - 1

    def place(self, e: Emitter, where: Operation) -> None:
        """Put what an emitter wrote in front of an operation."""
        parent = where.parent
        assert parent is not None
        for new in list(e.block.ops):
            new.detach()
            parent.insert_op_before(new, where)

    def clock_before(self, where: Operation) -> SSAValue:
        """The time in front of an operation."""
        e = Emitter(Block(), where.location)
        value = e.insert(ClockOp.build_op(where.location)).results[0]
        self.place(e, where)
        return value

    def record_time(self, where: Operation, start: SSAValue, slot: KernelSlot) -> None:
        """The time since `start`, in front of an operation."""
        e = Emitter(Block(), where.location)
        stop = e.insert(ClockOp.build_op(where.location)).results[0]
        e.insert(RecordOp.build_op(e.op(arith.SubiOp, [stop, start]), self.slot(slot), where.location))
        self.place(e, where)

    def kernel(self, op: Operation, kind: str) -> None:
        """Clocks around a kernel."""
        start = self.clock_before(op)
        after = op.next_op
        assert after is not None  # a function ends with its return
        self.record_time(after, start, KernelSlot(kind, places(op)))

    def arguments(self, first: Operation) -> None:
        """Sizes of what the function is given, in front of its first operation."""
        for number, value in enumerate(self.block.args):
            if isinstance(value.type, bi.MemRefType):
                self.size(first, value, value.type, BufferSlot(f"argument {number}", str(value.type), "", 0, None))

    def buffer(self, op: Operation, freed: int | None) -> None:
        """The size of an array, behind where it is made."""
        value = op.results[0]
        after = op.next_op
        assert after is not None and isinstance(value.type, bi.MemRefType)
        number = self.returned.get(value)
        kind = "temporary" if number is None else f"result {number}"
        end = freed if number is None else None
        self.size(after, value, value.type, BufferSlot(kind, str(value.type), location_text(op), self.done, end))

    def size(self, where: Operation, value: SSAValue, type: bi.MemRefType[Attribute], slot: BufferSlot) -> None:
        """Record the bytes of an array."""
        e = Emitter(Block(), where.location)
        total: Index = byte_size(type.element_type)
        for axis, size in enumerate(type.get_shape()):
            total = e.mul(total, e.op(memref.DimOp, [value, e.index(axis)], INDEX) if size == bi.DYNAMIC_INDEX else size)
        e.insert(RecordOp.build_op(e.op(arith.IndexCastOp, [e.index(total)], bi.i64), self.slot(slot), where.location))
        self.place(e, where)


@dataclass(frozen=True)
class Profile(ModulePass):
    """Measure times and sizes."""

    name = "profile"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Write clocks into the functions that callers reach, which take or give memory."""
        for function in list(op.ops):
            if isinstance(function, func.FuncOp) and function.body.blocks:
                types = [*function.function_type.inputs, *function.function_type.outputs]
                if not types or any(isinstance(type, bi.MemRefType) for type in types):
                    _Profile(function).run()
