"""What DebugMode and NanGuardMode share: a function's calls computed again by the interpreter, from any pass's result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from phintys.ir.graph import Graph
from phintys.ir.host import is_local

from ..guard import Guard
from ..types import Array

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp


class Watching:
    """Stands in for the native code of a function: called with exact arrays, returns the list of outputs."""

    def __init__(
        self, graph: Graph, native: Any, cells: Sequence[list[Array]], name: str, guard: Guard, recipe: Any, target: str
    ) -> None:
        self.graph, self.native, self.cells, self.name = graph, native, cells, name
        self.guard, self.recipe, self.target = guard, recipe, target

    @cached_property
    def runs_python(self) -> bool:
        """Whether a program's own Python is called: computing a call again would run it again."""
        return any(node.op == "host" and is_local(node.attrs["function"]) for node in self.graph.nodes())

    @cached_property
    def stages(self) -> list[tuple[str, ModuleOp]]:
        """The program as it was written, and after each pass on tensors: name of the pass, the module."""
        from phintys.codegen.compiler import graph_module, lower

        module = graph_module(self.graph)
        found = [("", module.clone())]
        lower(module, "nd", observe=lambda stage, state: found.append((stage.run, state.clone())), recipe=self.recipe)
        return found

    def given(self, arrays: Sequence[Array]) -> list[Array]:
        """Copies of what a call is given, states included."""
        return [array.copy() for array in (*arrays, *(cell[0] for cell in self.cells))]

    def place(self, location: str) -> str:
        """The expression of a location `#n`, with its line."""
        from ..failures import Failures

        return " ".join(Failures(self.graph, ()).where(location)[:1])
