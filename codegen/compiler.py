"""From an expression graph to an executable: the object cache first, then down the ladder of `passes.pipeline`.

`compile_graph` is what `function()` calls; `lower`, `compile_module` and `ladder` are the same steps for tools that start from,
or stop at, a level's text.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from phintys.ir.graph import Graph, Node, fingerprint
from phintys.ir.host import is_local
from phintys.ir.ops import ADDED
from phintys.ir.phases import phase

from . import blas, cache, engine
from .executable import Executable
from .host import LINALG, WRITTEN
from .interface import Interface
from .recipe import FULL, Recipe

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from phintys.passes.pipeline import Stage

    Observer = Callable[[Stage, ModuleOp], None]

_imported = False  # whether the modules of the compiler have been imported by a compilation


def compile_graph(graph: Graph, observe: Observer | None = None, *, anew: bool = False, recipe: Recipe = FULL) -> Executable:
    """Native code of a graph, from the object cache when an equal graph was compiled so before, unless `anew` is asked for.

    `observe` is called after each stage of the pipeline; never, when the code comes from the cache.
    Functions that call Python callables of this process only, or with operations that it has added to the table, are
    compiled each time. Locations in the executable's
    checks are `#n`, n the number of the node in `graph.nodes()`. TypeInferenceError for an operation that has no native
    code for its dtype. Any other exception is an error in a pass: its note names a file for `phintys-opt` that has it again.
    """
    functions = [node.attrs["function"] for node in graph.nodes() if node.op == "host"]
    if any(map(is_local, functions)) or any(node.op in ADDED for node in graph.nodes()):
        return Executable(*_compiled(graph, observe, recipe))
    absent = _without_lapack(functions)
    with phase("look into the object cache"):
        toolchain = cache.toolchain_fingerprint()
        key = hashlib.sha256(f"{fingerprint(graph)} {toolchain} {absent}{recipe.key}".encode()).hexdigest()
        found = None if anew else cache.load(key)
    if found is not None:
        return Executable(found[0], Interface.from_json(found[1]))
    engine.start_in_background()
    with collection_paused():
        data, interface = _compiled(graph, observe, recipe, anew)
    with phase("write to the object cache"):
        cache.store(key, data, interface.to_json())
    with phase("load the code"):
        return Executable(data, interface)


def _compiled(graph: Graph, observe: Observer | None, recipe: Recipe, anew: bool = False) -> tuple[bytes, Interface]:
    """Object code of a graph. An error that is not the program's own has a note on how to reproduce it."""
    try:
        with phase("write the module"):
            module = graph_module(graph)
        return compile_to_object(module, observe=observe, recipe=recipe, anew=anew)
    except Exception as failure:
        from .crash import explain

        explain(failure, graph)
        raise


@contextmanager
def collection_paused() -> Iterator[None]:
    """No cyclic garbage collection meanwhile: importing and lowering make many objects, nearly all of which stay.

    The first time they become old ones unseen, until the next full collection: looking through them takes 10 to 30 ms.
    """
    global _imported
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not _imported and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            _imported = True
            gc.enable()


def _without_lapack(functions: Sequence[str]) -> bool:
    """Whether linear algebra is among the functions and has to be NumPy's, because the library has no LAPACK."""
    return any(name in LINALG or name in WRITTEN for name in functions) and bool(blas.lacks())


def graph_module(graph: Graph, lapack: bool = True) -> ModuleOp:
    """The `nd` module of a graph, located by node number; without LAPACK, or where it is not wanted, it says so."""
    import phintys.dialects  # noqa: F401, I001 - before any class of xDSL is made
    from xdsl.dialects.builtin import StringAttr

    from phintys.passes.convert_graph_to_nd import graph_to_module

    def locate(node: Node, number: int) -> str:
        return f"#{number}"

    module = graph_to_module(graph, locate)
    if not lapack or _without_lapack([node.attrs["function"] for node in graph.nodes() if node.op == "host"]):
        from phintys.passes.loops_host import ABSENT

        module.attributes["phi.lapack"] = StringAttr(ABSENT)
    return module


def lower(
    module: ModuleOp, until: str = "llvm", entry: str = "nd", observe: Observer | None = None, recipe: Recipe = FULL
) -> ModuleOp:
    """Run the pipeline on a module of level `entry` down to level `until`, in place; `observe` is called after each stage.

    Where a level ends, every operation must belong on the next one: DiagnosticError names one that does not.
    """
    from xdsl.context import Context

    from phintys.passes.legality import check_level

    context = Context()
    reached = entry
    for stage in recipe.stages(entry, until):
        if stage.level != reached and reached != entry:
            check_level(module, reached)
        reached = stage.level
        if stage.run in recipe.without:
            continue
        if stage.concerns(module):
            run = recipe.pass_of(stage)
            assert run is not None
            with phase(f"{stage.run}: {stage.name}"):
                run.apply(context, module)
        if observe is not None:
            observe(stage, module)
    if reached != entry:
        check_level(module, reached)
    return module


def compile_to_object(
    module: ModuleOp, entry: str = "nd", observe: Observer | None = None, recipe: Recipe = FULL, anew: bool = False
) -> tuple[bytes, Interface]:
    """Object code of a module of any level, and what the function takes and gives; `observe` as `lower` calls it.

    Kernels that were compiled before come from the object cache, unless they are to be made `anew`.
    """
    from .assemble import assemble
    from .program import compile_program

    text, interface = assemble(lower(module, "llvm", entry, observe, recipe))
    return (engine.compile_quickly(text) if recipe.quick else compile_program(text, anew=anew)), interface


def compile_module(module: ModuleOp, entry: str = "nd", recipe: Recipe = FULL) -> Executable:
    """An executable of a module of any level; nothing is cached."""
    return Executable(*compile_to_object(module, entry, recipe=recipe))


def ladder(graph: Graph) -> Iterator[tuple[str, Any]]:
    """Every level of a graph on its way down: (name, a module, or text for the levels that are text)."""

    from phintys.passes.convert_graph_to_nd import graph_to_module

    from .assemble import assemble

    module: ModuleOp = graph_to_module(graph)
    yield "nd", module.clone()
    reached: dict[str, ModuleOp] = {}
    lower(module, "llvm", observe=lambda stage, state: reached.__setitem__(stage.level, state.clone()))
    for level, state in reached.items():
        yield ("optimized nd" if level == "nd" else level), state
    text, _ = assemble(module)
    yield "llvmir", engine.optimize(text)
