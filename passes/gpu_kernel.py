"""A kernel as it is written: what it takes from the host, its threads, its launch.

Values of the host's function become arguments where the host knows them, and are computed in the kernel where only the device
does. Views are made in the kernel, of whole buffers.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith, func, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, SSAValue

from phintys.dialects import gpu

from .emit import INDEX, Emitter, Index
from .gpu_host import MODULE, Host, constant_of, copy_into, get, is_index, is_view, outside_values
from .gpu_shared import Team
from .rule_counts import COUNTS

THREADS = 256  # of a block, where nothing asks for another number


class Kernel:
    """One kernel. `entry` receives what all threads compute before `body`; both are joined at the launch."""

    def __init__(self, host: Host, mapping: str) -> None:
        self.host = host
        self.mapping = mapping
        self.block = Block()
        location = None if host.place is None else host.place.location
        self.entry = Emitter(self.block, location)
        self.body = Emitter(Block(), location, self.entry)
        self.team = Team(self.entry)
        self.operands: list[SSAValue] = []
        self.env: dict[SSAValue, SSAValue] = {}
        self._arguments: dict[SSAValue, SSAValue] = {}

    # --- what comes from the host --------------------------------------------------------------------------------------------

    def argument(self, value: SSAValue) -> SSAValue:
        """A value of the host as an argument."""
        if value not in self._arguments:
            if value.type == bi.i1:
                return self._flag(value)
            self.operands.append(value)
            new = self.block.insert_arg(value.type, len(self.block.args))
            new.name_hint = value.name_hint
            self._arguments[value] = new
        return self._arguments[value]

    def _flag(self, value: SSAValue) -> SSAValue:
        """A truth value, which travels as a number."""
        e = self.host.writer()
        wide = e.op(arith.ExtUIOp, [value], bi.i32)
        self.host.put(e)
        result = self.entry.op(arith.TruncIOp, [self.argument(wide)], bi.i1)
        self._arguments[value] = result
        return result

    def index(self, value: Index) -> SSAValue:
        """A number, or a value of the host, in the kernel."""
        return self.entry.index(value) if isinstance(value, int) else self.value(value)

    def memory(self, value: SSAValue) -> SSAValue:
        """A memref of the host's function: whole buffers are arguments, views are made of them."""
        if value in self.env:
            return self.env[value]
        if is_view(value):
            assert isinstance(value.owner, Operation)
            return self.computed(value, value.owner)
        result = self.env[value] = self.argument(self.host.on_device(value))
        return result

    def value(self, value: SSAValue) -> SSAValue:
        """Any value that is defined outside of what the kernel runs."""
        if value in self.env:
            return self.env[value]
        if isinstance(value.type, bi.MemRefType):
            return self.memory(value)
        number = constant_of(value)
        if number is not None:
            result = self.entry.constant(number, value.type)
        elif value in self.host.slots:
            result = get(self.entry, self.memory(self.host.slots[value]), [], value.type)
        else:
            return self._scalar(value)
        self.env[value] = result
        return result

    def _scalar(self, value: SSAValue) -> SSAValue:
        op = value.owner
        if isinstance(op, Block):
            return self.argument(value)
        late = self.host.is_late(value)
        if isinstance(op, memref.LoadOp) and late and not self.host.is_stable(op):
            self.host.slots[value] = self.host.snapshot(value)
            return self.value(value)
        if not late and (is_index(value) or isinstance(op, memref.LoadOp | memref.DimOp)):
            result = self.env[value] = self.argument(value)
            return result
        return self.computed(value, op)

    def computed(self, value: SSAValue, op: Operation) -> SSAValue:
        """A value, computed in the kernel by a copy of an operation."""
        self.take(op)
        copy_into(self.entry, op, self.env)
        return self.env[value]

    def take(self, op: Operation) -> None:
        """Make everything that an operation uses from outside known."""
        for used in outside_values(op):
            self.value(used)

    # --- launch --------------------------------------------------------------------------------------------------------------

    def alone(self, do: Callable[[Emitter], None]) -> None:
        """What one thread does."""
        self.team.first(self.body, do)

    def launch(self, grid: Index, threads: Index, shared: SSAValue | None = None) -> None:
        """End the kernel and launch it, with so many blocks of so many threads."""
        for op in list(self.body.block.ops):
            op.detach()
            self.block.add_op(op)
        self._tidy()
        self.block.add_op(gpu.ReturnOp.create(location=self.body.location))
        self._bring_functions()
        host = self.host
        number = sum(isinstance(op, gpu.FuncOp) for op in host.kernels.block.ops)
        name = f"{host.function.sym_name.data}_{number}"
        fixed = threads if isinstance(threads, int) else None
        function = gpu.FuncOp.build_op(name, self.block, fixed, self.body.location)
        function.attributes["phi.mapping"] = bi.StringAttr(self.mapping)
        for counts in COUNTS:
            counts[f"kernel: {self.mapping}"] += 1
        host.kernels.block.add_op(function)
        e = host.writer()
        e.insert(
            gpu.LaunchFuncOp.build_op(
                MODULE, name, e.index(grid), e.index(threads), e.index(1), self.operands, shared, self.body.location
            )
        )
        host.put(e)

    def _tidy(self) -> None:
        """Drop arithmetic and arguments that nothing uses."""
        for op in reversed(list(self.block.ops)):
            unused = op.results and not any(result.uses for result in op.results)
            if unused and op.name.startswith(("arith.", "math.", "xmath.", "gpu.", "memref.reinterpret", "memref.load")):
                op.detach()
                op.erase()
        for number in reversed(range(len(self.block.args))):
            if not self.block.args[number].uses:
                self.block.erase_arg(self.block.args[number])
                del self.operands[number]

    def _bring_functions(self) -> None:
        """Copies of the scalar functions that the kernel calls."""
        module = self.host.function.parent_op()
        assert isinstance(module, bi.ModuleOp)
        pending = [op for op in self.block.walk() if isinstance(op, func.CallOp)]
        while pending:
            name = pending.pop().callee.string_value()
            if _find(self.host.kernels.block, name) is None:
                source = _find(module.body.block, name)
                assert source is not None
                copy = source.clone()
                self.host.kernels.block.add_op(copy)
                pending += [op for op in copy.walk() if isinstance(op, func.CallOp)]


def _find(block: Block, name: str) -> func.FuncOp | None:
    return next((op for op in block.ops if isinstance(op, func.FuncOp) and op.sym_name.data == name), None)


def zero(e: Emitter, type: Attribute) -> SSAValue:
    """The zero of a scalar type."""
    return e.constant(0, INDEX if type == INDEX else type)
