"""Kernels for tests: of each elementwise operation and dtype, and of the examples; as a program, prints their PTX.

    python device_kernels.py elementwise sm_75 sm_90
    python device_kernels.py examples sm_90

LLVM ends the process that gives it what it cannot select: tests run this one, and look at how it ends.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from xdsl.context import Context
from xdsl.dialects import arith, llvm, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, Region, SSAValue

from phintys.codegen.compiler import graph_module, lower
from phintys.codegen.ptx import ptx
from phintys.dialects import gpu
from phintys.dialects.convert import scalar_type
from phintys.ir.examples import example
from phintys.ir.ops import OPS
from phintys.ir.parser import parse_graph
from phintys.ir.types import DTYPES, TensorType, TypeInferenceError
from phintys.passes.convert_gpu_to_nvvm import ConvertGpuToNvvm
from phintys.passes.elementwise import ROWS, cast, emit_scalar
from phintys.passes.emit import Emitter
from phintys.passes.expand_math import ExpandMath

THREADS = 128
INDEX = bi.IndexType()
REAL = [name for name, dtype in DTYPES.items() if dtype.kind != "c"]
Body = Callable[[Emitter, Sequence[SSAValue]], SSAValue]


def memory(dtype: str) -> bi.MemRefType[bi.Attribute]:
    return bi.MemRefType(scalar_type(dtype), [bi.DYNAMIC_INDEX])


def kernel(name: str, dtypes: Sequence[str], result: str, body: Body) -> gpu.FuncOp:
    """`result[i] = body(operands[i]...)` in a loop over the grid."""
    block = Block(arg_types=[*map(memory, dtypes), memory(result)])
    e = Emitter(block)
    size = e.op(memref.DimOp, [block.args[-1], e.constant(0, INDEX)], INDEX)
    thread, number, width, blocks = (
        e.insert(place.build_op()).results[0] for place in (gpu.ThreadIdOp, gpu.BlockIdOp, gpu.BlockDimOp, gpu.GridDimOp)
    )
    first = e.op(arith.AddiOp, [e.op(arith.MuliOp, [number, width]), thread])
    step = e.op(arith.MuliOp, [width, blocks])
    inner = Emitter(Block(arg_types=[INDEX]), parent=e)
    at = inner.block.args[0]
    loads = [inner.op(memref.LoadOp, [x, at], x.type.element_type) for x in block.args[:-1]]  # type: ignore[attr-defined]
    inner.insert(memref.StoreOp.create(operands=[body(inner, loads), block.args[-1], at]))
    inner.insert(scf.YieldOp.create())
    e.insert(scf.ForOp.create(operands=[first, size, step], regions=[Region(inner.block)]))
    e.insert(gpu.ReturnOp.create())
    return gpu.FuncOp.build_op(name, block, THREADS)


def operations() -> Iterator[gpu.FuncOp]:
    """Every row of `passes.elementwise` for every dtype of its kind."""
    for name, kinds in ROWS.items():
        for dtype in REAL:
            operands = [dtype] * OPS[name].operands
            try:
                result = OPS[name].rule([TensorType(each, ()) for each in operands], {})[0].dtype
            except TypeInferenceError:
                continue
            if DTYPES[dtype].kind in kinds:
                yield kernel(f"{name}_{dtype}", operands, result, row_of(name, operands, result))


def row_of(name: str, operands: list[str], result: str) -> Body:
    return lambda e, values: emit_scalar(e, name, values, operands, result)


def casts() -> Iterator[gpu.FuncOp]:
    """Every dtype to every other."""
    for source in REAL:
        for target in REAL:
            if source != target:
                yield kernel(f"cast_{source}_{target}", [source], target, cast_of(source, target))


def cast_of(source: str, target: str) -> Body:
    return lambda e, values: cast(e, values[0], source, target)


def module(kernels: Iterable[gpu.FuncOp]) -> bi.ModuleOp:
    """Level nvvm of kernels."""
    found = bi.ModuleOp([gpu.ModuleOp.build_op("kernels", list(kernels))])
    found.verify()
    ExpandMath().apply(Context(), found)
    ConvertGpuToNvvm().apply(Context(), found)
    found.verify()
    return found


def program(text: str) -> bi.ModuleOp:
    """Level nvvm of a program in graph text."""
    return lower(graph_module(parse_graph(text)), "nvvm")


def merged(modules: Iterable[bi.ModuleOp]) -> bi.ModuleOp:
    """One module with the kernels of all. Their names differ; functions and memory of one name are the same in all."""
    symbols: dict[str, Operation] = {}
    for each in modules:
        for kernels in each.body.block.ops:
            if isinstance(kernels, gpu.ModuleOp):
                for op in list(kernels.block.ops):
                    op.detach()
                    assert isinstance(op, llvm.FuncOp | llvm.GlobalOp)
                    symbols.setdefault(op.sym_name.data, op)
    return bi.ModuleOp([gpu.ModuleOp.build_op("kernels", list(symbols.values()))])


def examples() -> bi.ModuleOp:
    """The kernels of the example of every operation of the table."""
    return merged(program(example(name).replace("graph example(", f"graph {name}(")) for name in OPS)


SETS: dict[str, Callable[[], bi.ModuleOp]] = {
    "elementwise": lambda: module(chain(operations(), casts())),
    "examples": examples,
}


if __name__ == "__main__":
    name, *architectures = sys.argv[1:]
    made = SETS[name]()
    for architecture in architectures:
        print(f"// {architecture}\n{ptx(made, architecture)}")
