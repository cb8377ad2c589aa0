"""convert-loops-to-gpu: loops become kernels and launches of them, data goes to the GPU and back.

Expects: loops in the plain form of `convert-nd-to-loops{device=true}`. Leaves: level gpu, a host function without loops and a
`gpu.module` of kernels, each with the attribute `phi.mapping`, which says who does what:

    elements     a thread an iteration, of one loop or of several one in another
    tiles        a block a square of two loops, of which one goes across the rows of an operand
    rows         a block an iteration, whose loops its threads share
    columns      several threads an iteration, each of a part of its one loop; then one thread an iteration
    totals       numbers that a loop carries: first each block's, then those of all blocks
    scan         a block a piece of a line, whose elements go on from a total of those before
    scatter      a thread an iteration; the first that writes to a place does so for all
    scalars      numbers that are stored; one thread
    one thread   a loop whose iterations need their order

The host waits for the device only where it needs a number: for a check, a size, a callable of Python, a result.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import builtin as bi
from xdsl.dialects import func, memref, scf
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.passes import ModulePass

from phintys.dialects import gpu
from phintys.dialects.blas import ProductOp
from phintys.dialects.convert import location_text
from phintys.dialects.rt import AssertOp, ToHostOp
from phintys.dialects.rt_host import HostOp
from phintys.ir.diagnostics import error

from .gpu_atomics import atomic
from .gpu_checks import Checks, has_checks
from .gpu_chunks import hoist
from .gpu_columns import ColumnKernel
from .gpu_host import MODULE, Host, has_loop, is_pure, outside_values
from .gpu_kernel import Kernel
from .gpu_loops import ThreadKernel, alone
from .gpu_nests import Nest, find_nest
from .gpu_rows import RowKernel
from .gpu_scan import ScanKernel
from .gpu_scatter import ScatterKernel
from .gpu_tiles import TileKernel, across
from .loop_facts import Memory, root_of, touched
from .lowered import last_use

STAY = (memref.AllocOp, memref.DimOp, memref.ReinterpretCastOp, memref.GetGlobalOp, memref.LoadOp)


class FunctionOnDevice:
    """Converts one function."""

    def __init__(self, function: func.FuncOp, kernels: gpu.ModuleOp, borrow: bool, atomics: bool = False) -> None:
        for op in list(function.body.block.ops):
            hoist(op)
        self.host = Host(function, kernels, atomics)
        self.checks = Checks(self.host)
        self.borrow = borrow
        self.stores: list[memref.StoreOp] = []
        self.gone: list[Operation] = []

    def run(self) -> None:
        """Walk over what stands at the top of the function."""
        for op in list(self.host.block.ops):
            self.host.place = op
            self._visit(op)
        gone = set(self.gone)
        for op in reversed([op for op in self.host.block.ops if op in gone]):
            op.detach()
            op.erase()
        self._clean()

    def _visit(self, op: Operation) -> None:
        if isinstance(op, STAY):
            self._stay(op)
            return
        if is_pure(op) and not has_loop(op):
            self._leave(op)
            return
        if isinstance(op, memref.StoreOp):
            self._before_writing({root_of(op.memref)})
            self.stores.append(op)
            self.gone.append(op)
            return
        self._flush()
        self._before_writing({root for root, writes in touched(op).items() if writes and not isinstance(op, memref.DeallocOp)})
        if isinstance(op, scf.ForOp | scf.IfOp | scf.WhileOp):
            self._loop(op)
        elif isinstance(op, memref.DeallocOp):
            self._free(op)
        elif isinstance(op, AssertOp):
            op.operands = [self.host.known(value) for value in op.operands]
        elif isinstance(op, HostOp):
            op.operands = [self.host.on_host(value) for value in op.operands]
        elif isinstance(op, ProductOp):
            self._product(op)
        elif isinstance(op, func.ReturnOp):
            self._return(op)
        else:
            raise error(f"{op.name} has no code for a GPU", name=location_text(op))

    def _stay(self, op: Operation) -> None:
        """What is no work of the device's; of sizes that only the device knows, the host has to wait for."""
        if isinstance(op, memref.LoadOp):
            if any(root_of(store.memref) is root_of(op.memref) for store in self.stores):
                self._flush()
            if self.host.is_late(op.res) and not self.host.is_stable(op):
                self.host.slots[op.res] = self.host.snapshot(op.res)
        if isinstance(op, memref.AllocOp):
            op.operands = [self.host.known(value) for value in op.operands]
        self._leave(op)

    def _leave(self, op: Operation) -> None:
        """Numbers of the device: whoever needs them has a copy of what computes them."""
        numbers = [value for value in (*outside_values(op), *op.results) if not isinstance(value.type, bi.MemRefType)]
        if any(map(self.host.is_late, numbers)):
            self.gone.append(op)

    def _loop(self, op: Operation) -> None:
        if has_checks(op):
            assert isinstance(op, scf.ForOp)
            self.checks.open(op)
        nest = find_nest(op, self.host.memory) if isinstance(op, scf.ForOp) else None
        if nest is None:
            alone(self.host, op, self.checks)
        elif not (nest.scatter and atomic(self.host, nest, self.checks)):
            _kernel(nest, self.host.memory)(self.host, nest, self.checks).write()
        self.gone.append(op)

    def _flush(self) -> None:
        """A kernel for stores of scalars."""
        stores, self.stores = self.stores, []
        if not stores:
            return
        kernel = Kernel(self.host, "scalars")
        pairs = [(kernel.value(op.value), kernel.memory(op.memref), [kernel.value(i) for i in op.indices]) for op in stores]

        def do(e: object) -> None:
            for value, memory, indices in pairs:
                e.store(value, memory, indices)  # type: ignore[attr-defined]

        kernel.alone(do)
        kernel.launch(1, 32)

    def _before_writing(self, roots: set[SSAValue]) -> None:
        """Checks on data come before states are written."""
        if any(isinstance(root, BlockArgument) for root in roots):
            self.checks.settle()

    def _free(self, op: memref.DeallocOp) -> None:
        root = op.operands[0]
        loops = self.checks.pending
        if any(root_of(value) is root for loop in loops for inner in loop.walk() for value in inner.operands):
            op.detach()
            self.checks.kept.append(op)

    def _product(self, op: ProductOp) -> None:
        alpha, left, right, beta, result = op.operands
        views = [self._device_view(value) for value in (left, right, result)]
        op.operands = [self.host.known(alpha), *views[:2], self.host.known(beta), views[2]]

    def _device_view(self, value: SSAValue) -> SSAValue:
        op = value.owner
        if not isinstance(op, memref.ReinterpretCastOp):
            return self.host.on_device(value)
        source = self.host.on_device(root_of(value))
        operands = [source, *(self.host.known(operand) for operand in op.operands[1:])]
        if list(op.operands) == operands:
            return value
        copy = memref.ReinterpretCastOp.create(
            operands=operands, result_types=[value.type], properties=op.properties, location=op.location
        )
        e = self.host.writer()
        e.insert(copy)
        self.host.put(e)
        return copy.results[0]

    def _return(self, op: func.ReturnOp) -> None:
        self.checks.settle()
        attributes = self.host.function.res_attrs
        rows = attributes.data if attributes is not None else [bi.DictionaryAttr({})] * len(op.operands)
        results = []
        for value, row in zip(op.operands, rows, strict=True):
            stays = "nd.update" in row.data or self.borrow or self.host.is_on_host(value)
            results.append(value if stays else self._to_host(value))
        op.operands = results

    def _to_host(self, value: SSAValue) -> SSAValue:
        e = self.host.writer()
        result = e.insert(ToHostOp.build_op(value, e.location)).results[0]
        self.host.put(e)
        if isinstance(value.owner, memref.AllocOp):
            self.host.made.append(value.owner)
        return result

    # --- the end -------------------------------------------------------------------------------------------------------------

    def _clean(self) -> None:
        block = self.host.block
        for op in reversed(list(block.ops)):
            unused = op.results and not any(value.uses for value in op.results)
            if unused and (op.name.startswith("rt.to_") or isinstance(op, STAY) or is_pure(op)):
                op.detach()
                op.erase()
            elif isinstance(op, memref.AllocOp) and all(isinstance(u.operation, memref.DeallocOp) for u in op.memref.uses):
                for use in list(op.memref.uses):
                    use.operation.detach()
                    use.operation.erase()
                op.detach()
                op.erase()
        position = {op: number for number, op in enumerate(block.ops)}
        for op in dict.fromkeys(self.host.made):
            if op.parent is block:
                self._free_after_use(op, block, position)
            elif op.parent is not None and op.parent.last_op is not None:  # in a branch
                free = memref.DeallocOp.create(operands=[op.results[0]], location=op.location)
                op.parent.insert_op_before(free, op.parent.last_op)

    def _free_after_use(self, op: Operation, block: Block, position: dict[Operation, int]) -> None:
        _, last = max((last_use(value, block, position) for value in op.results), key=lambda pair: pair[0])
        if not isinstance(last, func.ReturnOp | memref.DeallocOp):
            block.insert_op_after(memref.DeallocOp.create(operands=[op.results[0]], location=op.location), last)


