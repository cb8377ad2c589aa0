"""Gradients of an operation that Theano has no printed form for, as expressions: the compiler's own rule, read back.

`derived(node, gradients)` lets the pass `autodiff` differentiate the operation alone and turns what it writes into an
expression of the same variables. `expanded(node)` does that with a whole gradient or Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from phintys.ir.graph import Graph, Node, Value, free_inputs, topological

from . import tensor as T
from .tensor.shaping import dim
from .tensor.var import TensorConstant, TensorVariable
from .types import frontend_type

if TYPE_CHECKING:
    from xdsl.dialects.func import FuncOp


def _fill(model: TensorVariable, value: TensorVariable) -> TensorVariable:
    return T.alloc(value, *[dim(model, axis) for axis in range(model.ndim)]) if model.ndim else value


def _softmax_grad(g: TensorVariable, out: TensorVariable) -> TensorVariable:
    return (g - T.sum(g * out, axis=-1, keepdims=True)) * out


# What the operations that only prints have are in those of the table.
PLAIN: dict[str, Callable[..., TensorVariable]] = {"fill": _fill, "softmax_grad": _softmax_grad, "sqr": lambda x: x * x}


def derived(node: Node, gradients: Sequence[TensorVariable | None]) -> list[TensorVariable | None]:
    """The gradients of the operands of a node, given those of its results; `None` for zero."""
    from phintys.passes.autodiff import pull_back
    from phintys.passes.convert_graph_to_nd import graph_to_func

    operands = [_copy(value) for value in node.inputs]
    plain = PLAIN.get(node.op)
    results = [plain(*operands)] if plain else _remade(node, operands)
    known = [_copy(value) for value in node.results]
    given = [(number, _copy(g), g) for number, g in enumerate(gradients) if g is not None]
    copies = [*operands, *known, *(copy for _, copy, _ in given)]
    func = graph_to_func(Graph("rule", copies, results))
    arguments = dict(zip(map(id, copies), func.body.block.args, strict=True))
    floats = [number for number, value in enumerate(operands) if value.type.kind == "f"]
    found = pull_back(
        func,
        {number: arguments[id(copy)] for number, copy, _ in given},
        [arguments[id(operands[number])] for number in floats],
        [arguments[id(value)] for value in known],
    )
    own = dict(zip(map(id, copies), [*node.inputs, *node.results, *(g for _, _, g in given)], strict=True))
    made = iter(_read_back(func, copies, own))
    answers = {number: next(made) for number, answer in zip(floats, found, strict=True) if answer}
    return [answers.get(number) for number in range(len(operands))]


def expanded(node: Node) -> list[Value]:
    """The results of a node `grad` or `jacobian`, as the compiler expands it and everything it depends on."""
    from xdsl.context import Context
    from xdsl.dialects.builtin import ModuleOp

    from phintys.passes.convert_graph_to_nd import graph_to_func
    from phintys.passes.pipeline import load_pass

    inputs = free_inputs(node.results)
    func = graph_to_func(Graph("derivative", inputs, list(node.results)))
    module, context = ModuleOp([func]), Context()
    for name in ("expand-complex", "autodiff", "drop-marks", "canonicalize", "cse"):
        load_pass(name)().apply(context, module)
    return list(_read_back(func, inputs, {id(value): value for value in inputs}))


def _copy(value: Value) -> TensorVariable:
    return TensorVariable(frontend_type(value.type), value.name)


def _remade(node: Node, operands: Sequence[Value]) -> list[TensorVariable]:
    results = Node(node.op, operands, node.attrs, make=TensorVariable, loc=node.loc).results
    return [result for result in results if isinstance(result, TensorVariable)]


def _read_back(func: FuncOp, inputs: Sequence[Value], own: dict[int, Value]) -> list[TensorVariable]:
    """The results of a function as expressions of the values `own`, by identity of its `inputs`."""
    from phintys.passes.convert_nd_to_graph import func_to_graph

    graph = func_to_graph(func)
    new = {id(argument): own[id(value)] for argument, value in zip(graph.inputs, inputs, strict=True)}
    for node in topological(graph.outputs):
        if node.op == "constant":
            results: Sequence[Value] = [TensorConstant.of(node.attrs["value"])]
        else:
            results = _remade(node, [new[id(value)] for value in node.inputs])
        new.update((id(old), result) for old, result in zip(node.results, results, strict=True))
    found = [new[id(value)] for value in graph.outputs]
    return [value for value in found if isinstance(value, TensorVariable)]
