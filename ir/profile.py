"""What the slots of a profiled function are of, as texts that the pass `profile` writes and the printed profile reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class KernelSlot(NamedTuple):
    """A kernel, in nanoseconds: what it is ("loop", "blas.gemm", ...; "all" is the whole function) and what each place in
    the program weighs in it."""

    kind: str
    weights: Mapping[str, int]

    def __str__(self) -> str:
        return "|".join(("kernel", self.kind, *(f"{weight} {place}" for place, weight in sorted(self.weights.items()))))


class BufferSlot(NamedTuple):
    """An array, in bytes: what it is ("argument 0", "result 1", "temporary"), its type, the place in the program that it
    comes from, and the kernels, by number, from which to which it lives; `last` is `None` for those that outlive the call."""

    kind: str
    type: str
    place: str
    first: int
    last: int | None

    def __str__(self) -> str:
        last = "" if self.last is None else str(self.last)
        return "|".join(("buffer", self.kind, self.type, str(self.first), last, self.place))


def parse_slot(text: str) -> KernelSlot | BufferSlot:
    """Read what `str` of a slot gives; ValueError for anything else."""
    what, *rest = text.split("|")
    if what == "kernel" and rest:
        pairs = (pair.partition(" ") for pair in rest[1:])
        return KernelSlot(rest[0], {place: int(weight) for weight, _, place in pairs})
    if what == "buffer" and len(rest) >= 5:
        kind, type, first, last, *place = rest
        return BufferSlot(kind, type, "|".join(place), int(first), int(last) if last else None)
    raise ValueError(
        f"phi.profile entry '{text}': expected 'kernel|KIND|WEIGHT PLACE...' or 'buffer|KIND|TYPE|FIRST|LAST|PLACE'"
    )
