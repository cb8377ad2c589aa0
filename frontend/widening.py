"""The usual reason why a call is not native at once, made quick: arguments of a narrower dtype than the function's.

Tutorials train with integer arrays on float inputs. Such arguments are converted here in a fraction of a microsecond each
and go straight back to the native entry; everything else is the business of `call.Caller`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phintys.ir.types import DTYPES

from .inputs import In
from .types import Array

Row = tuple[np.dtype[Any], int, frozenset[Any]]  # dtype wanted, rank, NumPy dtypes that it can hold


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
        for value, (own, ndim, narrower) in zip(args, self.rows, strict=True):
            kind = type(value)
            if kind is float or kind is int:
                result.append(value)
            elif value.__class__ in _NUMERIC and value.dtype in narrower and value.ndim == ndim:
                fresh: Array = np.array(value, own, order="C")
                result.append(fresh)
                converted = True
            elif kind is np.ndarray and value.dtype is own:
                result.append(value)
            else:
                return None
        return result if converted else None


_NUMERIC = frozenset({np.ndarray, *(np.dtype(name).type for name in DTYPES)})


def _row(spec: In) -> Row:
    """What an input takes; nothing is narrower where only the exact dtype is accepted."""
    type = spec.variable.type
    own = np.dtype(type.dtype)
    narrower = {np.dtype(name) for name in DTYPES if name != type.dtype and np.result_type(own, name) == own}
    return own, type.ndim, frozenset(() if spec.strict else narrower)
