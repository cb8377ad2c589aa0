"""Symbolic tensors: `TensorVariable` and `TensorConstant`.

A variable is one light object: its type, its name, the node that computes it (if any) and the line that wrote it. The
operators and methods come from `operators.py`.
"""

from __future__ import annotations

import numpy as np

from phintys.ir.graph import Node

from ..location import here
from ..types import Array, native_name
from .operators import TensorOperators


class TensorVariable(TensorOperators):
    """A symbolic tensor. `x + y`, `x[0]`, `x.sum(axis=1)`, ... make new ones.

    Nothing is computed until a function is called.

    `type` gives dtype, rank and broadcast pattern; `name` is what printing shows; `owner` is the node that computes it.
    """


class TensorConstant(TensorVariable):
    """A literal: a number or an array that is part of an expression. `data` is its (read-only) array."""

    @classmethod
    def of(cls, array: Array, name: str | None = None) -> TensorConstant:
        """A constant that holds a copy of `array`."""
        value = np.array(array, dtype=native_name(array.dtype), order="C", copy=True)
        value.flags.writeable = False
        (result,) = Node("constant", (), {"value": value}, make=cls, loc=here()).results
        assert isinstance(result, TensorConstant)
        result.name = name
        return result

    @property
    def owner(self) -> None:
        """Constants have none."""

    @property
    def value(self) -> Array:
        """The array, `data` by another name."""
        return self.data

    def clone(self) -> TensorConstant:
        """A new constant of the same value."""
        return TensorConstant.of(self.data, self.name)
