"""DLPack: capsules of device arrays, a struct that says where the data is and a function that lets go of it; given and taken.

Source: DLPack's dlpack.h, DLManagedTensor (version 0 of the protocol), and the Python array API standard, data interchange.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .device_array import DeviceArray

CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}  # by NumPy's kind


class _Device(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int32), ("number", ctypes.c_int32)]


class _DType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", _Device),
        ("ndim", ctypes.c_int32),
        ("dtype", _DType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class Managed(ctypes.Structure):
    """DLManagedTensor."""


_DELETER = ctypes.CFUNCTYPE(None, ctypes.POINTER(Managed))
Managed._fields_ = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _DELETER)]

NAME, USED = b"dltensor", b"used_dltensor"
CUDA = 2  # kDLCUDA
_DESTRUCTOR = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_LENT: dict[int, tuple[Any, ...]] = {}  # by address of the struct: all that must live until its taker lets go


def _let_go(managed: Any) -> None:
    _LENT.pop(ctypes.addressof(managed.contents), None)


def _not_taken(capsule: int) -> None:
    """A capsule that nobody has taken (who does renames it) lets go itself."""
    valid = ctypes.pythonapi.PyCapsule_IsValid
    valid.argtypes, valid.restype = [ctypes.c_void_p, ctypes.c_char_p], ctypes.c_int
    if valid(capsule, NAME):
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.argtypes, pointer.restype = [ctypes.c_void_p, ctypes.c_char_p], ctypes.c_void_p
        _LENT.pop(pointer(capsule, NAME), None)


_ON_DELETE, _ON_DESTROY = _DELETER(_let_go), _DESTRUCTOR(_not_taken)


def capsule(array: DeviceArray) -> Any:
    """A capsule `dltensor` on the array's memory, which keeps the array alive."""
    shape = (ctypes.c_int64 * max(1, array.ndim))(*array.shape)
    steps = (ctypes.c_int64 * max(1, array.ndim))(*(step // array.itemsize for step in array.strides))
    managed = Managed()
    tensor = managed.tensor
    tensor.data = array.address
    tensor.device = _Device(*array.__dlpack_device__())
    tensor.ndim = array.ndim
    tensor.dtype = _DType(CODES[array.dtype.kind], array.itemsize * 8, 1)
    tensor.shape, tensor.strides = (ctypes.cast(row, ctypes.POINTER(ctypes.c_int64)) for row in (shape, steps))
    managed.deleter = _ON_DELETE
    address = ctypes.addressof(managed)
    _LENT[address] = (managed, shape, steps, array)
    new = ctypes.pythonapi.PyCapsule_New
    new.argtypes, new.restype = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p], ctypes.py_object
    return new(address, NAME, ctypes.cast(_ON_DESTROY, ctypes.c_void_p))


class Taken:
    """A capsule of another library that was taken: its memory is there until this object goes."""

    def __init__(self, capsule: Any) -> None:
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.argtypes, pointer.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
        self.managed = Managed.from_address(pointer(capsule, NAME))
        rename = ctypes.pythonapi.PyCapsule_SetName
        rename.argtypes = [ctypes.py_object, ctypes.c_char_p]
        rename(capsule, USED)

    def __del__(self) -> None:
        if self.managed.deleter:
            self.managed.deleter(ctypes.byref(self.managed))

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Where the memory is; TypeError for elements that NumPy has no name for."""
        tensor = self.managed.tensor
        kinds = {code: kind for kind, code in CODES.items()}
        bits, kind = tensor.dtype.bits, kinds.get(tensor.dtype.code)
        if kind is None or bits % 8 or tensor.dtype.lanes != 1:
            raise TypeError(f"DLPack elements of code {tensor.dtype.code} and {bits} bits are no dtype of NumPy")
        shape, size = tuple(tensor.shape[: tensor.ndim]), bits // 8
        strides = tuple(step * size for step in tensor.strides[: tensor.ndim]) if tensor.strides else None
        data = ((tensor.data or 0) + tensor.byte_offset, False)
        return {"shape": shape, "typestr": f"|{kind}{size}", "data": data, "strides": strides, "stream": None, "version": 3}


def on_cuda(value: Any, number: int | None = None) -> bool:
    """Whether an object offers memory of a GPU, or of the one of a number, by DLPack."""
    ask = getattr(value, "__dlpack_device__", None)
    if ask is None:
        return False
    kind, there = ask()
    return int(kind) == CUDA and number in (None, int(there))
