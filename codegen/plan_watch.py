"""A call of a plan that is watched: it runs, and what it asks for is written down, on memory that stays as it is.

The operations of a `Watcher` take the place of those of the function's queue; `plan_graphs.py` makes replays of what it
has seen.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .device_array import DeviceArray
from .device_pool import rounded

if TYPE_CHECKING:
    from .device_queue import Queue
    from .driver import Launch, Stream

Work = Callable[["Stream"], None]


class Watched:
    """An array of the host, and what the plan has read of it."""

    def __init__(self, array: Any) -> None:
        self.array, self.shape = array, array.shape
        self.reads: list[tuple[Any, Any]] = []  # place, and the number there

    def __getitem__(self, place: Any) -> Any:
        found = self.array[place]
        self.reads.append((place, found.item()))
        return found


@dataclass(frozen=True)
class OnDevice:
    """A result of a watched call that stays on the device, in memory that is kept: callers get copies."""

    address: int
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def handed(self, queue: Queue) -> DeviceArray:
        """A copy."""
        made = DeviceArray.new(queue, self.shape, self.dtype)
        queue.copy(made.address, self.address, made.nbytes)
        return made


@dataclass
class Step:
    """What a plan has asked for: work for the stream, an argument to upload, an array to fetch or to read on the host."""

    kind: str  # "work", "upload", "fetch", "read"
    work: Work | None = None
    address: int = 0
    argument: int = 0
    shape: tuple[int, ...] = ()
    dtype: str = ""
    watched: Watched | None = None
    calls: int = 0  # how many calls of the plan's operations came before, this one included


@dataclass
class Trace:
    """A watched call: its steps, work put together to graphs, and what it returned."""

    steps: list[Step]
    answers: list[Any]  # what each call of an operation gave; a `Step` stands for data that is new each time
    results: list[Any]  # OnDevice, the `Step` of a fetch, or the number of an argument


class Reserve:
    """Memory that the graphs of a function work on, and that nobody else has."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.blocks: dict[int, tuple[int, bool]] = {}  # size, and whether an argument is uploaded there
        self.idle: dict[tuple[int, bool], list[int]] = {}

    def allocate(self, size: int, for_upload: bool = False) -> int:
        """Memory for a watched call. That of uploads serves nothing else: they come before everything in a replay."""
        kind = rounded(size), for_upload
        if self.idle.get(kind):
            return self.idle[kind].pop()
        address = self.queue.allocate(kind[0])
        self.blocks[address] = kind
        return address

    def free(self, address: int) -> int:
        """For another use in the same call."""
        if address:
            self.idle.setdefault(self.blocks[address], []).append(address)
        return 0

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(size for size, _ in self.blocks.values())

    def reset(self) -> None:
        """All is free again."""
        self.idle.clear()
        for address in self.blocks:
            self.free(address)

    def give_back(self) -> None:
        """All goes to the pool."""
        for address in self.blocks:
            self.queue.free(address)
        self.blocks.clear()
        self.idle.clear()


