"""A host function for every row of a batch: what a Jacobian makes of operations that Python carries out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` called once for each row of the operands whose numbers are `batched`; its results stacked.

    Without rows nothing is called: results are empty, of as many dimensions as `ranks` and dtypes as `dtypes` say.
    """

    def call(
        *arrays: Array, batched: Sequence[int], ranks: Sequence[int], dtypes: Sequence[str], options: dict[str, Any]
    ) -> tuple[Array, ...]:
        count = len(arrays[batched[0]])
        if not count:
            return tuple(np.zeros((0,) * (rank + 1), dtype) for rank, dtype in zip(ranks, dtypes, strict=True))
        rows = []
        for row in range(count):
            own = [array[row].copy() if number in batched else array.copy() for number, array in enumerate(arrays)]
            result = function(*own, **options)
            rows.append(result if isinstance(result, tuple) else (result,))
        return tuple(np.stack(results) for results in zip(*rows, strict=True))

    return call
