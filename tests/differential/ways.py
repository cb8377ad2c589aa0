"""Ways to compute a graph: every rung of the ladder, recipes, the object cache, several threads; and that they agree.

A way takes a graph and arrays of its inputs and states and gives outputs and new states, in the order of the interpreter.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from harness import reference
from maker import Array
from noise import compare, noisy

import phintys
from phintys.codegen.compiler import compile_graph, compile_to_object, graph_module, lower
from phintys.codegen.executable import Executable
from phintys.codegen.recipe import FULL, OPTIONAL, QUICK, Recipe
from phintys.codegen.targets import TARGETS, compiler_of
from phintys.codegen.threads import set_threads, threads
from phintys.dialects.text import module_text, parse_module
from phintys.ir.graph import Graph
from phintys.ir.parser import parse_graph
from phintys.ir.printer import format_graph
from phintys.passes import loop_work, parallel_totals

Results = list[Array]
Way = Callable[[Graph, Sequence[Array], Recipe], Results]


class Refused(Exception):
    """A check of the program failed, as it may."""


def run(executable: Executable, graph: Graph, arrays: Sequence[Array]) -> Results:
    """Outputs and new states of one call, on copies of the arrays."""

    def fail(number: int, values: tuple[int, ...]) -> None:
        raise Refused(f"{executable.interface.checks[number]} {values}")

    values = [*graph.inputs, *graph.states]
    exact = [np.array(array, value.type.dtype, order="C") for array, value in zip(arrays, values, strict=True)]
    cells = [[array] for array in exact[len(graph.inputs) :]]
    outputs = executable.bind_strict(cells, fail, False)(*exact[: len(graph.inputs)])
    new = {id(state): cell[0] for state, cell in zip(graph.states, cells, strict=True)}
    return [np.asarray(value) for value in (*outputs, *(new[id(state)] for state, _ in graph.updates))]


def _by(recipe: Recipe) -> Way:
    def way(graph: Graph, arrays: Sequence[Array], least: Recipe) -> Results:
        own = replace(recipe, without=recipe.without | least.without)
        return run(compile_graph(graph, anew=True, recipe=own), graph, arrays)

    return way


def _on(target: str) -> Way:
    def way(graph: Graph, arrays: Sequence[Array], least: Recipe) -> Results:
        return run(compiler_of(target)(graph, anew=True, recipe=least), graph, arrays)

    return way


def _from_rung(level: str) -> Way:
    """Lowered to a rung, printed, read again, lowered on from there."""

    def way(graph: Graph, arrays: Sequence[Array], least: Recipe) -> Results:
        module = graph_module(graph)
        if level != "nd":
            lower(module, level, recipe=least)
        again = parse_module(module_text(module, locations=True))
        return run(Executable(*compile_to_object(again, level, recipe=Recipe(least.without, quick=True))), graph, arrays)

    return way


def from_graph_text(graph: Graph, arrays: Sequence[Array], least: Recipe) -> Results:
    """Written as graph text and read again."""
    text = format_graph(graph)
    again = parse_graph(text)
    return run(compile_graph(again, anew=True, recipe=Recipe(least.without, quick=True)), again, arrays)


@contextmanager
def small_chunks(cost: int = 64) -> Iterator[None]:
    """Cut loops of a few iterations into chunks."""
    before, count = loop_work.CHUNK, threads()
    loop_work.CHUNK = parallel_totals.CHUNK = cost
    try:
        yield
    finally:
        loop_work.CHUNK = parallel_totals.CHUNK = before
        set_threads(count)


def several_threads(graph: Graph, arrays: Sequence[Array], least: Recipe) -> Results:
    """Loops in small chunks: four threads give the bits that one gives."""
    with small_chunks():
        executable = compile_graph(graph, anew=True, recipe=least)
        set_threads(1)
        alone = run(executable, graph, arrays)
        for _ in range(3):
            set_threads(4)
            same_bits(run(executable, graph, arrays), alone, "four threads and one")
    return alone


def from_cache(graph: Graph, arrays: Sequence[Array], least: Recipe) -> Results:
    """Compiled, stored, and loaded again: equal bits."""
    recipe = Recipe(least.without, quick=True)
    before = {key: os.environ.get(key) for key in ("PHINTYS_CACHE", "PHINTYS_CACHE_DIR")}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(PHINTYS_CACHE="1", PHINTYS_CACHE_DIR=folder)
        try:
            fresh = run(compile_graph(graph, recipe=recipe), graph, arrays)
            stages: list[Any] = []
            stored = run(compile_graph(graph, lambda stage, module: stages.append(stage), recipe=recipe), graph, arrays)
        finally:
            for key, value in before.items():
                if value is None:
                    del os.environ[key]
                else:
                    os.environ[key] = value
    assert not stages or any(node.op == "host" for node in graph.nodes()), "an equal graph was not found in the cache"
    same_bits(stored, fresh, "from the cache and fresh")
    return fresh


def same_bits(found: Sequence[Array], wanted: Sequence[Array], what: str) -> None:
    """Equal to the last bit."""
    for number, (a, b) in enumerate(zip(found, wanted, strict=True)):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), f"{what} differ in result {number}: {a} and {b}"


WAYS: dict[str, Way] = {
    "fast_run": _by(FULL),
    "fast_compile": _by(QUICK),
    "plain": _by(Recipe(frozenset(OPTIONAL), fused=False, quick=True)),
    "unfused": _by(Recipe(fused=False, quick=True)),
    **{f"from {level}": _from_rung(level) for level in ("nd", "fused", "loops", "llvm")},
    "from graph text": from_graph_text,
    "threads": several_threads,
    "cache": from_cache,
    "checked": _by(Recipe(quick=True, checked=True)),  # every access to memory
}
EMULATED: dict[str, Way] = {
    target: _on(target) for target in TARGETS if target.startswith("cuda_emulated")
}  # kernels for the GPU, on the CPU; with the threads of a block in either order
ON_DEVICE: dict[str, Way] = {"device": _on("cuda")}  # the one that --device names
EVERY = WAYS | EMULATED
UNSTABLE = Recipe(frozenset({"stabilize"}))  # infinities and NaN as the interpreter has them


def check_ways(graph: Graph, arrays: Sequence[Array], names: Sequence[str], wild: bool = False) -> None:
    """Compute a graph in these ways and compare with the interpreter; AssertionError names the way. With --device, the
    device's way takes the place of all of them."""
    ways = ON_DEVICE if phintys.config.device == "cuda" else {name: EVERY[name] for name in names}
    try:
        expected = reference(graph, arrays)
    except Exception:
        expected = None
    try:
        disturbed = [noisy(graph, arrays, seed) for seed in range(6)] if expected is not None else []
    except (IndexError, ValueError):  # an error has moved an index
        return
    for name, way in ways.items():
        try:
            found = way(graph, arrays, UNSTABLE if wild else FULL)
        except (Refused, ValueError, IndexError, ZeroDivisionError) as error:
            assert expected is None, f"{name}: {error}"
            continue
        for number, result in enumerate(found if expected is not None else []):
            assert expected is not None
            compare(result, expected[number], [d[number] for d in disturbed], f"{name}, result {number}")
