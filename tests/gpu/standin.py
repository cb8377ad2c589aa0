"""A stand-in for pycuda and for NVIDIA's libraries: it writes down what it is called with, in the order of the calls."""

from __future__ import annotations

import ctypes
import struct
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np


class Block:
    """A DeviceAllocation."""

    def __init__(self, cuda: StandIn, size: int) -> None:
        self.cuda, self.size, self.memory = cuda, size, np.zeros(size, "uint8")
        self.address = self.memory.ctypes.data

    def __int__(self) -> int:
        return self.address

    def free(self) -> None:
        self.cuda.calls.append(("free", self.size))
        self.cuda.used -= self.size


class StandIn:
    """Device memory is the host's: copies are copies."""

    def __init__(self, capability: tuple[int, int] = (9, 0), memory: int = 1 << 20) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.capability, self.size, self.used, self.depth = capability, memory, 0, 0

    def inside(self, *call: Any) -> None:
        """A call that needs a current context."""
        assert self.depth > 0, f"{call[0]} without a context"
        self.calls.append(call)

    def module(self) -> ModuleType:
        """What `import pycuda.driver` gives."""
        made: Any = ModuleType("pycuda.driver")
        made.init = lambda: self.calls.append(("init",))
        made.MemoryError = type("MemoryError", (Exception,), {})
        made.function_attribute = SimpleNamespace(MAX_DYNAMIC_SHARED_SIZE_BYTES="most shared")
        made.Device = type("Device", (), {"__new__": lambda cls, number: self.device(number), "count": staticmethod(lambda: 1)})
        made.Context = SimpleNamespace(pop=self.pop)
        made.Stream = self.stream
        made.mem_alloc = lambda size: self.mem_alloc(made, size)
        made.memcpy_htod_async = self.to_device
        made.memcpy_dtoh_async = self.to_host
        made.memcpy_dtod_async = lambda target, source, size, stream: (
            self.inside("dtod", size, stream.handle),
            ctypes.memmove(target, source, size),
        )
        made.module_from_buffer = self.load
        return made  # type: ignore[no-any-return]

    def device(self, number: int) -> Any:
        context = SimpleNamespace(push=self.push)
        return SimpleNamespace(
            name=lambda: "Stand-in", compute_capability=lambda: self.capability, retain_primary_context=lambda: context
        )

    def push(self) -> None:
        self.depth += 1

    def pop(self) -> None:
        self.depth -= 1

    def stream(self) -> Any:
        self.inside("stream")
        return SimpleNamespace(handle=77, synchronize=lambda: self.inside("synchronize"))

    def mem_alloc(self, module: Any, size: int) -> Block:
        self.inside("mem_alloc", size)
        if self.used + size > self.size:
            raise module.MemoryError("out of memory")
        self.used += size
        return Block(self, size)

    def to_device(self, address: int, array: Any, stream: Any) -> None:
        self.inside("htod", array.nbytes, stream.handle)
        ctypes.memmove(address, array.ctypes.data, array.nbytes)

    def to_host(self, array: Any, address: int, stream: Any) -> None:
        self.inside("dtoh", array.nbytes, stream.handle)
        ctypes.memmove(array.ctypes.data, address, array.nbytes)

    def load(self, code: bytes) -> Any:
        self.inside("load", code)
        return SimpleNamespace(get_function=self.function)

    def function(self, name: str) -> Any:
        self.inside("get_function", name)
        made = SimpleNamespace(format="")

        def call(grid: Any, block: Any, stream: Any, *arguments: Any, shared_size: int) -> None:
            struct.pack(made.format, *arguments)
            self.inside("launch", name, grid, block, stream.handle, arguments, shared_size)

        made.prepare = lambda format: setattr(made, "format", format)
        made.prepared_async_call = call
        made.set_attribute = lambda attribute, value: self.inside("set_attribute", attribute, value)
        return made


class Library:
    """Functions of a C library, by name: all succeed."""

    def __init__(self, calls: list[tuple[Any, ...]], **status: int) -> None:
        self.calls, self.status = calls, status

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            shown = [getattr(value, "_obj", value) for value in arguments]
            self.calls.append((name, *[getattr(value, "value", value) for value in shown]))
            return self.status.get(name, 0)

        return call