class Watcher:
    """The operations of a plan for one call that is watched, or that goes on where a replay has ended."""

    def __init__(self, reserve: Reserve, plain: dict[str, Any], launches: Sequence[Launch]) -> None:
        self.reserve, self.queue, self.plain, self.launches = reserve, reserve.queue, plain, launches
        self.steps: list[Step] = []
        self.answers: list[Any] = []
        self.before: deque[Any] = deque()  # answers to calls that a replay has done already
        self.goes_on = False
        self.arguments: list[Any] = []
        self.read: dict[int, Watched] = {}
        self.unusable = ""

    def operations(self) -> dict[str, Any]:
        """By the names in plans."""
        named = ("allocate", "free", "to_device", "release", "to_host", "fetch", "device_array", "copied")
        found = {name: self._answered(getattr(self, name)) for name in (*named, "copy", "gemm")}
        launchers = {f"launch_{number}": self._launcher(launch) for number, launch in enumerate(self.launches)}
        return {**found, **{name: self._answered(launcher) for name, launcher in launchers.items()}, "on_host": self.on_host}

    def _answered(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if self.before:
                return self.before.popleft()
            answer = operation(*arguments)
            self.answers.append(answer)
            return answer

        return call

    def _add(self, step: Step) -> Step:
        step.calls = len(self.answers) + 1
        self.steps.append(step)
        return step

    def _give(self, work: Work) -> None:
        self._add(Step("work", work))
        work(self.queue.stream)

    # --- memory --------------------------------------------------------------------------------------------------------------

    def allocate(self, size: int) -> int:
        """Memory that stays when the call is over."""
        return self.queue.allocate(size) if self.goes_on else self.reserve.allocate(size)

    def free(self, address: int) -> int:
        """For another use in this call."""
        if not self.goes_on:
            return self.reserve.free(address)
        return 0 if address in self.reserve.blocks else self.queue.free(address)

    def to_device(self, value: Any) -> int:
        """An argument's copy, at a place of its own."""
        if isinstance(value, DeviceArray):
            return value.address
        if self.goes_on:
            return int(self.plain["to_device"](getattr(value, "array", value)))
        argument = next((number for number, given in enumerate(self.arguments) if given is value), -1)
        if isinstance(value, Watched) or argument < 0:
            self.unusable = "what is computed on the host goes to the device"
            value = getattr(value, "array", value)
        address = self.reserve.allocate(value.nbytes, for_upload=True)
        self._add(Step("upload", address=address, argument=argument))
        self.queue.upload(address, value)
        return address

    def release(self, value: Any, address: int) -> int:
        """Uploads stay where they are until the call is over."""
        return 0 if isinstance(value, DeviceArray) else self.free(address) if self.goes_on else 0

    def device_array(self, address: int, shape: tuple[int, ...], dtype: str) -> Any:
        """A result that stays on the device."""
        if self.goes_on and address not in self.reserve.blocks:
            return self.plain["device_array"](address, shape, dtype)
        return OnDevice(address, shape, dtype)

    def copied(self, address: int, shape: tuple[int, ...], dtype: str) -> Any:
        """The same, of memory as it is now."""
        if self.goes_on:
            return self.plain["copied"](address, shape, dtype)
        size = math.prod(shape) * np.dtype(dtype).itemsize
        copy = self.reserve.allocate(size)
        self._give(lambda stream: stream.copy(copy, address, size))
        return OnDevice(copy, shape, dtype)

    # --- host ----------------------------------------------------------------------------------------------------------------

    def to_host(self, address: int, shape: tuple[int, ...], dtype: str) -> Watched:
        """What the plan reads decides what it does: it is compared in a replay."""
        step = self._add(Step("read", address=address, shape=shape, dtype=dtype))
        step.watched = Watched(self.queue.download(address, shape, dtype))
        return step.watched

    def fetch(self, address: int, shape: tuple[int, ...], dtype: str) -> Any:
        """A result."""
        array = self.queue.fetch(address, shape, dtype)
        self._add(Step("fetch", address=address, shape=shape, dtype=dtype, watched=Watched(array)))
        return array

    def on_host(self, value: Any, dtype: str) -> Any:
        """What the plan reads of an argument is part of the kind of a call."""
        argument = next((number for number, given in enumerate(self.arguments) if given is value), -1)
        array = self.plain["on_host"](getattr(value, "array", value), dtype)
        if argument < 0 or isinstance(value, DeviceArray):
            self.unusable = "the host reads what is on the device before the first kernel"
            return array
        return self.read.setdefault(argument, Watched(array))

    # --- work ----------------------------------------------------------------------------------------------------------------

    def copy(self, target: int, source: int, size: int) -> None:
        """A copy on the device."""
        self._give(lambda stream: stream.copy(target, source, size))

    def gemm(self, *arguments: Any) -> None:
        """A product."""
        self._give(lambda stream: stream.gemm(*arguments))

    def _launcher(self, launch: Launch) -> Callable[..., None]:
        def launch_here(*arguments: Any) -> None:
            self._give(lambda stream: launch(stream, *arguments))

        return launch_here
