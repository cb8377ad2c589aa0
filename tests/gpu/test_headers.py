"""Signatures and numbers of NVIDIA's functions are those of its headers, where they are installed.

`cuda.h` and `cudaTypedefs.h` come with ptxas (nvidia-cuda-runtime, which nvidia-cuda-nvcc needs), `cublas_api.h` with cuBLAS.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import pytest
from nvidia import CUBLAS, DRIVER

from phintys.codegen import cublas, cuda, cuda_api

WHEELS = ("nvidia-cuda-runtime", "nvidia-cuda-runtime-cu12", "nvidia-cublas", "nvidia-cublas-cu12")
HANDLE = re.compile(r"CU(?:stream|event|graph|graphExec)|cublasHandle_t|cudaStream_t")
ENUM = re.compile(r"CU(?:streamCaptureMode|pointer_attribute|device|result)|cublas(?:Operation|Math)_t")
SIZES = {
    "int": ctypes.c_int,
    "unsigned int": ctypes.c_uint,
    "size_t": ctypes.c_size_t,
    "int64_t": ctypes.c_int64,
} | dict.fromkeys(("unsigned long long", "cuuint64_t", "CUdeviceptr", "CUdeviceptr_v2"), ctypes.c_uint64)
# What is called by its plain name: it must not be a name that the header turns into a newer one.
PLAIN = {
    "cuInit": (ctypes.c_uint,),
    "cuDeviceGetCount": (ctypes.c_void_p,),
    "cuDeviceGet": (ctypes.c_void_p, ctypes.c_int),
    "cuDeviceGetName": (ctypes.c_void_p, ctypes.c_int, ctypes.c_int),
    "cuDriverGetVersion": (ctypes.c_void_p,),
    "cuGetErrorString": (ctypes.c_int, ctypes.c_void_p),
}
FIRST_ENTRY = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64)  # cuGetProcAddress of CUDA 11.3
NUMBERS = {
    "cuda.h": {
        "CU_STREAM_CAPTURE_MODE_RELAXED": cuda_api.CAPTURE_RELAXED,
        "CU_EVENT_DISABLE_TIMING": cuda_api.DISABLE_TIMING,
        "CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL": cuda_api.DEVICE_ORDINAL,
        "CU_STREAM_NON_BLOCKING": cuda.NON_BLOCKING,
    },
    "cublas_api.h": {
        "CUBLAS_OP_N": cublas.NOT_TRANSPOSED,
        "CUBLAS_OP_T": cublas.TRANSPOSED,
        "CUBLAS_DEFAULT_MATH": cublas.DEFAULT_MATH,
        "CUBLAS_TF32_TENSOR_OP_MATH": cublas.TF32_MATH,
        "CUBLAS_POINTER_MODE_HOST": 0,  # of a new handle: alpha and beta are read from the host
    },
}


def places() -> Iterator[Path]:
    """Headers of installed wheels, and of a toolkit."""
    for wheel in WHEELS:
        try:
            yield from (Path(str(path.locate())) for path in files(wheel) or () if path.suffix == ".h")
        except PackageNotFoundError:
            continue
    for root in filter(None, (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"))):
        yield from Path(root, "include").glob("*.h")


@cache
def header(name: str) -> str:
    """Its text without comments; the test is skipped where there is none."""
    found = next((path for path in places() if path.name == name and path.exists()), None)
    if found is None:
        pytest.skip(f"no {name} here")
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", found.read_text(errors="replace"), flags=re.DOTALL)


def kind(text: str) -> Any:
    """The type of ctypes for a parameter `const float *alpha`."""
    if "*" in text:
        return ctypes.c_void_p
    words = text.replace("const ", "").split()
    type_ = " ".join(words if len(words) == 1 or " ".join(words) in SIZES else words[:-1])
    if HANDLE.fullmatch(type_):
        return ctypes.c_void_p
    return ctypes.c_int if ENUM.fullmatch(type_) else SIZES[type_]


def parameters(text: str, declared: str) -> tuple[Any, ...] | None:
    """Types of the parameters of what a pattern declares; `None` where nothing does."""
    found = re.search(declared + r"\s*\(([^)]*)\)", text)
    return None if found is None else tuple(kind(part) for part in found[1].split(","))


@pytest.mark.parametrize("table", [cuda_api.SIGNATURES, DRIVER], ids=["ours", "the stand-in's"])
def test_functions_that_are_asked_for_by_version(table: dict[str, tuple[int, tuple[Any, ...]]]) -> None:
    text = header("cudaTypedefs.h")
    for name, (version, types) in table.items():
        plain = tuple(ctypes.c_void_p if type_ is cuda_api.OUT else type_ for type_ in types)
        assert parameters(text, rf"\*PFN_{name}_v{version}\)") == plain, name


def test_functions_that_are_called_by_name() -> None:
    text = header("cuda.h")
    for name, types in PLAIN.items():
        assert parameters(text, rf"CUDAAPI {name}") == types, name
        assert not re.search(rf"#\s*define {name}\b", text), name
    typedefs = header("cudaTypedefs.h")
    assert parameters(typedefs, r"\*PFN_cuGetProcAddress_v11030\)") == FIRST_ENTRY
    assert parameters(typedefs, r"\*PFN_cuGetProcAddress_v12000\)") == (*FIRST_ENTRY, ctypes.c_void_p)


@pytest.mark.parametrize("name", list(NUMBERS))
def test_numbers(name: str) -> None:
    text = header(name)
    for word, value in NUMBERS[name].items():
        found = re.search(rf"\b{word}\s*=\s*(0x[0-9a-fA-F]+|\d+)", text)
        assert found is not None and int(found[1], 0) == value, word


def test_functions_of_cublas() -> None:
    text = header("cublas_api.h")
    for name, types in CUBLAS.items():
        assert parameters(text, rf"CUBLASWINAPI {name}") == types, name
