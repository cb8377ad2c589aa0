"""Graphs as people look at them: `written` for expressions, `fast_compile` and `fast_run` for compiled functions.

Prints show Theano's graph of an expression, not the compiler's: gradients expanded (`derivatives.py`), operands of lower
rank brought to the rank of the others by a DimShuffle. What a function computes is shown after the compiler's own
passes on tensors (`fast_run`), or, in mode FAST_COMPILE, as written, with what Theano did in that mode: constants
folded, equal nodes merged, fills taken away. All of it happens when somebody looks, never when a function is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phintys.ir.diagnostics import DiagnosticError
from phintys.ir.graph import Graph, Node, Value, topological
from phintys.ir.ops import OPS
from phintys.ir.types import TypeInferenceError

from .derivatives import expand
from .shown import remade, shown
from .tensor.filling import alloc
from .tensor.shaping import dim, dimshuffle
from .tensor.var import TensorConstant, TensorVariable
from .types import frontend_type

Rule = Callable[[Node, "list[Value]"], "list[Value] | None"]


def rebuilt(roots: Sequence[Value], rules: Sequence[Rule], merge: bool = False) -> list[Value]:
    """`roots` with each node given to the rules, operands first: the first that answers gives its new results."""
    new: dict[int, Value] = {}
    known: dict[Any, list[Value]] = {}
    for node in topological(roots):
        inputs = [new.get(id(value), value) for value in node.inputs]
        results = next((found for rule in rules if (found := rule(node, inputs)) is not None), None)
        if results is None:
            same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
            results = list(node.results) if same else remade(node, inputs)
        if merge:
            results = known.setdefault(_key(results[0]), results)
        new.update((id(old), value) for old, value in zip(node.results, results, strict=True))
    return [new.get(id(root), root) for root in roots]


def _key(value: Value) -> Any:
    """Equal for values that the same operation computes from the same operands."""
    node = value.node
    if node is None:
        return id(value)
    attrs = {
        key: (a.dtype.str, a.shape, a.tobytes()) if isinstance(a, np.ndarray) else repr(a) for key, a in node.attrs.items()
    }
    return node.op, tuple(map(id, node.inputs)), tuple(attrs.items()), str(value.type)


# --- rules ------------------------------------------------------------------------------------------------------------


def _gradient(node: Node, inputs: list[Value]) -> list[Value] | None:
    """A gradient as an expression; the node itself where an operation has no derivative."""
    if node.op != "grad":
        return None
    try:
        return expand(Node("grad", inputs, make=TensorVariable, loc=node.loc))
    except (DiagnosticError, TypeInferenceError):  # there is none
        return None


def _same_rank(node: Node, inputs: list[Value]) -> list[Value] | None:
    """Operands of elementwise operations that have fewer dimensions get new ones of size 1 in front."""
    rank = node.results[0].type.ndim
    if not _is_elementwise(node) or all(value.type.ndim == rank for value in inputs):
        return None
    wide = [
        value if value.type.ndim == rank else dimshuffle(value, *["x"] * (rank - value.type.ndim), *range(value.type.ndim))
        for value in inputs
    ]
    return remade(node, wide)


def _is_elementwise(node: Node) -> bool:
    return node.op in OPS and OPS[node.op].family == "elementwise"


def _no_fill(node: Node, inputs: list[Value]) -> list[Value] | None:
    """A fill is the value itself, repeated to the shape where that is larger."""
    if node.op != "fill":
        return None
    model, value = inputs
    if value.type.shape == model.type.shape and value.type.ndim == 0:
        return [value]
    assert isinstance(model, TensorVariable)
    sizes = [dim(model, axis) if size is None else size for axis, size in enumerate(model.type.shape)]
    return [alloc(value, *sizes)]


def _no_alloc(node: Node, inputs: list[Value]) -> list[Value] | None:
    """An elementwise operation repeats an operand by itself, if another one has the full shape."""
    if not _is_elementwise(node):
        return None
    # What each operand is an alloc of; itself, if it is none.
    lean = [value.node.inputs[0] if value.node is not None and value.node.op == "alloc" else value for value in inputs]
    whole = [new for old, new in zip(inputs, lean, strict=True) if old is new]
    if len(whole) == len(inputs) or all(value.type.shape != node.results[0].type.shape for value in whole):
        return None
    return _same_rank(node, lean) or remade(node, lean)


def _folded(node: Node, inputs: list[Value]) -> list[Value] | None:
    """An elementwise operation or a DimShuffle of constants as a constant."""
    if not inputs or any(not value.is_constant for value in inputs):
        return None
    from phintys.passes.numpy_rows import ELEMENTWISE

    dtype, arrays = node.results[0].type.dtype, [value.data for value in inputs]
    if node.op == "dimshuffle":
        order, x = node.attrs["order"], arrays[0]
        kept = [axis for axis in order if axis != -1]
        sizes = [1 if axis == -1 else x.shape[axis] for axis in order]
        result = x.transpose(kept + [axis for axis in range(x.ndim) if axis not in kept]).reshape(sizes)
    elif node.op in ELEMENTWISE:
        common = np.result_type(*arrays) if OPS[node.op].name in ("eq", "ne", "lt", "le", "gt", "ge") else np.dtype(dtype)
        with np.errstate(all="ignore"):
            result = ELEMENTWISE[node.op](*[array.astype(common) for array in arrays])
    else:
        return None
    return [TensorConstant.of(np.asarray(result, dtype=dtype))]


class _Constants:
    """A rule: of small numbers there is one constant each, as Theano keeps them."""

    def __init__(self) -> None:
        self.known: dict[Any, list[Value]] = {}

    def __call__(self, node: Node, inputs: list[Value]) -> list[Value] | None:
        """The constant that was met first."""
        if node.op != "constant" or node.results[0].name:
            return None
        data = node.attrs["value"]
        if data.size != 1 or data.dtype.kind not in "iuf" or not -10 <= data.item() <= 10:
            return None
        return self.known.setdefault((data.dtype.str, data.shape, data.tobytes()), list(node.results))


# --- views ------------------------------------------------------------------------------------------------------------


def written(roots: Sequence[Value]) -> list[Value]:
    """Expressions as Theano's graphs of them."""
    one_each = _Constants()
    wide = rebuilt(roots, [one_each, _same_rank])
    if not any(node.op == "grad" for node in topological(wide)):
        return wide
    # What the rows of gradients write is brought to one rank too.
    return rebuilt(rebuilt(wide, [_gradient]), [one_each, _same_rank])


