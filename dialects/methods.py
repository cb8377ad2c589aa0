"""Dataclasses of xDSL and of the compiler, put together when they are first used.

A dataclass reads its annotations and writes its `__init__`, `__eq__`, `__repr__`, `__hash__`, `__setattr__` and `__delattr__`
as text, which it compiles. xDSL has three hundred such classes, most of which a compilation never makes an object of: a third
of what it costs to import the dialects would be spent on them. Here the methods and the record of the fields are stand-ins
at first; whichever is touched first has Python put the class together, and each method is written when it is called. A
Python whose `dataclasses` is made differently keeps its own way, and pays for it.
"""

from __future__ import annotations

import abc
import dataclasses
import threading
from collections.abc import Callable
from typing import Any

PACKAGES = ("xdsl.", "phintys.dialects", "phintys.passes", "phintys.codegen")
OPTIONS = (
    *("cls", "init", "repr", "eq", "order", "unsafe_hash", "frozen"),
    *("match_args", "kw_only", "slots", "weakref_slot"),
)

_create: Callable[..., Any] | None = getattr(dataclasses, "_create_fn", None)
_process: Callable[..., Any] | None = getattr(dataclasses, "_process_class", None)
_LOCK = threading.RLock()
_ABSENT = object()
# Class -> what put it together needs, and what stood in the class before the stand-ins.
_PENDING: dict[type, tuple[tuple[Any, ...], dict[str, Any]]] = {}


def _deferred(name: str, *rest: Any, **settings: Any) -> Callable[..., Any]:
    """A method that writes itself when it is first called, and takes its own place in the class."""
    assert _create is not None
    space = settings.get("globals") or {}
    if not space.get("__name__", "").startswith(PACKAGES):
        made: Callable[..., Any] = _create(name, *rest, **settings)
        return made

    written: list[Callable[..., Any]] = []

    def method(*arguments: Any, **keywords: Any) -> Any:
        if not written:
            assert _create is not None
            written.append(_create(name, *rest, **settings))
            written[0].__qualname__ = method.__qualname__
            for owner in type(arguments[0]).__mro__:
                if owner.__dict__.get(name) is method:
                    setattr(owner, name, written[0])
        return written[0](*arguments, **keywords)

    method.__name__ = name
    return method


class _Record:
    """Stands for something that a dataclass keeps in the class."""

    def __init__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        _finish(self.owner)
        return self.owner.__dict__[self.name]


def _stand_in(owner: type, name: str) -> Callable[..., Any]:
    """Stands for a method that a dataclass writes."""

    def method(*arguments: Any, **keywords: Any) -> Any:
        _finish(owner)
        return owner.__dict__[name](*arguments, **keywords)

    method.__name__, method.__qualname__ = name, f"{owner.__qualname__}.{name}"
    return method


def _put_off(cls: Any, init: bool, repr: bool, eq: bool, *rest: bool) -> Any:
    """`dataclasses._process_class` that does most of it later."""
    assert _process is not None
    order, unsafe_hash, frozen, match_args, _, slots, _ = rest
    own = cls.__dict__
    guarded = frozen and ("__setattr__" in own or "__delattr__" in own)
    if not cls.__module__.startswith(PACKAGES) or order or unsafe_hash or slots or guarded:
        return _process(cls, init, repr, eq, *rest)
    hashed = own.get("__hash__") is not None or ("__hash__" in own and "__eq__" not in own)
    names = [name for name, wanted in (("__init__", init), ("__repr__", repr), ("__eq__", eq)) if wanted and name not in own]
    names += ["__setattr__", "__delattr__"] * frozen + ["__hash__"] * (eq and frozen and not hashed)
    new: dict[str, Any] = {name: _stand_in(cls, name) for name in names}
    if eq and not frozen and not hashed:
        new["__hash__"] = None
    kept = ("__dataclass_fields__", "__dataclass_params__", *["__match_args__"] * (match_args and "__match_args__" not in own))
    new |= {name: _Record(cls, name) for name in kept}
    new |= {name: _default(value) for name, value in own.items() if isinstance(value, dataclasses.Field)}
    _PENDING[cls] = (init, repr, eq, *rest), {name: own.get(name, _ABSENT) for name in new}
    _set(cls, new)
    return abc.update_abstractmethods(cls)


def _default(field: dataclasses.Field[Any]) -> Any:
    """What a class has in the place of a field: its default, or nothing."""
    return _ABSENT if field.default is dataclasses.MISSING else field.default


def _set(cls: type, values: dict[str, Any]) -> None:
    """Let names of a class mean this, or nothing."""
    for name, value in values.items():
        if value is not _ABSENT:
            setattr(cls, name, value)
        elif name in cls.__dict__:
            delattr(cls, name)


def _finish(cls: type) -> None:
    """Put a class together."""
    with _LOCK:
        if cls not in _PENDING:
            return
        options, before = _PENDING[cls]
        _set(cls, before)
        cls.__doc__ = cls.__doc__ or cls.__name__  # or Python writes the signature, which takes as long as the rest
        assert _process is not None
        _process(cls, *options)
        del _PENDING[cls]


def defer_methods() -> None:
    """Let such dataclasses made from now on be put together, and write their methods, when they are needed."""
    if _create is not None:
        dataclasses._create_fn = _deferred  # type: ignore[attr-defined]
    if _process is not None and _process.__code__.co_varnames[: _process.__code__.co_argcount] == OPTIONS:
        dataclasses._process_class = _put_off  # type: ignore[attr-defined]
