"""Matrix products by cuBLAS, called through ctypes.

Source: NVIDIA, cuBLAS library documentation: cublasCreate, cublasSetStream, cublasSetWorkspace, cublasSetMathMode,
cublas<t>gemm (and with _64), results reproducibility.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from .cuda_library import cublas_path, open_library
from .driver import DeviceError, Matrix, blas_matrix

DEFAULT_MATH, TF32_MATH = 0, 3
NOT_TRANSPOSED, TRANSPOSED = 0, 1
LARGEST = 2**31 - 1
WORKSPACE, LARGE_WORKSPACE, HOPPER = 4 << 20, 32 << 20, 9  # bytes that the manual advises, before and from capability 9 on
_TYPES: dict[str, tuple[str, Any]] = {"float32": ("cublasSgemm", ctypes.c_float), "float64": ("cublasDgemm", ctypes.c_double)}
NEEDED = (
    "matrix products on the GPU need cuBLAS, which is not found: `pip install nvidia-cublas` (`nvidia-cublas-cu12` for "
    "drivers of CUDA 12) brings it"
)


class Cublas:
    """cuBLAS for one context. DeviceError where it is not there.

    Each stream has working memory of its own: the library's would be shared by products that run side by side. `ask` gives
    memory of the device; `major`: of its compute capability.
    """

    def __init__(self, ask: Callable[[int], int], major: int) -> None:
        path = cublas_path()
        if path is None:
            raise DeviceError(NEEDED)
        self.library = open_library(path)
        self.handle = ctypes.c_void_p()
        self._do("cublasCreate_v2", ctypes.byref(self.handle))
        self._tf32 = False
        self._in_use: tuple[int, int] | None = None
        self._ask, self._size = ask, LARGE_WORKSPACE if major >= HOPPER else WORKSPACE
        self._workspaces: dict[int, int] = {}

    def use(self, stream: int, home: int) -> None:
        """Multiply on this stream from now on, with the working memory of `home`."""
        if (stream, home) == self._in_use:
            return
        self._in_use = None
        if home not in self._workspaces:
            self._workspaces[home] = self._ask(self._size)
        self._do("cublasSetStream_v2", self.handle, ctypes.c_void_p(stream))  # takes the library's own memory again
        memory = ctypes.c_void_p(self._workspaces[home])
        self._do("cublasSetWorkspace_v2", self.handle, memory, ctypes.c_size_t(self._size))
        self._in_use = stream, home

    def use_tf32(self, wanted: bool) -> None:
        """Whether factors of float32 are rounded to 10 bits of fraction, for speed."""
        if wanted != self._tf32:
            self._do("cublasSetMathMode", self.handle, ctypes.c_int(TF32_MATH if wanted else DEFAULT_MATH))
            self._tf32 = wanted

    def _do(self, name: str, *arguments: Any) -> None:
        status = getattr(self.library, name)(*arguments)
        if status:
            raise DeviceError(f"{name} of cuBLAS failed with status {status}")

    def gemm(self, dtype: str, alpha: float, a: Matrix, b: Matrix, beta: float, c: Matrix) -> None:
        """See `Driver.gemm`. c = a @ b row by row is, in cuBLAS's order, c' = b' @ a'."""
        rows, inner, columns = a[1], a[2], b[2]
        if not rows or not columns:
            return
        name, number = _TYPES[dtype]
        (a_turned, a_step), (b_turned, b_step), (c_turned, c_step) = (blas_matrix(matrix) for matrix in (a, b, c))
        if c_turned:
            raise DeviceError("the result of a matrix product lies row by row")
        wide = max(rows, columns, inner, a_step, b_step, c_step) > LARGEST
        size = ctypes.c_int64 if wide else ctypes.c_int
        self._do(
            f"{name}_v2_64" if wide else f"{name}_v2",
            self.handle,
            ctypes.c_int(TRANSPOSED if b_turned else NOT_TRANSPOSED),
            ctypes.c_int(TRANSPOSED if a_turned else NOT_TRANSPOSED),
            *(size(n) for n in (columns, rows, inner)),
            ctypes.byref(number(alpha)),
            *(ctypes.c_void_p(b[0]), size(b_step), ctypes.c_void_p(a[0]), size(a_step)),
            ctypes.byref(number(beta)),
            *(ctypes.c_void_p(c[0]), size(c_step)),
        )