@dataclass(frozen=True)
class ConvertLoopsToGpu(ModulePass):
    """Make kernels of loops; `borrow`: results stay on the device; `atomic`: scatters that add may do so in any order."""

    name = "convert-loops-to-gpu"
    borrow: bool = False
    atomic: bool = False

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on every function that takes or gives memory."""
        kernels = gpu.ModuleOp.build_op(MODULE, [])
        for function in list(op.ops):
            if isinstance(function, func.FuncOp) and function.body.blocks and _has_memory(function):
                FunctionOnDevice(function, kernels, self.borrow, self.atomic).run()
        if not kernels.block.is_empty:
            op.body.block.add_op(kernels)
        op.attributes["gpu.container_module"] = bi.UnitAttr()


def _kernel(
    nest: Nest, memory: Memory
) -> type[ScatterKernel | ScanKernel | RowKernel | ColumnKernel | TileKernel | ThreadKernel]:
    if nest.scatter:
        return ScatterKernel
    if nest.scan is not None:
        return ScanKernel
    if nest.by_block:
        return RowKernel
    if nest.columns:
        return ColumnKernel
    return ThreadKernel if across(nest, memory) is None else TileKernel


def _has_memory(function: func.FuncOp) -> bool:
    types = [*function.function_type.inputs.data, *function.function_type.outputs.data]
    return any(isinstance(type, bi.MemRefType) for type in types)
