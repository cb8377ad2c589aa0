"""What tensors become at the level of loops: a scalar value, or a strided view of a contiguous buffer.

`Buffer` is kept in Python while lowering, so that transposes, slices and reshapes cost nothing; `view` writes the one
`memref.reinterpret_cast` that an access needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from .emit import Emitter, Index


@dataclass(eq=False)
class Storage:
    """Memory: a contiguous memref and where it comes from (an argument's number, or an allocation)."""

    memref: SSAValue
    argument: int | None = None
    returned: bool = False


@dataclass(eq=False)
class Buffer:
    """A tensor in memory: `strides` and `offset` count elements of `storage`."""

    storage: Storage
    sizes: list[Index]
    strides: list[Index]
    offset: Index = 0
    whole: bool = False  # the storage itself, row-major from its start
    dense: bool = False  # row-major without gaps, perhaps not from the start of the storage
    positive: bool = True  # no stride is negative
    complete: bool = False  # all elements of the storage, in its order
    dtype: str = "float64"
    views: dict[tuple[object, ...], SSAValue] = field(default_factory=dict)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.sizes)

    def view(self, e: Emitter) -> SSAValue:
        """A memref of the whole tensor."""
        if self.whole:
            return self.storage.memref
        return e.reinterpret(self.storage.memref, self.offset, self.sizes, self.strides)


def row_major(e: Emitter, sizes: Sequence[Index]) -> list[Index]:
    """Strides of a contiguous tensor."""
    strides: list[Index] = []
    step: Index = 1
    for size in reversed(sizes):
        strides.append(step)
        step = e.mul(step, size)
    return strides[::-1]


@dataclass(eq=False)
class Scalar:
    """A tensor of rank zero, in a register."""

    value: SSAValue
    dtype: str


Tensor = Buffer | Scalar
