"""Additions to memory that other threads add to at the same time, in the `llvm` dialect: xDSL has no operation for them."""

from __future__ import annotations

from typing import Any, ClassVar

from xdsl.dialects import builtin as bi
from xdsl.dialects.llvm import LLVMPointerType
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import traits_def
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect
from xdsl.utils.exceptions import VerifyException

KINDS = {1: "add", 11: "fadd"}  # of upstream's numbers those that are written
MONOTONIC = 2


class AtomicRMWOp(Operation):
    """Adds to a number in memory as one step; what was there before. `syncscope` says who else may add: "device".

    %0 = "llvm.atomicrmw"(%p, %v) <{bin_op = 11 : i64, ordering = 2 : i64}> : (!llvm.ptr, f64) -> f64
    """

    name = "llvm.atomicrmw"
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    SCOPE: ClassVar[str] = "device"

    @staticmethod
    def build_op(pointer: SSAValue, value: SSAValue, location: Any = None) -> AtomicRMWOp:
        """Create an addition."""
        whole = isinstance(value.type, bi.IntegerType)
        properties: dict[str, Attribute] = {
            "bin_op": bi.IntegerAttr(1 if whole else 11, 64),
            "ordering": bi.IntegerAttr(MONOTONIC, 64),
            "syncscope": bi.StringAttr(AtomicRMWOp.SCOPE),
        }
        return AtomicRMWOp.create(
            operands=[pointer, value], result_types=[value.type], properties=properties, location=location
        )

    @property
    def kind(self) -> str:
        """`add` or `fadd`."""
        number = self.properties.get("bin_op")
        return KINDS.get(number.value.data, "") if isinstance(number, bi.IntegerAttr) else ""

    @property
    def scope(self) -> str:
        """Who else may add; "" for everybody."""
        scope = self.properties.get("syncscope")
        return scope.data if isinstance(scope, bi.StringAttr) else ""

    def verify_(self) -> None:
        """An address, and a number that fits the addition; the result is of its type."""
        types = [value.type for value in (*self.operands, *self.results)]
        if len(types) != 3 or not isinstance(types[0], LLVMPointerType) or types[1] != types[2]:
            raise VerifyException("llvm.atomicrmw: expected an address and a number, and gives a number of its type")
        if not self.kind or (self.kind == "add") != isinstance(types[1], bi.IntegerType):
            raise VerifyException(f"llvm.atomicrmw: expected bin_op 1 (add) of integers or 11 (fadd) of floats, got {types[1]}")
        ordering = self.properties.get("ordering")
        if not isinstance(ordering, bi.IntegerAttr) or ordering.value.data != MONOTONIC:
            raise VerifyException(f"llvm.atomicrmw: expected ordering {MONOTONIC} (monotonic)")


LLVMAtomics = Dialect("llvm_atomics", [AtomicRMWOp], [])
