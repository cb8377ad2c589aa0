"""Parts of a concatenation are written where they end up, by the loops that compute them.

That needs the sizes of all parts along the axis when the first of them is computed: static ones, those of arguments, and those
of parts that are there by then. Other parts are copied.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from xdsl.ir import Operation, SSAValue, Use

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
        self._starts: dict[Operation, list[Index]] = {}
        self._unknown: dict[Operation, list[SSAValue]] = {}  # of the others: parts that may not be there yet

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
        order, use = list(range(len(sizes))), _only_use(value)
        if use is not None and isinstance(use.operation, NdOp) and use.operation.op == "dimshuffle":
            order, use = list(use.operation.attrs["order"]), _only_use(use.operation.results[0])
        kept = sorted(place for place in order if place >= 0)
        user = None if use is None else use.operation
        if use is None or not isinstance(user, NdOp) or user.op != "concatenate" or kept != list(range(len(sizes))):
            return None
        axis, shape = user.attrs["axis"], [sizes[place] if place >= 0 else 1 for place in order]
        if user not in self.begun and not self._begin(user, use.index, shape):
            return None
        part = self.at(self.begun[user], shape, axis, self._starts[user][use.index])
        part.sizes, part.strides = sizes, [part.strides[order.index(place)] for place in kept]
        return part

    def _begin(self, user: NdOp, number: int, shape: list[Index]) -> bool:
        """Allocate a concatenation, of which a part has this shape, if the sizes of all parts are known."""
        axis, own = user.attrs["axis"], user.operands[number]
        unknown = self._unknown.setdefault(user, list(user.operands))
        while unknown and (unknown[-1] is own or self._length(unknown[-1], axis) is not None):
            unknown.pop()
        if unknown or user.results[0] in self.low.plan.in_place:
            return False
        found = [shape[axis] if each is own else self._length(each, axis) for each in user.operands]
        starts = self.starts(user, [length for length in found if length is not None])
        whole = [*shape[:axis], starts[-1], *shape[axis + 1 :]]
        self.begun[user] = self.low.allocate(from_xdsl(user.results[0].type).dtype, whole)
        return True

    def _length(self, part: SSAValue, axis: int) -> Index | None:
        """The size of a part that may not be there yet."""
        tensor = self.low.tensors.get(part)
        if isinstance(tensor, Buffer):
            return tensor.sizes[axis]
        dim = self.low.plan.dims[part][axis]
        return dim if isinstance(dim, int) else self._arguments.get(dim)

    def starts(self, op: Operation, lengths: list[Index]) -> list[Index]:
        """Where each part of a concatenation begins, and where the last one ends, as its parts have these lengths."""
        if op not in self._starts:
            e = self.low.at(*[length for length in lengths if not isinstance(length, int)])
            self._starts[op] = [0]
            for length in lengths:
                self._starts[op].append(e.add(self._starts[op][-1], length))
        return self._starts[op]

    def at(self, whole: Buffer, sizes: list[Index], axis: int, start: Index) -> Buffer:
        """The part of these sizes that begins at `start` along the axis."""
        e = self.low.at(*[value for value in (start, whole.strides[axis]) if not isinstance(value, int)])
        offset = e.add(whole.offset, e.mul(start, whole.strides[axis]))
        return Buffer(whole.storage, sizes, whole.strides, offset, dtype=whole.dtype)


def _only_use(value: SSAValue) -> Use | None:
    use = value.first_use
    return use if use is not None and use._next_use is None else None
