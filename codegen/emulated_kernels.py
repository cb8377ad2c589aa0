"""A device whose kernels are executed on the CPU, one launch at a time, between the checks of a `RecordingDriver`.

device = EmulatedDevice()
launch, = device.load(device.code(module), plan.kernels)       # a module of level "gpu"
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from xdsl.context import Context
from xdsl.dialects import arith, func, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from phintys.dialects import gpu
from phintys.dialects.text import module_text, parse_module

from .compiler import compile_module
from .driver import Launch
from .executable import Executable
from .launch_plan import Kernel
from .recipe import QUICK
from .recording import RecordingDriver

INDEX = bi.IndexType()
KEPT = 256  # kernels that stay compiled, modules that stay parsed
K = TypeVar("K")
V = TypeVar("V")


class EmulatedDevice(RecordingDriver):
    """Its code is the text of a module of level "gpu"."""

    name = "an emulated device"
    architecture = "emulated"
    level = "gpu"

    def code(self, module: bi.ModuleOp) -> str:
        """The kernels as text."""
        made = bi.ModuleOp([op.clone() for op in module.body.block.ops if isinstance(op, gpu.ModuleOp)])
        text = module_text(made, generic=True)
        _keep(_MODULES, text, made)
        return text

    def load(self, code: str, kernels: Sequence[Kernel]) -> list[Launch]:
        """See `Driver.load`."""
        module = _MODULES[code] if code in _MODULES else _keep(_MODULES, code, parse_module(code))
        self.execute = found = EmulatedKernels(module, code)
        self.written = found.written
        return super().load(code, kernels)


# By code, name and threads of a block: programs that are written twice are compiled once.
_COMPILED: dict[tuple[str, str, int], tuple[Executable, list[int]]] = {}
_MODULES: dict[str, bi.ModuleOp] = {}  # what texts say; nobody changes them


def _keep(table: dict[K, V], key: K, value: V) -> V:
    """Enter a value into a table of `KEPT` at most."""
    if len(table) >= KEPT:
        table.clear()
    table[key] = value
    return value


class EmulatedKernels:
    """Each kernel becomes a function of its own, compiled when it is launched first with so many threads."""

    def __init__(self, module: bi.ModuleOp, code: str) -> None:
        self.modules = [op for op in module.body.block.ops if isinstance(op, gpu.ModuleOp)]
        self.code = code

    def __call__(self, kernel: Kernel, blocks: int, threads: int, shared: int, arguments: list[Any]) -> None:
        """Run a kernel on arrays, which it changes, and numbers."""
        key = self.code, kernel.name, threads
        found = _COMPILED.get(key)
        if found is None:
            found = _keep(_COMPILED, key, self._compile(kernel.name, threads))
        executable, written = found
        given = [*arguments, blocks, shared]
        inputs = [np.asarray(value, _dtype(value)) for at, value in enumerate(given) if at not in written]
        cells = [[given[at]] for at in written]
        types = [argument.type.dtype for argument in executable.interface.inputs]
        inputs = [value.astype(dtype, copy=False) for value, dtype in zip(inputs, types, strict=True)]
        executable.bind_strict(cells, _fail, False)(*inputs)

    def written(self, name: str) -> list[int]:
        """The numbers of the arguments that a kernel stores to."""
        from phintys.passes.convert_gpu_to_nvvm import is_written

        return [at for at, argument in enumerate(self._find(name)[1].block.args) if is_written(argument)]

    def _find(self, name: str) -> tuple[gpu.ModuleOp, gpu.FuncOp]:
        return next(
            (module, op)
            for module in self.modules
            for op in module.block.ops
            if isinstance(op, gpu.FuncOp) and op.sym_name.data == name
        )

    def _compile(self, name: str, threads: int) -> tuple[Executable, list[int]]:
        from phintys.passes.convert_gpu_to_loops import ConvertGpuToLoops

        home, kernel = self._find(name)
        written = self.written(name)
        alone = gpu.ModuleOp.build_op(home.sym_name.data, [op.clone() for op in _with_callees(home, kernel)])
        module = bi.ModuleOp([_host(home.sym_name.data, kernel, written, threads), alone])
        ConvertGpuToLoops().apply(Context(), module)
        return compile_module(module, "loops", QUICK), written


def _with_callees(home: gpu.ModuleOp, kernel: gpu.FuncOp) -> list[Operation]:
    """A kernel and the functions that it calls, and that these call."""
    functions = {op.sym_name.data: op for op in home.block.ops if isinstance(op, func.FuncOp)}
    found: dict[Operation, None] = {}
    pending: list[Operation] = [kernel]
    while pending:
        op = pending.pop()
        if op not in found:
            found[op] = None
            pending += [functions[call.callee.string_value()] for call in op.walk() if isinstance(call, func.CallOp)]
    return list(found)


def _dtype(value: Any) -> Any:
    return value.dtype if isinstance(value, np.ndarray) else None


def _fail(number: int, values: Any) -> None:
    raise AssertionError(f"check {number} of a kernel failed: {values}")


def _host(home: str, kernel: gpu.FuncOp, written: list[int], threads: int) -> func.FuncOp:
    """A function that launches a kernel on what it is given; numbers come in memory, as scalars of a function do."""
    types = [argument.type for argument in kernel.block.args]
    boxes: list[Attribute] = [type if isinstance(type, bi.MemRefType) else _box(type) for type in types]
    block = Block(arg_types=[*boxes, _box(INDEX), _box(INDEX)])
    ops: list[Operation] = []

    def add(op: Operation) -> SSAValue:
        ops.append(op)
        return op.results[0]

    def number(box: SSAValue, type: Attribute) -> SSAValue:
        value = add(memref.LoadOp.get(box, []))
        return add(arith.IndexCastOp(value, INDEX)) if type == INDEX else value

    pairs = zip(types, block.args, strict=False)
    values = [box if isinstance(type, bi.MemRefType) else number(box, type) for type, box in pairs]
    grid, shared = (number(box, INDEX) for box in block.args[-2:])
    bytes = add(arith.IndexCastOp(shared, bi.i32))
    size, one = (add(arith.ConstantOp(bi.IntegerAttr(n, INDEX))) for n in (threads, 1))
    ops.append(gpu.LaunchFuncOp.build_op(home, kernel.sym_name.data, grid, size, one, values, bytes))
    results = [block.args[at] for at in written]
    ops.append(func.ReturnOp(*results))
    block.add_ops(ops)
    marks = [{"nd.name": bi.StringAttr(f"a{at}")} for at in range(len(block.args))]
    attributes: list[dict[str, Attribute]] = [
        {**mark, "nd.state": bi.UnitAttr()} if at in written else {**mark} for at, mark in enumerate(marks)
    ]
    updates = [bi.DictionaryAttr({"nd.update": bi.IntegerAttr(at, 64)}) for at in written]
    return func.FuncOp(
        kernel.sym_name.data,
        ([argument.type for argument in block.args], [value.type for value in results]),
        Region(block),
        arg_attrs=bi.ArrayAttr([bi.DictionaryAttr(row) for row in attributes]),
        res_attrs=bi.ArrayAttr(updates),
    )


def _box(type: Attribute) -> bi.MemRefType[Attribute]:
    return bi.MemRefType(bi.i64 if type == INDEX else type, [])
