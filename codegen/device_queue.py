"""A queue: the stream of one function, and how its work stands to that of other queues.

Positions count what a queue has been given. A queue that needs what another one has been given up to a position waits for that
one's event, which is recorded only then: as long as functions do not meet, nothing is recorded or waited for.

Source: NVIDIA, CUDA driver API, stream and event management.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .device_pool import Idle
from .staging import CHUNK

if TYPE_CHECKING:
    from .driver import Array, Driver, Launch


class Uses:
    """Who has used memory: the queue that wrote it last, up to which position, and those that have read it since.

    `foreign`: the stream of another library that the memory belongs to, 0 for ours and for CUDA's default stream.
    """

    __slots__ = ("at", "foreign", "readers", "writer")

    def __init__(self, writer: Queue, at: int, foreign: int = 0) -> None:
        self.writer, self.at, self.foreign = writer, at, foreign
        self.readers: dict[Queue, int] = {}

    def read(self, queue: Queue, at: int) -> None:
        """The queue reads it, up to a position."""
        if queue is self.writer:
            self.at = at
        else:
            self.readers[queue] = at

    def written(self, queue: Queue, at: int) -> None:
        """The queue has written it."""
        self.writer, self.at = queue, at
        self.readers.clear()


@dataclass(frozen=True)
class Ticket:
    """Work up to a position: arrays that arrive by it, and blocks of page-locked memory that it reads."""

    at: int
    landing: list[tuple[Array, Array]]
    read: list[Array]


class Queue:
    """See the module. All methods but `land` are called inside the driver's context."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.stream = driver.make_stream()
        self.event = driver.make_event()
        self.position = 0  # of the work given so far, as of the last `stamp`
        self.marked = -1  # position that the event stands for
        self.done = -1  # position that the host has waited for
        self.seen: dict[Queue, int] = {}
        self.idle: defaultdict[int, list[Idle]] = defaultdict(list)  # the pool's: blocks that this queue has freed, by size
        self.landing: list[tuple[Array, Array]] = []  # arrays, and the blocks that their bytes arrive in
        self.copy = self.stream.copy
        self.gemm = self.stream.gemm

    # --- order ---------------------------------------------------------------------------------------------------------------

    def stamp(self) -> int:
        """The position of all work given so far."""
        self.position += 1
        return self.position

    def after(self, other: Queue, at: int) -> None:
        """Do what comes after the other queue's work up to a position."""
        if other is self or other.done >= at or self.seen.get(other, -1) >= at:
            return
        if other.marked < at:
            other.event.record(other.stream)
            other.marked = other.position
        self.stream.wait(other.event)
        self.seen[other] = other.marked

    def before_reading(self, uses: Uses) -> None:
        """Wait for whoever writes it."""
        if uses.writer is not self:
            self.after(uses.writer, uses.at)

    def before_writing(self, uses: Uses) -> None:
        """Wait for all who use it."""
        self.before_reading(uses)
        for other, at in uses.readers.items():
            self.after(other, at)

    # --- memory --------------------------------------------------------------------------------------------------------------

    def allocate(self, size: int) -> int:
        """Memory for this queue's work."""
        return self.driver.allocate(size, self)

    def free(self, address: int) -> int:
        """Give back what only this queue has used, after what it has been given; 0 is ignored. Gives 0."""
        return self.driver.free(address, self)

    def upload(self, address: int, array: Array) -> None:
        """Copy a C-contiguous array to the device; it may be changed when this returns."""
        if not array.nbytes:
            return
        data = array.reshape(-1).view("uint8")
        for start in range(0, data.size, CHUNK):
            piece = data[start : start + CHUNK]
            block = self.driver.staging.take(piece.size)
            if block is None:
                self.stream.upload(address + start, piece)
                self.stream.synchronize()
                continue
            block[: piece.size] = piece
            self.stream.upload(address + start, block[: piece.size])
            self.driver.staging.give_later(block, self)

    def fetch(self, address: int, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array of the host that holds what is at an address now, once `finish` has returned."""
        array = np.empty(shape, dtype)
        if array.nbytes > CHUNK:
            self._fetch_pieces(address, array.reshape(-1).view("uint8"))
        elif array.nbytes:
            block = self.driver.staging.take(array.nbytes)
            if block is None:
                self.stream.download(array, address)
                return array
            self.stream.download(block[: array.nbytes], address)
            self.landing.append((array, block))
        return array

    def _fetch_pieces(self, address: int, data: Array) -> None:
        """Copy a large array, the transfer of a piece beside the host's copy of the one before."""
        landed: tuple[Array, Array, Any] | None = None
        for start in range(0, data.size, CHUNK):
            piece = data[start : start + CHUNK]
            block = self.driver.staging.take(piece.size)
            if block is None:
                self.stream.download(piece, address + start)
                continue
            self.stream.download(block[: piece.size], address + start)
            event = self.driver.make_event()
            event.record(self.stream)
            self._land(landed)
            landed = piece, block, event
        self._land(landed)

    def _land(self, landed: tuple[Array, Array, Any] | None) -> None:
        if landed is not None:
            piece, block, event = landed
            event.synchronize()
            piece[...] = block[: piece.size]
            self.driver.staging.give(block)

    def close(self) -> Ticket:
        """What has been given so far, to be waited for."""
        ticket = Ticket(self.stamp(), self.landing, self.driver.staging.taken(self))
        self.landing = []
        return ticket

    def land(self, ticket: Ticket) -> None:
        """Wait for the work of this queue, and for no other's; arrays that were fetched before are there then. Others may
        use the device meanwhile."""
        with self.driver.shared():
            self.stream.synchronize()
        self.done = max(self.done, ticket.at)
        for array, block in ticket.landing:
            array.reshape(-1).view("uint8")[...] = block[: array.nbytes]
            self.driver.staging.give(block)
        for block in ticket.read:
            self.driver.staging.give(block)

    def finish(self) -> None:
        """Wait for all work of this queue."""
        self.land(self.close())

    def download(self, address: int, shape: tuple[int, ...], dtype: Any) -> Array:
        """A copy on the host, when the work of this queue is done."""
        array = self.fetch(address, shape, dtype)
        self.finish()
        return array

    # --- work ----------------------------------------------------------------------------------------------------------------

    def launcher(self, launch: Launch) -> Callable[..., None]:
        """What launches a kernel on this queue."""
        return partial(launch, self.stream)
