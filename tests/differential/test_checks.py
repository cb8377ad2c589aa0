"""Sizes that do not agree are errors even where the operation that needs them is simplified away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

PROGRAMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "a repeated scalar": lambda x, b, n: T.alloc(x[0], n) + b,
    "zeros": lambda x, b, n: T.zeros((n,)) + b,
    "two repeated scalars": lambda x, b, n: T.alloc(x[0], n) * T.alloc(x[1], b.shape[0]),
    "a part of a sum": lambda x, b, n: (T.zeros((n,)) + b)[:2],
    "only the size of the result is used": lambda x, b, n: (T.ones((n,)) * b).shape[0],
    "a product of zeros": lambda x, b, n: T.dot(T.zeros((n,)), b),
    "an update": lambda x, b, n: T.set_subtensor(b[:], T.zeros((n,)) + x[0]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_checks_outlive_simplification(name: str) -> None:
    x, b, n = T.dvector("x"), T.dvector("b"), T.lscalar("n")
    f = phintys.function([x, b, n], PROGRAMS[name](x, b, n), on_unused_input="ignore")
    f(np.ones(2), np.ones(4), 4)
    with pytest.raises(ValueError, match=r"mis-match|Shape mismatch|update"):
        f(np.ones(2), np.ones(4), 7)
    with pytest.raises(ValueError, match=r"mis-match|Shape mismatch|update"):
        f(np.ones(2), np.ones(4), 1)
