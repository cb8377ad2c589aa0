"""The graphs that a program compiles, and what NVIDIA's assembler says of their kernels."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from phintys.codegen import compiler
from phintys.ir.graph import Graph, fingerprint

SEEN: set[str] = set()
# Bytes: ptxas keeps a number of a row's kernel in memory rather than take eight registers more, which would cost it warps.
ROUNDED = 8


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
    modules = []
    for number, graph in enumerate(new.values()):
        named = Graph(f"graph{number}", graph.inputs, graph.outputs, graph.states, graph.updates)
        modules.append(compiler.lower(compiler.graph_module(named), "nvvm"))
    text = ptx(merged(modules))
    for architecture in ptxas.ARCHITECTURES if ".entry" in text else ():
        usage = ptxas.assemble(text, architecture, folder)
        assert len(usage) == text.count(".entry")
        assert {name: one for name, one in usage.items() if one.spilled > ROUNDED} == {}
