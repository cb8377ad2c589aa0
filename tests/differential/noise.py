"""Bounds from the types: the reference with rounding errors (`codegen/rounding.py`), and results compared within them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from harness import Array, expanded

from phintys.codegen.interpreter import evaluate
from phintys.codegen.rounding import difference, disturber
from phintys.ir.graph import Graph


def noisy(graph: Graph, arrays: Sequence[Any], seed: int) -> list[Array]:
    """Outputs and new states with errors."""
    return evaluate(expanded(graph), *arrays, disturb=disturber(seed))


def compare(found: Any, expected: Array, disturbed: Sequence[Array], label: str) -> None:
    """AssertionError says what differs by more than rounding, and where."""
    found = np.asarray(found)
    assert found.dtype == expected.dtype, f"{label}: {found.dtype} instead of {expected.dtype}"
    assert found.shape == expected.shape, f"{label}: {found.shape} instead of {expected.shape}"
    wrong = difference(found, expected, disturbed)
    if wrong is not None:
        at = wrong.place
        raise AssertionError(
            f"{label}{list(at)}: {found[at]!r} instead of {expected[at]!r} ({disturbed[0][at]!r} with errors), "
            f"{wrong.count} of {found.size} wrong"
        )
