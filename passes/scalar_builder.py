"""Writing scalar arithmetic: `ScalarBuilder` appends `arith` and `math` operations to a block, one method call each.

A formula reads as calls on the builder, with plain Python numbers as constants:

    b = ScalarBuilder(block, F64)
    r = b.fma(n, -LN2, x)
    y = b.select(b.less(x, 0.0), b.neg(r), r)

Operations are made with `Operation.create`, which skips the argument handling of IRDL, and carry no fast-math flags.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, func, math
from xdsl.dialects.builtin import (
    FloatAttr,
    IntegerAttr,
    SymbolRefAttr,
    f32,
    i1,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from .float_format import FloatFormat

Operand = SSAValue | float
"""What the float methods take: a value, or a number that becomes a constant."""

_NO_FAST_MATH: dict[str, Attribute] = {"fastmath": arith.FastMathFlagsAttr("none")}
_WRAPPING = arith.IntegerOverflowAttr("none")
_INT_NOT_EQUAL = IntegerAttr(1, i64)
_ORDERED_EQUAL, _ORDERED_GREATER, _ORDERED_LESS, _NOT_LESS = (
    {**_NO_FAST_MATH, "predicate": IntegerAttr(predicate, i64)} for predicate in (1, 2, 4, 10)
)


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

    def sqrt(self, a: Operand) -> SSAValue:
        """The square root of a."""
        return self.float_op(math.SqrtOp, a)

    # Other functions

    def rare(self, name: str, condition: SSAValue, arguments: Sequence[SSAValue], fast: SSAValue) -> SSAValue:
        """`fast`, or where `condition` holds, which has to be seldom, what a function says: libm's, or one of `table.FAR`.

        Becomes a call of `phi_rare_NAME`, which the code generator defines so that loops with it are vectorized.
        """
        callee: dict[str, Attribute] = {"callee": SymbolRefAttr(f"phi_rare_{name}")}
        return self.emit(func.CallOp, (condition, *arguments, fast), self.format.type, callee)

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

    def not_less(self, a: Operand, b: Operand) -> SSAValue:
        """Whether a < b does not hold; true for NaN."""
        return self._compare(_NOT_LESS, a, b)

    def select(self, condition: SSAValue, then: Operand, otherwise: Operand) -> SSAValue:
        """`then` where `condition` holds."""
        return self.emit(arith.SelectOp, (condition, self.const(then), self.const(otherwise)), self.format.type)

    def both(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """Whether both conditions hold."""
        return self.emit(arith.AndIOp, (a, b), i1)

    def either(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """Whether a condition holds."""
        return self.emit(arith.OrIOp, (a, b), i1)

    def unless(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """Whether `a` holds and `b` does not."""
        return self.emit(arith.SelectOp, (b, self.emit(arith.XOrIOp, (a, a), i1), a), i1)

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

    def from_int(self, a: SSAValue) -> SSAValue:
        """The float nearest to a signed integer of the format's width."""
        return self.emit(arith.SIToFPOp, (a,), self.format.type)

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

    def int_xor(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        """The bits that one of both has."""
        return self.int_op(arith.XOrIOp, a, b)

    def has_bits(self, a: SSAValue, bits: int) -> SSAValue:
        """Whether `a` has any of these bits."""
        found = self.int_and(a, bits)
        return self.emit(arith.CmpiOp, (found, self.int_const(0)), i1, {"predicate": _INT_NOT_EQUAL})

    def shift_left(self, a: SSAValue, count: int) -> SSAValue:
        """Shift by `count`, dropping the upper bits."""
        return self.int_op(arith.ShLIOp, a, count, overflowFlags=_WRAPPING)

    def shift_right(self, a: SSAValue, count: int) -> SSAValue:
        """Shift by `count`, filling with zeros (arithmetic shifts of 64 bits are missing from AVX2)."""
        return self.int_op(arith.ShRUIOp, a, count)

    # Compounds

    def polynomial(self, x: SSAValue, coefficients: Sequence[Operand]) -> SSAValue:
        """c0 + c1 x + c2 x^2 + ... by Horner's rule."""
        *rest, last = coefficients
        value = self.const(last)
        for coefficient in reversed(rest):
            value = self.fma(value, x, coefficient)
        return value

    def long_polynomial(self, x: SSAValue, coefficients: Sequence[float]) -> SSAValue:
        """The same with the even and the odd terms side by side, except for the first two.

        Loops wait for a long chain of additions: erfinv gains an eighth by this, erf and erfc a tenth. What the later terms
        lose by rounding is as small as they are. It takes more registers, which devices lack where there is other work.
        """
        first, second, *rest = coefficients
        square = self.mul(x, x)
        tail = self.fma(self.polynomial(square, rest[1::2]), x, self.polynomial(square, rest[::2]))
        return self.fma(self.fma(tail, x, second), x, first)

    def fast_two_sum(self, a: Operand, b: Operand) -> tuple[SSAValue, SSAValue]:
        """a + b as rounded sum and exact rounding error, for |a| >= |b| or a = 0 (Dekker 1971)."""
        total = self.add(a, b)
        return total, self.sub(b, self.sub(total, a))

    def two_sum(self, a: Operand, b: Operand) -> tuple[SSAValue, SSAValue]:
        """a + b as rounded sum and exact rounding error, whatever the magnitudes (Knuth)."""
        total = self.add(a, b)
        of_b = self.sub(total, a)
        return total, self.add(self.sub(a, self.sub(total, of_b)), self.sub(b, of_b))

    def two_product(self, a: Operand, b: Operand) -> tuple[SSAValue, SSAValue]:
        """a * b as rounded product and exact rounding error."""
        product = self.mul(a, b)
        return product, self.fma(a, b, self.neg(product))

    def ordered_two_sum(self, a: Operand, b: Operand) -> tuple[SSAValue, SSAValue]:
        """`fast_two_sum` with the larger number first, which has to be the one of larger magnitude."""
        larger = self.greater(a, b)
        return self.fast_two_sum(self.select(larger, a, b), self.select(larger, b, a))

    def round(self, x: SSAValue) -> tuple[SSAValue, SSAValue]:
        """The integer next to x, for |x| < 2^(mantissa - 2), and a number whose lowest bits it is."""
        biased = self.add(x, self.format.integer_magic)
        return self.sub(biased, self.format.integer_magic), biased

    def root(self, x: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
        """sqrt(x) of f64 as a pair, and about 1 / (2 sqrt(x)), for x < 2^100 that is 0 or at least 2^-45; NaN for negative x.

        f32's root and division take a quarter of the time of f64's; two Newton steps do the rest.
        """
        short = self.emit(arith.TruncFOp, (self.add(x, 2.0**-98),), f32)
        one = self.emit(arith.ConstantOp, (), f32, {"value": FloatAttr(1.0, f32)})
        under = self.emit(math.SqrtOp, (short,), f32, _NO_FAST_MATH)
        inverse = self.emit(arith.ExtFOp, (self.emit(arith.DivfOp, (one, under), f32, _NO_FAST_MATH),), self.format.type)
        half, root = self.mul(inverse, 0.5), self.mul(x, inverse)
        for _ in range(2):
            root = self.fma(self.fma(self.neg(root), root, x), half, root)
        return root, self.mul(self.fma(self.neg(root), root, x), half), half

    def quotient(self, n: SSAValue, n_low: SSAValue, d: SSAValue, d_low: SSAValue) -> SSAValue:
        """(n + n_low) / (d + d_low) with one division; a Newton step on the exact remainder repairs the rounding."""
        inverse = self.div(1.0, d)
        first = self.mul(n, inverse)
        negative = self.neg(first)
        remainder = self.add(self.fma(negative, d, n), self.fma(negative, d_low, n_low))
        return self.fma(remainder, inverse, first)
