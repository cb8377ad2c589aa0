"""What launch plans ask of a device: one small interface, of which `CudaDriver` and `RecordingDriver` are two.

Addresses are ints. Work is done in the order in which it is asked for, as on one stream: memory that is freed may be given
away again at once, since what uses it next runs after what used it before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .launch_plan import Kernel

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

Array = np.ndarray[Any, Any]
Launch = Callable[..., None]  # (blocks, threads, bytes of shared memory, *arguments as in Kernel.format)
Matrix = tuple[int, int, int, int, int]  # address, rows, columns, and the strides of both in elements


class DeviceError(RuntimeError):
    """A device that was asked for is not there, or has failed."""


class Driver(ABC):
    """A device. Used as a context: inside, this thread has it for itself."""

    name: str
    architecture: str
    level = "nvvm"  # of the modules that `code` takes
    device_type = 2  # DLPack's number for CUDA
    device_number = 0
    stream = 1  # as `__cuda_array_interface__` numbers them

    @abstractmethod
    def __enter__(self) -> None: ...

    @abstractmethod
    def __exit__(self, *error: object) -> None: ...

    @abstractmethod
    def allocate(self, size: int) -> int:
        """Address of memory of `size` bytes. MemoryError when there is none."""

    @abstractmethod
    def free(self, address: int) -> int:
        """Give memory back; 0, the address of nothing, which is also taken and ignored."""

    @abstractmethod
    def upload(self, address: int, array: Array) -> None:
        """Copy a C-contiguous array to the device; it may be changed when this returns."""

    @abstractmethod
    def download(self, array: Array, address: int) -> None:
        """Copy to a C-contiguous array, when all work before is done."""

    @abstractmethod
    def copy(self, target: int, source: int, size: int) -> None:
        """Copy bytes on the device."""

    def code(self, module: ModuleOp) -> str:
        """The kernels of a module of the driver's level as `load` takes them."""
        from .ptx import ptx

        return ptx(module, self.architecture)

    @abstractmethod
    def load(self, code: str, kernels: Sequence[Kernel]) -> list[Launch]:
        """What launches each of the kernels of such a text. A grid without blocks does nothing."""

    @abstractmethod
    def gemm(self, dtype: str, alpha: float, a: Matrix, b: Matrix, beta: float, c: Matrix) -> None:
        """c = alpha a @ b + beta c, for float32 or float64; c is row-major. With a beta of 0, c is not read."""

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until all work is done."""

    @abstractmethod
    def wait_for(self, stream: int) -> None:
        """Begin no further work before what another stream has been given is done."""


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
