"""Neighbours in memory as one value, in llvm code: what a thread of a GPU moves by one instruction of up to 16 bytes.

A `vector.load` or `vector.store` expects its address to be a multiple of the vector's size, up to 16; who writes one has seen
to that, by `memref.extract_aligned_pointer_as_index`. Truth values are bytes in a vector, as in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm, vector
from xdsl.ir import Attribute, Operation, SSAValue

from phintys.dialects import llvm_extra
from phintys.dialects.convert import location_text
from phintys.ir.diagnostics import error

from .llvm_emit import I32
from .llvm_memory import address, byte_size, stored

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

WIDEST = 16  # bytes that one instruction moves
_NOT_EQUAL: dict[str, Attribute] = {"predicate": bi.IntegerAttr(1, bi.i64)}


def _type(value: SSAValue, op: Operation) -> bi.VectorType[Attribute]:
    type = value.type
    if not isinstance(type, bi.VectorType) or len(type.get_shape()) != 1:
        raise error(f"{type} has no lowering; expected a vector of one fixed dimension", name=location_text(op))
    return bi.VectorType(stored(type.element_type), type.get_shape())


def _bytes(type: Attribute) -> int:
    assert isinstance(type, bi.VectorType)
    return min(WIDEST, byte_size(type.element_type) * type.element_count())


def load(low: FunctionLowering, op: Operation) -> None:
    """Read neighbours."""
    assert isinstance(op, vector.LoadOp)
    type = _type(op.result, op)
    low.values[op.result] = low.e.load(address(low, low.memrefs[op.base], op.indices), type, _bytes(type))


def store(low: FunctionLowering, op: Operation) -> None:
    """Write neighbours."""
    assert isinstance(op, vector.StoreOp)
    bytes = _bytes(_type(op.vector, op))
    low.e.store(low.value(op.vector), address(low, low.memrefs[op.base], op.indices), bytes)


def _place(op: vector.ExtractOp | vector.InsertOp) -> int:
    numbers = op.static_position.get_values()
    if len(numbers) != 1 or op.dynamic_position:
        raise error(f"{op.name}: expected one position that is a number", name=location_text(op))
    return int(numbers[0])


def extract(low: FunctionLowering, op: Operation) -> None:
    """One of the neighbours."""
    assert isinstance(op, vector.ExtractOp)
    type, e = _type(op.vector, op), low.e
    value = e.op(llvm_extra.ExtractElementOp, [low.value(op.vector), e.int(_place(op), I32)], type.element_type)
    if op.result.type == bi.i1:
        value = e.op(llvm.ICmpOp, [value, e.int(0, bi.i8)], bi.i1, _NOT_EQUAL)
    low.values[op.result] = value


def _inserted(low: FunctionLowering, into: SSAValue, value: SSAValue, place: int) -> SSAValue:
    e = low.e
    if value.type == bi.i1:
        value = e.op(llvm.ZExtOp, [value], bi.i8)
    return e.op(llvm.InsertElementOp, [into, value, e.int(place, I32)])


def insert(low: FunctionLowering, op: Operation) -> None:
    """A vector with one number changed."""
    assert isinstance(op, vector.InsertOp)
    low.values[op.result] = _inserted(low, low.value(op.dest), low.value(op.source), _place(op))


def broadcast(low: FunctionLowering, op: Operation) -> None:
    """A vector of equal numbers."""
    assert isinstance(op, vector.BroadcastOp)
    type = _type(op.vector, op)
    result = low.e.op(llvm_extra.PoisonOp, [], type)
    for place in range(type.element_count()):
        result = _inserted(low, result, low.value(op.source), place)
    low.values[op.vector] = result


def lower(low: FunctionLowering, op: Operation) -> None:
    """Lower an operation of the `vector` dialect."""
    row = ROWS.get(type(op))
    if row is None:
        raise error(f"{op.name} has no row: it should have been lowered before", name=location_text(op))
    row(low, op)


ROWS: dict[type[Operation], Callable[[FunctionLowering, Operation], None]] = {
    vector.LoadOp: load,
    vector.StoreOp: store,
    vector.ExtractOp: extract,
    vector.InsertOp: insert,
    vector.BroadcastOp: broadcast,
}
