"""A device that is not there: memory is bytes of the host, and everything that is asked of it is checked and written down.

    device = RecordingDriver(execute)       # execute(kernel, blocks, threads, shared bytes, arguments) runs a kernel on arrays
    device.events                           # ("allocate", address, bytes), ("upload", ...), ("launch", name, blocks, ...), ...

It refuses (`Misuse`) copies and kernel arguments beyond the ends of an allocation, any use of memory that has been freed,
freeing twice, arguments that are not what the kernel takes, launches that no device accepts, what may not be captured, and
races between streams (`recording_stream.py`). Fresh memory is all ones. Addresses are never used again, though the pool
gives their blocks away again: what its last owner has done to a block counts in races. With `reuse`, blocks keep address and
contents, as on a real device.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .device_pool import rounded
from .driver import Array, Driver, Event, Graph, Launch, Stream
from .launch_plan import SCALARS, Kernel, memory_type
from .recording_stream import Accesses, Misuse, RecordedEvent, RecordedGraph, RecordedStream

if TYPE_CHECKING:
    from .device_queue import Queue

__all__ = ["Misuse", "RecordingDriver"]

ALIGNMENT = 256
MOST_THREADS, MOST_BLOCKS, MOST_SHARED = 1024, 2**31 - 1, 227 * 1024
Execute = Callable[[Kernel, int, int, int, list[Any]], None]


class RecordingDriver(Driver):
    """See the module. `memory_size`: bytes, beyond which allocations fail."""

    name = "a recording device"
    architecture = "sm_75"

    def __init__(self, execute: Execute | None = None, memory_size: int = 1 << 40, reuse: bool = False) -> None:
        self.execute = execute
        self.kept: dict[int, tuple[int, Array]] | None = {} if reuse else None  # by block: address and bytes
        # The numbers of the arguments that a kernel of this name writes; where that is not known, it may be all.
        self.written: Callable[[str], list[int]] | None = None
        self.memory_size = memory_size
        self.events: list[tuple[Any, ...]] = []
        self.live: dict[int, Array] = {}
        self.freed: dict[int, int] = {}
        self.starts: list[int] = []
        self.next = ALIGNMENT
        self.lock = threading.RLock()
        self.blocks: dict[int, int] = {}  # by address: the block of the pool
        self.history: dict[int, Accesses] = {}  # by block
        self.locked: list[Array] = []
        self.streams: list[RecordedStream] = []
        self.host_clock: dict[int, int] = {}  # what the host has waited for
        self.capturing: list[tuple[Callable[[Any], None], list[int]]] | None = None
        super().__init__()

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *error: object) -> None:
        self.lock.release()

    def submit(self, *event: Any) -> None:
        """Write down what was asked for."""
        self.events.append(event)

    # --- memory ------------------------------------------------------------------------------------------------------------

    def ask(self, size: int) -> int:
        """Blocks of the pool have numbers."""
        self.refuse_while_capturing("asking for memory")
        self.history[len(self.history) + 1] = Accesses()
        return len(self.history)

    def give_back(self, address: int) -> None:
        """The block's number is not used again."""
        if any(stream.done < stream.given for stream in self.streams):
            raise Misuse("memory is given back that work may still use")

    def allocate(self, size: int, queue: Queue) -> int:
        """Addresses are never used again, and lie apart."""
        if size < 0:
            raise Misuse(f"allocation of {size} bytes")
        if size + sum(buffer.size for buffer in self.live.values()) > self.memory_size:
            kept = list(self.reserves)
            for reserve in kept:
                reserve.relinquish()
            if not kept or size + sum(buffer.size for buffer in self.live.values()) > self.memory_size:
                raise MemoryError(f"the device has no {size} bytes left")
        block = super().allocate(size, queue)
        if self.kept is not None and block in self.kept:
            address, bytes = self.kept[block]
        else:
            address, bytes = self.next, np.full(size if self.kept is None else rounded(size), 255, "uint8")
            self.next += (bytes.size // ALIGNMENT + 2) * ALIGNMENT
            self.starts.append(address)
            self.blocks[address] = block
            if self.kept is not None:
                self.kept[block] = address, bytes
        self.live[address] = bytes[:size]
        self.freed.pop(address, None)
        self.events.append(("allocate", address, size))
        return address

    def free(self, address: int, queue: Queue, others: Mapping[Queue, int] | None = None) -> int:
        """See `Driver.free`."""
        if address:
            if address not in self.live:
                what = "freed twice" if address in self.freed else "freed, but was never allocated"
                raise Misuse(f"memory at {address} is {what}")
            self.freed[address] = self.live.pop(address).size
            self.events.append(("free", address))
            super().free(self.blocks[address], queue, others)
        return 0

    def _start(self, address: int) -> int:
        place = bisect_right(self.starts, address)
        return self.starts[place - 1] if place else 0

    def at(self, address: int, size: int, what: str) -> Array:
        """The bytes from an address on."""
        start = self._start(address)
        buffer = self.live.get(start)
        if buffer is None:
            state = "was freed" if start in self.freed else "was never allocated"
            raise Misuse(f"{what}: memory at {address} {state}")
        if address + size > start + buffer.size:
            raise Misuse(f"{what}: {size} bytes at {address - start} of an allocation of {buffer.size} bytes")
        return buffer[address - start : address - start + size]

    def accesses(self, address: int) -> Accesses:
        """Who has used the memory at an address."""
        return self.history[self.blocks[self._start(address)]]

    def page_locked(self, size: int) -> Array:
        """Bytes that uploads read late."""
        self.locked.append(np.full(size, 255, "uint8"))
        return self.locked[-1]

    def is_page_locked(self, array: Array) -> bool:
        """Whether an array lies in such memory."""
        return any(np.may_share_memory(array, block) for block in self.locked)

    # --- streams -----------------------------------------------------------------------------------------------------------

    def make_stream(self) -> Stream:
        """See `Driver.make_stream`."""
        self.streams.append(RecordedStream(self, len(self.streams)))
        return self.streams[-1]

    def make_event(self) -> Event:
        """See `Driver.make_event`."""
        return RecordedEvent(self)

    def settle(self) -> None:
        """See `Driver.settle`."""
        for stream in self.streams:
            stream.synchronize()

    def wait_for(self, stream: Stream, foreign: int) -> None:
        """Other libraries have no streams here."""
        self.submit("wait for foreign", stream.handle, foreign)

    def let_wait(self, foreign: int, stream: Stream) -> None:
        """Other libraries have no streams here."""
        self.submit("let foreign wait", foreign, stream.handle)

    # --- work --------------------------------------------------------------------------------------------------------------

    def no_graphs(self) -> str | None:
        """See `Driver.no_graphs`."""
        return None

    def captured(self, work: Callable[[Stream], None], stream: Stream) -> Graph:
        """See `Driver.captured`."""
        self.capturing = []
        try:
            work(RecordedStream(self, -1))
            return RecordedGraph(self, self.capturing)
        finally:
            self.capturing = None

    def perform(self, stream: RecordedStream, give: Callable[[Any], None], addresses: list[int]) -> None:
        """Give work to a stream, or to the graph that is being captured."""
        if self.capturing is None:
            give(stream)
        elif stream.number >= 0:
            raise Misuse("work for another stream while work is captured")
        else:
            self.capturing.append((give, addresses))

    def refuse_while_capturing(self, what: str) -> None:
        """Misuse where a device would end the capture."""
        if self.capturing is not None:
            raise Misuse(f"{what} while work is captured")

    def load(self, code: str, kernels: Sequence[Kernel]) -> list[Launch]:
        """See `Driver.load`."""
        self.events.append(("load", [kernel.name for kernel in kernels]))
        return [self._launcher(kernel) for kernel in kernels]

    def _launcher(self, kernel: Kernel) -> Launch:
        execute, name = self.execute, kernel.name
        written = None if self.written is None else self.written(name)

        def launch(stream: RecordedStream, blocks: int, threads: int, shared: int, *arguments: Any) -> None:
            if not (0 < threads <= MOST_THREADS and threads % 32 == 0) or kernel.threads not in (None, threads):
                raise Misuse(f"{name}: blocks of {threads} threads")
            if not 0 <= blocks <= MOST_BLOCKS or not 0 <= shared <= MOST_SHARED:
                raise Misuse(f"{name}: {blocks} blocks with {shared} bytes of shared memory")
            found, addresses = self._arguments(kernel, list(arguments))
            if not blocks:
                return
            writes = [address for number, address in addresses.items() if written is None or number in written]
            reads = [address for address in addresses.values() if address not in writes]

            def work() -> None:
                if execute is not None:
                    execute(kernel, blocks, threads, shared, found)

            self.perform(stream, lambda to: to.give(work, reads, writes, name), [*addresses.values()])
            self.events.append(("launch", name, blocks, threads, shared))

        return launch

    def _arguments(self, kernel: Kernel, given: list[Any]) -> tuple[list[Any], dict[int, int]]:
        """Arrays and numbers of what is packed, each as the kernel takes it; addresses of the arrays by argument."""
        if len(given) != len(kernel.format):
            raise Misuse(f"{kernel.name} takes {len(kernel.format)} words, got {len(given)}")
        words, found = iter(given), []
        addresses: dict[int, int] = {}
        for text in kernel.parameters:
            if text in SCALARS:
                found.append(_number(kernel.name, text, next(words)))
                continue
            dtype, sizes = memory_type(text)
            address = addresses[len(found)] = next(words)
            shape = [next(words) if size is None else size for size in sizes]
            if any(type(word) is not int or word < 0 for word in (address, *shape)):
                raise Misuse(f"{kernel.name}: {address} and sizes {shape} for {text}")
            size = math.prod(shape) * np.dtype(dtype).itemsize
            found.append(self.at(address, size, f"argument {text} of {kernel.name}").view(dtype).reshape(shape))
        return found, addresses


def _number(kernel: str, text: str, value: Any) -> Any:
    wanted = float if text in ("f32", "f64") else bool if text == "i1" else int
    if type(value) is not wanted:
        raise Misuse(f"{kernel}: {value!r} for a number of type {text}")
    bits = 64 if text == "index" else int(text[1:])
    if wanted is int and not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise Misuse(f"{kernel}: {value} does not fit {text}")
    return value
