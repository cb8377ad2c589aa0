"""Python callables that compiled functions call: the table of those with a name, and those that a program has made.

A callable gets one array for each operand and its options as keywords, and returns an array or a tuple of them, of exactly
the dtypes and ranks that the operation declares. What it is given is only lent: it must not be written or kept.

    HOST["sort"] = "phintys.codegen.host:sort"          a name, which objects on disk may use
    token = local(callable)                             a token of this process, for which nothing is cached
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from phintys.ir.host import EACH, is_local, parse_options, parse_types
from phintys.ir.tokens import HostFunction, find_token, local
from phintys.ir.types import TensorType

from .host_each import each
from .host_replay import replayed

__all__ = ["HOST", "bind", "find", "local"]

Array = np.ndarray[Any, Any]


def sort(x: Array, axis: int = -1) -> Array:
    """A sorted copy."""
    return np.sort(x, axis=axis)


def argsort(x: Array, axis: int = -1) -> Array:
    """Positions that sort, equal elements in their order."""
    return np.argsort(x, axis=axis, kind="stable")


# Functions that LAPACK carries out (passes/loops_lapack.py), and those written in terms of them (passes/decompose_linalg.py).
# The callables are what stands in for it where it is absent, and for batches of matrices.
LINALG = (
    *("cholesky", "det", "eig", "eigh", "lstsq", "matrix_inverse", "qr", "slogdet", "solve", "solve_triangular"),
    *("squared", "svd", "svdvals"),
)
WRITTEN = ("cofactor", "expm", "pinv")

HOST: dict[str, HostFunction | str] = {
    "sort": sort,
    "argsort": argsort,
    **{
        f"random_{name}": f"phintys.codegen.host_random:{name}"
        for name in ("binomial", "choice", "multinomial", "permutation", "poisson", "random_integers")
    },
    **{f"mrg_{name}": f"phintys.codegen.host_mrg:{name}" for name in ("choice", "multinomial")},
    **{name: f"phintys.codegen.host_linalg:{name}" for name in (*LINALG, "cofactor", "pinv")},
    "expm": "phintys.codegen.host_expm:expm",
}


def find(name: str) -> HostFunction:
    """The callable of a name or token, or of `each:` and one of these. KeyError when there is none."""
    if name.startswith(EACH):
        return each(find(name[len(EACH) :]))
    if is_local(name):
        token = find_token(name)
        if token is None:
            raise KeyError(f"the Python function '{name}' does not exist (any more) in this process")
        return replayed(name, token.callable)
    found = HOST.get(name)
    if found is None:
        raise KeyError(f"there is no host function '{name}'; there are {', '.join(HOST)}")
    if isinstance(found, str):
        module, _, attribute = found.partition(":")
        found = HOST[name] = getattr(import_module(module), attribute)
    return found


def bind(name: str, gives: str, options: str, where: Callable[[], Sequence[str]] | None = None) -> HostFunction:
    """What the runtime calls: arrays on the operands' memory in, a tuple of exact arrays out.

    Exceptions get a note of the lines that `where` gives about the operation.
    """
    function, keywords, types = find(name), parse_options(options), parse_types(gives)
    bound = (_bind_local if is_local(name) else _bind_named)(name, function, keywords, types)
    if where is None:
        return bound

    def call(*arrays: Array) -> tuple[Array, ...]:
        try:
            results: tuple[Array, ...] = bound(*arrays)
        except Exception as error:
            del arrays  # a traceback would keep them on memory that is freed when this call has failed
            note = "\n".join(where())
            if note and note not in getattr(error, "__notes__", ()):
                error.add_note(note)
            raise
        return results

    return call


def _bind_named(name: str, function: HostFunction, options: dict[str, Any], types: list[TensorType]) -> HostFunction:
    """Functions of the table read the memory itself and let go of it."""

    def call(*arrays: Array) -> tuple[Array, ...]:
        try:
            return _results(name, function(*arrays, **options), types, arrays)
        except Exception as error:
            # A traceback would keep arrays on memory that is freed when this call has failed.
            del arrays
            raise error.with_traceback(None) from None

    return call


def _bind_local(name: str, function: HostFunction, options: dict[str, Any], types: list[TensorType]) -> HostFunction:
    """A program's own functions get copies, which they may keep and change."""

    def call(*arrays: Array) -> tuple[Array, ...]:
        own = [array.copy() for array in arrays]
        del arrays
        return _results(name, function(*own, **options), types, ())

    return call


def _results(name: str, given: Any, types: list[TensorType], lent: tuple[Array, ...]) -> tuple[Array, ...]:
    values = given if isinstance(given, tuple) else (given,)
    if len(values) != len(types):
        raise ValueError(f"{name} returned {len(values)} results, expected {len(types)}")
    return tuple(_exact(name, value, type, lent) for value, type in zip(values, types, strict=True))


def _exact(name: str, value: Any, type: TensorType, lent: tuple[Array, ...]) -> Array:
    """A result as an exact ndarray of its type, C-contiguous and aligned. TypeError or ValueError when it is not one."""
    own = np.dtype(type.dtype)
    array = np.asarray(value)
    if array.dtype != own:
        raise TypeError(f"{name} returned an array of dtype {array.dtype}, expected {type}")
    if array.ndim != type.ndim or any(size not in (None, have) for size, have in zip(type.shape, array.shape, strict=True)):
        raise ValueError(f"{name} returned an array of shape {array.shape}, expected {type}")
    if array.dtype is not own or not (array.flags.c_contiguous and array.flags.aligned):
        array = np.array(array, dtype=own, order="C")
    elif not array.flags.owndata and any(np.may_share_memory(array, other) for other in lent):
        array = array.copy()
    return array
