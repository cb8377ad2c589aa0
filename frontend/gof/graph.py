"""Walks over expression graphs: what an expression depends on, and whether two are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from phintys.ir.graph import Node, Value, topological

from ..apply import Apply
from ..clone import clone
from ..tensor.var import TensorConstant as Constant
from ..variable import Variable

__all__ = [
    "Apply",
    "Constant",
    "Variable",
    "ancestors",
    "clone",
    "inputs",
    "io_toposort",
    "is_same_graph",
    "list_of_nodes",
    "ops",
    "variables",
]


def ancestors(variable_list: Iterable[Value], blockers: Iterable[Value] | None = None) -> list[Value]:
    """All variables that the given ones depend on, themselves included; what is behind `blockers` is left out."""
    stopped = {id(value) for value in blockers or ()}
    found: dict[int, Value] = {}
    stack = list(variable_list)[::-1]
    while stack:
        value = stack.pop()
        if id(value) in found:
            continue
        found[id(value)] = value
        if value.node is not None and id(value) not in stopped:
            stack.extend(reversed(value.node.inputs))
    return list(found.values())


def inputs(variable_list: Iterable[Value], blockers: Iterable[Value] | None = None) -> list[Value]:
    """What nothing computes among the ancestors: inputs, shared variables and constants."""
    return [value for value in ancestors(variable_list, blockers) if value.node is None or value.is_constant]


def variables(i: Iterable[Value], o: Iterable[Value]) -> list[Value]:
    """All variables between `i` and `o`, both included."""
    return ancestors(o, i)


def io_toposort(i: Iterable[Value], o: Iterable[Value]) -> list[Apply]:
    """The operations between `i` and `o`, operands first."""
    stopped = {id(value) for value in i}
    needed = {id(value) for value in ancestors(o, i) if id(value) not in stopped}
    nodes = (node for node in topological(o) if node.op != "constant")
    return [Apply(node) for node in nodes if any(id(value) in needed for value in node.results)]


def ops(i: Iterable[Value], o: Iterable[Value]) -> set[Apply]:
    """The operations between `i` and `o`."""
    return set(io_toposort(i, o))


def list_of_nodes(inputs: Iterable[Value], outputs: Iterable[Value]) -> list[Apply]:
    """The operations between `inputs` and `outputs`."""
    return io_toposort(inputs, outputs)


def is_same_graph(var1: Value, var2: Value, givens: Any = None, debug: bool = False) -> bool:
    """Whether two variables are the same computation of the same inputs.

    `givens`: pairs (variable of one, variable that stands for it in the other). Constants are equal by value.
    """
    pairs = list(givens.items() if isinstance(givens, Mapping) else givens or ())
    return _Comparison(pairs).equal(var1, var2)


class _Comparison:
    """Two graphs, walked side by side without recursion; what was found equal is not looked at again."""

    def __init__(self, givens: Sequence[tuple[Value, Value]]) -> None:
        self.known = {(id(a), id(b)) for a, b in givens} | {(id(b), id(a)) for a, b in givens}
        self.given = {id(value) for pair in givens for value in pair}

    def equal(self, first: Value, second: Value) -> bool:
        stack = [(first, second)]
        while stack:
            a, b = stack.pop()
            if a is b and id(a) not in self.given:
                continue
            if (id(a), id(b)) in self.known:
                continue
            if a.node is None or b.node is None or a.index != b.index or not _same_step(a.node, b.node):
                return False
            self.known.add((id(a), id(b)))
            stack.extend(zip(a.node.inputs, b.node.inputs, strict=True))
        return True


def _same_step(a: Node, b: Node) -> bool:
    """Whether two nodes do the same to as many operands."""
    if a.op != b.op or len(a.inputs) != len(b.inputs) or a.attrs.keys() != b.attrs.keys():
        return False
    return all(_same_attribute(value, b.attrs[key]) for key, value in a.attrs.items())


def _same_attribute(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    return bool(a == b)
