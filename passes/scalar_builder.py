"""Writing scalar arithmetic: `ScalarBuilder` appends `arith` and `math` operations to a block, one method call each.

A formula reads as calls on the builder, with plain Python numbers as constants:

    b = ScalarBuilder(block, F64)
    r = b.fma(n, -LN2, x)
    y = b.select(b.less(x, 0.0), b.neg(r), r)

Operations are made with `Operation.create`, which skips the argument handling of IRDL, and carry no fast-math flags.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import Float32Type, Float64Type, FloatAttr, IntegerAttr, IntegerType, f32, f64, i1, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

Operand = SSAValue | float
"""What the float methods take: a value, or a number that becomes a constant."""

_NO_FAST_MATH: dict[str, Attribute] = {"fastmath": arith.FastMathFlagsAttr("none")}
_WRAPPING = arith.IntegerOverflowAttr("none")
_ORDERED_EQUAL, _ORDERED_GREATER, _ORDERED_LESS = (
    {**_NO_FAST_MATH, "predicate": IntegerAttr(predicate, i64)} for predicate in (1, 2, 4)
)


@dataclass(frozen=True)
class FloatFormat:
    """An IEEE 754 binary format, and the integer type of the same width."""

    name: str
    type: Float32Type | Float64Type
    integer: IntegerType
    bits: int
    mantissa: int
    bias: int

    @property
    def min_normal(self) -> float:
        """The smallest positive number that is not subnormal."""
        return 2.0 ** (1 - self.bias)

    @property
    def integer_magic(self) -> float:
        """1.5 * 2**mantissa: adding it rounds to an integer, which then stands in the lowest bits of the sum."""
        return 1.5 * 2.0**self.mantissa

    def to_bits(self, value: float) -> int:
        """The bit pattern of `value` in this format, as a signed integer."""
        source, target = ("<f", "<i") if self.bits == 32 else ("<d", "<q")
        return int(struct.unpack(target, struct.pack(source, value))[0])


F32 = FloatFormat("f32", f32, i32, 32, 23, 127)
F64 = FloatFormat("f64", f64, i64, 64, 52, 1023)
FORMATS: dict[Attribute, FloatFormat] = {f32: F32, f64: F64}
"""The formats by IR type."""


class ScalarBuilder:
    """Appends scalar operations of one float format to `block`; each number becomes one constant a block."""

    def __init__(self, block: Block, float_format: FloatFormat) -> None:
        self.block = block
        self.format = float_format
        self._constants: dict[tuple[Attribute, int], SSAValue] = {}

    def emit(
        self,
        op_class: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute,
        properties: dict[str, Attribute] | None = None,
    ) -> SSAValue:
        """Append any operation with one result."""
        op = op_class.create(operands=operands, result_types=(result_type,), properties=properties or {})
        self.block.add_op(op)
        return op.results[0]

    # Constants

    def const(self, value: Operand) -> SSAValue:
        """A float constant; a value is handed back as it is."""
        if isinstance(value, SSAValue):
            return value
        key = (self.format.type, self.format.to_bits(value))
        if key not in self._constants:
            attribute = FloatAttr(value, self.format.type)
            self._constants[key] = self.emit(arith.ConstantOp, (), self.format.type, {"value": attribute})
        return self._constants[key]

    def int_const(self, value: int) -> SSAValue:
        """An integer constant of the format's width."""
        key = (self.format.integer, value)
        if key not in self._constants:
            attribute = IntegerAttr(value, self.format.integer)
            self._constants[key] = self.emit(arith.ConstantOp, (), self.format.integer, {"value": attribute})
        return self._constants[key]

    # Float arithmetic

    def float_op(self, op_class: type[Operation], *operands: Operand) -> SSAValue:
        """Any operation from floats to a float."""
        return self.emit(op_class, [self.const(operand) for operand in operands], self.format.type, _NO_FAST_MATH)

    def add(self, a: Operand, b: Operand) -> SSAValue:
        """a + b."""
        return self.float_op(arith.AddfOp, a, b)

    def sub(self, a: Operand, b: Operand) -> SSAValue:
        """a - b."""
        return self.float_op(arith.SubfOp, a, b)

    def mul(self, a: Operand, b: Operand) -> SSAValue:
        """a * b."""
        return self.float_op(arith.MulfOp, a, b)

    def div(self, a: Operand, b: Operand) -> SSAValue:
        """a / b."""
        return self.float_op(arith.DivfOp, a, b)

    def neg(self, a: Operand) -> SSAValue:
        """-a."""
        return self.float_op(arith.NegfOp, a)

    def abs(self, a: Operand) -> SSAValue:
        """|a|."""
        return self.float_op(math.AbsFOp, a)

    def copysign(self, magnitude: Operand, sign: Operand) -> SSAValue:
        """`magnitude` with the sign of `sign`."""
        return self.float_op(math.CopySignOp, magnitude, sign)

    def fma(self, a: Operand, b: Operand, c: Operand) -> SSAValue:
        """a * b + c, rounded once."""
        return self.float_op(math.FmaOp, a, b, c)

    # Comparison and choice

    def _compare(self, properties: dict[str, Attribute], a: Operand, b: Operand) -> SSAValue:
        return self.emit(arith.CmpfOp, (self.const(a), self.const(b)), i1, properties)

    def less(self, a: Operand, b: Operand) -> SSAValue:
        """a < b; false for NaN."""
        return self._compare(_ORDERED_LESS, a, b)

    def greater(self, a: Operand, b: Operand) -> SSAValue:
        """a > b; false for NaN."""
        return self._compare(_ORDERED_GREATER, a, b)

    def equal(self, a: Operand, b: Operand) -> SSAValue:
        """a == b; false for NaN."""
        return self._compare(_ORDERED_EQUAL, a, b)

    def select(self, condition: SSAValue, then: Operand, otherwise: Operand) -> SSAValue:
        """`then` where `condition` holds."""
        return self.emit(arith.SelectOp, (condition, self.const(then), self.const(otherwise)), self.format.type)

    def clamp_low(self, x: SSAValue, low: float) -> SSAValue:
        """max(x, low), NaN left as it is (the operand order makes it one machine instruction)."""
        return self.select(self.greater(low, x), low, x)

    def clamp_high(self, x: SSAValue, high: float) -> SSAValue:
        """min(x, high), NaN left as it is."""
        return self.select(self.less(high, x), high, x)

    def clamp(self, x: SSAValue, low: float, high: float) -> SSAValue:
        """`x` kept within [low, high], NaN left as it is."""
        return self.clamp_low(self.clamp_high(x, high), low)

    # Bits

    def to_bits(self, a: Operand) -> SSAValue:
        """The bit pattern of a float, as an integer of the same width."""
        return self.emit(arith.BitcastOp, (self.const(a),), self.format.integer)

    def from_bits(self, a: SSAValue) -> SSAValue:
        """The float with the bit pattern `a`."""
        return self.emit(arith.BitcastOp, (a,), self.format.type)

    def int_op(self, op_class: type[Operation], a: SSAValue, b: SSAValue | int, **flags: Attribute) -> SSAValue:
        """Any binary operation on integers of the format's width."""
        right = b if isinstance(b, SSAValue) else self.int_const(b)
        return self.emit(op_class, (a, right), self.format.integer, flags)

    def int_add(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        """a + b, wrapping."""
        return self.int_op(arith.AddiOp, a, b, overflowFlags=_WRAPPING)

    def int_sub(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        """a - b, wrapping."""
        return self.int_op(arith.SubiOp, a, b, overflowFlags=_WRAPPING)

    def int_and(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        """The bits that both have."""
        return self.int_op(arith.AndIOp, a, b)

    def int_or(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        """The bits that either has."""
        return self.int_op(arith.OrIOp, a, b)

    def shift_left(self, a: SSAValue, count: int) -> SSAValue:
        """Shift by `count`, dropping the upper bits."""
        return self.int_op(arith.ShLIOp, a, count, overflowFlags=_WRAPPING)

    def shift_right(self, a: SSAValue, count: int) -> SSAValue:
        """Shift by `count`, filling with zeros (arithmetic shifts of 64 bits are missing from AVX2)."""
        return self.int_op(arith.ShRUIOp, a, count)

    # Compounds

    def polynomial(self, x: SSAValue, coefficients: Sequence[float]) -> SSAValue:
        """c0 + c1 x + c2 x^2 + ... by Horner's rule."""
        *rest, last = coefficients
        value = self.const(last)
        for coefficient in reversed(rest):
            value = self.fma(value, x, coefficient)
        return value

    def fast_two_sum(self, a: Operand, b: Operand) -> tuple[SSAValue, SSAValue]:
        """a + b as rounded sum and exact rounding error, for |a| >= |b| or a = 0 (Dekker 1971)."""
        total = self.add(a, b)
        return total, self.sub(b, self.sub(total, a))

    def ordered_two_sum(self, a: Operand, b: Operand) -> tuple[SSAValue, SSAValue]:
        """`fast_two_sum` with the larger number first, which has to be the one of larger magnitude."""
        larger = self.greater(a, b)
        return self.fast_two_sum(self.select(larger, a, b), self.select(larger, b, a))

    def quotient(self, n: SSAValue, n_low: SSAValue, d: SSAValue, d_low: SSAValue) -> SSAValue:
        """(n + n_low) / (d + d_low) with one division; a Newton step on the exact remainder repairs the rounding."""
        inverse = self.div(1.0, d)
        first = self.mul(n, inverse)
        negative = self.neg(first)
        remainder = self.add(self.fma(negative, d, n), self.fma(negative, d_low, n_low))
        return self.fma(remainder, inverse, first)
