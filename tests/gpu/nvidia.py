"""Signatures of NVIDIA's functions as its manuals give them, and libraries that hold calls against them.

Source: NVIDIA, CUDA driver API reference (13.0) and cuBLAS library reference (13.0), written down independently of the code.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

P, N, U, Z, L = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_size_t, ctypes.c_int64
GEMM = (P, N, N, N, N, N, P, P, N, P, N, P, P, N)  # handle, transa, transb, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc
GEMM_64 = (P, N, N, L, L, L, P, P, L, P, L, P, P, L)
CUBLAS = {
    "cublasCreate_v2": (P,),
    "cublasSetStream_v2": (P, P),
    "cublasSetWorkspace_v2": (P, P, Z),
    "cublasSetMathMode": (P, N),
    "cublasSgemm_v2": GEMM,
    "cublasDgemm_v2": GEMM,
    "cublasSgemm_v2_64": GEMM_64,
    "cublasDgemm_v2_64": GEMM_64,
}
# Name -> (since which version of CUDA the signature holds, signature).
DRIVER: dict[str, tuple[int, tuple[Any, ...]]] = {
    "cuStreamBeginCapture": (10010, (P, N)),
    "cuStreamEndCapture": (10000, (P, P)),
    "cuGraphInstantiateWithFlags": (11040, (P, P, ctypes.c_ulonglong)),
    "cuGraphLaunch": (10000, (P, P)),
    "cuGraphExecDestroy": (10000, (P,)),
    "cuGraphDestroy": (10000, (P,)),
    "cuEventCreate": (2000, (P, U)),
    "cuEventRecord": (2000, (P, P)),
    "cuEventDestroy": (4000, (P,)),
    "cuStreamWaitEvent": (3020, (P, P, U)),
    "cuPointerGetAttribute": (4000, (P, N, ctypes.c_ulonglong)),
}
POINTERS = (P, ctypes.c_char_p, ctypes.c_ulonglong)


def check(name: str, types: tuple[Any, ...], arguments: tuple[Any, ...]) -> None:
    """AssertionError unless the arguments, given without `argtypes`, are passed as the types ask.

    Integers of C's size have to be said: Python's are passed as 32 bits. Pointers are references, `c_void_p` or bytes.
    """
    assert len(arguments) == len(types), f"{name} takes {len(types)} arguments, got {len(arguments)}"
    for number, (value, type_) in enumerate(zip(arguments, types, strict=True)):
        if type_ is P:
            fits = isinstance(value, P) or type(value).__name__ == "CArgObject" or value is None
        else:
            fits = isinstance(value, ctypes._SimpleCData) and type(value)._type_ == type_._type_
            fits = fits and ctypes.sizeof(value) == ctypes.sizeof(type_)
        assert fits, f"{name}: argument {number} is {value!r}, expected {type_}"


class Library:
    """Functions of a C library: those of `signatures`, all of which succeed but for `status`."""

    def __init__(self, calls: list[tuple[Any, ...]], signatures: dict[str, tuple[Any, ...]], **status: int) -> None:
        self.calls, self.signatures, self.status = calls, signatures, status

    def __getattr__(self, name: str) -> Any:
        if name not in self.signatures:
            raise AttributeError(name)

        def call(*arguments: Any) -> int:
            check(name, self.signatures[name], arguments)
            shown = [getattr(value, "_obj", value) for value in arguments]
            self.calls.append((name, *[getattr(value, "value", value) for value in shown]))
            return self.status.get(name, 0)

        return call


class DriverLibrary:
    """libcuda: its functions are C functions, which `cuGetProcAddress` finds by name and version."""

    def __init__(self, calls: list[tuple[Any, ...]], version: int = 13000, **status: int) -> None:
        self.calls, self.version, self.status = calls, version, status
        self.kept: dict[str, Any] = {}
        self.handles = 1000
        self.effects: dict[str, Callable[..., None]] = {}  # what a call does, besides being written down

    def cuGetProcAddress_v2(self, name: Any, address: Any, version: Any, flags: Any, status: Any) -> int:
        """CUresult cuGetProcAddress(const char*, void**, int, cuuint64_t, CUdriverProcAddressQueryResult*)."""
        assert isinstance(name, bytes) and isinstance(version, N) and isinstance(flags, ctypes.c_uint64)
        text = name.decode()
        since, types = DRIVER[text]
        if version.value > self.version or since > version.value:
            return 500  # CUDA_ERROR_NOT_FOUND
        if text not in self.kept:
            self.kept[text] = ctypes.CFUNCTYPE(N, *types)(lambda *arguments: self._called(text, arguments))
        address._obj.value = ctypes.cast(self.kept[text], P).value
        return 0

    def _called(self, name: str, arguments: tuple[Any, ...]) -> int:
        self.calls.append((name, *arguments))
        out = {"cuEventCreate": 0, "cuGraphInstantiateWithFlags": 0, "cuStreamEndCapture": 1}.get(name)
        if out is not None:
            self.handles += 1
            ctypes.cast(arguments[out], ctypes.POINTER(P))[0] = self.handles
        if name in self.effects:
            self.effects[name](*arguments)
        return self.status.get(name, 0)

    def cuGetErrorString(self, status: Any, text: Any) -> int:
        """The words of an error."""
        assert isinstance(status, N)
        text._obj.value = b"stream capture is invalid"
        return 0

    def cuDriverGetVersion(self, version: Any) -> int:
        """As `cuDriverGetVersion`."""
        version._obj.value = self.version
        return 0
