"""Reductions on expression graphs: fewer graphs, outputs, updates, checks, inputs; operations replaced by simpler things."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from phintys.ir.checks import CheckedGraph, checks_of
from phintys.ir.graph import Graph, Node, Value, free_inputs
from phintys.ir.parser import parse_graphs
from phintys.ir.printer import format_graphs

from .opt_reduce import Reduction
from .reduce_text import Check, accepted

Choice = Callable[[Graph, Value], "Value | None"]
Unit = tuple[Graph, object]  # a graph, and the part of it that a reduction is about


def graph_reductions(check: Check) -> list[Reduction]:
    """In the order in which they are tried."""

    def made(
        name: str, units: Callable[[list[Graph]], list[Unit]], act: Callable[[list[Graph], list[Unit]], None]
    ) -> Reduction:
        def apply(text: str, chosen: range) -> str | None:
            graphs = parse_graphs(text)
            act(graphs, units(graphs)[chosen.start : chosen.stop])
            return accepted(format_graphs(graphs), check) if graphs else None

        def guarded(text: str, chosen: range) -> str | None:
            try:
                return apply(text, chosen)
            except Exception:  # the graph that is left may be one that nothing can print
                return None

        return Reduction(name, lambda text: len(units(parse_graphs(text))), guarded)

    return [
        made("graphs", lambda graphs: [(graph, graph) for graph in graphs], _drop_graphs),
        made("results", lambda graphs: [(graph, part) for graph in graphs for part in _results(graph)], _drop_results),
        *(made(f"by {name}", _values, _replace_by(choose)) for name, choose in CHOICES.items()),
        made("inputs", lambda graphs: [(graph, value) for graph in graphs for value in _unused(graph)], _drop_inputs),
    ]


def _drop_graphs(graphs: list[Graph], units: list[Unit]) -> None:
    for graph, _ in units:
        graphs.remove(graph)


def _results(graph: Graph) -> Iterator[object]:
    yield from checks_of(graph)
    yield from graph.updates
    yield from range(len(graph.outputs))


def _drop_results(graphs: list[Graph], units: list[Unit]) -> None:
    for graph in graphs:
        parts = [part for owner, part in units if owner is graph]
        graph.outputs = [value for number, value in enumerate(graph.outputs) if number not in parts]
        graph.updates = [pair for pair in graph.updates if not any(pair is part for part in parts)]
        if isinstance(graph, CheckedGraph):
            graph.checks = [one for one in graph.checks if not any(one is part for part in parts)]


def _unused(graph: Graph) -> list[Value]:
    """Inputs and states that nothing reads or updates."""
    read = {id(value) for value in free_inputs(graph.roots)} | {id(old) for old, _ in graph.updates}
    return [value for value in (*graph.inputs, *graph.states) if id(value) not in read]


def _drop_inputs(graphs: list[Graph], units: list[Unit]) -> None:
    for graph, value in units:
        graph.inputs = [one for one in graph.inputs if one is not value]
        graph.states = [one for one in graph.states if one is not value]


# --- values -----------------------------------------------------------------------------------------------------------


def _values(graphs: list[Graph]) -> list[Unit]:
    return [(graph, value) for graph in graphs for node in graph.nodes() if node.op != "constant" for value in node.results]


def _operand(graph: Graph, value: Value) -> Value | None:
    assert value.node is not None
    return next((one for one in value.node.inputs if one.type == value.type), None)


def _last_operand(graph: Graph, value: Value) -> Value | None:
    assert value.node is not None
    return next((one for one in reversed(value.node.inputs) if one.type == value.type), None)


def _input(graph: Graph, value: Value) -> Value | None:
    new = Value(value.type, value.name)
    graph.inputs.append(new)
    return new


def _constant(graph: Graph, value: Value) -> Value | None:
    if None in value.type.shape:
        return None
    shape = tuple(size or 0 for size in value.type.shape)
    return Node("constant", (), {"value": np.ones(shape, value.type.dtype)}).results[0]


CHOICES: dict[str, Choice] = {
    "an operand": _operand,
    "its last operand": _last_operand,
    "an input": _input,
    "a constant": _constant,
}


def _replace_by(choose: Choice) -> Callable[[list[Graph], list[Unit]], None]:
    def act(graphs: list[Graph], units: list[Unit]) -> None:
        for graph in graphs:
            new: dict[Value, Value] = {}
            for owner, value in units:
                found = choose(graph, value) if owner is graph and isinstance(value, Value) else None
                if found is not None and isinstance(value, Value):
                    new[value] = found
            if new:
                _exchange(graph, new)

    return act


def _exchange(graph: Graph, new: dict[Value, Value]) -> None:
    """Replace values everywhere, in place: types stay, so that no operation has to be made again."""

    def last(value: Value) -> Value:
        while value in new:
            value = new[value]
        return value

    for node in graph.nodes():
        node.inputs = tuple(last(value) for value in node.inputs)
    graph.outputs = [last(value) for value in graph.outputs]
    graph.updates = [(old, last(value)) for old, value in graph.updates]
    if isinstance(graph, CheckedGraph):
        graph.checks = [
            type(one)(last(one.condition), one.exception, one.message, tuple(map(last, one.values)), one.loc)
            for one in graph.checks
        ]
