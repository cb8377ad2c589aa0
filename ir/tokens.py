"""Python callables that a program has made, by tokens which operations name as their function.

A token lives as long as somebody holds it (a node's attributes, a bound function), and the callable with it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from .host import LOCAL

HostFunction = Callable[..., Any]


class Token(str):
    """The name of a callable of this process.

    `gradient()` gives the graph of its derivative, where it has one, and the numbers of the operands that its outputs are
    gradients of; its inputs are operands, results, and gradients of the results.
    """

    __slots__ = ("__weakref__", "callable", "gradient")
    callable: HostFunction
    gradient: Callable[[], Any] | None

    def __reduce__(self) -> tuple[Any, ...]:
        return local, (self.callable, self.gradient)


_TOKENS: WeakValueDictionary[str, Token] = WeakValueDictionary()
_NUMBERS = count()


def local(function: HostFunction, gradient: Callable[[], Any] | None = None) -> Token:
    """A new token for a callable, with a function that makes the graph of its derivative."""
    token = Token(f"{LOCAL}{next(_NUMBERS)}")
    token.callable, token.gradient = function, gradient
    _TOKENS[str(token)] = token
    return token


def find_token(name: str) -> Token | None:
    """The token of a name, as long as it exists."""
    return _TOKENS.get(name)
