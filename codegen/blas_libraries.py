"""The libraries that have BLAS and LAPACK for compiled code, with integers of 64 bits and Fortran's ABI: which, and where.

OpenBLAS comes with Phintys, as the wheel `scipy-openblas64`. Intel's MKL is taken where its wheel `mkl` is installed in the
same environment (`pip install 'phintys[mkl]'`), or conda's package: on Intel's processors it is up to twice as fast. What
`ask` was told, by the flag `blas.ldflags`, decides otherwise: `-lopenblas`, `-lmkl_rt`.
"""

from __future__ import annotations

import ctypes
import importlib.util
import site
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SEQUENTIAL = 1  # MKL's threading layer without threads


class Library(NamedTuple):
    """One library: its name, the word for it in `blas.ldflags`, its package, what its symbols look like, where it is.

    `prepare` is called once, when it is loaded: it leaves the library with one thread.
    """

    name: str
    word: str
    package: str
    symbol: str
    set_threads: str
    find: Callable[[], Path | None]
    prepare: Callable[[ctypes.CDLL], None]


def _openblas() -> Path | None:
    """The wheel's library. Importing the wheel would say the same, but looks up its version first, which takes 30 ms."""
    spec = importlib.util.find_spec("scipy_openblas64")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return next((path for folder in folders for path in sorted(Path(folder, "lib").glob("libscipy_openblas64*"))), None)


def _mkl() -> Path | None:
    """The library that loads the others of MKL."""
    prefixes = [sys.prefix, *([site.getuserbase()] if site.ENABLE_USER_SITE else [])]
    places = [("lib", "libmkl_rt.so*"), ("Library/bin", "mkl_rt*.dll")]
    return next((path for p in prefixes for folder, name in places for path in sorted(Path(p, folder).glob(name))), None)


def _without_threads(library: ctypes.CDLL) -> None:
    """MKL without threads: ours share its products; its LAPACK has one."""
    library.MKL_Set_Threading_Layer(ctypes.c_int(SEQUENTIAL))


def _one_thread(library: ctypes.CDLL) -> None:
    library.scipy_openblas_set_num_threads64_(ctypes.c_int(1))


MKL = Library("MKL", "mkl", "mkl", "{}_64_", "MKL_Set_Num_Threads", _mkl, _without_threads)
OPENBLAS = Library(
    "OpenBLAS", "openblas", "scipy-openblas64", "scipy_{}_64_", "scipy_openblas_set_num_threads64_", _openblas, _one_thread
)
LIBRARIES = (MKL, OPENBLAS)  # the first that is there, unless a word says which


def choose(flags: str) -> Library:
    """The library that `flags` name if it is installed, else the first that is, else OpenBLAS."""
    named = [library for library in LIBRARIES if library.word in flags]
    return next((library for library in (*named, *LIBRARIES) if library.find() is not None), OPENBLAS)


def missing(flags: str) -> str:
    """What to say of a library that `flags` name and that is not there; nothing where it is, or none is named."""
    named = [library for library in LIBRARIES if library.word in flags]
    if not named or any(library.find() is not None for library in named):
        return ""
    wanted = named[0]
    return (
        f"blas.ldflags = {flags!r}, but {wanted.name} is not installed: {choose(flags).name} has the matrix products; "
        f"try `pip install {wanted.package}`"
    )
