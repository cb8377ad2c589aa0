"""sigmoid and softplus.

Both are made of exp(-|x|) kept as a sum of two floats, so that the quotients and logarithms taken of it do not
inherit its rounding error.
"""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder

from .exponential import TABLES as EXP_TABLES
from .exponential import exp_parts, power_of_two_halves
from .logarithm import TABLES as LOG_TABLES
from .logarithm import log1p_tail

SOFTPLUS_IS_X = {"f64": 40.0, "f32": 20.0}


def sigmoid(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """1 / (1 + z) for x >= 0 and z / (1 + z) below, z = exp(-|x|); the numerator is scaled only after the division."""
    high, low, reduced = exp_parts(b, b.clamp_low(b.neg(b.abs(x)), EXP_TABLES[b.format.name].low))
    first, second = power_of_two_halves(b, reduced)
    scale = b.mul(first, second)
    z = b.mul(high, scale)
    total, lost = b.fast_two_sum(1.0, z)
    negative = b.less(x, 0.0)
    value = b.quotient(b.select(negative, high, 1.0), b.select(negative, low, 0.0), total, b.fma(low, scale, lost))
    return b.mul(b.mul(value, b.select(negative, first, 1.0)), b.select(negative, second, 1.0))


def softplus(b: ScalarBuilder, x: SSAValue) -> SSAValue:
    """max(x, 0) + log(1 + z), z = exp(-|x|); 1 + z is at most 2, so its logarithm has k = 0 or 1."""
    table = LOG_TABLES[b.format.name]
    high, low, reduced = exp_parts(b, b.clamp_low(b.neg(b.abs(x)), EXP_TABLES[b.format.name].low))
    first, second = power_of_two_halves(b, reduced)
    z = b.mul(b.mul(high, first), second)
    z_low = b.mul(b.mul(low, first), second)
    total, lost = b.fast_two_sum(1.0, z)
    lost = b.add(lost, z_low)
    halve = b.greater(total, 2.0**0.5)
    f = b.select(halve, b.fma(total, 0.5, -1.0), z)
    f_low = b.select(halve, b.mul(lost, 0.5), z_low)
    logarithm, rest = b.fast_two_sum(b.select(halve, table.ln2, 0.0), f)
    rest = b.add(rest, b.select(halve, table.ln2_low, 0.0))
    # log(1 + f + f_low) has the derivative 1 / (1 + f), about 1 - f + f^2
    rest = b.fma(f_low, b.fma(f, b.sub(f, 1.0), 1.0), rest)
    value, error = b.ordered_two_sum(b.select(b.greater(x, 0.0), x, 0.0), logarithm)
    value = b.add(value, b.add(error, log1p_tail(b, f, rest)))
    return b.select(b.greater(x, SOFTPLUS_IS_X[b.format.name]), x, value)
