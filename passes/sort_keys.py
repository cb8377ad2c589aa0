"""What is sorted instead of elements: integers whose order is that of the elements, NaN last, and their bytes."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from phintys.dialects.convert import scalar_type
from phintys.ir.types import DTYPES

from .emit import INDEX, Emitter

BUCKETS = 256


@dataclass(frozen=True)
class Order:
    """The integers that elements of a dtype are compared as, signed and of as many bits as they have."""

    dtype: str
    exact: bool  # whether elements come back from them: zeros of both signs then differ

    @property
    def bits(self) -> int:
        """How many bits an element has in memory."""
        return max(DTYPES[self.dtype].bits, 8)

    @property
    def type(self) -> bi.IntegerType:
        """The type of the integers."""
        return bi.IntegerType(self.bits)

    def _number(self, e: Emitter, value: int) -> SSAValue:
        return e.constant(value, self.type)

    def _mirrored(self, e: Emitter, bits: SSAValue) -> SSAValue:
        """Negative floats in the order of their magnitude, turned around; applied twice, what it was."""
        sign = e.op(arith.ShRSIOp, [bits, self._number(e, self.bits - 1)])
        return e.op(arith.XOrIOp, [bits, e.op(arith.AndIOp, [sign, self._number(e, 2 ** (self.bits - 1) - 1)])])

    def integer(self, e: Emitter, x: SSAValue) -> SSAValue:
        """The integer of an element."""
        kind = DTYPES[self.dtype].kind
        if kind == "b":
            return e.op(arith.ExtUIOp, [x], self.type)
        if kind != "f":
            return x if kind == "i" else e.op(arith.XOrIOp, [x, self._number(e, -(2 ** (self.bits - 1)))])
        plain = x if self.exact else e.op(arith.AddfOp, [x, e.constant(0.0, x.type)])  # -0.0 + 0.0 is 0.0
        found = self._mirrored(e, e.op(arith.BitcastOp, [plain], self.type))
        return e.select(e.fcmp("uno", x, x), self._number(e, 2 ** (self.bits - 1) - 1), found)

    def element(self, e: Emitter, number: SSAValue) -> SSAValue:
        """The element of an integer."""
        kind = DTYPES[self.dtype].kind
        if kind == "b":
            return e.icmp("ne", number, self._number(e, 0))
        if kind != "f":
            return number if kind == "i" else e.op(arith.XOrIOp, [number, self._number(e, -(2 ** (self.bits - 1)))])
        return e.op(arith.BitcastOp, [self._mirrored(e, number)], scalar_type(self.dtype))

    def above(self, e: Emitter, number: SSAValue, least: SSAValue) -> SSAValue:
        """How far a number is above the least one, as 64 bits without a sign."""
        distance = e.op(arith.SubiOp, [number, least])
        return distance if self.bits == 64 else e.op(arith.ExtUIOp, [distance], bi.i64)


@dataclass(frozen=True)
class Digits:
    """Bytes of what elements are above the least one, from the bit `lowest` on."""

    order: Order
    least: SSAValue
    lowest: SSAValue  # i64
    count: int

    def bucket(self, e: Emitter, number: SSAValue, which: SSAValue) -> SSAValue:
        """The byte `which` of an element, both as indices."""
        places = e.op(arith.IndexCastOp, [e.index(e.mul(which, 8))], bi.i64)
        shift = e.op(arith.AddiOp, [self.lowest, places])
        moved = e.op(arith.ShRUIOp, [self.order.above(e, number, self.least), shift])
        return e.op(arith.IndexCastOp, [e.op(arith.AndIOp, [moved, e.constant(BUCKETS - 1, bi.i64)])], INDEX)
