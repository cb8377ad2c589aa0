"""What takes how long: `phase("optimize")` names a piece of work, `timing()` collects the tree of what its block did.

Nobody collects in the normal case: a phase then costs the look at one thread-local list. A thread that the block starts is
part of its collection when it works inside of `beside("load")`, made where the thread is started.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field


@dataclass
class Phase:
    """One piece of work: its seconds, the pieces it consists of, and what other threads did meanwhile."""

    name: str
    seconds: float = 0.0
    children: list[Phase] = field(default_factory=list)
    others: list[Phase] = field(default_factory=list)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Phase]]:
        """Itself and all below, with their depth, in the order in which they began."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


class _Open(threading.local):
    """The phases that are open in this thread, outermost first; empty when nobody collects."""

    def __init__(self) -> None:
        self.stack: list[Phase] = []
        self.clock: Callable[[], float] = time.perf_counter


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
def timing(name: str = "total", clock: Callable[[], float] = time.perf_counter) -> Iterator[Phase]:
    """Collect the phases of the block's thread, in seconds of a clock: `time.thread_time` for those of the processor."""
    root, before, _OPEN.clock = Phase(name), _OPEN.clock, clock
    try:
        with _timed(root, []):
            yield root
    finally:
        _OPEN.clock = before


def beside(name: str) -> AbstractContextManager[None]:
    """Where another thread works: its phases are among the others of the collection that is open here, if there is one."""
    return _elsewhere(Phase(name), _OPEN.stack[0].others, _OPEN.clock) if _OPEN.stack else nullcontext()


@contextmanager
def _elsewhere(new: Phase, siblings: list[Phase], clock: Callable[[], float]) -> Iterator[None]:
    _OPEN.clock = clock
    with _timed(new, siblings):
        yield


@contextmanager
def _timed(new: Phase, siblings: list[Phase]) -> Iterator[None]:
    siblings.append(new)
    _OPEN.stack.append(new)
    start = _OPEN.clock()
    try:
        yield
    finally:
        new.seconds += _OPEN.clock() - start
        _OPEN.stack.pop()
