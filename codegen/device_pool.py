"""Memory of a device that is kept for the next call: asking the driver takes tens of microseconds, and makes it wait.

Blocks are of a few sizes for each power of two, so that what is freed fits what is asked for next. A block is freed in the
order of a queue's work: the same queue takes it again at once, another one waits for that work first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .device_queue import Queue

SMALLEST = 512
STEPS = 4  # sizes for each power of two: at most a fifth of a block is not used
Idle = tuple[int, Mapping["Queue", int] | None]  # address, and who else may still use it: queue -> position


@lru_cache(4096)
def rounded(size: int) -> int:
    """The size of the block for so many bytes."""
    if size <= SMALLEST:
        return SMALLEST
    step = max(SMALLEST, 1 << ((size - 1).bit_length() - 1)) // STEPS
    return -(-size // step) * step


class Pool:
    """Allocates with `allocate(bytes)`, which raises MemoryError; gives back with `free(address)` after `settle()`."""

    def __init__(
        self, allocate: Callable[[int], int], free: Callable[[int], None], settle: Callable[[], None] = lambda: None
    ) -> None:
        self._allocate, self._free, self._settle = allocate, free, settle
        self.sizes: dict[int, int] = {}  # of all blocks, by address
        self.queues: dict[Queue, None] = {}  # that may have idle blocks

    def allocate(self, size: int, queue: Queue) -> int:
        """The address of a block for work of a queue. What is idle goes back to the driver before MemoryError is raised."""
        block = rounded(size)
        own = queue.idle.get(block)
        if own:
            address, others = own.pop()
            if others:
                self._wait(queue, others)
            return address
        return self._other(block, queue) or self._new(block)

    def _other(self, block: int, queue: Queue) -> int:
        """A block that another queue has freed; 0 where there is none."""
        for owner in list(self.queues):  # (arrays may be freed meanwhile)
            blocks = owner.idle.get(block)
            if blocks:
                address, others = blocks.pop()
                queue.after(owner, owner.position)
                self._wait(queue, others or {})
                return address
        return 0

    def _wait(self, queue: Queue, others: Mapping[Queue, int]) -> None:
        for other, position in others.items():
            queue.after(other, position)

    def _new(self, block: int) -> int:
        try:
            address = self._allocate(block)
        except MemoryError:
            if not self.trim():
                raise
            address = self._allocate(block)
        self.sizes[address] = block
        return address

    def free(self, address: int, queue: Queue, others: Mapping[Queue, int] | None = None) -> int:
        """Keep a block for later; 0, which is no block's address, is ignored. Gives 0."""
        if address:
            queue.idle[self.sizes[address]].append((address, others))
            self.queues[queue] = None
        return 0

    def trim(self) -> int:
        """Give all idle blocks back; how many there were."""
        blocks: list[int] = []
        for queue in list(self.queues):
            for idle in list(queue.idle.values()):
                blocks += [address for address, _ in idle]
                idle.clear()
        if blocks:
            self._settle()
        for address in blocks:
            del self.sizes[address]
            self._free(address)
        return len(blocks)

    @property
    def held(self) -> int:
        """Bytes of all blocks, in use and idle."""
        return sum(self.sizes.values())
