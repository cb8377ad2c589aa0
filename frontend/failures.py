"""Errors of a running function: what is wrong, the expression with its line, and the operands that it met.

The native entry says which check failed, with the sizes in question and what the call was given. Shapes of operands that are
expressions themselves are worked out here, by a small function of their own, once somebody has to read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from phintys.ir.graph import Graph, Node, Value
from phintys.ir.host import is_local
from phintys.ir.ops import OPS

from .config import config
from .names import node_text
from .printing import expression
from .types import Array

if TYPE_CHECKING:
    from phintys.codegen.interface import Check

EXCEPTIONS: dict[str, type[Exception]] = {
    "ValueError": ValueError,
    "IndexError": IndexError,
    "TypeError": TypeError,
    "ZeroDivisionError": ZeroDivisionError,
    "LinAlgError": np.linalg.LinAlgError,
}
_SMALL = 5  # elements of an array that is shown in any case
_ONE = (
    "HINT: a size that is 1 only when the function runs does not broadcast: declare it (T.row, T.col, "
    "T.tensor(dtype, broadcastable), T.addbroadcast, x.dimshuffle('x', 0))."
)
_HINT = (
    "HINT: config.exception_verbosity='high' adds strides, all values and the expression as a tree; "
    "config.compute_test_value='raise' finds such mistakes on the line that makes them."
)


class Failures:
    """Raises the errors of a compiled function: number of the failed check and its values to an exception."""

    def __init__(self, graph: Graph, checks: Sequence[Check]) -> None:
        self.graph = graph
        self.checks = checks

    def __call__(self, number: int, values: Sequence[int]) -> NoReturn:
        """Raise the error of check `number`, of a call about which nothing else is known."""
        check = self.checks[number]
        raise EXCEPTIONS[check.exception]("\n".join([check.message.format(*values), *self.where(check.location)]))

    def of_call(self, number: int, values: Sequence[int], arguments: list[Any]) -> NoReturn:
        """The same, of a call on these inputs and states."""
        check = self.checks[number]
        lines = [check.message.format(*values), *self.where(check.location)]
        node = self.node(check.location)
        if node is not None:
            lines += _operands(self.graph, node, arguments)
            if 1 in values and OPS[node.op].family == "elementwise":
                lines.append(_ONE)
        del arguments  # which the traceback would keep
        raise EXCEPTIONS[check.exception]("\n".join(lines))

    def node(self, location: str) -> Node | None:
        """The operation of a location `#n`, n its number in the graph's canonical order."""
        return self.graph.nodes()[int(location[1:])] if location.startswith("#") and location[1:].isdigit() else None

    def where(self, location: str) -> list[str]:
        """Lines about the expression that failed."""
        node = self.node(location)
        if node is None:
            return [f"at {location}"] if location else []
        text = expression(node.results[0], named=True, limit=200)
        if node.results[0].name:
            text = f"{node.results[0].name} = {text}"
        return [
            f"at {node.loc}: {text}",
            f"Apply node that caused the error: {node_text(node)}",
            f"Inputs types: [{', '.join(str(value.type) for value in node.inputs)}]",
        ]


def _operands(graph: Graph, node: Node, arguments: Sequence[Any]) -> list[str]:
    """Lines about the operands of a node in a call, and what to try."""
    whole = config.exception_verbosity == "high"
    found = _found(graph, node, arguments, whole)
    lines = [f"Inputs shapes: [{', '.join(_shape(value) for value in found)}]"]
    if whole:
        lines.append(f"Inputs strides: [{', '.join(str(getattr(value, 'strides', 'unknown')) for value in found)}]")
    lines.append(f"Inputs values: [{', '.join(_shown(value, whole) for value in found)}]")
    if not whole:
        return [*lines, _HINT]
    from .debugprint import debugprint

    tree = debugprint(node.results[0], print_type=True, file="str")
    return [*lines, "Debugprint of the apply node:", str(tree).rstrip("\n")]


def _shape(value: Any) -> str:
    return str(value if isinstance(value, tuple) else "unknown" if value is None else value.shape)


def _shown(value: Any, whole: bool) -> str:
    """An array where it is small or everything is wanted; long ones are cut in the middle by NumPy."""
    if not isinstance(value, np.ndarray) or (value.size > _SMALL and not whole):
        return "'not shown'"
    return np.array2string(value, separator=", ", prefix="array(", threshold=200).join(("array(", ")"))


def _found(graph: Graph, node: Node, arguments: Sequence[Any], whole: bool) -> list[Any]:
    """For each operand its array, its shape (a tuple) where only that was computed, or `None`."""
    given = {id(value): np.asarray(array) for value, array in zip([*graph.inputs, *graph.states], arguments, strict=True)}
    known = [value.data if value.is_constant else given.get(id(value)) for value in node.inputs]
    unknown = [value for value, array in zip(node.inputs, known, strict=True) if array is None]
    if unknown:
        try:
            computed = iter(_computed(graph, unknown, list(given.values()), whole))
        except Exception:  # an error of its own in what the operand is made of: the one at hand comes first
            computed = iter([None] * len(unknown))
        known = [next(computed) if array is None else array for array in known]
    return known


def _computed(graph: Graph, values: Sequence[Value], arguments: Sequence[Array], whole: bool) -> list[Any]:
    """Arrays, or shapes, of expressions of the graph."""
    from phintys.codegen.compiler import compile_graph

    if any(node.op == "host" and is_local(node.attrs["function"]) for node in graph.nodes()):
        return [None] * len(values)  # a program's own Python would run, and perhaps print, a second time
    entire = [whole or not value.type.ndim for value in values]
    roots = [value if full else _sizes(value) for value, full in zip(values, entire, strict=True)]
    part = Graph("operands", graph.inputs, roots, graph.states)
    executable = compile_graph(part)
    exact = [np.array(array, value.type.dtype, order="C") for value, array in zip(part.inputs, arguments, strict=False)]
    cells = [[array] for array in arguments[len(part.inputs) :]]
    results = executable.bind_strict(cells, Failures(part, executable.interface.checks), False)(*exact)
    return [result if full else tuple(result.tolist()) for result, full in zip(results, entire, strict=True)]


def _sizes(value: Value) -> Value:
    dims = [Node("dim", [value], {"axis": axis}).results[0] for axis in range(value.type.ndim)]
    return Node("make_vector", dims).results[0]
