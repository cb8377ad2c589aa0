"""Memory of a device that is kept for the next call: asking the driver takes tens of microseconds, and makes it wait.

Blocks are of a few sizes for each power of two, so that what is freed fits what is asked for next. All work runs in one order,
so a block may be given away as soon as it is freed.
"""

from __future__ import annotations

from collections.abc import Callable

SMALLEST = 512
STEPS = 4  # sizes for each power of two: at most a fifth of a block is not used


def rounded(size: int) -> int:
    """The size of the block for so many bytes."""
    if size <= SMALLEST:
        return SMALLEST
    step = max(SMALLEST, 1 << ((size - 1).bit_length() - 1)) // STEPS
    return -(-size // step) * step


class Pool:
    """Allocates with `allocate(bytes)`, which raises MemoryError, and gives back with `free(address)`."""

    def __init__(self, allocate: Callable[[int], int], free: Callable[[int], None]) -> None:
        self._allocate, self._free = allocate, free
        self.sizes: dict[int, int] = {}  # of all blocks, by address
        self.idle: dict[int, list[int]] = {}

    def allocate(self, size: int) -> int:
        """The address of a block. What is idle goes back to the driver before MemoryError is raised."""
        block = rounded(size)
        idle = self.idle.get(block)
        if idle:
            return idle.pop()
        try:
            address = self._allocate(block)
        except MemoryError:
            if not self.trim():
                raise
            address = self._allocate(block)
        self.sizes[address] = block
        return address

    def free(self, address: int) -> int:
        """Keep a block for later; 0, which is no block's address, is ignored. Gives 0."""
        if address:
            self.idle.setdefault(self.sizes[address], []).append(address)
        return 0

    def trim(self) -> int:
        """Give all idle blocks back; how many there were."""
        blocks = [address for addresses in self.idle.values() for address in addresses]
        self.idle.clear()
        for address in blocks:
            del self.sizes[address]
            self._free(address)
        return len(blocks)

    @property
    def held(self) -> int:
        """Bytes of all blocks, in use and idle."""
        return sum(self.sizes.values())
