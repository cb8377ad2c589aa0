"""convert-gpu-to-loops: kernels are run by loops over blocks and threads, so that the CPU can execute what the GPU would.

Expects: level gpu. Leaves: loops. A launch becomes a loop over its blocks; in it, loops over the threads of the block, one
for each stretch of code in which no thread waits for another. What a thread computes before it waits and reads after that is
kept in an array, one place a thread. Memory that a block shares is a buffer. Transfers between host and device become nothing.

    gpu.barrier between two halves         ->      scf.for %block ... { scf.for %thread ... first half
                                                                        scf.for %thread ... second half }

With `reverse`, the threads of a stretch run in the opposite order: results that differ show a barrier that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import SymbolTable

from phintys.dialects import gpu
from phintys.dialects.convert import location_text
from phintys.dialects.rt import ToDeviceOp, ToHostOp
from phintys.ir.diagnostics import DiagnosticError, error

from .emit import INDEX, Emitter
from .gpu_threads import ENDS, MEMORY, Threads, is_view, outer_operands, waits

Map = dict[SSAValue, SSAValue]


def _wrong(op: Operation, message: str) -> DiagnosticError:
    return error(message, name=location_text(op))


def _plain(type: Attribute) -> Attribute:
    """A memref's type in the CPU's one memory."""
    if not isinstance(type, bi.MemRefType):
        return type
    return bi.MemRefType(type.element_type, type.get_shape(), type.layout)


class _Launch:
    """Writes the loops of one launch in front of it."""

    def __init__(self, op: gpu.LaunchFuncOp, kernel: gpu.FuncOp, reverse: bool) -> None:
        self.op, self.kernel, self.reverse = op, kernel, reverse
        self.threads = Threads(kernel)
        self.host = Emitter(Block(), op.location)
        self.common: Map = dict(zip(kernel.block.args, op.arguments, strict=True))
        self.arrays: Map = {}

    def run(self) -> None:
        """Replace the launch."""
        for value in self.threads.kept:
            if value not in self.arrays and not isinstance(value.type, bi.MemRefType):
                self.arrays[value] = self.host.alloc(self._kept_type(value), [self.op.threads])
        buffers = [*self.arrays.values(), *self._memory()]
        inner, loop = self.host.loop(0, self.op.grid)
        self.block = loop.body.block.args[0]
        self._sequence(self.kernel.block, inner)
        inner.end_loop()
        for buffer in buffers:
            self.host.insert(memref.DeallocOp.create(operands=[buffer], location=self.op.location))
        parent = self.op.parent
        assert parent is not None
        for new in list(self.host.block.ops):
            new.detach()
            parent.insert_op_before(new, self.op)
        _remove(self.op)

    # --- memory --------------------------------------------------------------------------------------------------------------

    @staticmethod
    def _kept_type(value: SSAValue) -> Attribute:
        return bi.i64 if value.type == INDEX else value.type

    def _memory(self) -> list[SSAValue]:
        """Buffers for what the block shares, and for what a thread has to itself within a stretch."""
        found = []
        for op in self.kernel.walk():
            if isinstance(op, memref.AllocaOp):
                type = op.results[0].type
                assert isinstance(type, bi.MemRefType)
                if not gpu.is_shared(type) and self.threads.stretches(op.results[0]) > 1:
                    raise _wrong(op, "memory that a thread has to itself cannot be kept while threads wait")
                found.append(self.host.alloc(type.element_type, list(type.get_shape())))
            elif isinstance(op, gpu.DynamicSharedMemoryOp):
                if self.op.shared is None:
                    raise _wrong(self.op, f"{self.op.kernel} uses dynamic shared memory; the launch gives no size of it")
                size = self.host.op(arith.IndexCastOp, [self.op.shared], INDEX)
                found.append(self.host.alloc(bi.i8, [size]))
            else:
                continue
            self.common[op.results[0]] = found[-1]
        return found

    # --- code that all threads go through together ---------------------------------------------------------------------------

    def _sequence(self, block: Block, e: Emitter) -> None:
        stretch: list[Operation] = []
        for op in block.ops:
            if isinstance(op, (*ENDS, *MEMORY, gpu.ThreadIdOp)):
                continue
            if waits(op):
                self._stretch(stretch, e)
                stretch = []
                self._wait(op, e)
            elif self.threads.is_common(op):
                self._once(op, e)
            else:
                stretch.append(op)
        self._stretch(stretch, e)

    def _once(self, op: Operation, e: Emitter) -> None:
        """An operation that gives all threads the same."""
        given: dict[type[Operation], SSAValue] = {
            gpu.BlockIdOp: self.block,
            gpu.BlockDimOp: self.op.threads,
            gpu.GridDimOp: self.op.grid,
        }
        known = given.get(type(op))
        if known is not None:
            self.common[op.results[0]] = known
        else:
            self.common[op.results[0]] = self._clone(op, {operand: self.common[operand] for operand in op.operands}, e)[0]

    @staticmethod
    def _clone(op: Operation, values: Map, e: Emitter) -> Sequence[SSAValue]:
        new = op.clone(dict(values))
        for inner in new.walk():
            for result in inner.results:
                if gpu.is_shared(result.type):
                    result._type = _plain(result.type)
        e.insert(new)
        return new.results

    def _wait(self, op: Operation, e: Emitter) -> None:
        if isinstance(op, gpu.ShuffleOp):
            self._shuffle(op, e)
        elif isinstance(op, scf.ForOp):
            self._for(op, e)
        elif isinstance(op, scf.IfOp):
            self._if(op, e)
        elif not isinstance(op, gpu.BarrierOp):
            raise _wrong(op, f"threads wait in {op.name}: expected waits at the top of a kernel, in scf.for or scf.if")

    def _for(self, op: scf.ForOp, e: Emitter) -> None:
        """A loop that all threads go through: what it carries is kept."""
        low, high, step = (self._same_for_all(op, value) for value in op.operands[:3])
        body, carried = op.body.block, op.body.block.args[1:]
        for argument, result in zip(carried, op.results, strict=True):
            self.arrays[result] = self.arrays[argument]
        self._keep(list(op.operands[3:]), [self.arrays[argument] for argument in carried], e)
        inner, loop = e.loop(low, high, step)
        self.common[body.args[0]] = loop.body.block.args[0]
        self._sequence(body, inner)
        last = body.last_op
        assert last is not None
        self._keep(list(last.operands), [self.arrays[argument] for argument in carried], inner)
        inner.end_loop()

    def _if(self, op: scf.IfOp, e: Emitter) -> None:
        condition = self._same_for_all(op, op.operands[0])
        regions = []
        for region in op.regions:
            block = Block()
            inner = Emitter(block, op.location, e)
            if region.blocks:
                self._sequence(region.block, inner)
                last = region.block.last_op
                assert last is not None
                self._keep(list(last.operands), [self.arrays[result] for result in op.results], inner)
            inner.end_loop()
            regions.append(Region(block))
        e.insert(scf.IfOp.create(operands=[condition], result_types=[], regions=regions, location=op.location))

    def _same_for_all(self, op: Operation, value: SSAValue) -> SSAValue:
        if value not in self.common:
            raise _wrong(op, f"threads wait in this {op.name}, but not all of them may go through it: it depends on the thread")
        return self.common[value]

    # --- code that threads go through one after the other --------------------------------------------------------------------

    def _thread_loop(self, e: Emitter) -> tuple[Emitter, SSAValue]:
        inner, loop = e.loop(0, self.op.threads)
        thread: SSAValue = loop.body.block.args[0]
        if self.reverse:
            thread = inner.index(inner.sub(inner.sub(self.op.threads, 1), thread))
        return inner, thread

    def _stretch(self, ops: Sequence[Operation], e: Emitter) -> None:
        if not ops:
            return
        inner, thread = self._thread_loop(e)
        here: Map = {}
        for op in ops:
            values = {operand: self._value(operand, here, thread, inner) for operand in outer_operands(op)}
            for old, new in zip(op.results, self._clone(op, values, inner), strict=True):
                here[old] = new
                if old in self.arrays:
                    self._store(new, self.arrays[old], thread, inner)
        inner.end_loop()

    def _keep(self, values: Sequence[SSAValue], arrays: Sequence[SSAValue], e: Emitter) -> None:
        """Store values of each thread; all are read before one is written, since they may change places."""
        if not values:
            return
        inner, thread = self._thread_loop(e)
        here: Map = {}
        found = [self._value(value, here, thread, inner) for value in values]
        for value, array in zip(found, arrays, strict=True):
            self._store(value, array, thread, inner)
        inner.end_loop()

    def _value(self, value: SSAValue, here: Map, thread: SSAValue, e: Emitter) -> SSAValue:
        """What a value is for a thread; what is kept is read at its first use in the stretch, views are made again."""
        if value in self.common:
            return self.common[value]
        if value not in here:
            owner = value.owner
            if isinstance(owner, gpu.ThreadIdOp):
                here[value] = thread
            elif value in self.arrays:
                found = e.load(self.arrays[value], [thread])
                here[value] = e.op(arith.IndexCastOp, [found], INDEX) if value.type == INDEX else found
            elif is_view(value) and isinstance(owner, Operation):
                values = {operand: self._value(operand, here, thread, e) for operand in owner.operands}
                here[value] = self._clone(owner, values, e)[0]
            else:
                place = owner if isinstance(owner, Operation) else self.kernel
                raise _wrong(place, f"a value of type {value.type} cannot be kept while threads wait")
        return here[value]

    def _store(self, value: SSAValue, array: SSAValue, thread: SSAValue, e: Emitter) -> None:
        e.store(e.op(arith.IndexCastOp, [value], bi.i64) if value.type == INDEX else value, array, [thread])

    def _shuffle(self, op: gpu.ShuffleOp, e: Emitter) -> None:
        """Every thread reads what another one has kept."""
        inner, thread = self._thread_loop(e)
        here: Map = {}
        lane = inner.index(inner.remainder(thread, gpu.WARP))
        offset = inner.op(arith.IndexCastOp, [self._value(op.operands[1], here, thread, inner)], INDEX)
        asked = {
            "xor": lambda: inner.op(arith.XOrIOp, [lane, offset]),
            "up": lambda: inner.index(inner.sub(lane, offset)),
            "down": lambda: inner.index(inner.add(lane, offset)),
            "idx": lambda: offset,
        }[op.mode]()
        valid = inner.icmp("ult", asked, inner.index(gpu.WARP))
        other = inner.index(inner.add(inner.sub(thread, lane), asked))
        source = inner.select(valid, other, thread)
        given = op.operands[0]
        found = self.common.get(given) or inner.load(self.arrays[given], [source])
        for result, value in zip(op.results, (found, valid), strict=True):
            self._store(value, self.arrays[result], thread, inner)
        inner.end_loop()


def _remove(op: Operation) -> None:
    op.detach()
    op.erase()


def _forget_transfers(op: bi.ModuleOp) -> None:
    """What came from the device is the buffer there, which then lives as long as the function runs, or is its result."""
    for transfer in [inner for inner in op.walk() if isinstance(inner, ToDeviceOp | ToHostOp)]:
        buffer = transfer.operands[0]
        if isinstance(transfer, ToHostOp):
            _keep(buffer)
        transfer.results[0].replace_all_uses_with(buffer)
        _remove(transfer)
    for end in [inner for inner in op.walk() if isinstance(inner, func.ReturnOp)]:
        for buffer in end.operands:
            for use in [use for use in buffer.uses if isinstance(use.operation, memref.DeallocOp)]:
                _remove(use.operation)


def _keep(buffer: SSAValue) -> None:
    """Free a buffer at the end of the block only."""
    for use in list(buffer.uses):
        dealloc = use.operation
        if isinstance(dealloc, memref.DeallocOp) and dealloc.parent is not None:
            last = dealloc.parent.last_op
            if last is not None:
                block = dealloc.parent
                dealloc.detach()
                block.insert_op_before(dealloc, last)


@dataclass(frozen=True)
class ConvertGpuToLoops(ModulePass):
    """Run kernels by loops over blocks and threads."""

    name = "convert-gpu-to-loops"

    reverse: bool = False

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Replace launches and transfers; functions that kernels call move to the module."""
        for launch in [inner for inner in op.walk() if isinstance(inner, gpu.LaunchFuncOp)]:
            kernel = SymbolTable.lookup_symbol(op, launch.kernel)
            if not isinstance(kernel, gpu.FuncOp):
                raise _wrong(launch, f"gpu.launch_func: there is no kernel {launch.kernel}")
            _Launch(launch, kernel, self.reverse).run()
        _forget_transfers(op)
        known = {item.sym_name.data for item in op.body.block.ops if isinstance(item, func.FuncOp)}
        for module in [item for item in op.body.block.ops if isinstance(item, gpu.ModuleOp)]:
            for item in list(module.block.ops):
                if isinstance(item, func.FuncOp) and item.sym_name.data not in known:
                    known.add(item.sym_name.data)
                    item.detach()
                    op.body.block.add_op(item)
            _remove(module)
        op.attributes.pop("gpu.container_module", None)
