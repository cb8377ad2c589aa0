"""Lowering row for what Python computes: operands become contiguous buffers, results are buffers of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.dialects import memref
from xdsl.ir import SSAValue

from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.nd import NdOp
from phintys.dialects.rt_host import HostOp

from .buffers import Buffer, Storage
from .emit import INDEX, Index

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row


def _operand(low: Lowering, value: SSAValue) -> SSAValue:
    """A memref without gaps; a scalar is stored to one."""
    tensor = low.tensors[value]
    if isinstance(tensor, Buffer):
        return (tensor if tensor.dense else low.copy(tensor)).view(low.body)
    box = low.body.alloc(scalar_type(tensor.dtype), [])
    low.body.store(tensor.value, box, [])
    return box


def _host(low: Lowering, op: NdOp) -> None:
    attrs, e = op.attrs, low.body
    operands = [_operand(low, value) for value in op.operands]
    gives = [from_xdsl(value.type) for value in op.results]
    call = HostOp.build_op(attrs["function"], attrs["options"], operands, op.types, gives, op.location)
    e.insert(call)
    for value, memory, type in zip(op.results, call.results, gives, strict=True):
        if not type.ndim:
            low.set_scalar(value, e.load(memory, []))
            continue
        sizes: list[Index] = [
            e.op(memref.DimOp, [memory, e.index(axis)], INDEX) if size is None else size for axis, size in enumerate(type.shape)
        ]
        # as an argument's, this memory is not ours to return or to free
        low.tensors[value] = low.whole(Storage(memory, argument=-1), sizes, type.dtype)


ROWS: dict[str, Row] = {"host": _host}
