"""Rows of `loop_writer` for the `vector` dialect: a vector is an array of one dimension."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import vector
from xdsl.ir import Attribute, Operation, SSAValue

from .scalar_writer import numpy_type

if TYPE_CHECKING:
    from .loop_writer import LoopWriter


def _lanes(w: LoopWriter, type: Attribute, buffer: SSAValue, indices: Sequence[SSAValue]) -> str:
    """Elements that a vector is read from or written to."""
    assert isinstance(type, bi.VectorType)
    (count,) = type.get_shape()
    return f"lanes({w.names[buffer]}, {w.flat[buffer]}, {w.tuple(w.of(indices))}, {count})"


def _load_vector(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, vector.LoadOp)
    w.line(f"{w.new(op.result)} = {_lanes(w, op.result.type, op.base, op.indices)}.copy()")


def _store_vector(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, vector.StoreOp)
    w.line(f"{_lanes(w, op.vector.type, op.base, op.indices)}[:] = {w.names[op.vector]}")


def _extract(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, vector.ExtractOp)
    w.line(f"{w.new(op.result)} = {w.names[op.vector]}[{_place(op)}]")


def _insert(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, vector.InsertOp)
    w.line(f"{w.new(op.result)} = inserted({w.names[op.dest]}, {_place(op)}, {w.names[op.source]})")


def _broadcast(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, vector.BroadcastOp) and isinstance(op.vector.type, bi.VectorType)
    element = numpy_type(op.vector.type.element_type).__name__
    w.line(f"{w.new(op.vector)} = np.full({op.vector.type.get_shape()}, {w.names[op.source]}, np.{element})")


def _place(op: vector.ExtractOp | vector.InsertOp) -> int:
    (number,) = op.static_position.get_values()
    return int(number)


ROWS: dict[type[Operation], Callable[[LoopWriter, Operation], None]] = {
    vector.LoadOp: _load_vector,
    vector.StoreOp: _store_vector,
    vector.ExtractOp: _extract,
    vector.InsertOp: _insert,
    vector.BroadcastOp: _broadcast,
}
