"""sign and round, exact by construction."""

from __future__ import annotations

from xdsl.dialects import math
from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder


def sign(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """1 above zero, -1 below; zeros and NaN stay."""
    return b.select(b.greater(x, 0.0), 1.0, b.select(b.less(x, 0.0), -1.0, x))


def round_half_away(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The nearest integer, halves away from zero; LLVM's own `round` is a call into libm on x86."""
    magnitude = b.abs(x)
    below = b.float_op(math.FloorOp, magnitude)
    down = b.less(b.sub(magnitude, below), 0.5)  # the difference is exact; for inf it is NaN, and inf + 1 is inf
    return b.copysign(b.select(down, below, b.add(below, 1.0)), x)
