"""A program's own scalar operation on tensors: `T.Elemwise(I0(upgrade_to_float, name="i0"))(x)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .apply import Apply
from .op import Op
from .scalar_ops import ScalarOp
from .tensor.build import as_tensor_variable
from .tensor.reduction import sum as sum_
from .types import TensorType

__all__ = ["ScalarElemwise"]


class ScalarElemwise(Op):
    """`scalar_op.impl` of each element, called from Python; operands broadcast where their size is known to be 1."""

    __props__ = ("scalar_op",)

    def __init__(self, scalar_op: ScalarOp) -> None:
        self.scalar_op = scalar_op

    def make_node(self, *inputs: Any) -> Apply:
        """Operands of one rank, results of the dtypes that the operation prefers."""
        values = [as_tensor_variable(value) for value in inputs]
        if self.scalar_op.nin not in (-1, len(values)):
            raise TypeError(f"{self.scalar_op} takes {self.scalar_op.nin} operands, got {len(values)}")
        rank = max(value.ndim for value in values)
        wide = [value.dimshuffle(["x"] * (rank - value.ndim) + list(range(value.ndim))) for value in values]
        shape = tuple(_size([value.type.shape[axis] for value in wide]) for axis in range(rank))
        chosen = self.scalar_op.output_types_preference(*(TensorType(value.dtype, ()) for value in wide))
        return Apply(self, wide, [TensorType(type.dtype, shape=shape)() for type in chosen])

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Sequence[list[Any]]) -> None:
        """Element by element."""
        sizes = np.broadcast_shapes(*(array.shape for array in inputs))
        for number, have in enumerate(inputs):
            known = node.inputs[number].broadcastable
            if any(size != full and not one for size, full, one in zip(have.shape, sizes, known, strict=True)):
                raise ValueError(f"Input dimension mis-match: {self} got shapes {[array.shape for array in inputs]}")
        function = np.frompyfunc(self.scalar_op.impl, len(inputs), len(output_storage))
        found = function(*inputs)
        for cell, value, result in zip(
            output_storage, found if isinstance(found, tuple) else (found,), node.outputs, strict=True
        ):
            cell[0] = np.asarray(value, dtype=result.dtype)

    def grad(self, inputs: Sequence[Any], output_gradients: Sequence[Any]) -> Sequence[Any]:
        """The scalar operation's own, summed over dimensions that were broadcast."""
        found = self.scalar_op.grad(inputs, output_gradients)
        return [None if part is None else _summed(part, value) for part, value in zip(found, inputs, strict=True)]

    def __str__(self) -> str:
        return f"Elemwise{{{self.scalar_op},no_inplace}}"


def _size(sizes: Sequence[int | None]) -> int | None:
    """The size to which known ones broadcast."""
    wide = [size for size in sizes if size != 1]
    return 1 if not wide else next((size for size in wide if size is not None), None)


def _summed(part: Any, like: Any) -> Any:
    """A gradient in the shape of its operand."""
    part = as_tensor_variable(part)
    axes = [axis for axis, one in enumerate(like.broadcastable) if one and not part.broadcastable[axis]]
    return sum_(part, axis=axes, keepdims=True) if axes else part
