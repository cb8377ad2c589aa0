"""Exceptions that programs catch by name; Theano's names and base classes."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def noted(error: Exception, note: str) -> Exception:
    """The error with a note, which a traceback shows below the message, so that the message itself stays Theano's."""
    error.add_note(note)
    return error


def unexpected(name: str, unknown: Mapping[str, Any], function: Callable[..., Any]) -> str:
    """The message about a keyword that a function does not have, with the one that was probably meant."""
    word = next(iter(unknown))
    known = [key for key, given in inspect.signature(function).parameters.items() if given.kind is not given.VAR_KEYWORD]
    return f"{name}() got an unexpected keyword argument '{word}'{near(word, known)}"


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'updates'?`, if there is anything like it."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else ""


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
