"""sin, cos and tan of f64 beyond the arguments of `trigonometric`, where there is no C library.

x = m 2^e with an integer m below 2^53. Of the bits of 2/pi those count that meet m 2^e at weights from 2 down to 2^-190: their
product with m, modulo 4, is the quadrant and what of it x is into (Payne and Hanek 1983). No double is nearer than 2^-62 to
a multiple of pi/2 by this measure, so the 128 bits behind the point that are used leave 66.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import inf, nan

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, i1, i64
from xdsl.ir import SSAValue

from phintys.passes.scalar_builder import ScalarBuilder
from phintys.passes.scalar_flow import FlowBuilder, Row

from .trigonometric import Angle, angle_of, cosine_of, sine_of, tangent_of

# 2/pi times 2^32 in words of 64 bits, the first of which are zeros where e is negative.
TWO_OVER_PI = (
    0x00000000A2F9836E, 0x4E441529FC2757D1, 0xF534DDC0DB629599, 0x3C439041FE5163AB, 0xDEBBC561B7246E3A,
    0x424DD2E006492EEA, 0x09D1921CFE1DEB1C, 0xB129A73EE88235F5, 0x2EBB4484E99C7026, 0xB45F7E413991D639,
    0x835339F49C845F8B, 0xBDF9283B1FF897FF, 0xDE05980FEF2F118B, 0x5A0A6D1F6D367ECF, 0x27CB09B74F463F66,
    0x9E5FEA2D7527BAC7, 0xEBE5F17B3D0739F7, 0x8A5292EA6BFB5FB1, 0x1F8D5D0856033046, 0xFC7B6BABF0CFBC20,
)  # fmt: skip
WORDS = 4  # that three words lie in, shifted
HALF_PI = (1.5707963267948966, 6.123233995736766e-17)
EXPONENT_BIAS = 1075  # of m
FIRST_BIT = 30  # of the word's bits for e = 0: 32 bits of padding, and weight 2 first
LOW_HALF = 0xFFFFFFFF
_NEGATIVE = IntegerAttr(2, i64)


def _choose(b: ScalarBuilder, condition: SSAValue, a: SSAValue, other: SSAValue) -> SSAValue:
    return b.emit(arith.SelectOp, (condition, a, other), a.type)


def _shifted_by(b: ScalarBuilder, words: Sequence[SSAValue], bits: SSAValue) -> list[SSAValue]:
    """All words but the last, shifted to the left by 0 to 63 bits."""
    rest = b.int_sub(b.int_const(63), bits)
    shifted = []
    for high, low in pairwise(words):
        above = b.int_op(arith.ShLIOp, high, bits, overflowFlags=arith.IntegerOverflowAttr("none"))
        below = b.int_op(arith.ShRUIOp, b.shift_right(low, 1), rest)
        shifted.append(b.int_or(above, below))
    return shifted


def _window(b: ScalarBuilder, first: SSAValue) -> list[SSAValue]:
    """192 bits of 2/pi from bit `first` of the table on."""
    words = [b.int_const(_signed(word)) for word in TWO_OVER_PI]
    number = b.shift_right(first, 6)
    for step in (8, 4, 2, 1):
        kept = WORDS + step - 1
        moved = b.has_bits(number, step)
        words = [_choose(b, moved, words[place + step], words[place]) for place in range(kept)]
    return _shifted_by(b, words, b.int_and(first, 63))


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _product(b: ScalarBuilder, m: SSAValue, words: Sequence[SSAValue]) -> list[SSAValue]:
    """m times a number of three words, modulo 2^192: schoolbook, in halves of words."""
    halves = [half for word in reversed(words) for half in (b.int_and(word, LOW_HALF), b.shift_right(word, 32))]
    by_low = _row(b, b.int_and(m, LOW_HALF), halves)
    by_high = _row(b, b.shift_right(m, 32), halves[:-1])
    carry = b.int_const(0)
    total = [by_low[0]]
    for low, high in zip(by_low[1:], by_high, strict=True):
        both = b.int_add(b.int_add(low, high), carry)
        total.append(b.int_and(both, LOW_HALF))
        carry = b.shift_right(both, 32)
    return [b.int_or(b.shift_left(total[place + 1], 32), total[place]) for place in (4, 2, 0)]


def _row(b: ScalarBuilder, factor: SSAValue, halves: Sequence[SSAValue]) -> list[SSAValue]:
    """The halves of factor times a number."""
    carry = b.int_const(0)
    digits = []
    for half in halves:
        one = b.int_op(arith.MuliOp, factor, half, overflowFlags=arith.IntegerOverflowAttr("none"))
        both = b.int_add(one, carry)
        digits.append(b.int_and(both, LOW_HALF))
        carry = b.shift_right(both, 32)
    return digits


def _as_pair(b: ScalarBuilder, high: SSAValue, low: SSAValue) -> tuple[SSAValue, SSAValue]:
    """The number 0.HIGH LOW as a pair."""
    parts = [part for word in (high, low) for part in (b.shift_right(word, 32), b.int_and(word, LOW_HALF))]
    first, second, third, fourth = (
        b.mul(b.emit(arith.SIToFPOp, (part,), b.format.type), 2.0 ** (-32 * place)) for place, part in enumerate(parts, 1)
    )
    value, rest = b.fast_two_sum(first, second)
    rest, last = b.two_sum(rest, third)
    value, rest = b.fast_two_sum(value, rest)
    return value, b.add(rest, b.add(last, fourth))


def reduce_far(b: ScalarBuilder, x: SSAValue) -> Angle:
    """Take x apart, for 2^30 <= |x| < inf."""
    bits = b.to_bits(b.abs(x))
    m = b.int_or(b.int_and(bits, (1 << 52) - 1), 1 << 52)
    first = b.int_add(b.shift_right(bits, 52), FIRST_BIT - EXPONENT_BIAS)
    high, middle, low = _product(b, m, _window(b, first))
    whole = b.shift_right(high, 62)
    high, middle = (b.int_or(b.shift_left(a, 2), b.shift_right(c, 62)) for a, c in ((high, middle), (middle, low)))
    upper = b.emit(arith.CmpiOp, (high, b.int_const(0)), i1, {"predicate": _NEGATIVE})  # half a quadrant or more
    high, middle = (_choose(b, upper, b.int_xor(word, -1), word) for word in (high, middle))
    value, rest = _as_pair(b, high, middle)
    r, lost = b.two_product(value, HALF_PI[0])
    lost = b.add(lost, b.fma(value, HALF_PI[1], b.mul(rest, HALF_PI[0])))
    r, r_low = b.fast_two_sum(r, lost)
    r, r_low = (b.select(upper, b.neg(part), part) for part in (r, r_low))
    negative = b.less(x, 0.0)
    r, r_low = (b.select(negative, b.neg(part), part) for part in (r, r_low))
    quadrant = b.int_add(whole, b.emit(arith.ExtUIOp, (upper,), i64))
    return angle_of(b, r, r_low, _choose(b, negative, b.int_sub(b.int_const(0), quadrant), quadrant))


def _far(of: Callable[[ScalarBuilder, Angle], SSAValue]) -> Row:
    """The row of `phi_rare_NAME(rare, x, fast)`."""

    def row(b: FlowBuilder, rare: SSAValue, x: SSAValue, fast: SSAValue) -> SSAValue:
        def far(b: FlowBuilder) -> SSAValue:
            return b.select(b.less(b.abs(x), inf), of(b, reduce_far(b, x)), nan)

        return b.choose(rare, far, lambda b: fast)

    return row


sin = _far(sine_of)
cos = _far(cosine_of)
tan = _far(tangent_of)
