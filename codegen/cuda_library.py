"""What of NVIDIA's software is on this machine: the driver's library, its devices, pycuda, cuBLAS, ptxas."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .driver import DeviceError

DRIVER = "nvcuda.dll" if os.name == "nt" else "libcuda.so.1"
# Wheels that hold cuBLAS, by version of CUDA, newest first; then names that the system's loader may know.
CUBLAS_WHEELS = ("nvidia-cublas", "nvidia-cublas-cu12")
CUBLAS_NAMES = ("libcublas.so.13", "libcublas.so.12", "libcublas.so", "cublas64_13.dll", "cublas64_12.dll")
PTXAS_WHEEL = "nvidia-cuda-nvcc"


@cache
def driver_library() -> Any:
    """The driver's library, None where there is none."""
    try:
        return ctypes.CDLL(DRIVER)
    except OSError:
        return None


def device_count() -> tuple[int, int]:
    """Number of devices, and the driver's status (0 where all is well); (0, 0) without a driver."""
    library = driver_library()
    if library is None:
        return 0, 0
    count = ctypes.c_int(0)
    status = library.cuInit(0) or library.cuDeviceGetCount(ctypes.byref(count))
    return (0 if status else count.value), status


def device_name(number: int) -> str:
    """What the driver calls a device, or why it does not say."""
    library, name, device = driver_library(), ctypes.create_string_buffer(100), ctypes.c_int(0)
    failed = library.cuDeviceGet(ctypes.byref(device), ctypes.c_int(number)) or library.cuDeviceGetName(
        name, ctypes.c_int(100), device
    )
    return f"cannot be asked for its name (CUDA error {failed})" if failed else name.value.decode(errors="replace")


def driver_version() -> str:
    """The newest CUDA that the driver knows, as `13.0`; '' without a driver."""
    library, version = driver_library(), ctypes.c_int(0)
    if library is None or library.cuDriverGetVersion(ctypes.byref(version)):
        return ""
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


def missing(pycuda: bool = True) -> str | None:
    """What keeps a function from running on a GPU, in one sentence; None when nothing does."""
    if driver_library() is None:
        return (
            f"device=cuda needs an NVIDIA driver, and this machine has none ({DRIVER} is not found): "
            "install NVIDIA's driver, or run with device=cpu"
        )
    count, status = device_count()
    if not count:
        reason = f"CUDA error {status}" if status else "it finds none"
        return (
            f"device=cuda needs an NVIDIA GPU, and the driver of this machine offers no device ({reason}): "
            "see what `nvidia-smi` says and whether CUDA_VISIBLE_DEVICES hides it, or run with device=cpu"
        )
    if pycuda and find_spec("pycuda") is None:
        return (
            "device=cuda needs pycuda, which is not installed: `pip install 'phintys[cuda]'` brings it, "
            "with nvcc of the CUDA toolkit on the PATH (or run with device=cpu)"
        )
    return None


def check() -> None:
    """DeviceError that says what is missing."""
    reason = missing()
    if reason is not None:
        raise DeviceError(reason)


def check_number(number: int, count: int) -> None:
    """DeviceError where there is no device of a number."""
    if number >= count:
        there = "the only device is cuda0" if count == 1 else f"there are {count} devices, cuda0 to cuda{count - 1}"
        raise DeviceError(f"device=cuda{number} does not exist on this machine: {there}")


def cublas_path() -> str | None:
    """Where cuBLAS is: in one of NVIDIA's wheels, or where the system's loader finds it."""
    for path in (*_in_wheels(CUBLAS_WHEELS, "cublas"), *CUBLAS_NAMES):
        with contextlib.suppress(OSError):
            open_library(path)
            return path
    return None


@cache
def open_library(path: str) -> Any:
    """A library, after the one beside it that it needs (cublasLt), where it comes from a wheel."""
    for beside in sorted(Path(path).parent.glob("*cublasLt*")) if os.sep in path else ():
        with contextlib.suppress(OSError):
            ctypes.CDLL(str(beside), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(path)


def _in_wheels(names: tuple[str, ...], stem: str) -> Iterator[str]:
    """Libraries `libSTEM.so.N` or `STEM64_N.dll` of installed distributions."""
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            for path in files(name) or ():
                if path.name.startswith((f"lib{stem}.so", f"{stem}64_")):
                    yield str(path.locate())


def ptxas_path() -> str | None:
    """NVIDIA's assembler: on the PATH, or in its wheel. Functions do not need it; the driver has one of its own."""
    found = shutil.which("ptxas")
    if found is not None:
        return found
    with contextlib.suppress(PackageNotFoundError):
        for path in files(PTXAS_WHEEL) or ():
            if path.name in ("ptxas", "ptxas.exe"):
                return str(path.locate())
    return None
