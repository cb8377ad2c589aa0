"""Streams of a device that is not there: their work is done as late as a device might do it, and races are found.

What a stream is given waits until something forces it: the host waits for the stream, or for an event behind it.
Every use of memory is checked when it is given, by vector clocks: reading has to come after the last writing, writing after
all uses before, on the same stream, by an event that was waited for, or after the host has waited.

Source: L. Lamport (1978), "Time, clocks, and the ordering of events in a distributed system"; F. Mattern (1989), "Virtual
time and global states of distributed systems".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .driver import Array, Event, Graph, Matrix, Stream, blas_matrix

if TYPE_CHECKING:
    from .recording import RecordingDriver

Clock = dict[int, int]  # by number of the stream: how much of its work is known to come before
MOST_WAITING = 1000


class Misuse(AssertionError):
    """Something that would go wrong, or unnoticed, on a device."""


def join(clock: Clock, other: Clock) -> None:
    """Whatever comes before the other one comes before this one, too."""
    for number, tick in other.items():
        clock[number] = max(tick, clock.get(number, 0))


@dataclass
class Accesses:
    """Who has used a block of memory: the last writing, and what has read it since, as (stream, tick)."""

    written: tuple[int, int] | None = None
    read: Clock = field(default_factory=dict)


class RecordedEvent(Event):
    """Clock and end of the work of a stream, as they were when it was recorded."""

    def __init__(self, driver: RecordingDriver) -> None:
        self.driver = driver
        self.stream: RecordedStream | None = None
        self.clock: Clock = {}
        self.end = 0

    def record(self, stream: RecordedStream) -> None:
        """See `Event.record`."""
        self.driver.submit("record", stream.number)
        self.stream, self.clock, self.end = stream, dict(stream.clock), stream.given

    def synchronize(self) -> None:
        """See `Event.synchronize`."""
        self.driver.submit("wait for event")
        self.driver.refuse_while_capturing("waiting for an event")
        join(self.driver.host_clock, self.clock)
        if self.stream is not None:
            self.stream.run(self.end)


class RecordedStream(Stream):
    """See the module."""

    def __init__(self, driver: RecordingDriver, number: int) -> None:
        self.driver, self.number = driver, number
        self.handle = 100 + number
        self.clock: Clock = {number: 0}
        self.waiting: list[Callable[[], None]] = []
        self.given = self.done = 0

    # --- order ---------------------------------------------------------------------------------------------------------------

    def give(self, work: Callable[[], None], reads: list[int], writes: list[int], what: str) -> None:
        """Add to the work, when it is in order with all others' use of these addresses."""
        join(self.clock, self.driver.host_clock)
        self.clock[self.number] += 1
        for address in reads:
            self._check(self.driver.accesses(address), writing=False, what=what)
        for address in writes:
            self._check(self.driver.accesses(address), writing=True, what=what)
        self.waiting.append(work)
        self.given += 1
        if len(self.waiting) > MOST_WAITING:
            self.run(self.given)

    def _check(self, accesses: Accesses, writing: bool, what: str) -> None:
        before = {**(accesses.read if writing else {})}
        if accesses.written is not None:
            stream, tick = accesses.written
            before[stream] = max(tick, before.get(stream, 0))
        for stream, tick in before.items():
            if self.clock.get(stream, 0) < tick:
                done = "written" if accesses.written == (stream, tick) else "used"
                raise Misuse(f"race: {what} on stream {self.number}, without waiting for stream {stream}, where it is {done}")
        tick = self.clock[self.number]
        if writing:
            accesses.written, accesses.read = (self.number, tick), {}
        else:
            accesses.read[self.number] = tick

    def run(self, end: int) -> None:
        """Do the work up to its `end`-th piece."""
        while self.done < end and self.waiting:
            self.done += 1
            self.waiting.pop(0)()

    def wait(self, event: Event) -> None:
        """See `Stream.wait`."""
        assert isinstance(event, RecordedEvent)
        self.driver.submit("wait", self.number)
        join(self.clock, event.clock)
        other, end = event.stream, event.end
        if other is not None:
            self.waiting.append(lambda: other.run(end))
            self.given += 1

    def synchronize(self) -> None:
        """See `Stream.synchronize`."""
        with self.driver:  # a GPU needs no lock for this
            self.driver.submit("synchronize", self.number)
            self.driver.refuse_while_capturing("waiting for a stream")
            join(self.driver.host_clock, self.clock)
            self.run(self.given)

    # --- copies and products -------------------------------------------------------------------------------------------------

    def upload(self, address: int, array: Array) -> None:
        """Page-locked memory is read when the work is done, other memory at once."""
        target = self.driver.at(address, array.nbytes, "copy to the device")
        check_host(array)
        source = array if self.driver.is_page_locked(array) else array.copy()
        self.driver.refuse_while_capturing("a copy to the device")

        def work() -> None:
            target[...] = source.reshape(-1).view("uint8")

        self.give(work, [], [address], "copy to the device")
        self.driver.submit("upload", address, array.nbytes)

    def download(self, array: Array, address: int) -> None:
        """See `Stream.download`."""
        check_host(array)
        found = self.driver.at(address, array.nbytes, "copy to the host")
        self.driver.refuse_while_capturing("a copy to the host")

        def work() -> None:
            array.reshape(-1).view("uint8")[...] = found

        self.give(work, [address], [], "copy to the host")
        self.driver.submit("download", address, array.nbytes)

    def copy(self, target: int, source: int, size: int) -> None:
        """See `Stream.copy`."""
        found, end = self.driver.at(source, size, "copy from"), self.driver.at(target, size, "copy to")

        def work() -> None:
            end[...] = found

        self.driver.perform(self, lambda stream: stream.give(work, [source], [target], "copy"), [source, target])
        self.driver.submit("copy", target, source, size)

    def gemm(self, dtype: str, alpha: float, a: Matrix, b: Matrix, beta: float, c: Matrix) -> None:
        """NumPy's product."""
        left, right, target = (self._matrix(dtype, matrix) for matrix in (a, b, c))
        if left.shape[1] != right.shape[0] or target.shape != (left.shape[0], right.shape[1]):
            raise Misuse(f"gemm of {left.shape} and {right.shape} into {target.shape}")
        number = np.dtype(dtype).type

        def work() -> None:
            with np.errstate(all="ignore"):
                found = number(alpha) * (left @ right)
                target[...] = found + number(beta) * target if beta else found

        self.driver.perform(self, lambda stream: stream.give(work, [a[0], b[0]], [c[0]], "gemm"), [a[0], b[0], c[0]])
        self.driver.submit("gemm", dtype, *left.shape, right.shape[1])

    def _matrix(self, dtype: str, matrix: Matrix) -> Array:
        blas_matrix(matrix)
        address, rows, columns, *steps = matrix
        size = np.dtype(dtype).itemsize
        last = (rows - 1) * steps[0] + (columns - 1) * steps[1] + 1 if rows and columns else 0
        found = self.driver.at(address, last * size, "gemm").view(dtype)
        return np.lib.stride_tricks.as_strided(found, (rows, columns), [step * size for step in steps])


class RecordedGraph(Graph):
    """Work that was captured: (what gives it to a stream, addresses that have to be there)."""

    def __init__(self, driver: RecordingDriver, work: list[tuple[Callable[[Any], None], list[int]]]) -> None:
        self.driver, self.work = driver, work

    def launch(self, stream: Any) -> None:
        """See `Graph.launch`."""
        self.driver.refuse_while_capturing("a graph")
        for give, addresses in self.work:
            for address in addresses:
                self.driver.at(address, 0, "a graph")
            give(stream)
        self.driver.submit("graph", len(self.work))


def check_host(array: Any) -> None:
    """Misuse for what is no C-contiguous array."""
    if type(array) is not np.ndarray or not array.flags.c_contiguous:
        raise Misuse("only C-contiguous arrays are copied")
