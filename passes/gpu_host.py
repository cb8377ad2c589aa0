"""The host's side of a function on the GPU: where each value is, transfers, and launches of kernels.

Arrays that the caller gives are on the host, states and buffers of the call on the device. A scalar is known on the host where
it comes from sizes and from the caller's numbers by arithmetic. What comes of data on the device stays there, and functions as
`exp` are the device's: a reduction leaves its number in a buffer of one element (its *slot*), and each kernel that needs what
follows from it computes that anew. The host waits for it only where it has to know it: for a check, a size, a launch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue

from phintys.dialects import gpu
from phintys.dialects.rt import ToDeviceOp, ToHostOp
from phintys.dialects.rt_host import HostOp

from .emit import INDEX, Emitter
from .loop_facts import Memory, root_of, touched
from .size_facts import SizeFacts

PURE = ("arith.", "math.", "xmath.", "complex.")
# Functions that the host computes exactly as a kernel does; all others are the device's, so that there is one of each.
EXACT = frozenset(f"math.{name}" for name in ("absf", "ceil", "copysign", "floor", "roundeven", "sqrt", "trunc"))
BITS = frozenset(f"arith.{name}" for name in ("addui_extended", "bitcast", "mului_extended", "mulsi_extended", "remf"))
MODULE = "kernels"


def is_view(value: SSAValue) -> bool:
    """Whether a memref is made of another one."""
    return isinstance(value.owner, memref.ReinterpretCastOp)


def places_of(load: memref.LoadOp) -> list[SSAValue]:
    """Numbers on which the place of a load depends: its indices, and those of the views under it."""
    found, memory = list(load.indices), load.memref
    while isinstance(memory.owner, memref.ReinterpretCastOp):
        found += memory.owner.operands[1:]
        memory = memory.owner.source
    return found


def is_pure(op: Operation) -> bool:
    """Whether an operation computes scalars from scalars and nothing else."""
    if op.name.startswith(PURE) or op.name == "func.call":
        return not any(isinstance(value.type, bi.MemRefType) for value in (*op.operands, *op.results))
    return isinstance(op, scf.IfOp | scf.ForOp | scf.WhileOp) and all(
        is_pure(inner) or inner.name in ("scf.yield", "scf.condition")
        for region in op.regions
        for block in region.blocks
        for inner in block.ops
    )


def is_for_kernels(op: Operation) -> bool:
    """Whether scalar code has functions that only kernels compute."""
    return any(
        inner.name in BITS or (inner.name.startswith(("math.", "xmath.", "complex.", "func.call")) and inner.name not in EXACT)
        for inner in op.walk()
    )


def has_loop(op: Operation) -> bool:
    """Whether an operation is a loop or has one inside."""
    return bool(op.regions) and any(isinstance(inner, scf.ForOp | scf.WhileOp) for inner in op.walk())


class Host:
    """Writes the host's function; `e` appends to its new block."""

    def __init__(self, function: func.FuncOp, kernels: gpu.ModuleOp, atomic: bool = False) -> None:
        self.function = function
        self.kernels = kernels
        self.atomic = atomic  # whether additions may be done in any order
        self.block: Block = function.body.block
        self.place: Operation | None = self.block.first_op
        self.slots: dict[SSAValue, SSAValue] = {}
        self.made: list[Operation] = []  # buffers of the call that are to be freed
        self._there: dict[SSAValue, SSAValue] = {}
        self._here: dict[SSAValue, SSAValue] = {}
        self._late: dict[SSAValue, bool] = {}
        self._later: dict[Operation, set[SSAValue]] = {}
        self.memory = Memory(SizeFacts(self.block))
        self.states = self._states()
        self._note_writes()

    def _states(self) -> set[SSAValue]:
        attributes = self.function.arg_attrs
        rows = attributes.data if attributes is not None else [bi.DictionaryAttr({})] * len(self.block.args)
        return {argument for argument, row in zip(self.block.args, rows, strict=True) if "nd.state" in row.data}

    def _note_writes(self) -> None:
        """For each load, the buffers that are written or freed after it."""
        written: set[SSAValue] = set()
        for op in reversed(list(self.block.ops)):
            if isinstance(op, memref.LoadOp):
                self._later[op] = set(written)
            elif not isinstance(op, memref.AllocOp | func.ReturnOp):
                written |= {root for root, writes in touched(op).items() if writes}

    def writer(self) -> Emitter:
        """An emitter whose operations `put` moves before the operation at hand."""
        return Emitter(Block(), None if self.place is None else self.place.location)

    def put(self, e: Emitter) -> None:
        """Move what was written into the function."""
        assert self.place is not None
        for op in list(e.block.ops):
            op.detach()
            self.block.insert_op_before(op, self.place)

    def either(self, condition: bool | SSAValue, then: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Write one thing or the other, or both if it turns out at run time which of them is to be done."""
        if isinstance(condition, bool):
            (then if condition else otherwise)()
            return
        e = self.writer()
        blocks = Block(), Block()
        for block in blocks:
            Emitter(block, e.location, e).end_loop()
        e.insert(scf.IfOp.create(operands=[condition], regions=[Region(block) for block in blocks], location=e.location))
        outer = self.block, self.place
        self.put(e)
        for block, write in zip(blocks, (then, otherwise), strict=True):
            self.block, self.place = block, block.last_op
            write()
        self.block, self.place = outer

    # --- where values are ----------------------------------------------------------------------------------------------------

    def is_on_host(self, root: SSAValue) -> bool:
        """Whether a buffer is in the host's memory."""
        if isinstance(root, BlockArgument):
            return root not in self.states
        return isinstance(root.owner, HostOp | ToHostOp | memref.GetGlobalOp)

    def is_late(self, value: SSAValue) -> bool:
        """Whether a scalar is known on the device only."""
        if value not in self._late:
            self._late[value] = self._find_late(value)
        return self._late[value]

    def _find_late(self, value: SSAValue) -> bool:
        op = value.owner
        if value in self.slots:
            return True
        if isinstance(op, Block | memref.DimOp):
            return False
        if isinstance(op, memref.LoadOp):
            return not self.is_on_host(root_of(op.memref)) or any(map(self.is_late, places_of(op)))
        return is_for_kernels(op) or any(self.is_late(used) for used in outside_values(op))

    def is_stable(self, load: memref.LoadOp) -> bool:
        """Whether a load on the device may be repeated by any kernel after it: nobody writes there any more."""
        return root_of(load.memref) not in self._later.get(load, set())

    def on_device(self, root: SSAValue) -> SSAValue:
        """A buffer's data on the device."""
        if not self.is_on_host(root):
            return root
        if root not in self._there:
            e = self.writer()
            self._there[root] = e.insert(ToDeviceOp.build_op(root, e.location)).results[0]
            self.put(e)
        return self._there[root]

    def on_host(self, root: SSAValue) -> SSAValue:
        """A buffer's data, as it is now, on the host."""
        if self.is_on_host(root):
            return root
        e = self.writer()
        result = e.insert(ToHostOp.build_op(root, e.location)).results[0]
        self.put(e)
        return result

    # --- numbers that the host needs -----------------------------------------------------------------------------------------

    def known(self, value: SSAValue) -> SSAValue:
        """A scalar on the host: itself, or computed again from numbers that are brought here."""
        if not self.is_late(value):
            return value
        if value not in self._here:
            self._here[value] = self._brought(value)
        return self._here[value]

    def _brought(self, value: SSAValue) -> SSAValue:
        op = value.owner
        slot = self.slots.get(value)
        if slot is None and isinstance(op, Operation) and (isinstance(op, memref.LoadOp) or is_for_kernels(op)):
            slot = self.snapshot(value)
        if slot is not None:
            memory = self.on_host(slot)
            e = self.writer()
            result = get(e, memory, [], value.type)
            self.put(e)
            return result
        assert isinstance(op, Operation)
        env = {used: self.known(used) for used in outside_values(op)}
        e = self.writer()
        copy_into(e, op, env)
        self.put(e)
        return env[value]

    def snapshot(self, value: SSAValue) -> SSAValue:
        """A buffer of one element with what a scalar of the device is now."""
        from .gpu_kernel import Kernel

        slot = self.slot(value.type)
        kernel = Kernel(self, "scalars")
        assert isinstance(value.owner, Operation)
        found, memory = kernel.computed(value, value.owner), kernel.memory(slot)
        kernel.alone(lambda e: leave(e, found, memory, []))
        kernel.launch(1, 32)
        return slot

    def slot(self, type: Attribute, sizes: Sequence[Any] = ()) -> SSAValue:
        """A buffer on the device that is freed after its last use."""
        e = self.writer()
        memory = e.alloc(bi.i64 if type == INDEX else type, sizes)
        assert isinstance(memory.owner, Operation)
        self.made.append(memory.owner)
        self.put(e)
        return memory


def leave(e: Emitter, value: SSAValue, memory: SSAValue, at: Sequence[SSAValue]) -> None:
    """Store a number; an index as an i64."""
    e.store(e.op(arith.IndexCastOp, [value], bi.i64) if value.type == INDEX else value, memory, at)


def get(e: Emitter, memory: SSAValue, at: Sequence[SSAValue], type: Attribute) -> SSAValue:
    """Load what `leave` stored."""
    found = e.load(memory, at)
    return e.op(arith.IndexCastOp, [found], INDEX) if type == INDEX else found


def outside_values(op: Operation) -> list[SSAValue]:
    """Values that an operation, or one inside of it, uses and that are made outside of it."""
    if not op.regions:
        return list(op.operands)
    inside: set[SSAValue] = set()
    for inner in op.walk():
        inside.update(inner.results)
        for region in inner.regions:
            for block in region.blocks:
                inside.update(block.args)
    return list(dict.fromkeys(value for inner in op.walk() for value in inner.operands if value not in inside))


def copy_into(e: Emitter, op: Operation, env: dict[SSAValue, SSAValue]) -> Operation:
    """A copy of an operation and what is inside of it, operands renamed by `env`, which receives the results."""
    copy = e.insert(op.clone_without_regions(env))
    for old, new in zip(op.regions, copy.regions, strict=True):
        for block in old.blocks:
            body = Block(arg_types=block.arg_types)
            new.add_block(body)
            env.update(zip(block.args, body.args, strict=True))
            inner = Emitter(body, e.location, e)
            for each in block.ops:
                copy_into(inner, each, env)
    return copy


def is_index(value: SSAValue) -> bool:
    """Whether a scalar is a size or a position."""
    return value.type == INDEX


def constant_of(value: SSAValue) -> Any:
    """The number that a constant is; None for what is none."""
    op = value.owner
    if isinstance(op, arith.ConstantOp) and isinstance(op.value, bi.IntegerAttr | bi.FloatAttr):
        return op.value.value.data
    return None
