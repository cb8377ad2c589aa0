"""What the passes write is the same each time: nothing goes by where in memory something happens to lie."""

from __future__ import annotations

import pytest
from test_golden_ptx import graph
from xdsl.dialects.builtin import ModuleOp

from phintys.codegen.compiler import graph_module, lower
from phintys.codegen.recipe import FULL, Recipe
from phintys.dialects.text import module_text
from phintys.passes.pipeline import Stage

TURNS = 3
RECIPES = {"cpu": FULL, "emulated": Recipe(emulated=True)}


def stages(name: str, recipe: Recipe, kept: list[object]) -> list[tuple[str, str]]:
    """The text after each stage; modules are kept, so that those of the next turn lie elsewhere."""
    found: list[tuple[str, str]] = []

    def observe(stage: Stage, module: ModuleOp) -> None:
        found.append((stage.run, module_text(module)))

    kept.append(lower(graph_module(graph(name)), "llvm", observe=observe, recipe=recipe))
    return found


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", ["columns", "softmax", "scan"])
def test_every_stage_writes_the_same_text(name: str, recipe: str) -> None:
    kept: list[object] = []
    first = stages(name, RECIPES[recipe], kept)
    for _ in range(TURNS - 1):
        for (stage, text), (_, wanted) in zip(stages(name, RECIPES[recipe], kept), first, strict=True):
            assert text == wanted, f"{stage} of {name} wrote two texts"
