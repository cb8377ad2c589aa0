"""`config.compute_test_value`: expressions are computed as they are written, on `x.tag.test_value` of their inputs.

A mistake in shapes is then an error at the line that makes it. Each operation is compiled by itself (and kept, for all
of its kind), so this is for finding mistakes, not for speed.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from phintys.ir.graph import Graph, Node, Value, fingerprint, free_inputs

from .names import node_text
from .tensor.sharedvar import TensorSharedVariable
from .tensor.var import TensorConstant, TensorVariable

_KEPT: dict[str, Any] = {}


def get_test_value(variable: Any) -> Any:
    """The test value of a variable: what its tag says, a constant's data, a shared variable's value.

    AttributeError when there is none.
    """
    if isinstance(variable, TensorConstant):
        return variable.data
    if isinstance(variable, TensorSharedVariable):
        return variable.get_value(borrow=True)
    if isinstance(variable, TensorVariable):
        value = getattr(variable.tag, "test_value", None)
        if value is None and variable.node is not None and variable.node.op in ("grad", "jacobian"):
            value = variable.tag.test_value = _of_expression(variable)
        if value is None:
            raise AttributeError(f"{variable} has no test value: set {variable}.tag.test_value to an array of its type")
        return variable.type.filter(value, allow_downcast=True)
    return np.asarray(variable)


def compute(node: Node, action: str) -> None:
    """Set the test values of a new operation's results. `action`: what to do about a missing one.

    "raise": ValueError; "warn": a warning; "ignore": nothing, the results have none either. Errors of the operation
    itself are raised.
    """
    if any(getattr(vars(value).get("_tag"), "test_value", None) is not None for value in node.results):
        return
    values = []
    for number, operand in enumerate(node.inputs):
        try:
            values.append(get_test_value(operand))
        except AttributeError:
            message = f"Cannot compute test value: input {number} ({operand}) of Op {node_text(node)} missing default value"
            if action == "raise":
                raise ValueError(message) from None
            if action == "warn":
                warnings.warn(message, stacklevel=4)
            return
    for result, value in zip(node.results, _evaluate(node, values), strict=True):
        assert isinstance(result, TensorVariable)
        result.tag.test_value = value


def _of_expression(variable: TensorVariable) -> Any:
    """The value of a whole expression: a gradient is one of its cost, not of its operands' values."""
    inputs = free_inputs([variable])
    values = [get_test_value(value) for value in inputs]
    return _run(Graph("test_value", inputs, [variable]), values)[0]


def _evaluate(node: Node, values: list[Any]) -> list[Any]:
    """The results of one operation on arrays; ValueError, with its text, where they do not fit."""
    inputs = [Value(operand.type, f"x{number}") for number, operand in enumerate(node.inputs)]
    copy = Node(node.op, inputs, node.attrs, loc=node.loc)
    return _run(Graph("test_value", inputs, copy.results), values)


def _run(graph: Graph, values: list[Any]) -> list[Any]:
    from .failures import Failures

    executable = _executable(fingerprint(graph), graph)
    arrays = [np.array(value, dtype=operand.type.dtype, order="C") for value, operand in zip(values, graph.inputs, strict=True)]
    results: list[Any] = executable.bind_strict([], fail=Failures(graph, executable.interface.checks), unpack=False)(*arrays)
    return results


def _executable(key: str, graph: Graph) -> Any:
    from phintys.codegen.compiler import compile_graph

    if key not in _KEPT:
        _KEPT[key] = compile_graph(graph)
    return _KEPT[key]


def get_debug_values(*variables: Any) -> Any:
    """One tuple of test values, or none of them: `for a, b in get_debug_values(x, y): ...`.

    Nothing is yielded when `compute_test_value` is "off", or a value is missing ("raise": AttributeError).
    """
    from .config import config

    action = config.compute_test_value
    if action == "off":
        return
    found = []
    for number, variable in enumerate(variables):
        try:
            found.append(get_test_value(variable))
        except AttributeError:
            message = f"Argument {number} ({variable}) has no test value"
            if action == "raise":
                raise AttributeError(message) from None
            if action == "warn":
                warnings.warn(message, stacklevel=2)
            return
    yield tuple(found)


def debug_assert(condition: Any, msg: str | None = None) -> None:
    """AssertionError when `condition` is false and test values are computed."""
    from .config import config

    if config.compute_test_value in ("raise", "ignore") and not condition:
        raise AssertionError(msg or "debug_assert failed")
