"""The Mersenne Twister in loops: NumPy's legacy generator on a state of 628 words in memory.

Words 0 to 623 are the key, 624 is the position of the next word in it, 625 whether a normal number is kept, 626 and 627 its
bits. A key is renewed in three loops without dependences between neighbours, which LLVM vectorizes.
Source: Matsumoto and Nishimura, Mersenne Twister (ACM TOMACS 8, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from .emit import INDEX, Emitter, Index

WORDS, SHIFT = 624, 397
POSITION, KEPT, NUMBER = 624, 625, 626
_UPPER, _LOWER, _MATRIX = 0x80000000, 0x7FFFFFFF, 0x9908B0DF


def word(e: Emitter, value: int) -> SSAValue:
    """A constant of 32 bits."""
    return e.constant(value - (1 << 32) if value >> 31 else value, bi.i32)


_SHORT = bi.StringAttr("interleave=1,nounroll")


def counted(e: Emitter, low: Index, high: Index, step: Index = 1, init: Sequence[SSAValue] = ()) -> tuple[Emitter, scf.ForOp]:
    """A loop of one vector a turn: longer turns are no faster here and take LLVM half as long again to compile."""
    inner, loop = e.loop(low, high, step, init)
    loop.attributes["phi.loop"] = _SHORT
    return inner, loop


def temper(e: Emitter, y: SSAValue) -> SSAValue:
    """The number that a word of the key gives."""
    y = e.op(arith.XOrIOp, [y, e.op(arith.ShRUIOp, [y, word(e, 11)])])
    for shift, mask in ((7, 0x9D2C5680), (15, 0xEFC60000)):
        moved = e.op(arith.AndIOp, [e.op(arith.ShLIOp, [y, word(e, shift)]), word(e, mask)])
        y = e.op(arith.XOrIOp, [y, moved])
    return e.op(arith.XOrIOp, [y, e.op(arith.ShRUIOp, [y, word(e, 18)])])


def _twist(e: Emitter, this: SSAValue, following: SSAValue, far: SSAValue) -> SSAValue:
    y = e.op(
        arith.OrIOp,
        [e.op(arith.AndIOp, [this, word(e, _UPPER)]), e.op(arith.AndIOp, [following, word(e, _LOWER)])],
    )
    odd = e.op(arith.SubiOp, [word(e, 0), e.op(arith.AndIOp, [following, word(e, 1)])])
    half = e.op(arith.XOrIOp, [far, e.op(arith.ShRUIOp, [y, word(e, 1)])])
    return e.op(arith.XOrIOp, [half, e.op(arith.AndIOp, [odd, word(e, _MATRIX)])])


def renew(e: Emitter, key: SSAValue) -> None:
    """The next key, in place."""
    for low, high, shift in ((0, WORDS - SHIFT, SHIFT), (WORDS - SHIFT, WORDS - 1, SHIFT - WORDS)):
        inner, loop = counted(e, low, high)
        at = loop.regions[0].block.args[0]
        following, far = (inner.load(key, [inner.index(inner.add(at, inner.index(step)))]) for step in (1, shift))
        inner.store(_twist(inner, inner.load(key, [at]), following, far), key, [at])
        inner.end_loop()
    last, first, far = (e.load(key, [e.index(place)]) for place in (WORDS - 1, 0, SHIFT - 1))
    e.store(_twist(e, last, first, far), key, [e.index(WORDS - 1)])


def unit(e: Emitter, a: SSAValue, b: SSAValue) -> SSAValue:
    """A number in [0, 1) of 53 bits from two words, exactly: (27 bits * 2^26 + 26 bits) / 2^53."""
    high, low = (
        e.op(arith.SIToFPOp, [e.op(arith.ShRUIOp, [value, word(e, bits)])], bi.f64) for value, bits in ((a, 5), (b, 6))
    )
    whole = e.op(arith.AddfOp, [e.op(arith.MulfOp, [high, e.constant(67108864.0, bi.f64)]), low])
    return e.op(arith.MulfOp, [whole, e.constant(2.0**-53, bi.f64)])


def position(e: Emitter, state: SSAValue) -> SSAValue:
    """Where the next word is, an index of at most 624 whatever the state says."""
    stored = e.load(state, [e.index(POSITION)])
    return e.op(arith.IndexCastOp, [e.op(arith.MinUIOp, [stored, word(e, WORDS)])], INDEX)


def set_position(e: Emitter, state: SSAValue, place: SSAValue) -> None:
    """Store the position."""
    e.store(e.op(arith.IndexCastOp, [place], bi.i32), state, [e.index(POSITION)])
