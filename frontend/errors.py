"""Exceptions that programs catch by name; Theano's names and base classes."""

from __future__ import annotations

import difflib
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any, TypeVar


def noted(error: Exception, note: str) -> Exception:
    """The error with a note, which a traceback shows below the message, so that the message itself stays Theano's."""
    error.add_note(note)
    return error


Call = TypeVar("Call", bound=Callable[..., Any])
Class = TypeVar("Class")


def keywords(function: Call) -> Call:
    """The function, which answers a keyword that it does not have with the one that was probably meant."""

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            message = _unexpected(checked, kwargs) if error.__traceback__ and not error.__traceback__.tb_next else None
            if message is None:
                raise
            raise TypeError(message) from None

    return checked  # type: ignore[return-value]


def _unexpected(function: Callable[..., Any], given: Mapping[str, Any]) -> str | None:
    """The message about the first keyword that a function does not have, if there is one."""
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    word = next((key for key in given if key not in parameters), None)
    if word is None:
        return None
    return f"{function.__qualname__}() got an unexpected keyword argument '{word}'{near(word, parameters)}"


def with_keyword_methods(cls: type[Class]) -> type[Class]:
    """A class whose public methods answer as `keywords` does."""
    for name, method in list(vars(cls).items()):
        if isinstance(method, FunctionType) and not name.startswith("_"):
            setattr(cls, name, keywords(method))
    return cls


def with_keywords(namespace: dict[str, Any], names: Iterable[str]) -> None:
    """Put `keywords` around the functions of these names, there and in the module that each comes from.

    Pickles know a function by its module and name, so that both have to be the same object.
    """
    for name in names:
        function: Any = namespace.get(name)
        if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
            continue
        home, own = vars(sys.modules[function.__module__]), function.__name__
        found: Any = home.get(own)
        if found is function:
            home[own] = found = keywords(found)
        if getattr(found, "__wrapped__", None) is function:
            namespace[name] = found


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'updates'?`, if there is anything like it."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else ""


def writable(file: Any) -> Any:
    """`file` itself, where a text goes. TypeError for what has no method `write`: a path, a module, a file's class."""
    if isinstance(file, type) or not callable(getattr(file, "write", None)):
        raise TypeError(f"file is an open file, or another object with a method write; got {file!r}")
    return file


class OutputKeyError(TypeError, AssertionError):
    """A key of a dict of outputs is no string; an AssertionError, too, as it is in Theano."""


class AsTensorError(TypeError):
    """A Python value has no meaning as a tensor."""


class MissingInputError(Exception):
    """A function needs the value of a variable that is not among its inputs."""


class UnusedInputError(Exception):
    """A function was given an input that none of its results depends on, or the same input twice."""


class DisconnectedInputError(ValueError):
    """A gradient was asked for with respect to a variable on which the cost does not depend differentiably."""


class NullTypeGradError(TypeError):
    """A gradient is mathematically undefined (part of Theano's interface)."""


class NotScalarConstantError(Exception):
    """A value that has to be known when the expression is written is not a scalar constant."""
