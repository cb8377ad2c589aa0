"""A host function that calls a small compiled function for each index: what Jacobians of unknown length are made of."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

Array = np.ndarray[Any, Any]


@lru_cache(maxsize=256)
def _compiled(graph: str) -> Any:
    """The native entry of a graph given as text; it returns a list of outputs."""
    from phintys.ir.parser import parse_graph

    from .compiler import compile_graph

    executable = compile_graph(parse_graph(graph))

    def fail(number: int, values: tuple[int, ...]) -> NoReturn:
        check = executable.interface.checks[number]
        kinds: dict[str, type[Exception]] = {"IndexError": IndexError, "TypeError": TypeError}
        raise kinds.get(check.exception, ValueError)(check.message.format(*values))

    return executable.bind_strict([], fail, unpack=False)


def rows(count: Array, *arrays: Array, graph: str, results: int) -> tuple[Array, ...]:
    """The outputs of `graph(i, operands...)` for i = 0, 1, ... below `count`, each stacked along a new first dimension.

    The last `results` arrays are no operands: they have the shape and the dtype of one row of each output.
    """
    operands, models = arrays[: len(arrays) - results], arrays[len(arrays) - results :]
    stacked = tuple(np.empty((int(count), *model.shape), model.dtype) for model in models)
    function = _compiled(graph)
    for index in range(int(count)):
        for whole, row in zip(stacked, function(np.array(index), *operands), strict=True):
            whole[index] = row
    return stacked
