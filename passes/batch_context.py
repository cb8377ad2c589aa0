"""What a batching row is given: `Batching`, an operation with the batches of those of its operands that have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp
from phintys.ir.types import TensorType

from .batch import Batches, Diagonal, Size, reshape, size_of
from .nd_builder import Builder, Term, type_of
from .rewriting import attribute, splat_value


class Batching:
    """One operation: `batched` are the numbers of its operands that differ from row to row."""

    __slots__ = ("b", "batched", "batches", "op")

    def __init__(self, op: NdOp, batches: Batches) -> None:
        self.op = op
        self.batches = batches
        self.b = Builder(batches.at, op.location)
        self.batched = tuple(number for number, value in enumerate(op.operands) if value in batches.found)

    @property
    def out(self) -> TensorType:
        """Type of the result in one row."""
        return type_of(self.op.results[0])

    @property
    def count(self) -> Size:
        """How many rows there are."""
        return self.batches.count

    def attr(self, key: str) -> Any:
        """An attribute of the operation."""
        return attribute(self.op, key)

    def rank(self, number: int) -> int:
        """Rank of an operand in one row."""
        return type_of(self.op.operands[number]).ndim

    def is_zero(self, number: int) -> bool:
        """Whether an operand is zero, in all rows."""
        return number not in self.batched and bool(splat_value(self.op.operands[number]) == 0)

    # --- dense batches ------------------------------------------------------------------------------------------------

    def own(self, number: int) -> Term:
        """An operand: with a leading axis if it is batched, else as it is."""
        value = self.op.operands[number]
        return Term(self.b, self.batches.dense(value) if number in self.batched else value)

    def aligned(self, number: int, rank: int) -> Term:
        """The same, so that it broadcasts against a batch of values of `rank` dimensions."""
        missing = rank - self.rank(number)
        if number not in self.batched or not missing:
            return self.own(number)
        return self.own(number).op("dimshuffle", order=(0, *[-1] * missing, *range(1, rank - missing + 1)))

    def full(self, number: int) -> Term:
        """An operand with a leading axis; one that is the same in all rows is repeated."""
        value = self.op.operands[number]
        if number in self.batched:
            return self.own(number)
        sizes, dims = self.batches.sized(self.b, value)
        return Term(self.b, self.b.op("alloc", value, *dims, sizes=sizes))

    def rest(self, start: int) -> list[Term]:
        """Operands from `start` on, which have to be the same in all rows."""
        return [Term(self.b, value) for value in list(self.op.operands)[start:]]

    # --- diagonals ----------------------------------------------------------------------------------------------------

    def terms(self, number: int) -> tuple[Diagonal, ...]:
        """The diagonals of an operand, none if its batch is dense."""
        batch = self.batches.found[self.op.operands[number]]
        return batch if isinstance(batch, tuple) else ()

    def with_operand(self, number: int, value: SSAValue, **attrs: Any) -> SSAValue:
        """The operation on `value` instead of operand `number`."""
        operands = [term.value for term in self.operands_with(number, value)]
        return self.b.op(self.op.op, *operands, **{**self.op.attrs, **attrs})

    def operands_with(self, number: int, value: SSAValue) -> list[Term]:
        """The operands, `value` instead of operand `number`."""
        operands = list(self.op.operands)
        operands[number] = with_ones(self.b, value, type_of(operands[number]).shape)
        return [Term(self.b, operand) for operand in operands]


def with_ones(b: Builder, value: SSAValue, shape: Sequence[int | None]) -> SSAValue:
    """`value` with the sizes of 1 that `shape` knows, since only these broadcast and can be dropped."""
    found = type_of(value).shape
    if all(size is not None or known != 1 for size, known in zip(found, shape, strict=True)):
        return value
    sizes = [1 if known == 1 else size_of(b, value, axis) for axis, known in enumerate(shape)]
    return reshape(Term(b, value), *sizes).value
