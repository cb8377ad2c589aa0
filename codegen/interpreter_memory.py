"""Memory and library calls of the loops' interpreter. Buffers are NaN (or -1) until they are written and after they are freed.

A memref is a pair: an array of its elements, and the flat buffer that they lie in, of which views are made.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phintys.dialects.lapack import NUMBER, Routine
from phintys.ir.types import TensorType

from . import blas
from .host import bind
from .interface import Argument
from .interpreter import joined
from .scalar_templates import _SIGNED, _UNSIGNED

Array = np.ndarray[Any, Any]
Memory = tuple[Array, Array]


class BadAccess(Exception):
    """Memory that a program must not touch."""


def poison(flat: Array) -> None:
    """What nobody has written: NaN, -1, true."""
    flat.fill(np.nan if flat.dtype.kind == "f" else True if flat.dtype.kind == "b" else -1)


def alloc(dtype: Any, shape: tuple[int, ...]) -> Memory:
    """A new buffer."""
    if any(size < 0 for size in shape):
        raise BadAccess(f"a buffer of sizes {list(shape)} is asked for")
    flat = np.empty(math.prod(shape), dtype)
    poison(flat)
    return flat.reshape(shape), flat


def view(flat: Array, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """Elements of a buffer as another array. BadAccess when they lie outside."""
    if 0 in shape:
        return np.empty(shape, flat.dtype)
    ends = [offset + sum(side((size - 1) * step, 0) for size, step in zip(shape, strides, strict=True)) for side in (min, max)]
    if any(size < 0 for size in shape) or ends[0] < 0 or ends[1] >= flat.size:
        raise BadAccess(
            f"a view of sizes {list(shape)} with strides {list(strides)} from {offset} on is made of a buffer of {flat.size}"
        )
    width = flat.itemsize
    return np.ndarray(shape, flat.dtype, flat, offset * width, [step * width for step in strides])


def retype(flat: Array, start: int, dtype: Any, shape: tuple[int, ...]) -> Memory:
    """Bytes of a buffer as numbers."""
    wanted = math.prod(shape) * np.dtype(dtype).itemsize
    if start < 0 or start + wanted > flat.nbytes:
        raise BadAccess(f"{wanted} bytes from {start} on are taken of a buffer of {flat.nbytes}")
    own = flat.view(np.int8)[start : start + wanted].view(dtype)
    return own.reshape(shape), own


def outside(op: str, indices: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """BadAccess: an index is out of bounds."""
    raise BadAccess(f"{op} at {list(indices)} of memory of sizes {list(shape)}")


def lanes(array: Array, flat: Array, indices: tuple[int, ...], count: int) -> Array:
    """A view of elements that lie one after the other, from an element on. BadAccess when it or they lie outside."""
    if any(not 0 <= index < size for index, size in zip(indices, array.shape, strict=True)):
        outside("a vector", indices, array.shape)
    start = array.ctypes.data + sum(index * step for index, step in zip(indices, array.strides, strict=True))
    if start % min(16, count * flat.itemsize):
        raise BadAccess(f"a vector of {count} elements begins at {list(indices)}, which is no multiple of its size")
    first = (start - flat.ctypes.data) // flat.itemsize
    if first + count > flat.size:
        raise BadAccess(f"{count} elements from {first} on are taken of a buffer of {flat.size}")
    return flat[first : first + count]


def inserted(vector: Array, place: int, value: Any) -> Array:
    """A vector with one number changed."""
    found = vector.copy()
    found[place] = value
    return found


def as_memory(array: Array, type: TensorType) -> Memory:
    """A copy of an array as memory holds it: complex numbers as pairs, unsigned ones by their bits."""
    own = np.array(array, type.dtype, order="C").reshape(np.shape(array))
    if type.dtype.startswith("complex"):
        own = np.stack([own.real, own.imag], -1)
    elif own.dtype in _UNSIGNED.values():
        own = own.view(_SIGNED[own.dtype])
    return own, own.reshape(-1)


def from_memory(array: Array, type: TensorType) -> Array:
    """The array that callers see; a copy."""
    own = np.array(array, order="C").reshape(array.shape)
    if not type.dtype.startswith("complex"):
        return own.view(type.dtype)
    return joined(own, type.dtype)


def check_intact(arguments: Sequence[Argument], before: Sequence[Array], after: Sequence[Array], error: Exception) -> None:
    """BadAccess where a call that fails has written a state."""
    for argument, old, new in zip(arguments, before, after, strict=True):
        if argument.is_state and old.tobytes() != new.tobytes():
            raise BadAccess(f"state {argument.name} is written although the call fails: {error}") from None


def gemm(alpha: Any, a: Array, b: Array, beta: Any, c: Array) -> None:
    """`c = alpha * a @ b + beta * c`; with a beta of 0, what c held is not read."""
    c[...] = alpha * (a @ b) + (beta * c if beta != 0 else 0)


def host(function: str, gives: Sequence[TensorType], options: str, takes: Sequence[TensorType]) -> Callable[..., Any]:
    """A Python callable on memory: one pair for each result."""
    from phintys.ir.host import types_text

    bound = bind(function, types_text(gives), options)

    def call(*arrays: Array) -> tuple[Memory, ...]:
        given = [from_memory(array, type) for array, type in zip(arrays, takes, strict=True)]
        return tuple(as_memory(array, type) for array, type in zip(bound(*given), gives, strict=True))

    return call


class Lapack:
    """One routine of the table on memory, with Fortran's arguments; the result is its info."""

    def __init__(self, name: str, row: Routine, letters: dict[str, str], single: bool) -> None:
        symbol = f"phi_{'s' if single else 'd'}{name}"
        address = blas.addresses({symbol})[symbol]
        self.row, self.letters, self.dtype = row, letters, np.float32 if single else np.float64
        self.function = ctypes.CFUNCTYPE(None)(address)

    def __call__(self, *operands: Any) -> Any:
        """Work memory is asked for as much as the routine wants."""
        values = dict(zip(self.row.operands, operands, strict=True))
        sizes = {"lwork": -1, "liwork": -1} if "query" in (self.row.work, self.row.integers) else {}
        work, iwork = np.zeros(1, self.dtype), np.zeros(1, np.int64)
        if sizes:
            self._call(values, work, iwork, sizes)
        rows, smaller = values["a"].shape[0], min(values["a"].shape)
        wanted = {"rows": 64 * rows, "query": int(work[0]), "smaller": 8 * smaller, "": 1}
        work = np.zeros(max(1, wanted[self.row.work]), self.dtype)
        iwork = np.zeros(max(1, int(iwork[0]), wanted["smaller"]), np.int64)
        return self._call(values, work, iwork, {"lwork": work.size, "liwork": iwork.size})

    def _call(self, values: dict[str, Any], work: Array, iwork: Array, sizes: dict[str, int]) -> Any:
        words = self.row.arguments.split()
        kept: list[Any] = []
        info = np.zeros(1, np.int64)

        def slot(value: Any, dtype: Any = np.int64) -> Array:
            kept.append(np.array([value], dtype))
            made: Array = kept[-1]
            return made

        def argument(word: str) -> Any:
            what, _, name = word.rstrip(")").partition("(")
            if word in self.letters:
                return slot(ord(self.letters[word]))
            if name:
                m = values[name]
                leading = max(1, m.shape[0], m.strides[1] // m.itemsize) if m.ndim == 2 else 1
                return slot(leading if what == "ld" else m.shape[1 if what == "cols" else 0])
            if word in values:
                return slot(values[word], self.dtype) if self.row.operands[word] == NUMBER else values[word]
            known = {"work": work, "iwork": iwork, "info": info}
            return known[word] if word in known else slot(1, self.dtype) if word == "one" else slot(sizes[word])

        addresses = [ctypes.c_void_p(argument(word).ctypes.data) for word in words]
        lengths = [ctypes.c_int64(1)] * sum(word in self.letters for word in words)
        self.function(*addresses, *lengths)
        return info[0]
