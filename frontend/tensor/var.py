"""Symbolic tensors: `TensorVariable` and `TensorConstant`.

A variable is one light object: its type, its name, the node that computes it (if any) and the line that wrote it. The
operators and methods come from `operators.py`.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from phintys.ir.graph import Node, Value
from phintys.ir.types import TensorType as CoreType

from ..location import here
from ..types import Array, TensorType, frontend_type
from .operators import TensorOperators


class Variable(Value):
    """Anything symbolic: an input, a constant, a shared value or the result of an operation. Compared by identity."""

    type: TensorType

    def __init__(
        self,
        type: CoreType,
        name: str | None = None,
        node: Node | None = None,
        index: int = 0,
        loc: str | None = None,
    ) -> None:
        super().__init__(frontend_type(type), name, node, index, loc)

    @property
    def owner(self) -> Node | None:
        """The node that computes this value; `None` for inputs, constants and shared variables."""
        return self.node

    @property
    def tag(self) -> SimpleNamespace:
        """A place for notes of the program's own (`x.tag.test_value`)."""
        tag: SimpleNamespace = vars(self).setdefault("_tag", SimpleNamespace())
        return tag

    @tag.setter
    def tag(self, value: Any) -> None:
        vars(self)["_tag"] = value

    def clone(self) -> Variable:
        """A new input of the same type and name."""
        return self.__class__(self.type, self.name, loc=self.loc)

    def get_parents(self) -> list[Node]:
        """The node that computes this value, as a list of at most one."""
        return [] if self.owner is None else [self.owner]

    def _extra(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_eval_functions"}

    def __setstate__(self, extra: dict[str, Any]) -> None:
        vars(self).update(extra)

    def __str__(self) -> str:
        from ..names import value_text

        return value_text(self)

    __repr__ = __str__


class TensorVariable(TensorOperators, Variable):
    """A symbolic tensor. `x + y`, `x[0]`, `x.sum(axis=1)`, ... make new ones; nothing is computed until a function is called.

    `type` gives dtype, rank and broadcast pattern; `name` is what printing shows; `owner` is the node that computes it.
    """


class TensorConstant(TensorVariable):
    """A literal: a number or an array that is part of an expression. `data` is its (read-only) array."""

    @classmethod
    def of(cls, array: Array, name: str | None = None) -> TensorConstant:
        """A constant that holds a copy of `array`."""
        value = np.array(array, order="C", copy=True)
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
