"""Exceptions that programs catch by name; Theano's names and base classes."""

from __future__ import annotations


def noted(error: Exception, note: str) -> Exception:
    """The error with a note, which a traceback shows below the message, so that the message itself stays Theano's."""
    error.add_note(note)
    return error


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
