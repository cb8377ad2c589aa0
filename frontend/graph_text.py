"""Graph text in Python: `parse_graph` gives symbolic variables, `compile_file` and `compile_text` give functions.

    g = phintys.parse_graph("graph f(x: f64[?]) { y = exp(x); return y / sum(y) }")
    phintys.function(g.inputs, g["y"] + 1)

States of a graph are shared variables. Their first values are given by name, `compile_file("train.phi", w=array)`; those
that are not given start as zeros. The other direction, functions as text, is `dump.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from phintys.ir.checks import Check, CheckedGraph, checks_of
from phintys.ir.fused import FusedNode
from phintys.ir.graph import Graph, Node, Value

from .errors import near
from .function import Function, make_function
from .inputs import In
from .plan import Plan
from .tensor.sharedvar import TensorSharedVariable
from .tensor.var import TensorConstant, TensorVariable
from .types import frontend_type


class GraphVariables:
    """A graph of graph text as symbolic variables, which any expression may use.

    `inputs` and `outputs` are variables, `states` shared variables, `updates` pairs (state, expression of its next value);
    `graph["name"]` is whatever has that name in the text. `function()` compiles the graph as it is written.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.name = graph.name
        self.inputs: list[TensorVariable] = list(graph.inputs)  # type: ignore[arg-type]
        self.states: list[TensorSharedVariable] = list(graph.states)  # type: ignore[arg-type]
        self.outputs: list[TensorVariable] = list(graph.outputs)  # type: ignore[arg-type]
        self.updates: list[tuple[TensorSharedVariable, TensorVariable]] = list(graph.updates)  # type: ignore[arg-type]

    def __getitem__(self, name: str) -> TensorVariable:
        named = self._named()
        if name not in named:
            raise KeyError(f"graph {self.name} has no value named '{name}'{near(name, named)}; it has: {', '.join(named)}")
        return named[name]

    def _named(self) -> dict[str, TensorVariable]:
        results = [value for node in self._graph.nodes() for value in node.results]
        values: list[Any] = [*self._graph.inputs, *self._graph.states, *results]
        return {value.name: value for value in values if value.name}

    def function(self) -> Function:
        """The function that the text describes: a single output is returned itself, several as a list."""
        inputs = [In(value) for value in self.inputs]
        return make_function(Plan(self.name, inputs, self._graph, len(self.outputs) == 1))

    def __repr__(self) -> str:
        inputs = ", ".join(f"{value.name}: {value.type.text}" for value in self.inputs)
        return f"<graph {self.name}({inputs})>"


def parse_graph(text: str, graph: str | None = None, /, **states: Any) -> GraphVariables:
    """The symbolic variables of the graph in `text`, of the one named `graph` where it holds several.

    `states`: first values by name. Errors: `DiagnosticError` for what is no graph text, and for a graph with `require`
    statements or fused regions, which hold for it as a whole (`compile_text` takes those); ValueError for a graph that is not
    there; TypeError for a first value that does not fit or is of no state, ValueError for a missing one of unknown sizes.
    """
    found = _choose(_read_text(text, "<text>"), graph)
    whole = [(check.loc, "makes checks") for check in checks_of(found)]
    whole += [(node.loc, "holds a fused region") for node in found.nodes() if isinstance(node, FusedNode)]
    for place, what in whole:
        from phintys.ir.diagnostics import error

        advice = "compile_text(...) compiles it as it stands"
        raise error(f"graph '{found.name}' {what}: it is not made of variables", None, advice, name=place or "<text>")
    return GraphVariables(_symbolic(found, states))


def compile_text(text: str, graph: str | None = None, /, **states: Any) -> Function:
    """The function that graph text describes; arguments and errors are those of `parse_graph`."""
    return _compiled(_read_text(text, "<text>"), graph, states)


def compile_file(path: str | os.PathLike[str], graph: str | None = None, /, **states: Any) -> Function:
    """The function in a file: graph text (`.phi`), or IR of tensor operations (`.mlir`, levels nd and fused).

    Of several graphs in it, `graph` names one. `states`: first values by name, zeros for those left out; `f["w"]` reads a
    state, `f["w"] = value` sets it. Errors: OSError, and those of `parse_graph`.
    """
    text = Path(path).read_text(encoding="utf-8")
    read = _read_module if Path(path).suffix == ".mlir" else _read_text
    return _compiled(read(text, os.fspath(path)), graph, states)


