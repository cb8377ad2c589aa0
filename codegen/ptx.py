"""Level nvvm -> PTX text, through LLVM's NVPTX backend.

In: a module whose `gpu.module`s hold `llvm` and `nvvm` only. Out: the text that a driver or `ptxas` takes, for one
architecture. What LLVM cannot select for a GPU ends the process, so only intrinsics of `INTRINSICS` reach it, and no function
is called that the module does not define; anything else is a `TranslationError` that names it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from xdsl.dialects import llvm
from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, ModuleOp
from xdsl.ir import Attribute, Operation

from phintys.dialects import gpu, nvvm
from phintys.ir.phases import phase

from .architectures import DEFAULT
from .row_makers import Row
from .rows import ROWS
from .text import TranslationError, symbol, type_text
from .translate import FunctionPrinter, ModulePrinter, argument_words

TRIPLE = "nvptx64-nvidia-cuda"
# Tried one by one for each type, on every architecture.
_FLOAT = ("fabs", "fma", "sqrt", "floor", "ceil", "trunc", "roundeven", "copysign", "maxnum", "minnum", "maximum", "minimum")
_INTEGER = ("smin", "smax", "umin", "umax", "ctpop", "ctlz", "cttz", "abs", "fshl", "fshr")
INTRINSICS = re.compile(
    rf"llvm\.(?:(?:{'|'.join(_FLOAT)})\.f(?:32|64)|(?:{'|'.join(_INTEGER)})\.i(?:8|16|32|64)"
    r"|fpto[su]i\.sat\.i(?:1|8|16|32|64)\.f(?:32|64)|umul\.fix\.sat\.i64"
    r"|nvvm\.(?:read\.ptx\.sreg\.(?:tid\.x|ctaid\.x|ntid\.x|nctaid\.x|laneid)|barrier0|shfl\.sync\.(?:bfly|up|down|idx)\.[if]32))"
)
CONTAINER = "gpu.container_module"  # marks a module of host code and kernels
_CALLED = re.compile(r"call\b[^@\n]*@([\w.$]+)\(")
_DEFINED = re.compile(r"^define\b[^@\n]*@([\w.$]+)\(", re.MULTILINE)


def _register(f: FunctionPrinter, op: Operation) -> str:
    return f.intrinsic_call(f"llvm.{op.name}", op.results[0].type, [], "")


def _barrier(f: FunctionPrinter, op: Operation) -> str:
    return f.intrinsic_call("llvm.nvvm.barrier0", llvm.LLVMVoidType(), [], "")


def _shuffle(f: FunctionPrinter, op: Operation) -> str:
    assert isinstance(op, nvvm.ShuffleOp)
    kind = op.results[0].type
    return f.intrinsic_call(f"llvm.nvvm.shfl.sync.{op.mode}.{'f' if str(kind) == 'f32' else 'i'}32", kind, op.operands, "")


def _inexact(f: FunctionPrinter, op: Operation) -> str:
    """LLVM makes a quotient of it, which is rounded: nothing is right of what is left of large ones."""
    raise TranslationError(f"{op.name} has no exact code for the GPU; xmath.fmod has")


DEVICE_ROWS: dict[type[Operation], Row] = {
    **ROWS,
    llvm.FRemOp: _inexact,
    **{cls: _register for cls in nvvm.Nvvm.operations if issubclass(cls, nvvm.RegisterOp)},
    nvvm.BarrierOp: _barrier,
    nvvm.ShuffleOp: _shuffle,
}


class DeviceFunctionPrinter(FunctionPrinter):
    """Prints a kernel, or a function that kernels call."""

    rows = DEVICE_ROWS

    def header(self) -> str:
        """`define ptx_kernel void @f(ptr noalias %v0, i64 %v1) nounwind "nvvm.maxntid"="256" {`."""
        op = self.op
        if "nvvm.kernel" not in op.attributes:
            return super().header()
        words = argument_words(op)
        arguments = op.body.blocks[0].args
        inputs = [f"{type_text(a.type)}{word} {self.name(a)}" for a, word in zip(arguments, words, strict=True)]
        size = op.attributes.get("nvvm.maxntid")
        limit = f' "nvvm.maxntid"="{size.get_values()[0]}"' if isinstance(size, DenseArrayBase) else ""
        registers = op.attributes.get("nvvm.maxnreg")
        if isinstance(registers, IntegerAttr):
            limit += f' "nvvm.maxnreg"="{registers.value.data}"'
        return f"define ptx_kernel void {symbol(op.sym_name.data)}({', '.join(inputs)}) {self.module.attributes}{limit} {{"


class DevicePrinter(ModulePrinter):
    """The text of one `gpu.module`."""

    functions = DeviceFunctionPrinter

    def __init__(self) -> None:
        super().__init__(hide=True, attributes="nounwind")

    def global_variable(self, op: llvm.GlobalOp) -> str:
        """`@k_shared_0 = internal addrspace(3) global [32 x double] poison, align 16`."""
        if op.addr_space.value.data != gpu.SHARED:
            return super().global_variable(op)
        kind = op.global_type
        assert isinstance(kind, Attribute)
        outside = op.linkage.linkage.data == "external"
        start, value = ("external", "") if outside else ("internal", " poison")
        align = f", align {op.alignment.value.data}" if op.alignment is not None else ""
        return f"{symbol(op.sym_name.data)} = {start} addrspace({gpu.SHARED}) global {type_text(kind)}{value}{align}"

    def rare(self, op: llvm.FuncOp) -> str:
        """There is no C library on the device."""
        raise TranslationError(f"@{op.sym_name.data} has no code for the GPU")


def device_text(module: ModuleOp) -> str:
    """LLVM IR of all kernels of a module of level nvvm; TranslationError for what has no place on a GPU.

    A program whose work libraries do has none.
    """
    kernels = [op for op in module.body.block.ops if isinstance(op, gpu.ModuleOp)]
    if not kernels and CONTAINER not in module.attributes:
        raise TranslationError("this module has no gpu.module: nothing runs on a GPU")
    with phase("translate to LLVM IR"):
        text = f'target triple = "{TRIPLE}"\n' + "\n".join(DevicePrinter().run(op) for op in kernels)
    defined = set(_DEFINED.findall(text))
    for name in dict.fromkeys(_CALLED.findall(text)):
        if name not in defined and not INTRINSICS.fullmatch(name):
            raise TranslationError(f"a kernel calls @{name}, which a GPU does not have")
    return text


@cache
def _machine(architecture: str) -> Any:
    with phase("LLVM: load"):
        import llvmlite.binding as binding

        binding.initialize_all_targets()
        binding.initialize_all_asmprinters()
        return binding.Target.from_triple(TRIPLE).create_target_machine(cpu=architecture, opt=3)


def assemble_ptx(text: str, architecture: str = DEFAULT) -> str:
    """PTX of device LLVM IR, which `device_text` has checked; `architecture` is one of `ARCHITECTURES`."""
    import llvmlite.binding as binding

    from .engine import LLVMError
    from .machine import run_passes

    machine = _machine(architecture)
    try:
        with phase("LLVM: parse and verify"):
            module = binding.parse_assembly(text, binding.create_context())
            module.verify()
    except RuntimeError as failure:
        raise LLVMError(f"LLVM does not accept the module: {str(failure).strip()}") from None
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    options = binding.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False  # a thread has scalars; 128-bit accesses are written as such
    builder = binding.create_pass_builder(machine, options)
    with phase("LLVM: optimize"):
        run_passes(builder.getModulePassManager(), module, builder)
    with phase("LLVM: generate code"):
        return str(machine.emit_assembly(module))


def ptx(module: ModuleOp, architecture: str = DEFAULT) -> str:
    """PTX of a module of level nvvm."""
    return assemble_ptx(device_text(module), architecture)
