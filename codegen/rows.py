"""One row for each op of the llvm dialect: how it reads in LLVM IR. `translate.py` walks the blocks and looks rows up.

Constants have no instruction: their rows are in `CONSTANTS` and give the text that stands where the value is used. An
op in neither table is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects import llvm
from xdsl.ir import Operation

from phintys.dialects import llvm_casts, llvm_extra, llvm_intrinsics
from phintys.dialects.llvm_atomics import AtomicRMWOp

from .row_makers import (
    Row,
    alloca,
    atomic,
    binary,
    branch,
    call,
    call_intrinsic,
    cast,
    compare,
    conditional_branch,
    extract_value,
    gep,
    insert_value,
    intrinsic,
    listed,
    load,
    masked_store,
    reduction,
    ret,
    select,
    shuffle,
    stack,
    store,
    switch,
    unary,
)
from .text import constant_text, symbol

INT_PREDICATES = tuple(str(flag) for flag in llvm.ALL_ICMP_FLAGS)
FLOAT_PREDICATES = tuple(str(flag).removeprefix("_") for flag in llvm.ALL_FCMP_FLAGS)

ROWS: dict[type[Operation], Row] = {
    llvm.AddOp: binary("add"),
    llvm.SubOp: binary("sub"),
    llvm.MulOp: binary("mul"),
    llvm.UDivOp: binary("udiv"),
    llvm.SDivOp: binary("sdiv"),
    llvm.URemOp: binary("urem"),
    llvm.SRemOp: binary("srem"),
    llvm.AndOp: binary("and"),
    llvm.OrOp: binary("or"),
    llvm.XOrOp: binary("xor"),
    llvm.ShlOp: binary("shl"),
    llvm.LShrOp: binary("lshr"),
    llvm.AShrOp: binary("ashr"),
    llvm.FAddOp: binary("fadd"),
    llvm.FSubOp: binary("fsub"),
    llvm.FMulOp: binary("fmul"),
    llvm.FDivOp: binary("fdiv"),
    llvm.FRemOp: binary("frem"),
    llvm.FNegOp: unary("fneg"),
    llvm_extra.FreezeOp: unary("freeze"),
    llvm.ICmpOp: compare("icmp", INT_PREDICATES),
    llvm.FCmpOp: compare("fcmp", FLOAT_PREDICATES),
    llvm.SelectOp: select,
    llvm.TruncOp: cast("trunc"),
    llvm.ZExtOp: cast("zext"),
    llvm.SExtOp: cast("sext"),
    llvm.SIToFPOp: cast("sitofp"),
    llvm_casts.UIToFPOp: cast("uitofp"),
    llvm_casts.FPToSIOp: cast("fptosi"),
    llvm_casts.FPToUIOp: cast("fptoui"),
    llvm.FPExtOp: cast("fpext"),
    llvm.FPTruncOp: cast("fptrunc"),
    llvm.BitcastOp: cast("bitcast"),
    llvm.IntToPtrOp: cast("inttoptr"),
    llvm.PtrToIntOp: cast("ptrtoint"),
    llvm_extra.AddrSpaceCastOp: cast("addrspacecast"),
    llvm.GEPOp: gep,
    llvm.LoadOp: load,
    llvm.StoreOp: store,
    llvm.AllocaOp: alloca,
    llvm.ExtractValueOp: extract_value,
    llvm.InsertValueOp: insert_value,
    llvm.InsertElementOp: listed("insertelement"),
    llvm_extra.ExtractElementOp: listed("extractelement"),
    llvm.ShuffleVectorOp: shuffle,
    llvm.CallOp: call,
    llvm.CallIntrinsicOp: call_intrinsic,
    llvm.FAbsOp: intrinsic("fabs"),
    llvm.FCeilOp: intrinsic("ceil"),
    llvm.FFloorOp: intrinsic("floor"),
    llvm_intrinsics.FTruncOp: intrinsic("trunc"),
    llvm_intrinsics.RoundEvenOp: intrinsic("roundeven"),
    llvm_intrinsics.RoundOp: intrinsic("round"),
    llvm.FSqrtOp: intrinsic("sqrt"),
    llvm.FExpOp: intrinsic("exp"),
    llvm.FExp2Op: intrinsic("exp2"),
    llvm.FLogOp: intrinsic("log"),
    llvm.FLog2Op: intrinsic("log2"),
    llvm.FSinOp: intrinsic("sin"),
    llvm.FCosOp: intrinsic("cos"),
    llvm.FPowOp: intrinsic("pow"),
    llvm.FMAOp: intrinsic("fma"),
    llvm.FCopySignOp: intrinsic("copysign"),
    llvm.VectorFMaxOp: intrinsic("maxnum"),
    llvm.VectorFMinOp: intrinsic("minnum"),
    llvm_intrinsics.MaximumOp: intrinsic("maximum"),
    llvm_intrinsics.MinimumOp: intrinsic("minimum"),
    llvm_intrinsics.SMaxOp: intrinsic("smax"),
    llvm_intrinsics.SMinOp: intrinsic("smin"),
    llvm_intrinsics.UMaxOp: intrinsic("umax"),
    llvm_intrinsics.UMinOp: intrinsic("umin"),
    llvm.VectorReduceFAddOp: reduction("vector.reduce.fadd"),
    llvm.VectorReduceFMulOp: reduction("vector.reduce.fmul"),
    llvm.MaskedStoreOp: masked_store,
    AtomicRMWOp: atomic,
    llvm.StackSaveOp: stack("stacksave"),
    llvm.StackRestoreOp: stack("stackrestore"),
    llvm.BrOp: branch,
    llvm.CondBrOp: conditional_branch,
    llvm_extra.SwitchOp: switch,
    llvm.ReturnOp: ret,
    llvm.UnreachableOp: lambda f, op: "unreachable",
}


def _zero(op: Any) -> str:
    kind = op.results[0].type
    return "null" if isinstance(kind, llvm.LLVMPointerType) else "zeroinitializer"


CONSTANTS: dict[type[Operation], Callable[[Any], str]] = {
    llvm.ConstantOp: lambda op: constant_text(op.properties["value"], op.results[0].type),
    llvm.UndefOp: lambda op: "undef",
    llvm_extra.PoisonOp: lambda op: "poison",
    llvm.ZeroOp: _zero,
    llvm.AddressOfOp: lambda op: symbol(op.properties["global_name"].string_value()),
}
