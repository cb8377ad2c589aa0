"""Objects that are called directly: the interpreter goes from `f(x)` to native code with no Python and no tuple between.

In: a class, and a builtin as `Executable.bind` gives it. Out: a subclass whose objects have three words more: where a call
begins (`phi_call` of the runtime), the builtin's code, and its context, which the object keeps alive (PEP 590: vectorcall).
A class written in Python has its `__call__` looked up and its arguments put into a tuple: a third of the time of a small call.
"""

from __future__ import annotations

import ctypes
from types import BuiltinFunctionType
from typing import Any

from . import engine
from .symbols import instance_bytes

READ_ONLY = 1
MEMBER_SIZE, MEMBER_OBJECT = 19, 16  # kinds of members: Py_ssize_t; an object, or AttributeError where there is none
SLOT_CALL, SLOT_MEMBERS = 50, 72
VECTORCALL = 1 << 11
CONTEXT = "native context"  # no name that an attribute has by accident


class _Member(ctypes.Structure):
    """CPython's PyMemberDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("kind", ctypes.c_int),
        ("offset", ctypes.c_ssize_t),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


class _Slot(ctypes.Structure):
    """CPython's PyType_Slot."""

    _fields_ = [("slot", ctypes.c_int), ("value", ctypes.c_void_p)]


class _Spec(ctypes.Structure):
    """CPython's PyType_Spec."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("size", ctypes.c_int),
        ("item_size", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.c_void_p),
    ]


_SUBCLASSES: dict[type, Any] = {}
_KEPT: list[Any] = []  # types point to the names of their members


def subclass(base: type) -> Any:
    """The subclass of a class, itself without slots, whose objects are called directly once they are `led` to native code."""
    if base not in _SUBCLASSES:
        _SUBCLASSES[base] = _made(base)
    return _SUBCLASSES[base]


def _made(base: type) -> Any:
    start = instance_bytes()
    if base.__basicsize__ != start:
        raise TypeError(f"objects of {base.__name__} have {base.__basicsize__} bytes, those of a plain class {start}")
    members = (_Member * 3)(
        _Member(b"__vectorcalloffset__", MEMBER_SIZE, start, READ_ONLY, None),
        _Member(CONTEXT.encode(), MEMBER_OBJECT, start + 16, 0, None),
    )
    call = ctypes.cast(ctypes.pythonapi.PyVectorcall_Call, ctypes.c_void_p).value
    slots = (_Slot * 3)(_Slot(SLOT_MEMBERS, ctypes.addressof(members)), _Slot(SLOT_CALL, call))
    name = f"{base.__module__}.{base.__qualname__}".encode()
    spec = _Spec(name, start + 24, 0, VECTORCALL, ctypes.addressof(slots))
    _KEPT.append((members, name))
    new = ctypes.pythonapi.PyType_FromSpecWithBases
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object]
    return new(ctypes.addressof(spec), (base,))


def lead(made: object, builtin: BuiltinFunctionType) -> None:
    """Have calls of an object of such a class run a builtin's code."""
    code = ctypes.pythonapi.PyCFunction_GetFunction
    code.restype, code.argtypes = ctypes.c_void_p, [ctypes.py_object]
    setattr(made, CONTEXT, builtin.__self__)
    words = (ctypes.c_void_p * 2).from_address(id(made) + instance_bytes())
    words[1] = code(builtin)
    words[0] = engine.start()["phi_call"]
