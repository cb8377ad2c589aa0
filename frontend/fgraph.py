"""What a compiled function looks like from outside: `f.maker.inputs`, `f.maker.fgraph.outputs`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from phintys.ir.graph import Graph, Value, topological

from .apply import Apply

if TYPE_CHECKING:
    from .inputs import In
    from .plan import Plan


class FunctionGraph:
    """What a function computes, as Theano's programs look at it: `inputs`, `outputs`, `toposort()`."""

    def __init__(self, graph: Graph) -> None:
        if not isinstance(graph, Graph):
            raise TypeError(f"FunctionGraph shows the graph of a function, f.maker.fgraph; got {graph!r:.80}")
        self.graph = graph
        self.inputs: list[Any] = [*graph.inputs, *graph.states]
        self.outputs: list[Any] = [*graph.outputs, *(new for _, new in graph.updates)]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.outputs))}]"

    __repr__ = __str__

    def toposort(self) -> list[Apply]:
        """All operations, operands first."""
        return [Apply(node) for node in topological(self.outputs) if node.op != "constant"]

    @property
    def apply_nodes(self) -> set[Apply]:
        """All operations."""
        return set(self.toposort())

    @property
    def variables(self) -> set[Value]:
        """All variables."""
        nodes = topological(self.outputs)
        return {*self.inputs, *(value for node in nodes for value in (*node.inputs, *node.results))}


class Maker:
    """What a function was made from."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @cached_property
    def fgraph(self) -> FunctionGraph:
        """The graph as the optimizer leaves it; worked out when it is first asked for.

        In mode FAST_COMPILE it is the graph as written, with derivatives expanded, see `display.py`.
        """
        from .display import fast_compile, fast_run

        mode = self.plan.mode
        shown = fast_run if mode is None or mode.optimizes else fast_compile
        return FunctionGraph(shown(self.plan.graph))

    @property
    def inputs(self) -> list[In]:
        """The inputs as the caller gives them."""
        return self.plan.inputs

    @property
    def outputs(self) -> list[Value]:
        """The outputs as they were written, with replacements applied."""
        return self.plan.graph.outputs

    @property
    def mode(self) -> Any:
        """The function's mode."""
        return self.plan.mode
