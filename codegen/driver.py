"""What launch plans ask of a device: one small interface, of which `CudaDriver` and `RecordingDriver` are two.

Addresses are ints. Work is given to streams, each of which does it in order, and later than the call that gives it
returns. What is common to all devices is built on that: memory that is kept (`device_pool.py`), page-locked memory for
copies (`staging.py`), one `Queue` a function (`device_queue.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from .device_options import options
from .device_pool import Pool
from .launch_plan import Kernel
from .staging import Staging

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from .device_queue import Queue

Array = np.ndarray[Any, Any]
Launch = Callable[..., None]  # (stream, blocks, threads, bytes of shared memory, *arguments as in Kernel.format)
Matrix = tuple[int, int, int, int, int]  # address, rows, columns, and the strides of both in elements


class DeviceError(RuntimeError):
    """A device that was asked for is not there, or has failed."""


class Event(ABC):
    """A place in the work of a stream."""

    @abstractmethod
    def record(self, stream: Any) -> None:
        """Mark the end of the work that the stream has now."""

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until the work before the mark is done."""


class Stream(ABC):
    """A device's work in order. What is copied to or from lives until the work is done."""

    handle: int  # as `__cuda_array_interface__` numbers them

    @abstractmethod
    def upload(self, address: int, array: Array) -> None:
        """Copy a C-contiguous array to the device. Page-locked memory is read later."""

    @abstractmethod
    def download(self, array: Array, address: int) -> None:
        """Copy to a C-contiguous array, which is written later."""

    @abstractmethod
    def copy(self, target: int, source: int, size: int) -> None:
        """Copy bytes on the device."""

    @abstractmethod
    def gemm(self, dtype: str, alpha: float, a: Matrix, b: Matrix, beta: float, c: Matrix) -> None:
        """c = alpha a @ b + beta c, for float32 or float64; c is row-major. With a beta of 0, c is not read."""

    @abstractmethod
    def wait(self, event: Event) -> None:
        """Begin nothing further before an event."""

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until all work is done."""


class Graph(ABC):
    """Work that is given to a stream as one."""

    @abstractmethod
    def launch(self, stream: Any) -> None:
        """Do it after what the stream has been given."""


class Driver(ABC):
    """A device. Used as a context: inside, this thread has it for itself."""

    name: str
    architecture: str
    level = "nvvm"  # of the modules that `code` takes
    device_type = 2  # DLPack's number for CUDA
    device_number = 0

    def __init__(self) -> None:
        self.pool = Pool(self.ask, self.give_back, self.settle)
        self.staging = Staging(self.page_locked)
        self.queues: list[Queue] = []
        self.spare: list[Queue] = []  # of functions that are gone
        self.reserves: WeakSet[Any] = WeakSet()  # who keeps memory for later, and gives it up when asked to `relinquish`
        self._main: Queue | None = None

    @abstractmethod
    def __enter__(self) -> None: ...

    @abstractmethod
    def __exit__(self, *error: object) -> None: ...

    def shared(self) -> AbstractContextManager[None]:
        """The device for waiting, beside other threads."""
        return nullcontext()

    # --- of each device ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def ask(self, size: int) -> int:
        """Address of new memory of `size` bytes. MemoryError when there is none."""

    @abstractmethod
    def give_back(self, address: int) -> None:
        """Give back what was asked for, when all work is done."""

    @abstractmethod
    def page_locked(self, size: int) -> Array:
        """Bytes of the host that the device reaches itself. MemoryError when there are none."""

    @abstractmethod
    def make_stream(self) -> Stream:
        """A new stream."""

    @abstractmethod
    def make_event(self) -> Event:
        """A new event."""

    @abstractmethod
    def load(self, code: str, kernels: Sequence[Kernel]) -> list[Launch]:
        """What launches each of the kernels of such a text. A grid without blocks does nothing."""

    @abstractmethod
    def settle(self) -> None:
        """Wait until the work of all streams is done."""

    @abstractmethod
    def wait_for(self, stream: Stream, foreign: int) -> None:
        """Begin no further work of a stream before what another library's stream has been given is done."""

    @abstractmethod
    def let_wait(self, foreign: int, stream: Stream) -> None:
        """The other library's stream begins no further work before what this one has been given is done."""

    @abstractmethod
    def no_graphs(self) -> str | None:
        """Why work cannot be captured; `None` where it can."""

    @abstractmethod
    def captured(self, work: Callable[[Stream], None], stream: Stream) -> Graph:
        """What `work` gives to a stream (launches, products, copies on the device), without doing it; it will be launched on
        the given one."""

    def owns(self, address: int) -> bool:
        """Whether memory of another library is on this device."""
        return True

    def code(self, module: ModuleOp) -> str:
        """The kernels of a module of the driver's level as `load` takes them."""
        from .ptx import ptx

        return ptx(module, self.architecture)

    # --- of all ------------------------------------------------------------------------------------------------------------

    def allocate(self, size: int, queue: Queue) -> int:
        """Address of memory for work of a queue. Reserves are given up before MemoryError is raised."""
        try:
            return self.pool.allocate(size, queue)
        except MemoryError:
            kept = list(self.reserves)
            if not kept:
                raise
            for reserve in kept:
                reserve.relinquish()
            return self.pool.allocate(size, queue)

    def free(self, address: int, queue: Queue, others: Mapping[Queue, int] | None = None) -> int:
        """Give memory back after the work that a queue, and others up to a position, have been given; 0 is ignored. Gives 0."""
        return self.pool.free(address, queue, others)

    def queue(self) -> Queue:
        """A queue for one function: of its own, until there are `options.streams`."""
        from .device_queue import Queue

        if self.spare:
            return self.spare.pop()
        if len(self.queues) < options.streams:
            self.queues.append(Queue(self))
            return self.queues[-1]
        self.queues.append(self.queues.pop(0))
        return self.queues[-1]

    def release(self, queue: Queue) -> None:
        """A queue whose function is gone goes to the next one."""
        if queue not in self.spare:
            self.spare.append(queue)

    @property
    def main(self) -> Queue:
        """The queue of what no function does: values of shared variables that are put on the device."""
        if self._main is None:
            from .device_queue import Queue

            self._main = Queue(self)
        return self._main


def blas_matrix(matrix: Matrix) -> tuple[bool, int]:
    """Whether a matrix lies transposed (its columns without gaps), and the distance of its rows or columns."""
    _, rows, columns, between_rows, between_columns = matrix
    if not rows or not columns:
        return False, max(1, columns)
    if (between_columns == 1 or columns <= 1) and (rows <= 1 or between_rows >= max(1, columns)):
        return False, max(1, columns, between_rows if rows > 1 else 1)
    if (between_rows == 1 or rows <= 1) and (columns <= 1 or between_columns >= max(1, rows)):
        return True, max(1, rows, between_columns if columns > 1 else 1)
    raise DeviceError(
        f"a matrix of {rows} rows {between_rows} apart and {columns} columns {between_columns} apart is no BLAS matrix"
    )
