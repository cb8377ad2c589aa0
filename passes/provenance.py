"""What became of an operation: passes tell which one took the place of which, to those who watch.

New operations carry the location of the operation that they come from, which says most of it. What a location cannot say is
that an operation gave way to one that was there before: `x * 1` to `x`, the second of two equal values to the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from xdsl.ir import Operation, SSAValue

Replacement = tuple[Operation, Operation]  # what went, what is used instead

_WATCHED: ContextVar[list[Replacement] | None] = ContextVar("replacements", default=None)


def note(gone: Operation, instead: Operation) -> None:
    """Tell those who watch that an operation takes the place of another."""
    watched = _WATCHED.get()
    if watched is not None:
        watched.append((gone, instead))


def replace_uses(old: SSAValue, new: SSAValue) -> None:
    """Use `new` wherever `old` is used, and tell."""
    if isinstance(old.owner, Operation) and isinstance(new.owner, Operation):
        note(old.owner, new.owner)
    old.replace_all_uses_with(new)


@contextmanager
def watched_replacements() -> Iterator[list[Replacement]]:
    """The list that passes of this thread write to meanwhile, in the order of time."""
    noted: list[Replacement] = []
    token = _WATCHED.set(noted)
    try:
        yield noted
    finally:
        _WATCHED.reset(token)
