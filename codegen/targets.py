"""Where functions run: `function(..., target=)` and `config.device` name a row of `TARGETS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .compiler import compile_graph
from .device_options import options
from .executable import Executable
from .recipe import FULL, Recipe

if TYPE_CHECKING:
    from phintys.ir.graph import Graph

# Name -> function of (graph, observe, *, anew, recipe), as `compiler.compile_graph`; what it gives has `interface`, `bind` and
# `bind_strict`, as an `Executable`.
TARGETS = {
    "cpu": "phintys.codegen.compiler:compile_graph",
    "cuda": "phintys.codegen.device:compile_for_cuda",
    "cuda_emulated": "phintys.codegen.targets:emulate",
    "cuda_emulated_backward": "phintys.codegen.targets:emulate_backward",
}


def compiler_of(target: str) -> Callable[..., Any]:
    """What compiles for a target; ValueError for one that does not exist."""
    if isinstance(target, str) and target.startswith("cuda") and target[4:].isdecimal():
        return partial(compiler_of("cuda"), target=target)
    if not isinstance(target, str) or target not in TARGETS:
        raise ValueError(f"there is no target {target!r}; expected one of {', '.join(TARGETS)} (cuda1 is the second GPU)")
    module, _, name = TARGETS[target].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def recipe_for(target: str, recipe: Recipe) -> Recipe:
    """The recipe whose passes make a target's code, down to kernels that the CPU runs."""
    if target == "cpu":
        return recipe
    backward = target == "cuda_emulated_backward"
    return replace(recipe, emulated=True, quick=True, backward=backward, atomic=recipe.atomic or options.atomics)


def emulate(graph: Graph, observe: Any = None, *, anew: bool = False, recipe: Recipe = FULL) -> Executable:
    """A function made of the GPU's kernels, which loops over blocks and threads run on the CPU; LLVM does not optimize them."""
    return compile_graph(graph, observe, anew=anew, recipe=recipe_for("cuda_emulated", recipe))


def emulate_backward(graph: Graph, observe: Any = None, *, anew: bool = False, recipe: Recipe = FULL) -> Executable:
    """The same, with the threads of a block in the opposite order: results that differ show a barrier that is missing."""
    return compile_graph(graph, observe, anew=anew, recipe=recipe_for("cuda_emulated_backward", recipe))
