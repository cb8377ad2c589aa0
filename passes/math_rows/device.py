"""What calls the C library on the CPU and is written out for devices, which have none."""

from __future__ import annotations

from math import inf, nan

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import IntegerAttr, i1, i64
from xdsl.ir import Operation, SSAValue

from phintys.dialects import xmath
from phintys.passes.scalar_flow import FlowBuilder, Row, by_format, in_double, of_each

from . import far_angle, gamma, power, single, tangent
from .table import FAR, LIBM

STEP = 11  # bits that a 53-bit number can be shifted by within 64
FRACTION = (1 << 52) - 1
CUBE_ROOT_BIAS = int((1023 - 1023 / 3 - 0.0330624) * 2**52)  # the middle of what the mantissa's third errs by
EXTREME, EXTREME_ROOT = 2.0**600, 2.0**200
_GREATER = IntegerAttr(4, i64)


def _parts(b: FlowBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Integers m and e >= 1 with |x| = m 2^(e - 1075)."""
    bits = b.to_bits(b.abs(x))
    exponent = b.shift_right(bits, 52)
    normal = b.emit(arith.CmpiOp, (exponent, b.int_const(0)), i1, {"predicate": _GREATER})
    fraction = b.int_and(bits, FRACTION)
    m = b.emit(arith.SelectOp, (normal, b.int_or(fraction, FRACTION + 1), fraction), i64)
    return m, b.emit(arith.SelectOp, (normal, exponent, b.int_const(1)), i64)


def _remainder(b: FlowBuilder, x: SSAValue, y: SSAValue) -> SSAValue:
    """For |x| >= |y| > 0, both finite: long division in base 2^11."""
    (m, e), (divisor, last) = _parts(b, x), _parts(b, y)

    def step(b: FlowBuilder, m: SSAValue, left: SSAValue) -> tuple[SSAValue, list[SSAValue | float]]:
        bits = b.int_op(arith.MinSIOp, left, STEP)
        shifted = b.int_op(arith.ShLIOp, m, bits, overflowFlags=arith.IntegerOverflowAttr("none"))
        rest = b.int_sub(left, bits)
        more = b.emit(arith.CmpiOp, (rest, b.int_const(0)), i1, {"predicate": _GREATER})
        return more, [b.int_op(arith.RemUIOp, shifted, divisor), rest]

    m, _ = b.loop([b.int_op(arith.RemUIOp, m, divisor), b.int_sub(e, last)], step)
    fraction = b.mul(b.emit(arith.SIToFPOp, (m,), b.format.type), 2.0**-52)
    return b.copysign(b.mul(fraction, b.from_bits(b.shift_left(last, 52))), x)


def fmod(b: FlowBuilder, x: SSAValue, y: SSAValue) -> SSAValue:
    """What is left of x after whole multiples of y, exactly."""
    size, unit = b.abs(x), b.abs(y)
    smaller = b.both(b.less(size, unit), b.less(size, inf))
    divides = b.both(b.unless(b.less(size, inf), b.less(size, unit)), b.both(b.greater(unit, 0.0), b.less(unit, inf)))
    return b.choose(divides, lambda b: _remainder(b, x, y), lambda b: b.select(smaller, x, nan))


def cbrt(b: FlowBuilder, x: SSAValue) -> SSAValue:
    """The cube root: a third of the exponent, Halley's iteration, and a step on the exact remainder."""
    size = b.abs(x)
    small, large = b.less(size, 1 / EXTREME), b.greater(size, EXTREME)  # there a product would leave the range
    scaled = b.mul(size, b.select(small, EXTREME, b.select(large, 1 / EXTREME, 1.0)))
    y = b.from_bits(b.int_add(b.int_op(arith.DivUIOp, b.to_bits(scaled), 3), CUBE_ROOT_BIAS))
    for _ in range(3):
        cube = b.mul(b.mul(y, y), y)
        y = b.mul(y, b.div(b.add(cube, b.add(scaled, scaled)), b.add(b.add(cube, cube), scaled)))
    square, low = b.two_product(y, y)
    rest = b.fma(b.neg(low), y, b.fma(b.neg(square), y, scaled))
    y = b.add(y, b.div(rest, b.mul(square, 3.0)))
    root = EXTREME_ROOT
    y = b.copysign(b.mul(y, b.select(small, 1 / root, b.select(large, root, 1.0))), x)
    ordinary = b.both(b.greater(size, 0.0), b.less(size, inf))
    return b.select(ordinary, y, x)


OPERATIONS: dict[type[Operation], Row] = {
    math.CbrtOp: in_double(cbrt),
    xmath.FmodOp: in_double(fmod),
    math.PowFOp: of_each(power.complete, single.complete),
    math.TanOp: by_format(tangent.tan, single.far_tan),
}
"""Rows in the place of `table.LIBM`, and of rows that leave to others what devices compute at once."""


def _chosen(row: Row) -> Row:
    """`row` of all operands but the first and the last where the first holds, else the last."""

    def function(b: FlowBuilder, rare: SSAValue, *operands: SSAValue) -> SSAValue:
        *arguments, fast = operands
        return b.choose(rare, lambda b: row(b, *arguments), lambda b: fast)

    return function


RARE: dict[str, Row] = {
    **{f"phi_rare_{name}": _chosen(row) for name, row in FAR.items()},
    **dict.fromkeys(("phi_rare_sin", "phi_rare_sinl"), far_angle.sin),
    **dict.fromkeys(("phi_rare_cos", "phi_rare_cosl"), far_angle.cos),
    **dict.fromkeys(("phi_rare_tan", "phi_rare_tanl"), far_angle.tan),
    "phi_rare_tgamma": gamma.reflected_gamma,
    "phi_rare_lgamma": gamma.reflected_gammaln,
}
"""Rows `(rare, x, fast)` of f64 in the place of `codegen/rare.py`."""

OUTSIDE: dict[str, Row] = {**RARE, **{name + suffix: OPERATIONS[op] for op, name in LIBM.items() for suffix in ("", "f")}}
"""All functions that the CPU's code declares, by name."""
