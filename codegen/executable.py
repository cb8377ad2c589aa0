"""A loaded function: object bytes + interface -> builtin callables bound to states.

`Executable(object, interface).bind(states, slow, fail, unpack)` gives a builtin whose calls run natively from
argument check to result list. What it does not accept goes to `slow(*args, **kwargs)`. `bind_strict(states, fail,
unpack)` gives the same entry with nothing behind it: where the checks fail it raises a TypeError that says which
argument and why; the slow path converts its arguments (`exact_array` does one array) and ends there, so that it
cannot call itself.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import partial
from types import BuiltinFunctionType
from typing import Any, TypeVar

import numpy as np

from phintys.ir.profile import BufferSlot, KernelSlot, parse_slot

from . import directly, engine, host
from .interface import Argument, Interface
from .symbols import UnsupportedPlatform

METH_FASTCALL_KEYWORDS = 0x80 | 0x02

Fail = Callable[[int, tuple[int, ...]], Any]
Where = Callable[[str], Sequence[str]]
Array = np.ndarray[Any, Any]
Base = TypeVar("Base")


class _MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


class Executable:
    """Native code of one compiled function, loaded in this process."""

    def __init__(self, object_bytes: bytes, interface: Interface):
        self.interface = interface
        self._code = engine.load(object_bytes, interface.entry, "phi_profile" if interface.profile else "")
        self._method = _MethodDef(b"compiled", self._code.address, METH_FASTCALL_KEYWORDS, None)

    def measured(self) -> list[tuple[KernelSlot | BufferSlot, int, int, int]]:
        """What a profiled function has measured so far, slot by slot: of what, how often, the sum, the largest.

        Counts belong to the code, which functions of equal graphs share in a process.
        """
        slots = self.interface.profile
        words = (ctypes.c_int64 * (3 * len(slots))).from_address(self._code.table) if slots else ()
        return [(parse_slot(text), *words[3 * n : 3 * n + 3]) for n, text in enumerate(slots)]

    def bind(
        self,
        states: Sequence[list[Any]],
        slow: Callable[..., Any],
        fail: Fail,
        unpack: bool,
        where: Where | None = None,
        *,
        widens: bool = False,
    ) -> Callable[..., Any]:
        """A builtin that runs the function on these state cells (lists of length 1 that hold an ndarray).

        `slow(*args, **kwargs)` gets the calls the entry does not accept; `fail(number, values)` raises the error of a
        run-time check (its method `of_call`, where it has one, gets the inputs and states too), `where(location)` gives
        lines about a place for the exceptions of Python callables. With `unpack` the call returns its one output (None if
        there is none), else a list of outputs. With `widens` it takes small arrays and scalars of narrower dtypes, too.

        The builtin keeps the last array of each result, if it is small, and returns it again when nobody else has it any more.
        """
        wanted = len(self.interface.states)
        if len(states) != wanted or not all(type(cell) is list and len(cell) == 1 for cell in states):
            raise TypeError(f"expected {wanted} state cells, each a list of length 1; got {list(states)!r:.200}")
        if unpack and self.interface.outputs > 1:
            raise TypeError(f"unpack=True is for one output at most; this function has {self.interface.outputs}")
        checks = self.interface.checks

        whole = getattr(fail, "of_call", None)

        def fail_with(number: int, values: tuple[int, ...], arguments: list[Any]) -> None:
            shown = values[: checks[number].arity]
            if whole is None:
                fail(number, shown)
            else:
                whole(number, shown, arguments)

        new = ctypes.pythonapi.PyCFunction_NewEx
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        calls = [
            host.bind(call.function, call.gives, call.options, where and partial(where, call.location))
            for call in self.interface.hosts
        ]
        # The builtin has pointers to its PyMethodDef and to the code, and lets go of its context last.
        spare = [None] * len(self.interface.results)
        # In the order of `runtime.CONTEXT`.
        context = (slow, fail_with, bool(unpack), spare, bool(widens), *states, *calls, self._method, self._code)
        builtin: Callable[..., Any] = new(ctypes.addressof(self._method), context, None)
        return builtin

    @staticmethod
    def called(base: type[Base], builtin: BuiltinFunctionType) -> Base:
        """An object of a subclass of a plain class, whose calls are those of a builtin that `bind` gave."""
        made: Base = directly.subclass(base)()
        directly.lead(made, builtin)
        return made

    def bind_strict(
        self, states: Sequence[list[Any]], fail: Fail, unpack: bool, where: Where | None = None
    ) -> Callable[..., Any]:
        """The same, but arguments that the entry does not accept are a TypeError that explains which and why."""

        def explain(*args: Any, **kwargs: Any) -> None:
            raise TypeError(refusal(self.interface, args, kwargs, [cell[0] if cell else None for cell in states]))

        return self.bind(states, explain, fail, unpack, where)


def refusal(interface: Interface, args: Sequence[Any], kwargs: dict[str, Any], states: Sequence[Any]) -> str:
    """Why the entry did not accept a call, in a sentence."""
    if kwargs:
        return f"compiled code takes positional arguments only, got {', '.join(kwargs)} by name"
    if len(args) != len(interface.inputs):
        return f"compiled code takes {len(interface.inputs)} arguments, got {len(args)}"
    inputs, cells = iter(args), iter(states)
    values = [next(cells) if argument.is_state else next(inputs) for argument in interface.arguments]
    for number, (argument, value) in enumerate(zip(interface.arguments, values, strict=True)):
        reason = _mismatch(argument, value, number in interface.inplace)
        if reason:
            kind = "state" if argument.is_state else "argument"
            return f"{kind} {argument.name or number}: expected a C-contiguous aligned {argument.type} array, got {reason}"
    for number in sorted(interface.inplace):
        for other, value in enumerate(values):
            if other != number and np.may_share_memory(values[number], value):
                names = [interface.arguments[i].name or str(i) for i in (number, other)]
                return f"state {names[0]} is updated in place and shares memory with {names[1]}; copy one of them"
    raise UnsupportedPlatform("compiled code refused arguments that look right; please report this with the call")


def _mismatch(argument: Argument, value: Any, written: bool) -> str:
    if type(value) is not np.ndarray:
        return f"{type(value).__name__} {value!r:.80}"
    if value.dtype != np.dtype(argument.type.dtype):
        return f"dtype {value.dtype}"
    if value.dtype is not np.dtype(argument.type.dtype):
        return f"a dtype object equal to {value.dtype} but not NumPy's own (array.view('{value.dtype}') has it)"
    if value.ndim != argument.type.ndim:
        return f"an array of rank {value.ndim}"
    if any(want not in (None, size) for want, size in zip(argument.type.shape, value.shape, strict=True)):
        return f"shape {value.shape}"
    flags = value.flags
    words = {"not C-contiguous": flags.c_contiguous, "not aligned": flags.aligned}
    words |= {"read-only": flags.writeable} if written else {}
    return " and ".join(word for word, holds in words.items() if not holds)


def exact_array(value: Any, dtype: str) -> Array:
    """The value as an array that the entry accepts: exactly ndarray, NumPy's own dtype object, C-contiguous and
    aligned.

    An array that is so already is returned itself; the rank is kept. Converts as `np.asarray(value, dtype)` does.
    """
    own = np.dtype(dtype)
    array = np.asarray(value, dtype=own)
    if not (array.flags.c_contiguous and array.flags.aligned):
        array = array.copy(order="C")
    return array if array.dtype is own else array.view(own)
