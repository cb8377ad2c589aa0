"""An array on a device, which libraries for arrays take as it is: `__cuda_array_interface__`, DLPack, and NumPy by a copy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .device_queue import Queue, Uses
from .driver import Driver

Array = np.ndarray[Any, Any]
# Streams of DLPack that need no event: none wanted, and CUDA's default stream, which waits for ours and they for it.
NO_WAIT = (-1, None, 0, 1)


class DeviceArray:
    """A C-contiguous array in the memory of a device.

    It owns its memory, or keeps `owner` alive, which does. `np.asarray(a)` copies it to the host; so does pickling.
    `uses` says whose work on it is to be waited for.
    """

    __slots__ = ("__weakref__", "address", "driver", "dtype", "owner", "shape", "uses")

    def __init__(self, driver: Driver, address: int, shape: Sequence[int], dtype: Any, uses: Uses, owner: Any = None) -> None:
        self.driver = driver
        self.address = address
        self.shape = tuple(shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.uses = uses
        self.owner = owner

    def __del__(self) -> None:
        if self.owner is None and self.address:
            self.driver.free(self.address, self.uses.writer, self.uses.readers)

    @classmethod
    def of(cls, driver: Driver, value: Any) -> DeviceArray:
        """A copy of an array, of the host's or of the device's, in memory of its own."""
        array = value if isinstance(value, DeviceArray) and value.driver is driver else np.ascontiguousarray(value)
        with driver:
            queue = array.uses.writer if isinstance(array, DeviceArray) else driver.main
            made = cls.new(queue, np.shape(value), array.dtype)
            if isinstance(array, np.ndarray):
                queue.upload(made.address, array)
            else:
                queue.copy(made.address, array.address, array.nbytes)
                array.uses.read(queue, queue.position + 1)
                if array.uses.foreign:
                    driver.let_wait(array.uses.foreign, queue.stream)
            queue.stamp()
        return made

    @classmethod
    def new(cls, queue: Queue, shape: Sequence[int], dtype: Any) -> DeviceArray:
        """An array without values, which the queue is about to write."""
        address = queue.allocate(math.prod(shape) * np.dtype(dtype).itemsize)
        return cls(queue.driver, address, shape, dtype, Uses(queue, queue.position + 1))

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next, in each dimension."""
        steps = [self.dtype.itemsize]
        for size in reversed(self.shape[1:]):
            steps.append(steps[-1] * size)
        return tuple(reversed(steps))[-self.ndim :] if self.shape else ()

    def get(self) -> Array:
        """A copy on the host, when the work that makes it is done."""
        with self.driver:
            return self.uses.writer.download(self.address, self.shape, self.dtype)

    def copy(self) -> DeviceArray:
        """A copy on the device."""
        return self.of(self.driver, self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("an array on a device becomes one of NumPy by a copy only")
        found = self.get()
        return found if dtype is None else found.astype(dtype, copy=False)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.address, False),
            "strides": None,
            "stream": self.uses.foreign or self.uses.writer.stream.handle,
            "version": 3,
        }

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: Any = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        from .dlpack import capsule

        if dl_device not in (None, self.__dlpack_device__()):
            raise BufferError(f"an array on {self.driver.name} is not handed to device {dl_device}: copy it first")
        lent = self.copy() if copy else self
        if stream not in NO_WAIT:
            with self.driver:
                self.driver.let_wait(stream, lent.uses.writer.stream)
        return capsule(lent)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.driver.device_type, self.driver.device_number

    def __reduce__(self) -> tuple[Any, ...]:
        return np.array, (self.get(),)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        return self.get()[key]

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __repr__(self) -> str:
        sizes = ", ".join(map(str, self.shape))
        return f"<{self.dtype}[{sizes}] on {self.driver.name}>"


def from_interface(driver: Driver, value: Any) -> DeviceArray | None:
    """An object with `__cuda_array_interface__`, or DLPack on a GPU, as an array on its memory; `None` where it has gaps.

    Work on it waits for what its maker has asked of the stream that the interface names, and that stream for the work. Where
    it names none, DLPack is asked first: PyTorch and JAX give arrays that their streams still write.
    """
    from .dlpack import Taken, on_cuda

    seen = getattr(value, "__cuda_array_interface__", None)
    if seen is None or (seen.get("stream") is None and on_cuda(value, driver.device_number)):
        value = Taken(value.__dlpack__(stream=driver.main.stream.handle))  # its maker lets our stream wait
        driver.main.stamp()
        seen = value.__cuda_array_interface__
    dtype, shape = np.dtype(seen["typestr"]), tuple(seen["shape"])
    stream, main = seen.get("stream"), driver.main
    foreign = 0 if stream in NO_WAIT else int(stream)
    made = DeviceArray(driver, seen["data"][0] or 0, shape, dtype, Uses(main, main.position, foreign), owner=value)
    strides = seen.get("strides")
    if seen.get("mask") is not None or (strides is not None and made.size and not _dense(strides, made)):
        return None
    if made.size and not driver.owns(made.address):
        return None
    if foreign:
        driver.wait_for(main.stream, foreign)
        made.uses.at = main.stamp()
    return made


def _dense(strides: Sequence[int], array: DeviceArray) -> bool:
    """Whether these strides are those of the array, where they matter."""
    return all(size <= 1 or a == b for size, a, b in zip(array.shape, strides, array.strides, strict=True))
