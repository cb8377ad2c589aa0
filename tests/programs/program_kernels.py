"""The graphs that a program compiles, and what NVIDIA's assembler says of their kernels."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from phintys.codegen import compiler
from phintys.ir.graph import Graph, fingerprint

SEEN: set[str] = set()
# Bytes: a row's kernel may keep two numbers of each thread in memory, to take fewer registers. Elementwise ones keep none.
ROUNDED = 16


def record() -> list[Graph]:
    """A list that each graph joins when it is compiled from now on."""
    graphs: list[Graph] = []
    compile_graph = compiler.compile_graph

    def recording(graph: Graph, *arguments: Any, **options: Any) -> Any:
        graphs.append(graph)
        return compile_graph(graph, *arguments, **options)

    compiler.compile_graph = recording
    return graphs


def assemble_kernels(graphs: Iterable[Graph], folder: Path) -> None:
    """Every kernel of graphs not seen yet goes through ptxas: the PTX of the oldest architecture for each generation."""
    sys.path.append(str(Path(__file__).parents[1] / "codegen"))
    import ptxas
    from device_kernels import merged

    from phintys.codegen.ptx import ptx

    if ptxas.ptxas_path() is None:
        return  # tests/codegen/test_device_operations.py says so
    new = {key: graph for graph in graphs if (key := fingerprint(graph)) not in SEEN}
    SEEN.update(new)
    modules, elementwise = [], set[str]()

    def look(stage: Any, state: Any) -> None:
        if stage.level == "gpu":
            elementwise.update(op.sym_name.data for op in state.walk() if str(op.attributes.get("phi.mapping")) == '"elements"')

    for number, graph in enumerate(new.values()):
        named = Graph(f"graph{number}", graph.inputs, graph.outputs, graph.states, graph.updates)
        modules.append(compiler.lower(compiler.graph_module(named), "nvvm", observe=look))
    text = ptx(merged(modules))
    for architecture in ptxas.ARCHITECTURES if ".entry" in text else ():
        usage = ptxas.assemble(text, architecture, folder)
        assert len(usage) == text.count(".entry")
        assert elementwise & usage.keys() or not elementwise
        allowed = {name: 0 if name in elementwise else ROUNDED for name in usage}
        assert {name: one for name, one in usage.items() if one.spilled > allowed[name]} == {}
