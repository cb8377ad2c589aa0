"""`DEBUG=1` to `DEBUG=5`, or the flag `debug`: what the compiler does for each function, on standard error.

The README has the table of what is printed when. A function that was compiled quietly has nothing in it of this module.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from phintys.ir.graph import Graph

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from phintys.codegen.executable import Executable
    from phintys.codegen.recipe import Recipe
    from phintys.passes.pipeline import Stage

TIMES, GRAPH, LEVELS, EVERYTHING = 2, 3, 4, 5
KERNELS = ("scf.for", "scf.parallel", "blas.", "lapack.", "rt.host")  # what a call runs one after the other


def compile_loudly(graph: Graph, name: str, loudness: int, recipe: Recipe) -> Executable:
    """Compile as `compile_graph` does, and print about it; from 2 on without looking into the object cache."""
    from phintys.codegen.compiler import compile_graph

    watcher = _Watcher(name, loudness)
    if loudness >= TIMES:
        watcher.timed("loading the compiler", _load)
    executable = compile_graph(graph, watcher.after, anew=loudness >= TIMES, recipe=recipe)
    total = watcher.stop()
    count = sum(node.op != "constant" for node in graph.nodes())
    what = [f"{count} operation{'s' * (count != 1)}"]
    if watcher.times:
        what.append(f"{watcher.kernels} kernel{'s' * (watcher.kernels != 1)}")
    how = "compiled in" if watcher.times else "from the object cache in"
    _tell(f"phintys: {name}: {', '.join(what)}, {how} {1e3 * total:.1f} ms")
    if loudness >= TIMES:
        _tell(_table([*watcher.times, ("LLVM, and loading the code", total - sum(s for _, s in watcher.times))], total))
    return executable


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _table(rows: list[tuple[str, float]], total: float) -> str:
    lines = [f"{1e3 * seconds:9.2f} ms {100 * seconds / total:5.1f} %  {name}" for name, seconds in rows]
    return "\n".join([*lines, f"{1e3 * total:9.2f} ms 100.0 %  total"])


def _load() -> None:
    """Import the passes, so that none of them is charged with it."""
    from phintys.passes.pipeline import PASSES, load_pass

    import_module("phintys.passes.convert_graph_to_nd")
    for name in PASSES:
        load_pass(name)


class _Watcher:
    """Is called after each pass: takes its time, and prints the module. The time that printing takes is not counted."""

    def __init__(self, name: str, loudness: int) -> None:
        self.name = name
        self.loudness = loudness
        self.times: list[tuple[str, float]] = []
        self.kernels = 0
        self.before = ""
        self.started = self.since = time.perf_counter()
        self.printing = 0.0

    def timed(self, name: str, action: Callable[[], None]) -> None:
        """Do what comes before the passes."""
        action()
        self.times.append((name, time.perf_counter() - self.since))
        self.since = time.perf_counter()

    def stop(self) -> float:
        """The seconds that compiling took."""
        return time.perf_counter() - self.started - self.printing

    def after(self, stage: Stage, module: ModuleOp) -> None:
        """The pass of a stage has run."""
        now = time.perf_counter()
        self.times.append((stage.run, now - self.since))
        ends = _ends(stage)
        if ends and stage.level == "loops":
            self.kernels = _kernels(module)
        if self.loudness >= EVERYTHING:
            self._print_pass(stage, module)
        elif self.loudness >= LEVELS and ends:
            self._print_ir(f"at the end of level {stage.level}", _text(module))
        if self.loudness >= GRAPH and ends and stage.level == "nd":
            self._print_ir("the optimized graph", _graph_text(module))
        if self.loudness >= EVERYTHING and stage.level == "llvm":
            self._print_native(module)
        self.since = time.perf_counter()
        self.printing += self.since - now

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
        from phintys.codegen.engine import assembly, function_attributes, optimize
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
