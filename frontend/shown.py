"""Nodes that only prints have: operations of Theano's that the operation table spells in another way.

`fill(x, v)` is `v` in the shape of `x`, which every gradient starts from; `sqr(x)` is `x * x`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phintys.ir.graph import Node, Value
from phintys.ir.types import TensorType

from .tensor.var import TensorVariable


class ShownNode(Node):
    """An operation of a print: its name is not in the table, and its type is given."""

    __slots__ = ()

    def __init__(self, op: str, inputs: Sequence[Value], type: TensorType, attrs: Mapping[str, Any] | None = None) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.attrs = dict(attrs or {})
        self.loc = None
        self.results = (TensorVariable(type, None, self),)


def shown(op: str, inputs: Sequence[Value], type: TensorType, attrs: Mapping[str, Any] | None = None) -> TensorVariable:
    """The result of such a node."""
    result = ShownNode(op, inputs, type, attrs).results[0]
    assert isinstance(result, TensorVariable)
    return result


def remade(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """The results of a node on other inputs, as variables of the frontend; names and places are kept."""
    if isinstance(node, ShownNode):
        new: Node = ShownNode(node.op, inputs, node.results[0].type, node.attrs)
    else:
        new = Node(node.op, inputs, node.attrs, make=type(node.results[0]), loc=node.loc)
    for old, value in zip(node.results, new.results, strict=True):
        value.name = old.name
    return list(new.results)


def fill(model: Value, value: Value) -> TensorVariable:
    """`value` in the shape of `model`, as a print shows it."""
    return shown("fill", [model, value], TensorType(value.type.dtype, tuple(model.type.shape)))
