"""Which values a function of NanGuardMode or DebugMode refuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .types import Array

if TYPE_CHECKING:
    from phintys.ir.graph import Graph


class Guard:
    """What is checked at each call: NaN, infinities, numbers beyond 1e10 (which Theano calls big)."""

    def __init__(self, name: str, nan: bool, inf: bool, big: bool) -> None:
        self.name, self.nan, self.inf, self.big = name, nan, inf, big

    def trouble(self, array: Array) -> str | None:
        """What is wrong with an array, `None` if nothing is."""
        if array.dtype.kind not in "fc" or not array.size:
            return None
        if self.nan and np.isnan(array).any():
            return "NaN detected"
        if self.inf and np.isinf(array).any():
            return "Inf detected"
        if self.big and (np.abs(array[np.isfinite(array)]) > 1e10).any():
            return "Big value detected"
        return None

    def check(self, values: Iterable[tuple[str, Any]], function: str) -> None:
        """AssertionError for the first value (a pair of its description and the array) with something wrong."""
        for what, value in values:
            found = self.trouble(np.asarray(value))
            if found is not None:
                raise AssertionError(f"{self.name}: {found} in {what} of the function {function}")

    def call(self, native: Any, arrays: Sequence[Array], cells: Sequence[list[Array]], graph: Graph) -> list[Array]:
        """The outputs of a call, after a look at what goes in and comes out."""
        self.check(((f"argument {number}", value) for number, value in enumerate(arrays)), graph.name)
        outputs: list[Array] = native(*arrays)
        self.check(((f"output {number}", value) for number, value in enumerate(outputs)), graph.name)
        self.check(((f"state {state}", cell[0]) for state, cell in zip(graph.states, cells, strict=True)), graph.name)
        return outputs
