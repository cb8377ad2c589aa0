"""The dump of every level of a compiled function, and its graph as drawings, written into a folder.

In: what `phintys.function` returns. Out: files. This is the one place where the tools ask the compiler for its levels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .report import write_whole

# suffix, level of the compiler's ladder, whether as graph text, what it is
LEVELS = (
    ("phi", "graph", True, "the graph as written"),
    ("opt.phi", "optimized nd", True, "the graph after optimization: gradients expanded, stabilized, simplified"),
    ("nd.mlir", "nd", False, "tensor operations, as written"),
    ("fused.mlir", "fused", False, "fused regions and library calls"),
    ("loops.mlir", "loops", False, "loops over memory"),
    ("llvm.mlir", "llvm", False, "the llvm dialect"),
    ("ll", "llvmir", False, "LLVM IR, optimized"),
)
DRAWINGS = (
    ("graph_before.svg", "graph", "drawing of the graph as written"),
    ("graph_after.svg", "fused", "drawing of the graph after optimization and fusion"),
)


def climb_down(function: Any) -> dict[str, Any]:
    """Every level of a function by name: a graph, then modules, then LLVM IR text."""
    from phintys.codegen.compiler import ladder

    graph = function.maker.plan.graph
    return {"graph": graph, **dict(ladder(graph))}


def write_levels(function: Any, folder: Path, stem: str) -> list[tuple[Path, str]]:
    """Write `stem.SUFFIX` for each level, and the drawings; returns the files and what they are."""
    from phintys.ir.draw import draw_svg
    from phintys.ir.printer import format_graph

    reached = climb_down(function)
    written: list[tuple[Path, str]] = []
    for name, level, meaning in DRAWINGS:
        write_whole(folder / name, draw_svg(as_graph(reached[level])).encode())
        written.append((folder / name, meaning))
    for suffix, level, is_graph, meaning in LEVELS:
        state = reached[level]
        text = format_graph(as_graph(state)) if is_graph else module_or_text(state)
        path = folder / f"{stem}.{suffix}"
        write_whole(path, text.encode())
        written.append((path, meaning))
    return written


def as_graph(state: Any) -> Any:
    """A level as an expression graph; modules above the loops can be one."""
    from phintys.ir.graph import Graph

    if isinstance(state, Graph):
        return state
    from phintys.passes.convert_nd_to_graph import module_to_graphs

    return module_to_graphs(state)[0]


def module_or_text(state: Any) -> str:
    """The text of a module; text is itself."""
    if isinstance(state, str):
        return state
    from phintys.dialects.text import module_text

    return module_text(state)
