"""Which values a function of NanGuardMode or DebugMode refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .types import Array

if TYPE_CHECKING:
    from phintys.ir.graph import Graph


BIG = 1e10  # what Theano calls so


@dataclass(frozen=True)
class Trouble:
    """What is wrong with an array: where first, and with how many elements."""

    what: str
    place: tuple[int, ...]
    count: int
    array: Array

    @property
    def where(self) -> str:
        """The place and the value there."""
        at = f" at {list(self.place)}" if self.place else ""
        of = f" ({self.count} of {self.array.size} elements)" if self.array.ndim else ""
        return f"{self.array.dtype}{list(self.array.shape)} is {self.array[self.place]}{at}{of}"


class Guard:
    """What is checked at each call: NaN, infinities, numbers beyond 1e10 (which Theano calls big)."""

    def __init__(self, name: str, nan: bool, inf: bool, big: bool) -> None:
        self.name, self.nan, self.inf, self.big = name, nan, inf, big

    def trouble(self, array: Array) -> Trouble | None:
        """What is wrong with an array, `None` if nothing is."""
        if array.dtype.kind not in "fc" or not array.size:
            return None
        with np.errstate(all="ignore"):
            kinds = (
                ("NaN", self.nan, np.isnan),
                ("Inf", self.inf, np.isinf),
                ("Big value", self.big, lambda x: np.isfinite(x) & (np.abs(x) > BIG)),
            )
            for what, wanted, test in kinds:
                places = np.argwhere(test(array)) if wanted else np.empty((0, array.ndim))
                if len(places):
                    return Trouble(f"{what} detected", tuple(int(i) for i in places[0]), len(places), array)
        return None

    def check(self, values: Iterable[tuple[str, Any]], function: str) -> None:
        """AssertionError for the first value (a pair of its description and the array) with something wrong."""
        for what, value in values:
            found = self.trouble(np.asarray(value))
            if found is not None:
                raise AssertionError(f"{self.name}: {found.what} in {what} of the function {function}: {found.where}")

    def call(self, native: Any, arrays: Sequence[Array], cells: Sequence[list[Array]], graph: Graph) -> list[Array]:
        """The outputs of a call, after a look at what goes in and comes out; states are as before where it finds something."""
        self.check_given(arrays, cells, graph)
        before = [cell[0].copy() for cell in cells]
        outputs: list[Array] = native(*arrays)
        try:
            self.check(((f"output {number}", value) for number, value in enumerate(outputs)), graph.name)
            self.check(_states(graph, cells), graph.name)
        except AssertionError:
            for cell, old in zip(cells, before, strict=True):
                if isinstance(cell[0], np.ndarray) and cell[0].shape == old.shape:
                    np.copyto(cell[0], old)
                else:
                    cell[0] = old
            raise
        return outputs

    def check_given(self, arrays: Sequence[Array], cells: Sequence[list[Array]], graph: Graph) -> None:
        """AssertionError for an argument or a state with something wrong."""
        self.check(((f"argument {number}{_named(graph, number)}", value) for number, value in enumerate(arrays)), graph.name)
        self.check(_states(graph, cells), graph.name)


def _states(graph: Graph, cells: Sequence[list[Array]]) -> Iterator[tuple[str, Array]]:
    return ((f"state {state}", cell[0]) for state, cell in zip(graph.states, cells, strict=True))


def _named(graph: Graph, number: int) -> str:
    name = graph.inputs[number].name
    return f" ({name})" if name else ""
