"""A stand-in for pycuda: it writes down what it is called with, in the order of the calls, and refuses what pycuda refuses.

Source: pycuda 2026.1, its wrapper of the driver: which objects its functions take.
"""

from __future__ import annotations

import ctypes
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from nvidia import DriverLibrary


class Block:
    """A DeviceAllocation."""

    def __init__(self, cuda: StandIn, size: int) -> None:
        self.cuda, self.size, self.memory = cuda, size, np.zeros(size, "uint8")
        self.address = self.memory.ctypes.data

    def __int__(self) -> int:
        return self.address

    def free(self) -> None:
        self.cuda.inside("free", self.size)
        self.cuda.used -= self.size


class Stream:
    """pycuda's Stream."""

    def __init__(self, cuda: StandIn, flags: int = 0) -> None:
        assert type(flags) is int
        cuda.inside("stream", flags)
        self.cuda, self.handle = cuda, 77 + cuda.streams
        cuda.streams += 1

    def synchronize(self) -> None:
        self.cuda.inside("synchronize", self.handle)

    def wait_for_event(self, event: Event) -> None:
        assert type(event) is Event
        self.cuda.inside("wait", self.handle, event.stream)


class Event:
    """pycuda's Event."""

    def __init__(self, cuda: StandIn, flags: Any) -> None:
        assert flags == 2
        self.cuda, self.stream = cuda, 0

    def record(self, stream: Stream) -> Event:
        assert type(stream) is Stream
        self.stream = stream.handle
        self.cuda.inside("record", stream.handle)
        return self

    def synchronize(self) -> Event:
        self.cuda.inside("event synchronize", self.stream)
        return self


class Module:
    """pycuda's Module, which unloads itself when it goes."""

    def __init__(self, cuda: StandIn) -> None:
        self.cuda, self.get_function = cuda, cuda.function

    def __del__(self) -> None:
        self.cuda.calls.append(("unload", self.cuda.depth))


class StandIn:
    """Device memory is the host's: copies are copies."""

    def __init__(self, capability: tuple[int, int] = (9, 0), memory: int = 1 << 26, devices: int = 1) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.library = DriverLibrary(self.calls)
        self.capability, self.size, self.used, self.depth, self.streams = capability, memory, 0, 0, 0
        self.devices = devices

    def inside(self, *call: Any) -> None:
        """A call that needs a current context."""
        assert self.depth > 0, f"{call[0]} without a context"
        self.calls.append(call)

    def module(self) -> ModuleType:
        """What `import pycuda.driver` gives."""
        made: Any = ModuleType("pycuda.driver")
        made.init = lambda: self.calls.append(("init",))
        made.Error = type("Error", (Exception,), {})
        made.MemoryError = type("MemoryError", (made.Error,), {})
        made.function_attribute = SimpleNamespace(MAX_DYNAMIC_SHARED_SIZE_BYTES="most shared")
        made.event_flags = SimpleNamespace(DISABLE_TIMING=2)
        count = staticmethod(lambda: self.devices)
        made.Device = type("Device", (), {"__new__": lambda cls, number: self.device(number), "count": count})
        made.Context = SimpleNamespace(pop=self.pop, synchronize=lambda: self.inside("settle"))
        made.Stream = lambda flags=0: Stream(self, flags)
        made.Event = lambda flags=0: Event(self, flags)
        made.mem_alloc = lambda size: self.mem_alloc(made, size)
        made.pagelocked_empty = self.pagelocked_empty
        made.memcpy_htod_async = self.to_device
        made.memcpy_dtoh_async = self.to_host
        made.memcpy_dtod_async = self.between
        made.module_from_buffer = self.load
        return made  # type: ignore[no-any-return]

    def device(self, number: int) -> Any:
        assert 0 <= number < self.devices
        context = SimpleNamespace(push=self.push)
        return SimpleNamespace(
            name=lambda: "Stand-in", compute_capability=lambda: self.capability, retain_primary_context=lambda: context
        )

    def push(self) -> None:
        self.depth += 1

    def pop(self) -> None:
        self.depth -= 1

    def mem_alloc(self, module: Any, size: int) -> Block:
        assert type(size) is int
        self.inside("mem_alloc", size)
        if self.used + size > self.size:
            raise module.MemoryError("out of memory")
        self.used += size
        return Block(self, size)

    def pagelocked_empty(self, shape: int, dtype: str) -> Any:
        self.inside("pagelocked", shape)
        return np.zeros(shape, dtype)

    def to_device(self, address: int, array: Any, stream: Any) -> None:
        self._copied("htod", address, array, stream)
        ctypes.memmove(address, array.ctypes.data, array.nbytes)

    def to_host(self, array: Any, address: int, stream: Any) -> None:
        assert array.flags.writeable
        self._copied("dtoh", address, array, stream)
        ctypes.memmove(array.ctypes.data, address, array.nbytes)

    def _copied(self, kind: str, address: int, array: Any, stream: Any) -> None:
        assert type(address) is int and type(stream) is Stream
        assert array.flags.c_contiguous and array.nbytes
        self.inside(kind, array.nbytes, stream.handle)

    def between(self, target: int, source: int, size: int, stream: Any) -> None:
        assert {type(target), type(source), type(size)} == {int} and type(stream) is Stream
        self.inside("dtod", size, stream.handle)
        ctypes.memmove(target, source, size)

    def load(self, code: bytes) -> Any:
        assert type(code) is bytes
        self.inside("load", code)
        return Module(self)

    def function(self, name: str) -> Any:
        self.inside("get_function", name)
        made = SimpleNamespace()

        def launch(grid: Any, block: Any, arguments: bytes, shared: int, stream: Any) -> None:
            assert type(stream) is Stream and type(shared) is int and type(arguments) is bytes
            assert type(grid) is type(block) is tuple and len(grid) == len(block) == 3
            assert all(type(n) is int and n > 0 for n in (*grid, *block))
            self.inside("launch", name, grid, block, stream.handle, arguments, shared)

        made._launch_kernel = launch
        made.set_attribute = lambda attribute, value: self.inside("set_attribute", attribute, value)
        return made
