"""A result that reshapes a temporary has that temporary's memory, which is then allocated in the result's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import memref
from xdsl.ir import Operation, SSAValue

from .buffers import Buffer, row_major
from .emit import Index

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering


def take_shape(low: Lowering, tensor: Buffer) -> bool:
    """Whether the memory of `tensor`, which is all of it in its order, was given the tensor's shape."""
    old = tensor.storage.memref.owner
    if not tensor.complete or not isinstance(old, memref.AllocOp) or not _indexed(old):
        return False
    rest, type = iter(old.dynamic_sizes), old.memref.type
    before: list[Index] = [next(rest) if n == bi.DYNAMIC_INDEX else n for n in type.get_shape()]
    if not all(isinstance(size, int) or low.is_early(size) for size in [*before, *tensor.sizes]):
        return False
    memory = low.body.alloc(type.get_element_type(), tensor.sizes)
    _move(memory, old)
    direct = [use for use in old.memref.uses if not isinstance(use.operation, memref.ReinterpretCastOp)]
    if direct:
        view = low.body.reinterpret(memory, 0, before, row_major(low.entry, before))
        _move(view, old)
        for use in direct:
            use.operation.operands[use.index] = view
    old.memref.replace_all_uses_with(memory)
    old.detach()
    old.erase()
    tensor.storage.memref = memory
    return True


def _move(value: SSAValue, before: Operation) -> None:
    """Put the operation that gives a value before another one."""
    op = value.owner
    assert isinstance(op, Operation) and before.parent is not None
    op.detach()
    before.parent.insert_op_before(op, before)


def _indexed(op: memref.AllocOp) -> bool:
    """Whether all users find elements by indices, or by a shape of their own."""
    return all(
        isinstance(use.operation, memref.LoadOp | memref.ReinterpretCastOp)
        or (isinstance(use.operation, memref.StoreOp) and use.index == 1)
        for use in op.memref.uses
    )