def drawn(roots: Sequence[Value]) -> list[Value]:
    """Expressions as drawings show them: gradients written out, without a box for every operand of lower rank."""
    return rebuilt(roots, [_gradient])


def fast_compile(graph: Graph) -> Graph:
    """The graph of a function in mode FAST_COMPILE."""
    roots = rebuilt(written(graph.roots), [_no_fill])
    roots = rebuilt(roots, [_folded, _no_alloc], merge=True)
    return _with_roots(graph, rebuilt(roots, [_folded], merge=True))


# The passes whose result is shown: all that work on tensors and leave whole operations.
PASSES = ("stabilize", "autodiff", "drop-marks", "canonicalize", "cse", "stabilize", "pow-by-squaring", "canonicalize", "cse")


def fast_run(graph: Graph) -> Graph:
    """The graph of a function after the compiler's passes on tensors, before operations are taken apart and fused."""
    from xdsl.context import Context

    from phintys.passes.convert_graph_to_nd import graph_to_module
    from phintys.passes.convert_nd_to_graph import module_to_graphs
    from phintys.passes.pipeline import load_pass

    module, context = graph_to_module(graph), Context()
    for name in PASSES:
        load_pass(name)().apply(context, module)
    (optimized,) = module_to_graphs(module)
    own = {id(new): old for new, old in zip(optimized.inputs, graph.inputs, strict=True)}
    own |= {id(new): old for new, old in zip(optimized.states, graph.states, strict=True)}
    return _with_roots(graph, _as_variables(optimized.roots, own))


def _as_variables(roots: Sequence[Value], own: dict[int, Value]) -> list[Value]:
    """Plain values as variables of the frontend; squares are shown as such, and constants come first, as in Theano."""
    new = dict(own)
    for node in topological(roots):
        inputs = [new[id(value)] for value in node.inputs]
        result = node.results[0]
        if node.op == "constant":
            made: Sequence[Value] = [TensorConstant.of(node.attrs["value"])]
        elif node.op in ("add", "mul") and inputs[1].is_constant and not inputs[0].is_constant:
            made = Node(node.op, inputs[::-1], node.attrs, make=TensorVariable, loc=node.loc).results
        elif node.op == "mul" and inputs[0] is inputs[1]:
            made = [shown("sqr", inputs[:1], result.type)]
        else:
            made = Node(node.op, inputs, node.attrs, make=TensorVariable, loc=node.loc).results
        for old, value in zip(node.results, made, strict=True):
            value.type, value.name = frontend_type(old.type), old.name
            new[id(old)] = value
    return [new[id(root)] for root in roots]


def _with_roots(graph: Graph, roots: Sequence[Value]) -> Graph:
    count = len(graph.outputs)
    updates = [(state, value) for (state, _), value in zip(graph.updates, roots[count:], strict=True)]
    return Graph(graph.name, graph.inputs, roots[:count], graph.states, updates)