def _compiled(graphs: Sequence[Graph], name: str | None, states: Mapping[str, Any]) -> Function:
    return GraphVariables(_symbolic(_choose(graphs, name), states)).function()


def _read_text(text: str, filename: str) -> list[Graph]:
    from phintys.ir.parser import parse_graphs

    if not isinstance(text, str):
        raise TypeError(f"graph text is a string; got {text!r:.80} of type {type(text).__name__}")
    return parse_graphs(text, filename)


def _read_module(text: str, filename: str) -> list[Graph]:
    from phintys.dialects.text import parse_module, verify_module
    from phintys.ir.diagnostics import Source
    from phintys.passes.convert_nd_to_graph import module_to_graphs

    module = parse_module(text, filename)
    verify_module(module, Source(filename, text))
    return module_to_graphs(module)


def _choose(graphs: Sequence[Graph], name: str | None) -> Graph:
    names = [graph.name for graph in graphs]
    if name is None and len(graphs) == 1:
        return graphs[0]
    if name is None:
        raise ValueError(f"there are {len(graphs)} graphs: {', '.join(names)}; say which, as the second argument")
    if name not in names:
        raise ValueError(f"there is no graph '{name}'{near(name, names)}; there are: {', '.join(names)}")
    return graphs[names.index(name)]


def _symbolic(graph: Graph, states: Mapping[str, Any]) -> Graph:
    """The graph on the frontend's variables."""
    known = [str(state.name) for state in graph.states]
    for name in states:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise TypeError(f"graph {graph.name} has no state '{name}'{near(name, known)}; its states: {listed}")
    new: dict[int, Value] = {id(value): TensorVariable(value.type, value.name, loc=value.loc) for value in graph.inputs}
    new |= {id(value): _state(value, graph.name, states) for value in graph.states}
    for node in graph.nodes():
        results = _node(node, [new[id(value)] for value in node.inputs])
        for old, value in zip(node.results, results, strict=True):
            value.name = old.name
            new[id(old)] = value
    inputs, outputs, cells = ([new[id(value)] for value in part] for part in (graph.inputs, graph.outputs, graph.states))
    updates = [(new[id(old)], new[id(value)]) for old, value in graph.updates]
    checks = [
        Check(new[id(c.condition)], c.exception, c.message, tuple(new[id(value)] for value in c.values), c.loc)
        for c in checks_of(graph)
    ]
    parts = (graph.name, inputs, outputs, cells, updates)
    return CheckedGraph(*parts, checks) if checks else Graph(*parts)


def _state(value: Value, graph: str, states: Mapping[str, Any]) -> TensorSharedVariable:
    """The shared variable of a state."""
    name, type = str(value.name), frontend_type(value.type)
    if name in states:
        try:
            array = type.filter(states[name], allow_downcast=True).copy()
        except TypeError as failure:
            raise TypeError(f"the first value of the state {name}: {value.type.text}: {failure}") from None
    elif None in value.type.shape:
        raise ValueError(
            f"the sizes of the state {name}: {value.type.text} are not all known: give its first value, {name}=..."
        )
    else:
        array = np.zeros([size or 0 for size in value.type.shape], value.type.dtype)
    return TensorSharedVariable.of(type, array, name, False, None, value.loc)


def _node(node: Node, inputs: list[Value]) -> Sequence[Value]:
    """One operation, with results of the types that the text declares."""
    if node.op == "constant":
        constant = TensorConstant.of(node.attrs["value"])
        constant.loc = node.loc
        return [constant]
    if isinstance(node, FusedNode):
        attrs = node.attrs
        copy: Node = FusedNode(inputs, attrs["combine"], attrs["axes"], attrs["body"], dtypes=attrs["dtypes"], loc=node.loc)
        copy.results = tuple(
            TensorVariable(value.type, None, copy, index, node.loc) for index, value in enumerate(node.results)
        )
    else:
        copy = Node(node.op, inputs, node.attrs, make=TensorVariable, loc=node.loc)
        for new, old in zip(copy.results, node.results, strict=True):
            new.type = frontend_type(old.type)
    return copy.results
