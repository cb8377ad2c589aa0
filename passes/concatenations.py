"""Parts of a concatenation are written where they end up, by the loops that compute them.

That needs the sizes of all parts along the axis when the first of them is computed: static ones, those of arguments, and those
of parts that are there by then. Other parts are copied.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import NdOp

from .buffers import Buffer
from .dims import Dim
from .emit import Index

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering


class Concatenations:
    """The concatenations of a function that is lowered; `begun` has the buffers of those of which a part is written."""

    def __init__(self, low: Lowering) -> None:
        self.low = low
        self.begun: dict[Operation, Buffer] = {}

    @cached_property
    def _arguments(self) -> dict[Dim, Index]:
        """Sizes of arguments."""
        low, found = self.low, dict[Dim, Index]()
        for argument in low.source.args:
            tensor = low.tensors[argument]
            if isinstance(tensor, Buffer):
                found.update(zip(low.plan.dims[argument], tensor.sizes, strict=True))
        return found

    def part(self, value: SSAValue, sizes: list[Index]) -> Buffer | None:
        """Where `value`, of these sizes, belongs, if a concatenation is all that it is used for."""
        order, operand = list(range(len(sizes))), value
        user = _only_user(operand)
        if isinstance(user, NdOp) and user.op == "dimshuffle":
            order, operand = list(user.attrs["order"]), user.results[0]
            user = _only_user(operand)
        kept = sorted(place for place in order if place >= 0)
        if not isinstance(user, NdOp) or user.op != "concatenate" or kept != list(range(len(sizes))):
            return None
        axis, shape = user.attrs["axis"], [sizes[place] if place >= 0 else 1 for place in order]
        lengths = [shape[axis] if each is operand else self._length(each, axis) for each in user.operands]
        known = [length for length in lengths if length is not None]
        if len(known) < len(lengths) or user.results[0] in self.low.plan.in_place:
            return None
        starts = self.starts(known)
        if user not in self.begun:
            whole = [*shape[:axis], starts[-1], *shape[axis + 1 :]]
            self.begun[user] = self.low.allocate(from_xdsl(value.type).dtype, whole)
        part = self.at(self.begun[user], shape, axis, starts[list(user.operands).index(operand)])
        part.sizes, part.strides = sizes, [part.strides[order.index(place)] for place in kept]
        return part

    def _length(self, part: SSAValue, axis: int) -> Index | None:
        """The size of a part that may not be there yet."""
        tensor = self.low.tensors.get(part)
        if isinstance(tensor, Buffer):
            return tensor.sizes[axis]
        dim = self.low.plan.dims[part][axis]
        return dim if isinstance(dim, int) else self._arguments.get(dim)

    def starts(self, lengths: list[Index]) -> list[Index]:
        """Where each part begins, and where the last one ends."""
        e = self.low.at(*[length for length in lengths if not isinstance(length, int)])
        starts: list[Index] = [0]
        for length in lengths:
            starts.append(e.add(starts[-1], length))
        return starts

    def at(self, whole: Buffer, sizes: list[Index], axis: int, start: Index) -> Buffer:
        """The part of these sizes that begins at `start` along the axis."""
        e = self.low.at(*[value for value in (start, whole.strides[axis]) if not isinstance(value, int)])
        offset = e.add(whole.offset, e.mul(start, whole.strides[axis]))
        return Buffer(whole.storage, sizes, whole.strides, offset, dtype=whole.dtype)


def _only_user(value: SSAValue) -> Operation | None:
    users = [use.operation for use in value.uses]
    return users[0] if len(users) == 1 else None
