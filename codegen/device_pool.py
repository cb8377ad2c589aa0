"""Memory of a device that is kept for the next call: asking the driver takes tens of microseconds, and makes it wait.

Blocks are of a few sizes for each power of two, so that what is freed fits what is asked for next. A block is freed in the
order of a queue's work: the same queue takes it again at once, another one waits for that work first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .device_queue import Queue

SMALLEST = 512
STEPS = 4  # sizes for each power of two: at most a fifth of a block is not used


def rounded(size: int) -> int:
    """The size of the block for so many bytes."""
    if size <= SMALLEST:
        return SMALLEST
    step = max(SMALLEST, 1 << ((size - 1).bit_length() - 1)) // STEPS
    return -(-size // step) * step


Idle = tuple[int, Mapping["Queue", int] | None]  # address, and who else may still use it: queue -> position


class Pool:
    """Allocates with `allocate(bytes)`, which raises MemoryError; gives back with `free(address)` after `settle()`."""

    def __init__(
        self, allocate: Callable[[int], int], free: Callable[[int], None], settle: Callable[[], None] = lambda: None
    ) -> None:
        self._allocate, self._free, self._settle = allocate, free, settle
        self.sizes: dict[int, int] = {}  # of all blocks, by address
        self.idle: dict[int, dict[Queue, list[Idle]]] = {}  # by size, by the queue that freed them

    def allocate(self, size: int, queue: Queue) -> int:
        """The address of a block for work of a queue. What is idle goes back to the driver before MemoryError is raised."""
        block = rounded(size)
        lists = self.idle.get(block)
        if lists:
            found = self._idle(lists, queue)
            if found:
                return found
        try:
            address = self._allocate(block)
        except MemoryError:
            if not self.trim():
                raise
            address = self._allocate(block)
        self.sizes[address] = block
        return address

    def _idle(self, lists: dict[Queue, list[Idle]], queue: Queue) -> int:
        """A block that the queue has freed itself, or another one; 0 where there is none."""
        own = lists.get(queue)
        if own:
            address, others = own.pop()
        else:
            owner = next((owner for owner, blocks in list(lists.items()) if blocks), None)  # (arrays may be freed meanwhile)
            if owner is None:
                return 0
            address, others = lists[owner].pop()
            queue.after(owner, owner.position)
        for other, position in others.items() if others else ():
            queue.after(other, position)
        return address

    def free(self, address: int, queue: Queue, others: Mapping[Queue, int] | None = None) -> int:
        """Keep a block for later; 0, which is no block's address, is ignored. Gives 0."""
        if address:
            self.idle.setdefault(self.sizes[address], {}).setdefault(queue, []).append((address, others))
        return 0

    def trim(self) -> int:
        """Give all idle blocks back; how many there were."""
        idle, self.idle = self.idle, {}
        blocks = [address for lists in idle.values() for found in lists.values() for address, _ in found]
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
