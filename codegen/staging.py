"""Page-locked memory between arrays of the host and a device: only from there do copies run beside the host's own work.

An upload copies an array here, gives the copy to the stream and returns: the caller may change the array. The block is taken
again when the stream is known to have read it. A download lands here, and reaches its array when its stream was waited for.

Source: NVIDIA, CUDA C++ programming guide, page-locked host memory; CUDA driver API, synchronization behaviour of memcpy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .device_pool import rounded

if TYPE_CHECKING:
    from .device_queue import Queue

Array = np.ndarray[Any, Any]
CHUNK = 4 << 20  # bytes of the largest block: larger arrays go in pieces, the copy of one beside the transfer of another
MOST = 64 << 20  # bytes of all blocks


class Staging:
    """Blocks made by `page_locked(bytes)`, which raises MemoryError."""

    def __init__(self, page_locked: Callable[[int], Array]) -> None:
        self._page_locked = page_locked
        self.idle: dict[int, list[Array]] = {}
        self.busy: dict[Queue, list[Array]] = {}  # blocks that a queue reads until it is waited for
        self.held = 0

    def take(self, size: int) -> Array | None:
        """A block of at least `size` bytes; `None` where no memory can be locked."""
        wanted = rounded(size)
        blocks = self.idle.get(wanted)
        while not blocks and self.busy and self.held + wanted > MOST:
            next(iter(self.busy)).finish()
            blocks = self.idle.get(wanted)
        if blocks:
            return blocks.pop()
        if self.held + wanted > MOST:
            self._drop()
        try:
            block = self._page_locked(wanted)
        except MemoryError:
            return None
        self.held += wanted
        return block

    def give(self, block: Array) -> None:
        """A block that nobody uses any more."""
        self.idle.setdefault(block.size, []).append(block)

    def give_later(self, block: Array, queue: Queue) -> None:
        """A block that a queue has been told to read."""
        self.busy.setdefault(queue, []).append(block)

    def taken(self, queue: Queue) -> list[Array]:
        """The blocks that a queue has been told to read, to be given back when it was waited for."""
        return self.busy.pop(queue, [])

    def _drop(self) -> None:
        """Let go of idle blocks of other sizes."""
        self.held -= sum(block.size for blocks in self.idle.values() for block in blocks)
        self.idle.clear()
