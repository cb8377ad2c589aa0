"""`view(f)`: a page that shows what the compiler makes of a function or an expression, pass by pass, beside its source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from phintys.ir.graph import Graph, Value, free_inputs


def view(what: Any, outfile: str | os.PathLike[str] | None = None) -> Path:
    """Write a page that shows every pass of the compiler at work on a function, a variable or a list of variables.

    The page needs nothing but a browser. Each operation is linked to the line of the program that it was written on, and to
    what it became in the next pass, down to the machine's code. `outfile`: where to write; without it, `phintys_NAME.html`
    in the working directory. Returns the path. TypeError for what has no graph; DiagnosticError when a pass refuses it.
    """
    graph = _graph(what)
    path = Path(outfile if outfile is not None else f"phintys_{graph.name}.html")
    title = Path(what.name).name if hasattr(what, "maker") else graph.name
    path.write_text(_page(graph, title), encoding="utf-8")
    return path


def _graph(what: Any) -> Graph:
    """The graph as it was written. TypeError for what has none."""
    from .tensor.sharedvar import TensorSharedVariable

    if hasattr(what, "maker"):
        graph: Graph = what.maker.plan.graph
        return graph
    values = list(what) if isinstance(what, list | tuple) else [what]
    if not values or not all(isinstance(value, Value) for value in values):
        raise TypeError(f"view shows a compiled function, a variable, or a list of variables; got {what!r}")
    free = free_inputs(values)
    states = [value for value in free if isinstance(value, TensorSharedVariable)]
    inputs = [value for value in free if not isinstance(value, TensorSharedVariable)]
    name = values[0].name if len(values) == 1 else None
    return Graph(name if name and name.isidentifier() else "expression", inputs, values, states)


def _page(graph: Graph, title: str) -> str:
    from xdsl.context import Context

    from phintys.codegen.compiler import graph_module
    from phintys.tools.view.page import page
    from phintys.tools.view.sources import Sources
    from phintys.tools.view.walk import record_ladder, start

    places = [node.loc for node in graph.nodes()]

    def resolve(location: str) -> str | None:
        return places[int(location[1:])] if location[:1] == "#" else location

    recorder = start(graph_module(graph), "nd")
    record_ladder(recorder, "nd", "asm", Context())
    return page(recorder, Sources(resolve=resolve), title)
