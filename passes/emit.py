"""Emission of scalar and loop code: `Emitter` appends operations to a block, quickly and with all their properties.

Constants are created once, in the block of the root emitter (`parent` is the emitter of an enclosing or preceding block).
Integer helpers (`add`, `mul`, ...) take Python ints and values alike and fold ints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

from xdsl.dialects import arith, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.dialects.utils.fast_math import FastMathFlag
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

Index = int | SSAValue
INDEX = bi.IndexType()
_NO_FLAGS = arith.FastMathFlagsAttr("none")
_REASSOC = arith.FastMathFlagsAttr([FastMathFlag.REASSOC, FastMathFlag.ALLOW_CONTRACT])
_NO_NANS = arith.FastMathFlagsAttr([FastMathFlag.NO_NANS, FastMathFlag.NO_SIGNED_ZEROS])
_NO_OVERFLOW = arith.IntegerOverflowAttr("none")
FLOAT_OPS = frozenset(
    (arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.DivfOp, arith.NegfOp, arith.MaximumfOp, arith.MinimumfOp)
)
WRAPPING_OPS = frozenset((arith.AddiOp, arith.SubiOp, arith.MuliOp))
_SEGMENTS = "operandSegmentSizes"


@cache
def _predicate(number: int) -> Attribute:
    return bi.IntegerAttr(number, bi.i64)


@lru_cache(4096)
def segments(*sizes: int) -> Attribute:
    """Operand segment sizes of an operation with several variadic groups."""
    return bi.DenseArrayBase.from_list(bi.i32, sizes)


ICMP = {name: i for i, name in enumerate(("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"))}
FCMP = {"oeq": 1, "ogt": 2, "oge": 3, "olt": 4, "ole": 5, "one": 6, "ord": 7, "une": 13, "uno": 14}


class Emitter:
    """Appends operations to `block`; `location` is attached to each."""

    def __init__(self, block: Block, location: Any = None, parent: Emitter | None = None) -> None:
        self.block = block
        self.location = location
        self._root: Emitter = self if parent is None else parent._root
        self._constants: dict[tuple[Attribute, Any], SSAValue] = {}

    def insert(self, op: Operation) -> Operation:
        """Append an operation."""
        self.block.add_op(op)
        return op

    def op(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        type: Attribute | None = None,
        properties: dict[str, Attribute] | None = None,
    ) -> SSAValue:
        """Append an operation of one result, by default of its first operand's type; its value."""
        properties = properties or {}
        if cls in FLOAT_OPS or cls.name.startswith("math."):
            properties = {"fastmath": _NO_FLAGS, **properties}
        elif cls in WRAPPING_OPS:
            properties = {"overflowFlags": _NO_OVERFLOW, **properties}
        type = operands[0].type if type is None else type
        op = cls.create(operands=operands, result_types=[type], properties=properties, location=self.location)
        self.block.add_op(op)
        return op.results[0]

    def reassociated(self, cls: type[Operation], a: SSAValue, b: SSAValue) -> SSAValue:
        """A float operation of a reduction, whose order LLVM may change."""
        return self.op(cls, [a, b], None, {"fastmath": _REASSOC} if cls in FLOAT_OPS else {})

    def without_nan(self, cls: type[Operation], a: SSAValue, b: SSAValue) -> SSAValue:
        """An operation whose result does not matter where an operand is NaN, nor the sign of its zeros."""
        return self.op(cls, [a, b], None, {"fastmath": _NO_NANS})

    def constant(self, value: float | int | bool, type: Attribute) -> SSAValue:
        """A scalar constant, at the start of the root emitter's block."""
        if self._root is not self:
            return self._root.constant(value, type)
        whole = isinstance(type, bi.IntegerType | bi.IndexType)
        key = (type, repr(int(value) if whole else float(value)))
        found = self._constants.get(key)
        if found is None:
            kind: Any = type
            attr: Attribute = (
                bi.IntegerAttr(int(value), kind, truncate_bits=True) if whole else bi.FloatAttr(float(value), kind)
            )
            op = arith.ConstantOp.create(result_types=[type], properties={"value": attr}, location=self.location)
            first = self.block.first_op
            if first is None:
                self.block.add_op(op)
            else:
                self.block.insert_op_before(op, first)
            found = self._constants[key] = op.results[0]
        return found

    def copy(self, ops: Iterable[Operation], mapping: dict[SSAValue, SSAValue]) -> None:
        """Append copies of scalar operations, operands renamed by `mapping`, which receives their results."""
        for op in ops:
            if isinstance(op, arith.ConstantOp) and isinstance(op.value, bi.IntegerAttr | bi.FloatAttr):
                mapping[op.result] = self.constant(op.value.value.data, op.result.type)
                continue
            copy = type(op).create(
                operands=[mapping.get(value, value) for value in op.operands],
                result_types=[value.type for value in op.results],
                properties=op.properties,
                attributes=op.attributes,
                location=op.location,
            )
            self.insert(copy)
            mapping.update(zip(op.results, copy.results, strict=True))

    def icmp(self, predicate: str, a: SSAValue, b: SSAValue) -> SSAValue:
        """Integer comparison: eq ne slt sle sgt sge ult ule ugt uge."""
        return self.op(arith.CmpiOp, [a, b], bi.i1, {"predicate": _predicate(ICMP[predicate])})

    def fcmp(self, predicate: str, a: SSAValue, b: SSAValue) -> SSAValue:
        """Float comparison: ordered ones are false for NaN."""
        properties = {"predicate": _predicate(FCMP[predicate]), "fastmath": _NO_FLAGS}
        return self.op(arith.CmpfOp, [a, b], bi.i1, properties)

    def select(self, condition: SSAValue, a: SSAValue, b: SSAValue) -> SSAValue:
        """`a` where the condition holds, else `b`."""
        return self.op(arith.SelectOp, [condition, a, b], a.type)

    # --- index arithmetic on ints and values ---------------------------------------------------------------------------------

    def index(self, value: Index) -> SSAValue:
        """An index value."""
        return self.constant(value, INDEX) if isinstance(value, int) else value

    def add(self, a: Index, b: Index) -> Index:
        """a + b."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0:
            return b
        return a if b == 0 else self.op(arith.AddiOp, [self.index(a), self.index(b)])

    def sub(self, a: Index, b: Index) -> Index:
        """a - b."""
        if isinstance(a, int) and isinstance(b, int):
            return a - b
        return a if b == 0 else self.op(arith.SubiOp, [self.index(a), self.index(b)])

    def mul(self, a: Index, b: Index) -> Index:
        """a * b."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if a == 0 or b == 0:
            return 0
        if a == 1:
            return b
        return a if b == 1 else self.op(arith.MuliOp, [self.index(a), self.index(b)])

    def remainder(self, a: Index, b: int) -> Index:
        """a % b of a size."""
        return a % b if isinstance(a, int) else self.op(arith.RemUIOp, [a, self.index(b)])

    def quotient(self, a: Index, b: Index) -> Index:
        """a / b of sizes, rounded down."""
        if isinstance(a, int) and isinstance(b, int):
            return a // b
        return a if b == 1 else self.op(arith.DivUIOp, [self.index(a), self.index(b)])

    def product(self, factors: Sequence[Index]) -> Index:
        """Product of all."""
        result: Index = 1
        for factor in factors:
            result = self.mul(result, factor)
        return result

    def minimum(self, a: Index, b: Index) -> Index:
        """min(a, b)."""
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        return self.op(arith.MinSIOp, [self.index(a), self.index(b)])

    def maximum(self, a: Index, b: Index) -> Index:
        """max(a, b)."""
        if isinstance(a, int) and isinstance(b, int):
            return max(a, b)
        return self.op(arith.MaxSIOp, [self.index(a), self.index(b)])

    # --- conditions on sizes, which may be known -----------------------------------------------------------------------------

    def at_most(self, a: Index, b: Index) -> bool | SSAValue:
        """a <= b."""
        if isinstance(a, int) and isinstance(b, int):
            return a <= b
        return self.icmp("sle", self.index(a), self.index(b))

    def both(self, a: bool | SSAValue, b: bool | SSAValue) -> bool | SSAValue:
        """Whether both hold."""
        if isinstance(a, bool):
            return b if a else False
        if isinstance(b, bool):
            return a if b else False
        return self.op(arith.AndIOp, [a, b])

    def any_of(self, a: bool | SSAValue, b: bool | SSAValue) -> bool | SSAValue:
        """Whether one of them holds."""
        if isinstance(a, bool):
            return True if a else b
        if isinstance(b, bool):
            return True if b else a
        return self.op(arith.OrIOp, [a, b])

    # --- loops and memory ----------------------------------------------------------------------------------------------------

    def loop(self, low: Index, high: Index, step: Index = 1, init: Sequence[SSAValue] = ()) -> tuple[Emitter, scf.ForOp]:
        """An `scf.for`; the emitter appends to its body, which the caller ends with `end_loop`."""
        block = Block(arg_types=[INDEX, *(value.type for value in init)])
        operands = [self.index(low), self.index(high), self.index(step), *init]
        op = scf.ForOp.create(
            operands=operands,
            result_types=[value.type for value in init],
            regions=[Region(block)],
            location=self.location,
        )
        self.block.add_op(op)
        return Emitter(block, self.location, self), op

    def end_loop(self, values: Sequence[SSAValue] = ()) -> None:
        """End the body of a loop or a branch with its yield."""
        self.block.add_op(scf.YieldOp.create(operands=list(values), location=self.location))

    def load(self, buffer: SSAValue, indices: Sequence[SSAValue]) -> SSAValue:
        """`memref.load`."""
        type = buffer.type
        assert isinstance(type, bi.MemRefType)
        return self.op(memref.LoadOp, [buffer, *indices], type.element_type)

    def store(self, value: SSAValue, buffer: SSAValue, indices: Sequence[SSAValue]) -> None:
        """`memref.store`."""
        self.block.add_op(memref.StoreOp.create(operands=[value, buffer, *indices], location=self.location))

    def alloc(self, element: Attribute, sizes: Sequence[Index]) -> SSAValue:
        """`memref.alloc` of a contiguous buffer."""
        dynamic = [size for size in sizes if not isinstance(size, int)]
        type = bi.MemRefType(element, [size if isinstance(size, int) else bi.DYNAMIC_INDEX for size in sizes])
        op = memref.AllocOp.create(
            operands=dynamic,
            result_types=[type],
            properties={_SEGMENTS: segments(len(dynamic), 0)},
            location=self.location,
        )
        self.block.add_op(op)
        return op.results[0]

    def reinterpret(self, source: SSAValue, offset: Index, sizes: Sequence[Index], strides: Sequence[Index]) -> SSAValue:
        """`memref.reinterpret_cast`: any strided view of a contiguous buffer."""
        type = source.type
        assert isinstance(type, bi.MemRefType)
        # A stride of 0 (broadcasting) is given as a value: as a part of the type, MLIR knows it from version 20 on only.
        strides = [self.index(0) if isinstance(stride, int) and stride == 0 else stride for stride in strides]

        def split(values: Sequence[Index]) -> tuple[list[SSAValue], list[int]]:
            dynamic = [value for value in values if not isinstance(value, int)]
            return dynamic, [value if isinstance(value, int) else bi.DYNAMIC_INDEX for value in values]

        (offsets, static_offset), (dims, static_sizes), (steps, static_strides) = map(split, ([offset], sizes, strides))
        layout = bi.StridedLayoutAttr(
            [stride if isinstance(stride, int) else None for stride in strides],
            offset if isinstance(offset, int) else None,
        )
        op = memref.ReinterpretCastOp.create(
            operands=[source, *offsets, *dims, *steps],
            result_types=[bi.MemRefType(type.element_type, static_sizes, layout)],
            properties={
                _SEGMENTS: segments(1, len(offsets), len(dims), len(steps)),
                "static_offsets": bi.DenseArrayBase.from_list(bi.i64, static_offset),
                "static_sizes": bi.DenseArrayBase.from_list(bi.i64, static_sizes),
                "static_strides": bi.DenseArrayBase.from_list(bi.i64, static_strides),
            },
            location=self.location,
        )
        self.block.add_op(op)
        return op.results[0]
