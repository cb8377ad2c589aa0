"""convert-gpu-to-nvvm: kernels become functions on pointers, of `llvm` and `nvvm` operations; the host's code stays.

Expects: level gpu, after `expand-math`. Leaves: in each `gpu.module` only `llvm` and `nvvm`, one `llvm.func` a kernel with
the attributes `nvvm.kernel` and `nvvm.maxntid`. A memref of a kernel becomes a pointer and one i64 a size that is not known, an
index an i64. Memory of the block becomes a global in address space 3.

    %t = gpu.thread_id x                     %r = nvvm.read.ptx.sreg.tid.x : i32
    %v = memref.load %x[%t]          ->      %t = llvm.zext %r : i32 to i64
                                             %p = llvm.getelementptr %x[%t] ; %v = llvm.load %p
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import builtin as bi
from xdsl.dialects import func, llvm, memref, scf
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from phintys.dialects import gpu, llvm_extra, nvvm
from phintys.dialects.blas import GemmOp, GemvOp
from phintys.dialects.convert import location_text
from phintys.ir.diagnostics import error

from . import llvm_rows
from .convert_loops_to_llvm import FunctionLowering
from .llvm_emit import I32, I64, PTR, Int, LlvmEmitter
from .llvm_memory import Descriptor, byte_size, contiguous, stored

ALL_LANES, LAST_LANE = -1, gpu.WARP - 1
SHARED_ALIGNMENT = 16
# What a thread of a kernel that calls functions with loops may take. Left alone, the assembler takes fewer, so that more
# threads find room, and keeps some of their numbers in memory; 256 threads of as many take half of a processor's registers.
REGISTERS_OF_LOOPS = 128
SHARED_POINTER = llvm.LLVMPointerType(bi.IntAttr(gpu.SHARED))
WRAPS: dict[str, Attribute] = {"overflowFlags": bi.IntegerAttr(0, 32)}
CUTS: dict[str, Attribute] = {"overflowFlags": llvm.OverflowAttr("none")}
WRITES = frozenset(("memref.store", "vector.store", "memref.atomic_rmw"))  # their second operand is the memory
READ_ONLY: dict[str, Attribute] = {"llvm.noalias": bi.UnitAttr(), "llvm.readonly": bi.UnitAttr()}
WRITTEN: dict[str, Attribute] = {"llvm.noalias": bi.UnitAttr()}
REGISTERS: dict[type[Operation], type[nvvm.RegisterOp]] = {
    gpu.ThreadIdOp: nvvm.ThreadIdOp,
    gpu.BlockIdOp: nvvm.BlockIdOp,
    gpu.BlockDimOp: nvvm.BlockDimOp,
    gpu.GridDimOp: nvvm.GridDimOp,
}


class KernelLowering(FunctionLowering):
    """Lowers one kernel; `globals` gathers the memory that its block shares."""

    def __init__(self, kernel: gpu.FuncOp, declarations: dict[str, llvm.FuncOp], globals: list[llvm.GlobalOp]) -> None:
        self.kernel = kernel
        self.declarations = declarations
        self.globals = globals
        self.source = kernel.block
        self.values: dict[SSAValue, SSAValue] = {}
        self.memrefs: dict[SSAValue, Descriptor] = {}

    def run(self) -> llvm.FuncOp:
        """The lowered kernel."""
        types, attributes = self._parameters()
        entry = Block(arg_types=types)
        region = Region(entry)
        self.e = LlvmEmitter(region, entry)
        self._bind(entry)
        for op in self.source.ops:
            self.lower(op)
        marks: dict[str, Attribute] = {"nvvm.kernel": bi.UnitAttr()}
        threads = self.kernel.threads
        if threads is not None:
            marks["nvvm.maxntid"] = bi.DenseArrayBase.from_list(bi.i32, [threads, 1, 1])
        if calls_loops(self.kernel):
            marks["nvvm.maxnreg"] = bi.IntegerAttr(REGISTERS_OF_LOOPS, bi.i32)
        return llvm.FuncOp(
            self.kernel.sym_name,
            llvm.LLVMFunctionType(types),
            llvm.LinkageAttr("external"),
            body=region,
            other_props={"arg_attrs": bi.ArrayAttr([bi.DictionaryAttr(row) for row in attributes])},
            extra_attrs=marks,
        )

    # --- the signature -------------------------------------------------------------------------------------------------------

    def _parameters(self) -> tuple[list[Attribute], list[dict[str, Attribute]]]:
        types: list[Attribute] = []
        attributes: list[dict[str, Attribute]] = []
        for argument in self.source.args:
            if not isinstance(argument.type, bi.MemRefType):
                types.append(llvm_rows.lowered(argument.type))
                attributes.append({})
                continue
            if not isinstance(argument.type.layout, bi.NoneAttr):
                place = location_text(self.kernel)
                raise error(f"a kernel takes {argument.type}; its views are made in it", name=place)
            types.append(PTR)
            alignment = {"llvm.align": bi.IntegerAttr(byte_size(argument.type.element_type), bi.i64)}
            attributes.append({**(WRITTEN if is_written(argument) else READ_ONLY), **alignment})
            dynamic = [size for size in argument.type.get_shape() if size == bi.DYNAMIC_INDEX]
            types += [I64] * len(dynamic)
            attributes += [{}] * len(dynamic)
        return types, attributes

    def _bind(self, entry: Block) -> None:
        parameters = iter(entry.args)
        for argument in self.source.args:
            first = next(parameters)
            first.name_hint = argument.name_hint
            if not isinstance(argument.type, bi.MemRefType):
                self.values[argument] = first
                continue
            sizes: list[Int] = [next(parameters) if n == bi.DYNAMIC_INDEX else n for n in argument.type.get_shape()]
            self.memrefs[argument] = contiguous(self, first, sizes, argument.type.element_type)

    # --- operations ----------------------------------------------------------------------------------------------------------

    def lower(self, op: Operation) -> None:
        """Lower one operation at the end of the current block."""
        row = ROWS.get(type(op))
        self.e.location = op.location
        if row is not None:
            row(self, op)
        elif type(op) in REFUSED:
            raise error(f"{op.name} has no place in a kernel: {REFUSED[type(op)]}", name=location_text(op))
        else:
            super().lower(op)

    def _for(self, op: scf.ForOp) -> None:
        """A mark for threads of the CPU means nothing here."""
        self.loop(op, *(self.value(value) for value in op.operands[:3]))

    def shared(self, element: Attribute, count: int | None) -> SSAValue:
        """The address of memory of the block: a global of its own, or the one whose size the launch says."""
        name = "dynamic_shared" if count is None else f"{self.kernel.sym_name.data}_shared_{len(self.globals)}"
        type = llvm.LLVMArrayType(bi.IntAttr(count or 0), stored(element))
        if name not in [known.sym_name.data for known in self.globals]:
            linkage = "external" if count is None else "internal"
            self.globals.append(llvm.GlobalOp(type, name, linkage, addr_space=gpu.SHARED, alignment=SHARED_ALIGNMENT))
        address = self.e.op(llvm.AddressOfOp, [], SHARED_POINTER, {"global_name": bi.SymbolRefAttr(name)})
        return self.e.op(llvm_extra.AddrSpaceCastOp, [address], PTR)


def calls_loops(kernel: gpu.FuncOp) -> bool:
    """Whether a function that a kernel calls, or one that this calls, has a loop, as some of Bessel and of the gamma family."""
    module = kernel.parent
    functions = {op.sym_name.data: op for op in module.ops if isinstance(op, func.FuncOp)} if module is not None else {}
    called: dict[str, func.FuncOp] = {}
    waiting: list[Operation] = [kernel]
    while waiting:
        names = (op.callee.string_value() for op in waiting.pop().walk() if isinstance(op, func.CallOp))
        new = {name: functions[name] for name in names if name in functions and name not in called}
        called |= new
        waiting += new.values()
    return any(isinstance(op, scf.WhileOp | scf.ForOp) for function in called.values() for op in function.walk())


def is_written(memory: SSAValue) -> bool:
    """Whether a memref, or a view of it, is stored to."""
    for use in memory.uses if isinstance(memory.type, bi.MemRefType) else ():
        op = use.operation
        if op.name in WRITES and use.index == 1:
            return True
        if op.results and isinstance(op.results[0].type, bi.MemRefType) and is_written(op.results[0]):
            return True
    return False


def _register(low: KernelLowering, op: Operation) -> None:
    """Numbers of threads and blocks are below 2^31."""
    number = low.e.op(REGISTERS[type(op)], [], I32)
    low.values[op.results[0]] = low.e.op(llvm.ZExtOp, [number], I64)


def _barrier(low: KernelLowering, op: Operation) -> None:
    low.e.effect(nvvm.BarrierOp, [])


def _return(low: KernelLowering, op: Operation) -> None:
    low.e.effect(llvm.ReturnOp, [])


def _alloca(low: KernelLowering, op: Operation) -> None:
    """Memory of the block, or of the thread."""
    result = op.results[0]
    type = result.type
    assert isinstance(type, bi.MemRefType)
    sizes: list[Int] = [int(size) for size in type.get_shape()]
    if bi.DYNAMIC_INDEX in sizes:
        raise error("memref.alloca in a kernel has known sizes", name=location_text(op))
    count = 1
    for size in type.get_shape():
        count *= size
    if gpu.is_shared(type):
        pointer = low.shared(type.element_type, count)
    else:
        pointer = low.e.alloca(stored(type.element_type), max(1, count))
    low.memrefs[result] = contiguous(low, pointer, sizes, type.element_type)


def _dynamic_shared(low: KernelLowering, op: Operation) -> None:
    low.memrefs[op.results[0]] = contiguous(low, low.shared(bi.i8, None), [0], bi.i8)


# --- shuffles ---------------------------------------------------------------------------------------------------------


def _shuffle(low: KernelLowering, op: Operation) -> None:
    """64 bits go in two halves. Who asks beyond the warp gets his own value; `valid` is computed where it is used."""
    assert isinstance(op, gpu.ShuffleOp)
    e = low.e
    value, offset = (low.value(operand) for operand in op.operands[:2])
    mode = "bfly" if op.mode == "xor" else op.mode
    mask = e.int(ALL_LANES, I32)
    clamp = e.int(0 if mode == "up" else LAST_LANE, I32)

    def moved(part: SSAValue) -> SSAValue:
        made = nvvm.ShuffleOp.build_op(mode, mask, part, offset, clamp, e.location)
        e.block.add_op(made)
        return made.results[0]

    type = value.type
    if type in nvvm.ShuffleOp.TYPES:
        low.values[op.results[0]] = moved(value)
    else:
        bits = value if type == I64 else e.op(llvm.BitcastOp, [value], I64)
        above = e.int(32)
        low_half = moved(e.op(llvm.TruncOp, [bits], I32, CUTS))
        high_half = moved(e.op(llvm.TruncOp, [e.op(llvm.LShrOp, [bits, above])], I32, CUTS))
        high = e.op(llvm.ShlOp, [e.op(llvm.ZExtOp, [high_half], I64), above], I64, WRAPS)
        both = e.op(llvm.OrOp, [e.op(llvm.ZExtOp, [low_half], I64), high])
        low.values[op.results[0]] = both if type == I64 else e.op(llvm.BitcastOp, [both], type)
    if op.results[1].first_use is not None:
        low.values[op.results[1]] = _valid(low, op.mode, offset)


def _valid(low: KernelLowering, mode: str, offset: SSAValue) -> SSAValue:
    """Whether the thread that is asked is one of the 32."""
    e = low.e
    lane = e.op(nvvm.LaneIdOp, [], I32)
    asked = {
        "xor": lambda: e.op(llvm.XOrOp, [lane, offset]),
        "up": lambda: e.op(llvm.SubOp, [lane, offset], I32, WRAPS),
        "down": lambda: e.op(llvm.AddOp, [lane, offset], I32, WRAPS),
        "idx": lambda: offset,
    }[mode]()
    unsigned_less = bi.IntegerAttr(6, 64)
    return e.op(llvm.ICmpOp, [asked, e.int(gpu.WARP, I32)], bi.i1, {"predicate": unsigned_less})


Row = Callable[[KernelLowering, Operation], None]
ROWS: dict[type[Operation], Row] = {
    **dict.fromkeys(REGISTERS, _register),
    gpu.BarrierOp: _barrier,
    gpu.ShuffleOp: _shuffle,
    gpu.ReturnOp: _return,
    gpu.DynamicSharedMemoryOp: _dynamic_shared,
    memref.AllocaOp: _alloca,
}
REFUSED: dict[type[Operation], str] = {
    memref.AllocOp: "memory is asked for before the launch",
    memref.DeallocOp: "memory is freed by the host",
    memref.GetGlobalOp: "constants are moved to the device before the launch",
    **dict.fromkeys((GemmOp, GemvOp), "the host calls the library"),
}


def lower_module(op: gpu.ModuleOp) -> None:
    """Replace the functions of one module of kernels."""
    declarations: dict[str, llvm.FuncOp] = {}
    globals: list[llvm.GlobalOp] = []
    lowered: list[Operation] = []
    for item in list(op.block.ops):
        if isinstance(item, gpu.FuncOp):
            lowered.append(KernelLowering(item, declarations, globals).run())
        elif isinstance(item, func.FuncOp) and item.body.blocks:
            lowered.append(FunctionLowering(item, declarations).run())
        elif isinstance(item, func.FuncOp):
            lowered.append(_declaration(item))
        else:
            raise error(f"{item.name} in a module of kernels has no lowering", name=location_text(item))
    for item in reversed(list(op.block.ops)):
        item.detach()
        item.erase(safe_erase=False)
    op.block.add_ops([*declarations.values(), *globals, *lowered])


def _declaration(op: func.FuncOp) -> llvm.FuncOp:
    types = [llvm_rows.lowered(type) for type in op.function_type.inputs]
    output = llvm_rows.lowered(op.function_type.outputs.data[0])
    return llvm.FuncOp(op.sym_name, llvm.LLVMFunctionType(types, output), llvm.LinkageAttr("external"))


@dataclass(frozen=True)
class ConvertGpuToNvvm(ModulePass):
    """Lower kernels to the llvm and nvvm dialects."""

    name = "convert-gpu-to-nvvm"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on every `gpu.module`."""
        for item in list(op.body.block.ops):
            if isinstance(item, gpu.ModuleOp):
                lower_module(item)
