"""The library of BLAS and LAPACK: products that the optimizer keeps as calls. Loaded when the first object needs it.

Which library that is stands in `blas_libraries.py`. It works with one thread: our team shares its products
(`runtime_products.py`), and two pools of threads that fight are slower than either. During a call of LAPACK, OpenBLAS has
as many as the program, PHINTYS_NUM_THREADS or OMP_NUM_THREADS asks for.
"""

from __future__ import annotations

import ctypes
import os
import warnings
from functools import cache

from .blas_libraries import Library, choose, missing

PRODUCTS = ("gemm", "gemv")
LAPACK = ("getrf", "getri", "getrs", "potrf", "gelqf", "orglq", "syevd", "geev", "gesdd", "gelsd")

# Name in the IR -> name in BLAS and LAPACK.
ROUTINES = {
    **{f"phi_library_{kind}{name}": f"{kind}{name}" for name in PRODUCTS for kind in "ds"},
    **{f"phi_{kind}{name}": f"{kind}{name}" for name in ("trsm", *LAPACK) for kind in "ds"},
}
SET_THREADS = "phi_library_set_threads"


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


_flags: list[str] = [""]  # what the program says of the library


def ask_for_library(flags: str) -> None:
    """Note which library a program wants, in the words of `blas.ldflags`; ValueError where another is loaded already."""
    if library.cache_info().currsize and choose(flags) is not chosen():
        raise ValueError(f"{chosen().name} is loaded already; say which library it shall be before the first matrix product")
    _flags[0] = flags
    chosen.cache_clear()


@cache
def chosen() -> Library:
    """The library that is used; a warning where the program wants one that is not there."""
    if text := missing(_flags[0]):
        warnings.warn(text, RuntimeWarning, stacklevel=2)
    return choose(_flags[0])


@cache
def library() -> ctypes.CDLL:
    """The loaded library, with one thread."""
    wanted = chosen()
    try:
        path = wanted.find()
        if path is None:
            raise ImportError(f"no package {wanted.package} with a library")
        loaded = ctypes.CDLL(str(path))
    except (ImportError, OSError) as error:
        raise MissingLibrary(
            f"matrix products need {wanted.name}, which could not be loaded ({error}); try `pip install {wanted.package}`"
        ) from error
    wanted.prepare(loaded)
    return loaded


def _symbol(name: str) -> str:
    return chosen().set_threads if name == SET_THREADS else chosen().symbol.format(ROUTINES[name])


def addresses(names: set[str]) -> dict[str, int]:
    """Address of each routine among the names; the library is loaded only where there is one."""
    wanted = {name: _symbol(name) for name in sorted(names & {*ROUTINES, SET_THREADS})}
    return {name: ctypes.cast(getattr(library(), routine), ctypes.c_void_p).value or 0 for name, routine in wanted.items()}


@cache
def lacks() -> tuple[str, ...]:
    """Routines of LAPACK that the library does not have: all of them where it cannot be loaded."""
    try:
        loaded = library()
    except MissingLibrary:
        return LAPACK
    return tuple(name for name in LAPACK if any(not hasattr(loaded, _symbol(f"phi_{kind}{name}")) for kind in "ds"))
