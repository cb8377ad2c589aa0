"""What the plans of profiled functions call: a clock that waits for the device, and sums that several threads add to."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from phintys.ir.profile import BufferSlot, KernelSlot, parse_slot

from .device_queue import Queue


def clock(queue: Queue) -> int:
    """Nanoseconds, when the work of a function's queue is done: what follows is measured by itself."""
    queue.finish()
    return time.monotonic_ns()


class Measures:
    """The slots of one function, by the texts of its interface: how often, the sum, the largest."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.slots = [parse_slot(text) for text in texts]
        self.words = [(0, 0, 0)] * len(self.slots)
        self.lock = threading.Lock()

    def record(self, number: int, value: int) -> None:
        """Add a number to a slot."""
        with self.lock:
            count, total, largest = self.words[number]
            self.words[number] = count + 1, total + value, max(largest, value)

    def rows(self) -> list[tuple[KernelSlot | BufferSlot, int, int, int]]:
        """Of what, how often, the sum, the largest."""
        with self.lock:
            return [(slot, *words) for slot, words in zip(self.slots, self.words, strict=True)]
