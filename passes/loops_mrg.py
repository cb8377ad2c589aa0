"""Lowering row for draws of the MRG31k3p generator: element i of the sample comes from stream i modulo their number.

The streams' states are rows of six words. Up to `CHUNK` of them are taken to columns at a time, where one step of all is a
loop that LLVM vectorizes. The sample holds the integers; dividing by 2^31 is left to elementwise code.
Source: L'Ecuyer and Touzin, Fast combined multiple recursive generators (Winter Simulation Conference 2000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .emit import Emitter, Index
from .loops_copy import copy
from .mersenne import counted, word

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row

CHUNK = 256
M1, M2 = 2**31 - 1, 2**31 - 21069


def _reduced(e: Emitter, value: SSAValue, modulus: int) -> SSAValue:
    """A sum of two residues (its 32 bits taken as unsigned) less the modulus where it is not below it."""
    over = e.icmp("uge", value, word(e, modulus))
    return e.select(over, e.op(arith.SubiOp, [value, word(e, modulus)]), value)


def _turned(e: Emitter, value: SSAValue, kept: int, up: int, down: int) -> tuple[SSAValue, SSAValue]:
    """The low `kept` bits moved up, and the others moved down."""
    low = e.op(arith.AndIOp, [value, word(e, (1 << kept) - 1)])
    return e.op(arith.ShLIOp, [low, word(e, up)]), e.op(arith.ShRUIOp, [value, word(e, down)])


def _add(e: Emitter, *values: SSAValue) -> SSAValue:
    total = values[0]
    for value in values[1:]:
        total = e.op(arith.AddiOp, [total, value])
    return total


def _step(e: Emitter, x: list[SSAValue]) -> tuple[list[SSAValue], SSAValue]:
    """The next state, and the number that it gives."""
    first = _reduced(e, _add(e, *_turned(e, x[1], 9, 22, 9), *_turned(e, x[2], 24, 7, 24)), M1)
    first = _reduced(e, _add(e, first, x[2]), M1)
    parts = []
    for value in (x[3], x[5]):  # times 2^15 modulo M2
        low, high = _turned(e, value, 16, 15, 16)
        parts.append(_reduced(e, _add(e, low, e.op(arith.MuliOp, [high, word(e, 21069)])), M2))
    second = _reduced(e, _add(e, _reduced(e, _add(e, parts[1], x[5]), M2), parts[0]), M2)
    difference = e.op(arith.SubiOp, [first, second])
    wrapped = e.select(e.icmp("sle", first, second), _add(e, difference, word(e, M1)), difference)
    return [first, x[0], x[1], second, x[3], x[4]], wrapped


def _mrg(low: Lowering, op: NdOp) -> None:
    operands = iter(op.operands[1:])
    sizes: list[Index] = [low.index(next(operands)) if size is None else size for size in op.attrs["sizes"]]
    source = low.buffer(op.operands[0])
    streams = source.sizes[0]
    e = low.body
    target = low.allocate("int32", sizes or [1])
    columns = low.allocate("int32", [6 * CHUNK]).view(e)
    at = low.at(*[size for size in [*sizes, streams] if not isinstance(size, int)])
    count, number = at.index(at.product(sizes)), at.index(streams)
    some = at.icmp("sgt", number, at.index(0))
    low.require(at, some, "ValueError", "a sample needs at least one stream, the state has {0} rows", [number])
    out = e.reinterpret(target.storage.memref, 0, [count], [1])
    state = low.destination(op.results[0], source.sizes)
    if state.storage is not source.storage:
        copy(low, source, state)
    _chunks(e, state.view(e), columns, out, number, count)
    if sizes:
        low.tensors[op.results[1]] = target
    else:
        low.set_scalar(op.results[1], e.load(out, [e.index(0)]))


def _chunks(e: Emitter, state: SSAValue, columns: SSAValue, out: SSAValue, streams: SSAValue, count: SSAValue) -> None:
    inner, loop = counted(e, 0, streams, CHUNK)
    first = loop.regions[0].block.args[0]
    width = inner.minimum(inner.sub(streams, first), CHUNK)
    _transpose(inner, state, columns, first, width, to_columns=True)
    left = inner.index(inner.sub(count, first))
    above = inner.index(inner.add(left, inner.sub(streams, 1)))
    rounds = inner.op(arith.DivSIOp, [inner.index(inner.maximum(above, 0)), streams])
    body, turn = counted(inner, 0, rounds)
    done = body.mul(turn.regions[0].block.args[0], streams)
    _round(body, columns, out, body.add(done, first), body.minimum(body.sub(left, done), width))
    body.end_loop()
    _transpose(inner, state, columns, first, width, to_columns=False)
    inner.end_loop()


def _transpose(e: Emitter, state: SSAValue, columns: SSAValue, first: SSAValue, width: Index, *, to_columns: bool) -> None:
    inner, loop = counted(e, 0, width)
    stream = loop.regions[0].block.args[0]
    row = inner.index(inner.add(stream, first))
    for place in range(6):
        here = [inner.index(inner.add(stream, place * CHUNK))]
        there = [row, inner.index(place)]
        if to_columns:
            inner.store(inner.load(state, there), columns, here)
        else:
            inner.store(inner.load(columns, here), state, there)
    inner.end_loop()


def _round(e: Emitter, columns: SSAValue, out: SSAValue, start: Index, width: Index) -> None:
    """One step of each stream of the chunk."""
    inner, loop = counted(e, 0, width)
    stream = loop.regions[0].block.args[0]
    places = [[inner.index(inner.add(stream, place * CHUNK))] for place in range(6)]
    new, number = _step(inner, [inner.load(columns, place) for place in places])
    for place, value in zip(places, new, strict=True):
        inner.store(value, columns, place)
    inner.store(number, out, [inner.index(inner.add(stream, start))])
    inner.end_loop()


ROWS: dict[str, Row] = {"random_mrg": _mrg}
