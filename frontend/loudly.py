"""`DEBUG=1` to `DEBUG=5`, or the flag `debug`: what the compiler does for each function, on standard error.

The README has the table of what is printed when. A function that was compiled quietly has nothing in it of this module.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from phintys.ir.graph import Graph
from phintys.ir.phases import phase, timing

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from phintys.codegen.recipe import Recipe
    from phintys.passes.pipeline import Stage

TIMES, GRAPH, LEVELS, EVERYTHING = 2, 3, 4, 5
PRINTING = "print for DEBUG"
KERNELS = ("scf.for", "scf.parallel", "blas.", "lapack.", "rt.host")  # what a call runs one after the other


def compile_loudly(graph: Graph, name: str, loudness: int, recipe: Recipe, target: str, options: Mapping[str, Any]) -> Any:
    """Compile as `compile_graph` does, and print about it; from 2 on without looking into the object cache."""
    from phintys.codegen.targets import compiler_of

    watcher = _Watcher(name, loudness)
    with timing() as total:
        if loudness >= TIMES:
            _load()
        executable = compiler_of(target)(graph, watcher.after, anew=loudness >= TIMES, recipe=recipe, **options)
    printing = sum(one.seconds for _, one in total.walk() if one.name == PRINTING)
    count = sum(node.op != "constant" for node in graph.nodes())
    what = [f"{count} operation{'s' * (count != 1)}"]
    if watcher.ran:
        what.append(f"{watcher.kernels} kernel{'s' * (watcher.kernels != 1)}")
    how = "compiled in" if watcher.ran else "from the object cache in"
    _tell(f"phintys: {name}: {', '.join(what)}, {how} {1e3 * (total.seconds - printing):.1f} ms")
    if loudness >= TIMES:
        from phintys.tools.opt_timing import time_report

        _tell(time_report(total))
    return executable


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _load() -> None:
    """Import the passes, so that none of them is charged with it."""
    from phintys.passes.pipeline import PASSES, load_pass

    with phase("load the passes"):
        for name in ("passes.convert_graph_to_nd", "passes.legality", "codegen.assemble"):
            import_module(f"phintys.{name}")
        for name in PASSES:
            load_pass(name)


class _Watcher:
    """Is called after each pass, and prints the module."""

    def __init__(self, name: str, loudness: int) -> None:
        self.name = name
        self.loudness = loudness
        self.ran = False
        self.kernels = 0
        self.before = ""

    def after(self, stage: Stage, module: ModuleOp) -> None:
        """The pass of a stage has run."""
        self.ran = True
        ends = _ends(stage)
        if stage.run == "reuse-buffers":  # afterwards, a loop in parts for threads may be two
            self.kernels = _kernels(module)
        if self.loudness >= GRAPH:
            with phase(PRINTING):
                self._print(stage, module, ends)

    def _print(self, stage: Stage, module: ModuleOp, ends: bool) -> None:
        if self.loudness >= EVERYTHING:
            self._print_pass(stage, module)
        elif self.loudness >= LEVELS and ends:
            self._print_ir(f"at the end of level {stage.level}", _text(module))
        if ends and stage.level == "nd":
            self._print_ir("the optimized graph", _graph_text(module))
        if self.loudness >= EVERYTHING and stage.level == "llvm":
            self._print_native(module)

    def _print_pass(self, stage: Stage, module: ModuleOp) -> None:
        text = _text(module)
        if text == self.before:
            _tell(f"// ----- {self.name}: {stage.run} changed nothing")
        else:
            self._print_ir(f"after {stage.run}: {stage.name}", text)
        self.before = text

    def _print_ir(self, what: str, text: str) -> None:
        _tell(f"// ----- {self.name}: {what}\n{text.rstrip()}")

    def _print_native(self, module: ModuleOp) -> None:
        from phintys.codegen.engine import assembly, optimize
        from phintys.codegen.machine import function_attributes
        from phintys.codegen.translate import translate

        text = optimize(translate(module, attributes=function_attributes()))
        self._print_ir("LLVM IR", text)
        self._print_ir("assembly", assembly(text, optimize=False))


def _ends(stage: Stage) -> bool:
    """Whether a level ends with a stage."""
    from phintys.passes.pipeline import PIPELINE

    following = next((after for one, after in pairwise(PIPELINE) if one is stage), None)
    return following is None or following.level != stage.level


def _kernels(module: ModuleOp) -> int:
    """Loop nests and calls of a module of level `loops` that stand in no other."""
    functions: list[Any] = [op for op in module.body.block.ops if op.name == "func.func" and op.regions[0].blocks]
    return sum(op.name.startswith(KERNELS) for function in functions for block in function.body.blocks for op in block.ops)


def _text(module: ModuleOp) -> str:
    from phintys.tools.view.listing import listing

    return "\n".join(listing(module).lines)


def _graph_text(module: ModuleOp) -> str:
    from phintys.ir.diagnostics import DiagnosticError
    from phintys.ir.printer import format_graphs
    from phintys.passes.convert_nd_to_graph import module_to_graphs

    try:
        return format_graphs(module_to_graphs(module))
    except DiagnosticError as failure:
        return f"// it has no spelling as graph text: {failure}"
