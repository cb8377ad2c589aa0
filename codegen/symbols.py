"""The names that compiled code uses for parts of Python and NumPy, and the layout of objects that it relies on.

Objects hold names, never addresses, so that they load in any process of the same Python and NumPy. `bind()` gives the
names their addresses in this process and first verifies, on live objects, every offset that `runtime.py` reads: where
an interpreter lays objects out differently, the first compilation says so instead of a call reading the wrong bytes.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
from functools import cache
from typing import Any
from weakref import ref

import numpy as np

from phintys.ir.types import DTYPES

# Numbers of functions and types in NumPy's C-API table; they are part of its ABI.
ARRAY_TYPE, NEW_FROM_DESCR, SET_HANDLER = 2, 94, 304

# Offsets in bytes, the same on every 64-bit CPython with a GIL from 3.11 to 3.14 (only a tuple's items moved, in 3.14).
TYPE, SIZE = 8, 16
LIST_ITEMS = 24
FLOAT_VALUE = 16
ARRAY_DATA, ARRAY_NDIM, ARRAY_DIMS, ARRAY_BASE, ARRAY_DESCR, ARRAY_FLAGS, ARRAY_WEAK = 16, 24, 32, 48, 56, 64, 72

C_CONTIGUOUS, F_CONTIGUOUS, OWN_DATA, ALIGNED, WRITEABLE = 0x1, 0x2, 0x4, 0x100, 0x400

PYTHON_FUNCTIONS = (
    "Py_IncRef",
    "Py_DecRef",
    "PyErr_NoMemory",
    "PyErr_Occurred",
    "PyErr_SetString",
    "PyEval_RestoreThread",
    "PyEval_SaveThread",
    "PyList_New",
    "PyList_SetItem",
    "PyLong_AsLongLongAndOverflow",
    "PyObject_CallFunction",
    "PyObject_Vectorcall",
)
PYTHON_POINTERS = ("PyExc_SystemError",)


class UnsupportedPlatform(RuntimeError):
    """This Python or NumPy lays its objects out in a way that compiled code does not know."""


def word(address: int) -> int:
    """The 64-bit word at an address."""
    return ctypes.c_uint64.from_address(address).value


@cache
def tuple_items() -> int:
    """Offset of the first item of a tuple: 24, or 32 where tuples cache their hash (Python 3.14)."""
    probe = (object(), object())
    for offset in (24, 32):
        if [word(id(probe) + offset), word(id(probe) + offset + 8)] == [id(probe[0]), id(probe[1])]:
            return offset
    raise UnsupportedPlatform("compiled functions cannot be called: the items of a tuple are not where they are expected")


@cache
def instance_bytes() -> int:
    """Bytes of an object of a class without slots; what its subclasses add begins there."""

    class Plain:
        """Such a class."""

    return Plain.__basicsize__


@cache
def array_api() -> Any:
    """NumPy's table of C functions and types, as an array of addresses."""
    try:
        module = importlib.import_module("numpy._core._multiarray_umath")
    except ImportError:  # NumPy 1.26
        module = importlib.import_module("numpy.core._multiarray_umath")
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return (ctypes.c_void_p * 306).from_address(get_pointer(module._ARRAY_API, None))


@cache
def descriptors() -> Any:
    """The descriptors of the dtypes, in the order of the dtype table: what an array of exactly that dtype points to."""
    return (ctypes.c_void_p * len(DTYPES))(*(id(np.dtype(name)) for name in DTYPES))


@cache
def scalar_types() -> Any:
    """The types of NumPy's scalars of the dtypes, in the order of the dtype table."""
    return (ctypes.c_void_p * len(DTYPES))(*(id(np.dtype(name).type) for name in DTYPES))


def _float_value(address: int) -> float:
    return ctypes.c_double.from_address(address + FLOAT_VALUE).value


def _count(value: object, more: int) -> int:
    held = [value] * more
    return ctypes.c_int32.from_address(id(held[0])).value


def verify_layout() -> None:
    """Compare every offset with what Python itself says of an array, a list, a float and a NumPy float."""
    array = np.zeros((3, 5), dtype="float32")
    at = id(array)
    cell = [array]
    facts = {
        "pointers of 64 bits": ctypes.sizeof(ctypes.c_void_p) == 8,
        "a global interpreter lock": "free-threading" not in sys.version,
        "the type of an object": word(at + TYPE) == id(np.ndarray),
        "the type ndarray": array_api()[ARRAY_TYPE] == id(np.ndarray),
        "an array's data": word(at + ARRAY_DATA) == array.ctypes.data,
        "an array's rank": word(at + ARRAY_NDIM) & 0xFFFFFFFF == 2,
        "an array's sizes": [word(word(at + ARRAY_DIMS)), word(word(at + ARRAY_DIMS) + 8)] == [3, 5],
        "an array's dtype": word(at + ARRAY_DESCR) == id(np.dtype("float32")),
        "an array's flags": word(at + ARRAY_FLAGS) & 0xFFFFFFFF == array.flags.num == C_CONTIGUOUS | ALIGNED | WRITEABLE | 4,
        "a list's items": (word(id(cell) + SIZE), word(word(id(cell) + LIST_ITEMS))) == (1, at),
        "a float's value": _float_value(id(x := 3.75)) == x,
        "a NumPy float's value": _float_value(id(y := np.float64(-7.5))) == y,
        "a NumPy int's value": ctypes.c_int8.from_address(id(z := np.int8(-7)) + FLOAT_VALUE).value == z,
        "an array's base": (word(at + ARRAY_BASE), word(id(view := array[1:]) + ARRAY_BASE)) == (0, at),
        "an array's weak references": (0, id(weak := ref(array))) == tuple(word(id(o) + ARRAY_WEAK) for o in (view, weak())),
        "the count of references": _count(array, 5) - _count(array, 2) == 3,
    }
    wrong = [fact for fact, holds in facts.items() if not holds]
    if wrong:
        raise UnsupportedPlatform(
            f"compiled functions cannot be called on this Python {sys.version.split()[0]} with NumPy "
            f"{np.__version__}: {', '.join(wrong)} not as expected; use a 64-bit CPython 3.11 to 3.14 with a GIL"
        )


def addresses() -> dict[str, int]:
    """Every name and its address in this process; the layout is verified first."""
    verify_layout()
    functions = {name: ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value for name in PYTHON_FUNCTIONS}
    pointers = {name: ctypes.addressof(ctypes.c_void_p.in_dll(ctypes.pythonapi, name)) for name in PYTHON_POINTERS}
    objects = {
        "phi_type_float": id(float),
        "phi_type_float64": id(np.float64),
        "phi_type_int": id(int),
        "phi_type_array": id(np.ndarray),
        "phi_true": id(True),
        "phi_none": id(None),
        "phi_descriptors": ctypes.addressof(descriptors()),
        "phi_scalar_types": ctypes.addressof(scalar_types()),
        "phi_array_new": array_api()[NEW_FROM_DESCR],
        "phi_array_handler": array_api()[SET_HANDLER],
    }
    return {name: address or 0 for name, address in (functions | pointers | objects).items()}
