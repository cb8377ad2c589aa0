"""The float formats that scalar code is written for."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from xdsl.dialects.builtin import Float32Type, Float64Type, IntegerType, f32, f64, i32, i64
from xdsl.ir import Attribute


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
