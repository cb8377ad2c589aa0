"""The usual reason why a call is not native at once, made quick: arguments of a narrower dtype than the function's.

Tutorials train with integer arrays on float inputs. Such arguments are converted here in a fraction of a microsecond each
and go straight back to the native entry; everything else is the business of `call.Caller`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phintys.ir.types import DTYPES

from .inputs import In
from .types import Array

Row = tuple[np.dtype[Any], int, frozenset[Any], Callable[[Any], Any] | None]
# dtype wanted, rank, NumPy dtypes that it can hold, the Python number that a NumPy scalar becomes
_NUMBERS = {"f": float, "i": int, "u": int}


class Widening:
    """Converts positional arguments where that takes nothing but a wider dtype."""

    def __init__(self, inputs: Sequence[In]) -> None:
        self.rows = [_row(spec) for spec in inputs]

    def __call__(self, args: tuple[Any, ...]) -> list[Any] | None:
        """The arguments with at least one of them converted, or `None`: not all are given, or one needs more than that."""
        if len(args) != len(self.rows):
            return None
        result: list[Any] = []
        converted = False
        for value, (own, ndim, narrower, number) in zip(args, self.rows, strict=True):
            kind = type(value)
            if kind is float or kind is int or kind is np.float64:
                result.append(value)
            elif value.__class__ in _NUMERIC and value.dtype in narrower and value.ndim == ndim:
                result.append(_widened(value, own, number if kind is not np.ndarray else None))
                converted = True
            elif kind is np.ndarray and value.dtype is own:
                result.append(value)
            else:
                return None
        return result if converted else None


def _widened(value: Any, own: np.dtype[Any], number: Callable[[Any], Any] | None) -> Any:
    """A NumPy scalar as a number, which the entry takes in a twentieth of the time of an array; an array as one."""
    if number is not None:
        return number(value)
    fresh: Array = value.astype(own, "C") if type(value) is np.ndarray else np.array(value, own, order="C")
    return fresh


_NUMERIC = frozenset({np.ndarray, *(np.dtype(name).type for name in DTYPES)})


def _row(spec: In) -> Row:
    """What an input takes; nothing is narrower where only the exact dtype is accepted."""
    type = spec.variable.type
    own = np.dtype(type.dtype)
    number = _NUMBERS.get(own.kind) if type.ndim == 0 else None
    return own, type.ndim, frozenset() if spec.strict else _narrower(type.dtype), number


@functools.cache
def _narrower(dtype: str) -> frozenset[Any]:
    """The dtypes of which all numbers fit into another one."""
    own = np.dtype(dtype)
    return frozenset(np.dtype(name) for name in DTYPES if name != dtype and np.result_type(own, name) == own)
