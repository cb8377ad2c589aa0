"""Forking while other threads compile: it waits until they have finished, and until none of them is inside LLVM.

A child process has only the thread that forked. Locks that others held would stay taken in it for ever, those of modules that
they were importing among them, and what they were changing would stay half changed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_CHANGED = threading.Condition()
_COMPILING: Counter[int] = Counter()  # by thread
_WAITING: list[int] = []  # threads that want to fork
_LOCKS: list[Any] = []


def wait_for(lock: threading.RLock) -> None:
    """Let every fork of this process hold a lock that threads take inside LLVM."""
    _LOCKS.append(lock)


@contextmanager
def compiling() -> Iterator[None]:
    """What no fork comes between; a thread that begins it while another waits to fork comes after that."""
    me = threading.get_ident()
    with _CHANGED:
        _CHANGED.wait_for(lambda: not _WAITING or me in _COMPILING)
        _COMPILING[me] += 1
    try:
        yield
    finally:
        with _CHANGED:
            _COMPILING[me] -= 1
            if not _COMPILING[me]:
                del _COMPILING[me]
            _CHANGED.notify_all()


_RELEASES: list[Callable[[], Any]] = []  # in the order in which they were taken


def _before() -> None:
    me = threading.get_ident()
    _CHANGED.acquire()
    _WAITING.append(me)
    try:
        _CHANGED.wait_for(lambda: not _COMPILING.keys() - {me})
    finally:  # Ctrl-C ends the waiting, not the fork
        _RELEASES.append(_let_go)
    for lock in _LOCKS:
        lock.acquire()
        _RELEASES.append(lock.release)
    # llvmlite's own comes last, as everywhere: who has it never waits for ours. Threads free modules under it alone.
    inner = getattr(getattr(sys.modules.get("llvmlite.binding.ffi"), "lib", None), "_lock", None)
    if inner is not None:
        inner.__enter__()
        _RELEASES.append(lambda: inner.__exit__(None, None, None))


def _let_go() -> None:
    _WAITING.remove(threading.get_ident())
    _CHANGED.notify_all()
    _CHANGED.release()


def _after() -> None:
    while _RELEASES:
        _RELEASES.pop()()


def _after_in_child() -> None:
    _after()
    _WAITING.clear()
    for thread in _COMPILING.keys() - {threading.get_ident()}:
        del _COMPILING[thread]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)
