"""Methods of xDSL's dataclasses, written when they are first called.

A dataclass writes its `__init__`, `__eq__`, `__repr__`, `__hash__`, `__setattr__` and `__delattr__` as text and compiles
each. xDSL has two hundred and fifty such classes, most of which a compilation never makes an object of: a third of what it
costs to import the dialects would be spent on methods that nobody calls. A Python whose `dataclasses` is put together
differently keeps its own way, and pays for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

PACKAGE = "xdsl."

_create: Callable[..., Any] | None = getattr(dataclasses, "_create_fn", None)


def _deferred(name: str, *rest: Any, **settings: Any) -> Callable[..., Any]:
    """A method that writes itself when it is first called, and takes its own place in the class."""
    assert _create is not None
    space = settings.get("globals") or {}
    if not space.get("__name__", "").startswith(PACKAGE):
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


def defer_methods() -> None:
    """Let xDSL's dataclasses made from now on write their methods when they are needed."""
    if _create is not None:
        dataclasses._create_fn = _deferred  # type: ignore[attr-defined]
