"""OpenBLAS, for the products that the optimizer keeps as library calls and for LAPACK. Loaded when the first object needs it.

The library is the wheel `scipy-openblas64` (64-bit integers, Fortran ABI). It works with one thread: our team shares its
products (`runtime_products.py`), and two pools of threads that fight are slower than either. During a call of LAPACK it has
as many as the program, PHINTYS_NUM_THREADS or OMP_NUM_THREADS asks for.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from functools import cache
from pathlib import Path

PRODUCTS = ("gemm", "gemv")
LAPACK = ("getrf", "getri", "getrs", "potrf", "gelqf", "orglq", "syevd", "geev", "gesdd", "gelsd")

# Name in the IR -> name in the library.
ROUTINES = {
    **{f"phi_library_{kind}{name}": f"scipy_{kind}{name}_64_" for name in PRODUCTS for kind in "ds"},
    **{f"phi_{kind}{name}": f"scipy_{kind}{name}_64_" for name in ("trsm", *LAPACK) for kind in "ds"},
    "phi_library_set_threads": "scipy_openblas_set_num_threads64_",
}


class MissingLibrary(ImportError):
    """A library that compiled code calls is not installed."""


_asked: list[int] = []  # the number of threads that the program asks for, if it does


def ask_for_threads(count: int | None) -> None:
    """Note the number of threads that a program asks for."""
    _asked[:] = [] if count is None else [count]


def threads_asked() -> int | None:
    """The number of threads that the program says, else PHINTYS_NUM_THREADS, else OMP_NUM_THREADS; None where none does."""
    if _asked:
        return _asked[0]
    for variable in ("PHINTYS_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(variable, "").strip()
        if text.isdigit() and int(text) > 0:
            return int(text)
    return None


def thread_count() -> int:
    """How many threads LAPACK may use: what the program or the environment asks for, else 1."""
    return threads_asked() or 1


def _path() -> Path:
    """The wheel's library. Importing the wheel would say the same, but looks up its version first, which takes 30 ms."""
    spec = importlib.util.find_spec("scipy_openblas64")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    found = [path for folder in folders for path in sorted(Path(folder, "lib").glob("libscipy_openblas64*"))]
    if not found:
        raise ImportError("no package scipy_openblas64 with a library")
    return found[0]


@cache
def library() -> ctypes.CDLL:
    """The loaded library, with one thread."""
    try:
        loaded = ctypes.CDLL(str(_path()))
    except (ImportError, OSError) as error:
        raise MissingLibrary(
            f"matrix products need OpenBLAS, which could not be loaded ({error}); try `pip install scipy-openblas64`"
        ) from error
    loaded.scipy_openblas_set_num_threads64_(ctypes.c_int(1))
    return loaded


def addresses(names: set[str]) -> dict[str, int]:
    """Address of each routine among the names; the library is loaded only where there is one."""
    wanted = {name: ROUTINES[name] for name in sorted(names & set(ROUTINES))}
    return {name: ctypes.cast(getattr(library(), routine), ctypes.c_void_p).value or 0 for name, routine in wanted.items()}


@cache
def lacks() -> tuple[str, ...]:
    """Routines of LAPACK that the library does not have: all of them where it cannot be loaded."""
    try:
        loaded = library()
    except MissingLibrary:
        return LAPACK
    return tuple(name for name in LAPACK if any(not hasattr(loaded, ROUTINES[f"phi_{kind}{name}"]) for kind in "ds"))
