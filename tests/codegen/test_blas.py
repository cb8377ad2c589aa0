"""Matrix products through OpenBLAS, called with its Fortran ABI from the body."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from native_support import DECLARATIONS, bound, function

from phintys.codegen import blas, blas_libraries

POINTERS = ", ".join(["!llvm.ptr"] * 13)


def integer(name: str, value: str) -> str:
    return f"%{name} = llvm.alloca %one x i64 : (i64) -> !llvm.ptr\nllvm.store {value}, %{name} : i64, !llvm.ptr\n"


def real(name: str, value: float, short: str) -> str:
    return (
        f"%{name} = llvm.alloca %one x {short} : (i64) -> !llvm.ptr\n"
        f"%{name}v = llvm.mlir.constant({value} : {short}) : {short}\n"
        f"llvm.store %{name}v, %{name} : {short}, !llvm.ptr\n"
    )


def letter(name: str, character: str) -> str:
    return (
        f"%{name} = llvm.alloca %one x i8 : (i64) -> !llvm.ptr\n"
        f"%{name}v = llvm.mlir.constant({ord(character)} : i8) : i8\nllvm.store %{name}v, %{name} : i8, !llvm.ptr\n"
    )


def gemm(short: str) -> str:
    """C = A B in row-major order is C' = B' A' in Fortran's."""
    name = "phi_dgemm" if short == "f64" else "phi_sgemm"
    body = f"""
    %two = llvm.mlir.constant(2 : i64) : i64
    %dims = llvm.alloca %two x i64 : (i64) -> !llvm.ptr
    llvm.store %a_0, %dims : i64, !llvm.ptr
    %d1 = llvm.getelementptr %dims[1] : (!llvm.ptr) -> !llvm.ptr, i64
    llvm.store %b_1, %d1 : i64, !llvm.ptr
    %c = llvm.call @phi_output(%ctx, %ok, %dims) : (!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr
    {integer("m", "%b_1")}{integer("n", "%a_0")}{integer("k", "%a_1")}
    {real("alpha", 1.0, short)}{real("beta", 0.0, short)}{letter("t", "N")}
    llvm.call @{name}(%t, %t, %m, %n, %k, %alpha, %b, %m, %a, %k, %beta, %c, %m) : ({POINTERS}) -> ()
    llvm.return %ok : i32
    """
    declarations = DECLARATIONS + f"llvm.func @{name}({POINTERS})"
    arguments = [f"input {short}[?, ?] a", f"input {short}[?, ?] b"]
    return function(arguments, [f"output {short}[?, ?]"], body, declarations=declarations)


def gemv(short: str) -> str:
    name = "phi_dgemv" if short == "f64" else "phi_sgemv"
    pointers = ", ".join(["!llvm.ptr"] * 11)
    body = f"""
    %dims = llvm.alloca %one x i64 : (i64) -> !llvm.ptr
    llvm.store %a_0, %dims : i64, !llvm.ptr
    %y = llvm.call @phi_output(%ctx, %ok, %dims) : (!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr
    {integer("m", "%a_1")}{integer("n", "%a_0")}{integer("inc", "%one")}
    {real("alpha", 1.0, short)}{real("beta", 0.0, short)}{letter("t", "T")}
    llvm.call @{name}(%t, %m, %n, %alpha, %a, %m, %x, %inc, %beta, %y, %inc) : ({pointers}) -> ()
    llvm.return %ok : i32
    """
    declarations = DECLARATIONS + f"llvm.func @{name}({pointers})"
    return function([f"input {short}[?, ?] a", f"input {short}[?] x"], [f"output {short}[?]"], body, declarations=declarations)


@pytest.mark.parametrize(("short", "dtype", "tolerance"), [("f64", "float64", 1e-14), ("f32", "float32", 1e-5)])
def test_gemm(short: str, dtype: str, tolerance: float) -> None:
    product = bound(gemm(short))
    rng = np.random.default_rng(0)
    for rows, inner, columns in [(1, 1, 1), (3, 4, 5), (64, 33, 17)]:
        a, b = (rng.normal(size=shape).astype(dtype) for shape in [(rows, inner), (inner, columns)])
        np.testing.assert_allclose(product(a, b), a @ b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("short", "dtype", "tolerance"), [("f64", "float64", 1e-14), ("f32", "float32", 1e-5)])
def test_gemv(short: str, dtype: str, tolerance: float) -> None:
    product = bound(gemv(short))
    rng = np.random.default_rng(1)
    a, x = rng.normal(size=(6, 7)).astype(dtype), rng.normal(size=7).astype(dtype)
    np.testing.assert_allclose(product(a, x), a @ x, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("phintys", "omp", "expected"), [("", "", 1), ("2", "8", 2), ("", "3", 3), ("0", "x", 1), ("many", "", 1)]
)
def test_thread_count(monkeypatch: pytest.MonkeyPatch, phintys: str, omp: str, expected: int) -> None:
    monkeypatch.setenv("PHINTYS_NUM_THREADS", phintys)
    monkeypatch.setenv("OMP_NUM_THREADS", omp)
    assert blas.thread_count() == expected


def test_a_missing_library_is_said_in_one_sentence() -> None:
    program = """
import sys
sys.modules["scipy_openblas64"] = None
from phintys.codegen import blas, blas_libraries
blas_libraries.LIBRARIES = (blas_libraries.OPENBLAS,)
try:
    blas.addresses({"phi_library_dgemm"})
except ImportError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install scipy-openblas64" in result.stdout and result.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "installed", "expected"),
    [
        ("", "mkl openblas", "MKL"),
        ("", "openblas", "OpenBLAS"),
        ("-lopenblas", "mkl openblas", "OpenBLAS"),
        ("-L/opt -lmkl_rt", "mkl openblas", "MKL"),
        ("-lmkl_rt", "openblas", "OpenBLAS"),
        ("-lf77blas", "mkl openblas", "MKL"),
        ("", "", "OpenBLAS"),
    ],
)
def test_which_library(monkeypatch: pytest.MonkeyPatch, flags: str, installed: str, expected: str) -> None:
    def present(library: blas_libraries.Library) -> blas_libraries.Library:
        return library._replace(find=lambda: Path(library.word) if library.word in installed else None)

    monkeypatch.setattr(blas_libraries, "LIBRARIES", tuple(map(present, blas_libraries.LIBRARIES)))
    assert blas_libraries.choose(flags).name == expected
    assert ("pip install mkl" in blas_libraries.missing(flags)) == (flags == "-lmkl_rt" and "mkl" not in installed)


def test_a_library_that_is_loaded_stays() -> None:
    """Another one is refused, and the flag keeps its value."""
    program = """

import phintys
from phintys.codegen import blas, blas_libraries
blas.library()
other = blas_libraries.MKL._replace(find=lambda: "there")
blas_libraries.LIBRARIES = (other, blas_libraries.OPENBLAS)
try:
    phintys.config.blas.ldflags = "-lmkl_rt"
except ValueError as error:
    print(error, repr(phintys.config.blas.ldflags))
"""
    environment = {**os.environ, "PHINTYS_FLAGS": "blas.ldflags=-lopenblas"}
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert result.stdout.strip().endswith("before the first matrix product '-lopenblas'")


def test_the_library_is_not_loaded_for_modules_without_products() -> None:
    program = """
import sys
from phintys.codegen import blas, engine
engine.start()
print(blas.library.cache_info().currsize, "scipy_openblas64" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "0 False"
