"""Basic indexing as text: the `index` attribute of subtensor operations.

`x[i, 2:n, ::-1]` has index `"?, 2:?, ::-1"`: one entry per leading dimension, `?` for each integer scalar operand, in order.
An entry without a colon takes one position and drops the dimension; the rest of the dimensions are taken whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .types import TensorType, TypeInferenceError

Bound = int | str | None  # a known number, "?" for an operand, None where left out


@dataclass(frozen=True)
class Entry:
    """One dimension's entry: a position (`start` only) or a slice."""

    start: Bound
    stop: Bound = None
    step: Bound = None
    is_slice: bool = True

    def __str__(self) -> str:
        def show(bound: Bound) -> str:
            return "" if bound is None else str(bound)

        if not self.is_slice:
            return show(self.start)
        return f"{show(self.start)}:{show(self.stop)}" + (f":{show(self.step)}" if self.step is not None else "")

    @property
    def operands(self) -> int:
        """How many of its bounds are operands."""
        return [self.start, self.stop, self.step].count("?")

    @property
    def is_whole(self) -> bool:
        """Whether it is a plain `:`."""
        return self.is_slice and self.start is None and self.stop is None and self.step in (None, 1)


def _bound(text: str) -> Bound:
    text = text.strip()
    return None if not text else "?" if text == "?" else int(text)


@lru_cache(4096)
def parse_index(text: str) -> tuple[Entry, ...]:
    """Entries of an index text; TypeInferenceError when it is malformed."""
    entries = []
    for part in text.split(",") if text.strip() else []:
        bounds = part.split(":")
        try:
            values = [_bound(bound) for bound in bounds]
        except ValueError:
            raise TypeInferenceError(f"index entry '{part.strip()}' is neither a position nor a slice") from None
        if len(bounds) > 3 or (len(bounds) == 1 and values[0] is None):
            raise TypeInferenceError(f"index entry '{part.strip()}' is neither a position nor a slice")
        if len(values) == 3 and values[2] == 0:
            raise TypeInferenceError("slice step cannot be zero")
        start, stop, step = (*values, None, None)[:3]
        entries.append(Entry(start, stop, step, is_slice=len(bounds) > 1))
    return tuple(entries)


def format_index(entries: tuple[Entry, ...] | list[Entry]) -> str:
    """The text of entries."""
    return ", ".join(str(entry) for entry in entries)


def as_long(entry: Entry) -> Entry | None:
    """The slice that stands for all that are as long, of every dimension; `None` where operands bound it.

    `1:` stands for itself and `:-1`, `:3` for itself and `-3:`.
    """
    if not entry.is_slice or entry.operands:
        return None
    if entry.step not in (None, 1):
        return entry
    first, last = (bound if isinstance(bound, int) else 0 for bound in (entry.start, entry.stop))
    if first >= 0 and (entry.stop is None or last < 0):
        return Entry((first - last) or None)
    if first < 0 and entry.stop is None:
        return Entry(None, -first)
    return Entry(first or None, entry.stop)


def slice_length(size: int | None, entry: Entry) -> int | None:
    """Length of a slice of a dimension of `size`, where it is known whatever the operands are."""
    if entry.is_whole:
        return size
    bounds = (entry.start, entry.stop, entry.step)
    if size is None or "?" in bounds:
        return None
    return len(range(*slice(*bounds).indices(size)))


def subtensor_type(value: TensorType, index: str) -> TensorType:
    """Type of `value[index]`; TypeInferenceError for too many entries or a known position out of bounds."""
    entries = parse_index(index)
    if len(entries) > value.ndim:
        raise TypeInferenceError(f"too many indices: {len(entries)} for {value}")
    shape: list[int | None] = []
    for axis, (entry, size) in enumerate(zip(entries, value.shape, strict=False)):
        if entry.is_slice:
            shape.append(slice_length(size, entry))
        elif isinstance(entry.start, int) and size is not None and not -size <= entry.start < size:
            raise TypeInferenceError(f"index {entry.start} is out of bounds for dimension {axis} of size {size}")
    return TensorType(value.dtype, tuple(shape) + value.shape[len(entries) :])
