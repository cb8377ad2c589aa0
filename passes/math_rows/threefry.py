"""Threefry-2x32 with 20 rounds: 64 random bits for a key and a counter of 64 bits each.

The high word of each number is the first of the two. Source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as
1, 2, 3 (SC 2011), whose test vectors tests/numerics/test_threefry.py has.
"""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from phintys.passes.emit import Emitter

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)  # of round r: number r mod 8
PARITY = 0x1BD11BDA
ROUNDS, ROUNDS_A_KEY = 20, 4


def threefry(e: Emitter, key: SSAValue, counter: SSAValue) -> SSAValue:
    """The random bits of a counter: adding, rotating and xor only."""
    keys = list(_halves(e, key))
    keys.append(e.op(arith.XOrIOp, [e.op(arith.XOrIOp, keys), e.constant(PARITY, bi.i32)]))
    a, b = (_add(e, word, part) for word, part in zip(_halves(e, counter), keys, strict=False))
    for number in range(ROUNDS):
        a = _add(e, a, b)
        b = e.op(arith.XOrIOp, [_rotated(e, b, ROTATIONS[number % len(ROTATIONS)]), a])
        turn, done = divmod(number + 1, ROUNDS_A_KEY)
        if not done:
            a = _add(e, a, keys[turn % 3])
            b = _add(e, _add(e, b, keys[(turn + 1) % 3]), e.constant(turn, bi.i32))
    high, low = (e.op(arith.ExtUIOp, [word], bi.i64) for word in (a, b))
    return e.op(arith.OrIOp, [e.op(arith.ShLIOp, [high, e.constant(32, bi.i64)]), low])


def _halves(e: Emitter, value: SSAValue) -> tuple[SSAValue, SSAValue]:
    high = e.op(arith.ShRUIOp, [value, e.constant(32, bi.i64)])
    return e.op(arith.TruncIOp, [high], bi.i32), e.op(arith.TruncIOp, [value], bi.i32)


def _add(e: Emitter, a: SSAValue, b: SSAValue) -> SSAValue:
    return e.op(arith.AddiOp, [a, b])


def _rotated(e: Emitter, value: SSAValue, places: int) -> SSAValue:
    up = e.op(arith.ShLIOp, [value, e.constant(places, bi.i32)])
    return e.op(arith.OrIOp, [up, e.op(arith.ShRUIOp, [value, e.constant(32 - places, bi.i32)])])
