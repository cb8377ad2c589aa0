"""A device that is not there: memory is bytes of the host, and everything that is asked of it is checked and written down.

    device = RecordingDriver(execute)       # execute(kernel, blocks, threads, shared bytes, arguments) runs a kernel on arrays
    device.events                           # ("allocate", address, bytes), ("upload", ...), ("launch", name, blocks, ...), ...

It refuses (`Misuse`) copies and kernel arguments beyond the ends of an allocation, any use of memory that has been freed,
freeing twice, arguments that are not what the kernel takes, and launches that no device accepts. Fresh memory is all ones.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .driver import Array, Driver, Launch, Matrix, blas_matrix
from .launch_plan import SCALARS, Kernel, memory_type

ALIGNMENT = 256
MOST_THREADS, MOST_BLOCKS, MOST_SHARED = 1024, 2**31 - 1, 227 * 1024
Execute = Callable[[Kernel, int, int, int, list[Any]], None]


class Misuse(AssertionError):
    """Something that would go wrong, or unnoticed, on a device."""


class RecordingDriver(Driver):
    """See the module. `memory_size`: bytes, beyond which allocations fail."""

    name = "a recording device"
    architecture = "sm_75"

    def __init__(self, execute: Execute | None = None, memory_size: int = 1 << 40) -> None:
        self.execute = execute
        self.memory_size = memory_size
        self.events: list[tuple[Any, ...]] = []
        self.live: dict[int, Array] = {}
        self.freed: dict[int, int] = {}
        self.starts: list[int] = []
        self.next = ALIGNMENT
        self.lock = threading.RLock()

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *error: object) -> None:
        self.lock.release()

    # --- memory ------------------------------------------------------------------------------------------------------------

    def allocate(self, size: int) -> int:
        """Addresses are never used again, and lie apart."""
        if size < 0:
            raise Misuse(f"allocation of {size} bytes")
        if size + sum(buffer.size for buffer in self.live.values()) > self.memory_size:
            raise MemoryError(f"the device has no {size} bytes left")
        address = self.next
        self.next += (size // ALIGNMENT + 2) * ALIGNMENT
        self.live[address] = np.full(size, 255, "uint8")
        self.starts.append(address)
        self.events.append(("allocate", address, size))
        return address

    def free(self, address: int) -> int:
        """See `Driver.free`."""
        if address:
            if address not in self.live:
                what = "freed twice" if address in self.freed else "freed, but was never allocated"
                raise Misuse(f"memory at {address} is {what}")
            self.freed[address] = self.live.pop(address).size
            self.events.append(("free", address))
        return 0

    def at(self, address: int, size: int, what: str) -> Array:
        """The bytes from an address on."""
        place = bisect_right(self.starts, address)
        start = self.starts[place - 1] if place else 0
        buffer = self.live.get(start)
        if buffer is None:
            state = "was freed" if start in self.freed else "was never allocated"
            raise Misuse(f"{what}: memory at {address} {state}")
        if address + size > start + buffer.size:
            raise Misuse(f"{what}: {size} bytes at {address - start} of an allocation of {buffer.size} bytes")
        return buffer[address - start : address - start + size]

    def upload(self, address: int, array: Array) -> None:
        """See `Driver.upload`."""
        _check_host(array)
        self.at(address, array.nbytes, "copy to the device")[...] = np.frombuffer(array.tobytes(), "uint8")
        self.events.append(("upload", address, array.nbytes))

    def download(self, array: Array, address: int) -> None:
        """See `Driver.download`."""
        _check_host(array)
        found = self.at(address, array.nbytes, "copy to the host")
        array[...] = found.view(array.dtype).reshape(array.shape)
        self.events.append(("download", address, array.nbytes))

    def copy(self, target: int, source: int, size: int) -> None:
        """See `Driver.copy`."""
        found = self.at(source, size, "copy from").copy()
        self.at(target, size, "copy to")[...] = found
        self.events.append(("copy", target, source, size))

    # --- work --------------------------------------------------------------------------------------------------------------

    def load(self, code: str, kernels: Sequence[Kernel]) -> list[Launch]:
        """See `Driver.load`."""
        self.events.append(("load", [kernel.name for kernel in kernels]))
        return [self._launcher(kernel) for kernel in kernels]

    def _launcher(self, kernel: Kernel) -> Launch:
        execute = self.execute

        def launch(blocks: int, threads: int, shared: int, *arguments: Any) -> None:
            name = kernel.name
            if not (0 < threads <= MOST_THREADS and threads % 32 == 0) or kernel.threads not in (None, threads):
                raise Misuse(f"{name}: blocks of {threads} threads")
            if not 0 <= blocks <= MOST_BLOCKS or not 0 <= shared <= MOST_SHARED:
                raise Misuse(f"{name}: {blocks} blocks with {shared} bytes of shared memory")
            found = self._arguments(kernel, list(arguments))
            if not blocks:
                return
            self.events.append(("launch", name, blocks, threads, shared))
            if execute is not None:
                execute(kernel, blocks, threads, shared, found)

        return launch

    def _arguments(self, kernel: Kernel, given: list[Any]) -> list[Any]:
        """Arrays and numbers of what is packed; each fits what the kernel takes."""
        if len(given) != len(kernel.format):
            raise Misuse(f"{kernel.name} takes {len(kernel.format)} words, got {len(given)}")
        words, found = iter(given), []
        for text in kernel.parameters:
            if text in SCALARS:
                found.append(_number(kernel.name, text, next(words)))
                continue
            dtype, sizes = memory_type(text)
            address = next(words)
            shape = [next(words) if size is None else size for size in sizes]
            if any(type(word) is not int or word < 0 for word in (address, *shape)):
                raise Misuse(f"{kernel.name}: {address} and sizes {shape} for {text}")
            size = math.prod(shape) * np.dtype(dtype).itemsize
            found.append(self.at(address, size, f"argument {text} of {kernel.name}").view(dtype).reshape(shape))
        return found

    def gemm(self, dtype: str, alpha: float, a: Matrix, b: Matrix, beta: float, c: Matrix) -> None:
        """NumPy's product."""
        left, right, target = (self._matrix(dtype, matrix) for matrix in (a, b, c))
        if left.shape[1] != right.shape[0] or target.shape != (left.shape[0], right.shape[1]):
            raise Misuse(f"gemm of {left.shape} and {right.shape} into {target.shape}")
        number = np.dtype(dtype).type
        with np.errstate(all="ignore"):
            found = number(alpha) * (left @ right)
            target[...] = found + number(beta) * target if beta else found
        self.events.append(("gemm", dtype, *left.shape, right.shape[1]))

    def _matrix(self, dtype: str, matrix: Matrix) -> Array:
        blas_matrix(matrix)
        address, rows, columns, *steps = matrix
        size = np.dtype(dtype).itemsize
        last = (rows - 1) * steps[0] + (columns - 1) * steps[1] + 1 if rows and columns else 0
        found = self.at(address, last * size, "gemm").view(dtype)
        return np.lib.stride_tricks.as_strided(found, (rows, columns), [step * size for step in steps])

    def synchronize(self) -> None:
        """All is done at once."""
        self.events.append(("synchronize",))

    def wait_for(self, stream: int) -> None:
        """There are no other streams."""
        self.events.append(("wait", stream))


def _number(kernel: str, text: str, value: Any) -> Any:
    wanted = float if text in ("f32", "f64") else bool if text == "i1" else int
    if type(value) is not wanted:
        raise Misuse(f"{kernel}: {value!r} for a number of type {text}")
    bits = 64 if text == "index" else int(text[1:])
    if wanted is int and not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise Misuse(f"{kernel}: {value} does not fit {text}")
    return value


def _check_host(array: Array) -> None:
    if type(array) is not np.ndarray or not array.flags.c_contiguous:
        raise Misuse("only C-contiguous arrays are copied")
