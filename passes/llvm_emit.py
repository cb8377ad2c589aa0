"""Emission of llvm-dialect code: a current block, operations by class, constants, calls. The llvm counterpart of `emit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from phintys.dialects import llvm_intrinsics

from .emit import segments

Int = int | SSAValue
Bytes = int
PTR = llvm.LLVMPointerType()
I32 = bi.i32
I64 = bi.i64
_NSW = bi.IntegerAttr(llvm.OverflowAttr([llvm.OverflowFlag.NO_SIGNED_WRAP]).to_int(), bi.i32)
_WRAPS = bi.IntegerAttr(0, bi.i32)
_NO_FLAGS = llvm.FastMathAttr("none")
_CCC = llvm.CallingConventionAttr("ccc")
_NO_BUNDLES = bi.DenseArrayBase.from_list(bi.i32, ())
_NO_TAIL = llvm.TailCallKindAttr(llvm.TailCallKind.NONE)
_DYNAMIC = bi.DenseArrayBase.from_list(bi.i32, [llvm.GEP_USE_SSA_VAL])
_INBOUNDS = bi.UnitAttr()
_ORDER = bi.IntegerAttr(0, bi.i64)
OVERFLOWING = frozenset((llvm.AddOp, llvm.SubOp, llvm.MulOp, llvm.ShlOp))
FLOATING = frozenset(
    {
        *(llvm.FAddOp, llvm.FSubOp, llvm.FMulOp, llvm.FDivOp, llvm.FRemOp, llvm.FNegOp),
        *(llvm.FMAOp, llvm.FAbsOp, llvm.FSqrtOp, llvm.FFloorOp, llvm.FCeilOp, llvm.FCopySignOp),
        *(llvm.VectorFMaxOp, llvm.VectorFMinOp, llvm_intrinsics.MaximumOp, llvm_intrinsics.MinimumOp),
        *(llvm_intrinsics.FTruncOp, llvm_intrinsics.RoundEvenOp),
    }
)


@lru_cache(4096)
def _number(value: int, bits: int = 64) -> Any:
    return bi.IntegerAttr(value, bits)


def _access(alignment: Bytes) -> dict[str, Attribute]:
    return {"ordering": _ORDER, "alignment": _number(alignment)} if alignment else {"ordering": _ORDER}


def _key(value: Attribute) -> int | str:
    """What tells a constant from others of its type: zeros have a sign. The text of an attribute takes 15 microseconds."""
    if isinstance(value, bi.IntegerAttr):
        return value.value.data
    return value.value.data.hex() if isinstance(value, bi.FloatAttr) else str(value)


class LlvmEmitter:
    """Appends to `block`, which moves on with control flow; constants are created once, in the entry block."""

    def __init__(self, region: Region, entry: Block) -> None:
        self.region = region
        self.entry = entry
        self.block = entry
        self.location: Any = None
        self._constants: dict[tuple[Attribute, int | str], SSAValue] = {}
        self._last_constant: Operation | None = None

    def op(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        type: Attribute | None = None,
        properties: dict[str, Attribute] | None = None,
    ) -> SSAValue:
        """Append an operation of one result, by default of its first operand's type."""
        op = cls.create(
            operands=operands,
            result_types=[operands[0].type if type is None else type],
            properties=properties or {},
            location=self.location,
        )
        self.block.add_op(op)
        return op.results[0]

    def effect(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        properties: dict[str, Attribute] | None = None,
        successors: Sequence[Block] = (),
    ) -> Operation:
        """Append an operation without results."""
        op = cls.create(operands=operands, properties=properties or {}, successors=successors, location=self.location)
        self.block.add_op(op)
        return op

    def insert(self, op: Operation) -> Operation:
        """Append an operation."""
        self.block.add_op(op)
        return op

    def hoist(self, op: Operation) -> SSAValue:
        """Put an operation without operands, or of constants, at the start of the function."""
        if self._last_constant is None:
            first = self.entry.first_op
            self.entry.add_op(op) if first is None else self.entry.insert_op_before(op, first)
        else:
            self.entry.insert_op_after(op, self._last_constant)
        self._last_constant = op
        return op.results[0]

    def at_start(self, write: Callable[[], None]) -> None:
        """Have operations written at the start of the function, behind what was hoisted."""
        here, self.block = self.block, Block()
        write()
        made, self.block = self.block, here
        for op in reversed(list(made.ops)):
            op.detach()
            last = self._last_constant
            first = self.entry.first_op
            if last is not None:
                self.entry.insert_op_after(op, last)
            elif first is not None:
                self.entry.insert_op_before(op, first)
            else:
                self.entry.add_op(op)

    def constant(self, value: Attribute, type: Attribute) -> SSAValue:
        """A scalar constant of an attribute."""
        key = (type, _key(value))
        found = self._constants.get(key)
        if found is None:
            op = llvm.ConstantOp.create(result_types=[type], properties={"value": value})
            found = self._constants[key] = self.hoist(op)
        return found

    def int(self, value: Int, type: bi.IntegerType = I64) -> SSAValue:
        """An integer constant, or the value itself."""
        return self.constant(_number(value, type.width.data), type) if isinstance(value, int) else value

    def add(self, a: Int, b: Int) -> Int:
        """a + b of sizes and positions."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0:
            return b
        return a if b == 0 else self._index(llvm.AddOp, a, b)

    def sub(self, a: Int, b: Int) -> Int:
        """a - b of sizes and positions."""
        if isinstance(a, int) and isinstance(b, int):
            return a - b
        return a if b == 0 else self._index(llvm.SubOp, a, b)

    def mul(self, a: Int, b: Int) -> Int:
        """a * b of sizes and positions."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if a == 0 or b == 0:
            return 0
        if a == 1:
            return b
        return a if b == 1 else self._index(llvm.MulOp, a, b)

    def _index(self, cls: type[Operation], a: Int, b: Int) -> SSAValue:
        return self.op(cls, [self.int(a), self.int(b)], I64, {"overflowFlags": _NSW})

    def intrinsic(
        self, name: str, operands: Sequence[SSAValue], type: Attribute | None, fastmath: Attribute = _NO_FLAGS
    ) -> Any:
        """`llvm.call_intrinsic`."""
        properties: dict[str, Attribute] = {
            "intrin": bi.StringAttr(name),
            "fastmathFlags": fastmath,
            "op_bundle_sizes": _NO_BUNDLES,
            "operandSegmentSizes": segments(len(operands), 0),
        }
        if type is None:
            return self.effect(llvm.CallIntrinsicOp, operands, properties)
        return self.op(llvm.CallIntrinsicOp, operands, type, properties)

    def call(self, name: str, operands: Sequence[SSAValue], type: Attribute | None) -> Any:
        """`llvm.call` of a function by name."""
        properties: dict[str, Attribute] = {
            "callee": bi.SymbolRefAttr(name),
            "fastmathFlags": _NO_FLAGS,
            "CConv": _CCC,
            "op_bundle_sizes": _NO_BUNDLES,
            "TailCallKind": _NO_TAIL,
            "operandSegmentSizes": segments(len(operands), 0),
        }
        if type is None:
            return self.effect(llvm.CallOp, operands, properties)
        return self.op(llvm.CallOp, operands, type, properties)

    def element(self, pointer: SSAValue, position: Int, type: Attribute) -> SSAValue:
        """Address of element `position` of an array."""
        if position == 0:
            return pointer
        properties: dict[str, Attribute] = {
            "elem_type": type,
            "rawConstantIndices": _DYNAMIC,
            "noWrapFlags": _number(3, 32),  # inbounds, which includes nusw
            "inbounds": _INBOUNDS,
        }
        return self.op(llvm.GEPOp, [pointer, self.int(position)], PTR, properties)

    def load(self, pointer: SSAValue, type: Attribute, alignment: Bytes = 0) -> SSAValue:
        """Read memory; without an alignment, that of the type is expected."""
        return self.op(llvm.LoadOp, [pointer], type, _access(alignment))

    def store(self, value: SSAValue, pointer: SSAValue, alignment: Bytes = 0) -> None:
        """Write memory."""
        self.effect(llvm.StoreOp, [value, pointer], _access(alignment))

    def alloca(self, type: Attribute, count: Int) -> SSAValue:
        """Memory of the function's frame."""
        size = self.int(count)
        properties: dict[str, Attribute] = {"elem_type": type, "alignment": _number(64)}
        return self.hoist(llvm.AllocaOp.create(operands=[size], result_types=[PTR], properties=properties))

    # --- control flow --------------------------------------------------------------------------------------------------------

    def new_block(self, arguments: Sequence[Attribute] = ()) -> Block:
        """A block at the end of the function."""
        block = Block(arg_types=arguments)
        self.region.add_block(block)
        return block

    def branch(self, target: Block, values: Sequence[SSAValue] = ()) -> Operation:
        """Jump."""
        return self.effect(llvm.BrOp, list(values), {}, [target])

    def branch_if(self, condition: SSAValue, then: Block, otherwise: Block) -> None:
        """Jump one way or the other."""
        self.effect(llvm.CondBrOp, [condition], {"operandSegmentSizes": segments(1, 0, 0)}, [then, otherwise])
