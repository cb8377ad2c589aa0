"""Turns: what keeps threads from coming between the steps of a call that uses states.

Native code holds the GIL from its first look at the states to its last: a call that stays native is one step for all threads.
A call that runs Python in between (a program's own operation, a draw that NumPy makes, a mode that watches) lets other threads
run there. It takes turns instead: while it runs, its states' cells have a second item, which native code does not accept, so
that everybody else comes to the slow path and waits. Turns belong to threads: Python that such a call runs may use its states.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .types import Array

Cell = list[Any]

HELD = 500  # elements that NumPy copies without letting go of the GIL
_BUSY = object()  # the second item of a cell whose state a call with Python in it uses


class _Turn:
    """The lock of a cell, while anybody has it or waits for it."""

    __slots__ = ("cell", "lock", "users")

    def __init__(self, cell: Cell) -> None:
        self.cell, self.lock, self.users = cell, threading.RLock(), 0


_TURNS: dict[int, _Turn] = {}
_GUARD = threading.Lock()


class turn:
    """`with turn(cells)`: no call with Python in it that runs in another thread is using one of these states."""

    __slots__ = ("marked", "turns")

    def __init__(self, cells: Iterable[Cell]) -> None:
        wanted = {id(cell): cell for cell in cells}
        self.marked: list[Cell] = []
        with _GUARD:
            # Everybody takes them in the same order, so nobody waits in a circle.
            self.turns = [_TURNS.setdefault(number, _Turn(wanted[number])) for number in sorted(wanted)]
            for each in self.turns:
                each.users += 1

    def __enter__(self) -> None:
        taken = 0
        try:
            for each in self.turns:
                each.lock.acquire()
                taken += 1
        except BaseException:  # Ctrl-C, while it waits
            self._leave(taken)
            raise
        # A call of this thread that is under way has marked them; what it calls may use them.
        self.marked = [each.cell for each in self.turns if len(each.cell) > 1]
        for cell in self.marked:
            del cell[1:]

    def __exit__(self, *_: object) -> None:
        for cell in self.marked:
            cell[1:] = [_BUSY]
        self._leave(len(self.turns))

    def _leave(self, taken: int) -> None:
        """Let the first `taken` go, and be no user any more."""
        for each in self.turns[:taken]:
            each.lock.release()
        with _GUARD:
            for each in self.turns:
                each.users -= 1
                if not each.users:
                    _TURNS.pop(id(each.cell), None)


def own_cells(cells: Sequence[Cell]) -> list[Cell]:
    """Cells for one function to work on; a state that it has twice is one cell."""
    made: dict[int, Cell] = {}
    return [made.setdefault(id(cell), [None]) for cell in cells]


class OneStep:
    """A call with Python in it, as one step for all threads that use its states."""

    def __init__(self, cells: Sequence[Cell], own: Sequence[Cell], call: Callable[..., Any]) -> None:
        self.pairs = list({id(cell): (cell, mine) for cell, mine in zip(cells, own, strict=True)}.values())
        self.cells = [cell for cell, _ in self.pairs]
        self.call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What `call` gives, which works on cells of its own meanwhile."""
        with turn(self.cells):
            outer = [own[0] for _, own in self.pairs]  # of a call that runs this one, if there is any
            for cell in self.cells:
                cell[1:] = [_BUSY]
            given = [cell[0] for cell in self.cells]
            for (_, own), value in zip(self.pairs, given, strict=True):
                own[0] = value
            try:
                return self.call(*args, **kwargs)
            finally:
                for (cell, own), value, before in zip(self.pairs, given, outer, strict=True):
                    if own[0] is not value:
                        cell[0] = own[0]
                    own[0] = before
                for cell in self.cells:
                    del cell[1:]


def snapshot(array: Array) -> Array:
    """A copy that no other thread writes into meanwhile: NumPy's own lets others run while it copies a large array."""
    if array.size <= HELD or not array.flags.c_contiguous:
        return array.copy()
    made = np.empty_like(array, subok=False)
    made.reshape(-1).view("u1").data[:] = array.reshape(-1).view("u1").data
    return made


def _forget() -> None:
    """In a child process: the threads that had a turn are not there."""
    global _GUARD
    _GUARD = threading.Lock()
    for each in _TURNS.values():
        del each.cell[1:]
    _TURNS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
