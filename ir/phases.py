"""What takes how long: `phase("optimize")` names a piece of work, `timing()` collects the tree of what its block did.

Nobody collects in the normal case: a phase then costs the look at one thread-local list.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Phase:
    """One piece of work: its seconds, and the pieces it consists of."""

    name: str
    seconds: float = 0.0
    children: list[Phase] = field(default_factory=list)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Phase]]:
        """Itself and all below, with their depth, in the order in which they began."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


class _Open(threading.local):
    """The phases that are open in this thread, outermost first; empty when nobody collects."""

    def __init__(self) -> None:
        self.stack: list[Phase] = []


_OPEN = _Open()


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Count the block's time under `name`, inside the phase that is open in this thread, if somebody collects."""
    stack = _OPEN.stack
    if not stack:
        yield
        return
    with _timed(Phase(name), stack[-1].children):
        yield


@contextmanager
def timing(name: str = "total") -> Iterator[Phase]:
    """Collect the phases of the block's thread."""
    root = Phase(name)
    with _timed(root, []):
        yield root


@contextmanager
def _timed(new: Phase, siblings: list[Phase]) -> Iterator[None]:
    siblings.append(new)
    _OPEN.stack.append(new)
    start = time.perf_counter()
    try:
        yield
    finally:
        new.seconds += time.perf_counter() - start
        _OPEN.stack.pop()
