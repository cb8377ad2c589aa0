"""Checks in the expression graph: `require same, "ValueError", "{0} is not {1}", n, m` (the `nd.require` of IR).

Only passes make them (run-time shape checks); the frontend's graphs have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .graph import Graph, Value

EXCEPTIONS = ("ValueError", "IndexError", "TypeError", "ZeroDivisionError", "LinAlgError")


@dataclass(frozen=True)
class Check:
    """Fails with an exception when `condition` is false; `values` are shown in the message."""

    condition: Value
    exception: str
    message: str
    values: tuple[Value, ...] = ()
    loc: str | None = None


class CheckedGraph(Graph):
    """A graph with checks, which are made before anything else."""

    def __init__(
        self,
        name: str,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        states: Sequence[Value] = (),
        updates: Sequence[tuple[Value, Value]] = (),
        checks: Sequence[Check] = (),
    ) -> None:
        super().__init__(name, inputs, outputs, states, updates)
        self.checks = list(checks)

    @property
    def roots(self) -> list[Value]:
        """What the checks need comes first."""
        return [value for check in self.checks for value in (check.condition, *check.values)] + super().roots


def checks_of(graph: Graph) -> list[Check]:
    """The checks of any graph."""
    return graph.checks if isinstance(graph, CheckedGraph) else []
