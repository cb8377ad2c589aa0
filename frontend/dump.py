"""Compiled functions as text, at any level of the compiler: `dump(f, "loops")`, `f.graph()`.

Graph text reads back through `compile_text` and `compile_file`, the IR of the levels below through `phintys-opt`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phintys.ir.graph import Graph

from .errors import near

if TYPE_CHECKING:
    from .function import Function

LEVELS = ("graph", "nd", "fused", "loops", "llvm", "llvmir", "asm", "gpu", "nvvm", "ptx")
TEXTS = {"llvmir": "llvm", "asm": "llvm", "ptx": "nvvm"}  # what they are made of
AS_WRITTEN = ("graph", "nd")  # the levels that show a function before the optimizer, too


class Listing(str):
    """A text that an interactive session shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def dump(f: Function, level: str = "graph", *, optimized: bool | None = None) -> Listing:
    """The text of a compiled function at one level of the compiler.

    `level`: "graph" (graph text), "nd" (tensor operations), "fused", "loops", "llvm" (the dialect), "llvmir" (what LLVM's
    optimizer made) or "asm"; or, whatever the function's target, what a GPU would get: "gpu" (launches and kernels), "nvvm" or
    "ptx". `optimized`, of graph and nd: as the compiler's passes on tensors leave it, not as it was
    written (the default); the levels below have no other form. TypeError for what is not a compiled function, ValueError
    for an unknown level, or for `optimized=False` below nd.
    """
    plan = getattr(getattr(f, "maker", None), "plan", None)
    if plan is None:
        raise TypeError(f"dump prints what phintys.function returns; got {f!r} of type {type(f).__name__}")
    if level not in LEVELS:
        raise ValueError(f"unknown level '{level}'{near(level, LEVELS)}; there are: {', '.join(LEVELS)}")
    if optimized is False and level not in AS_WRITTEN:
        raise ValueError(f"level {level} comes after the optimizer; as written there are: {', '.join(AS_WRITTEN)}")
    return Listing(graph_text(plan.graph, level, bool(optimized)))


def graph_text(graph: Graph, level: str, optimized: bool) -> str:
    """The text of a graph at a level."""
    from phintys.ir.printer import format_graph

    if level == "graph" and not optimized:
        return format_graph(graph)
    return _lowered(graph, level, optimized)


def _lowered(graph: Graph, level: str, optimized: bool) -> str:
    from phintys.codegen.compiler import lower
    from phintys.dialects.text import module_text
    from phintys.ir.printer import format_graph
    from phintys.passes.convert_graph_to_nd import graph_to_module
    from phintys.passes.convert_nd_to_graph import module_to_graphs

    module = graph_to_module(graph)
    if level in AS_WRITTEN:
        if optimized:
            lower(module, "nd")
        return format_graph(module_to_graphs(module)[0]) if level == "graph" else module_text(module)
    lower(module, TEXTS.get(level, level))
    return _native(module, level) if level in TEXTS else module_text(module)


def _native(module: Any, level: str) -> str:
    from phintys.codegen import engine
    from phintys.codegen.assemble import assemble
    from phintys.codegen.ptx import ptx

    if level == "ptx":
        return ptx(module)
    text, _ = assemble(module)
    return engine.optimize(text) if level == "llvmir" else engine.assembly(text)
