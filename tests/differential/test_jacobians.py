"""Jacobians of random programs against their definition, the gradients of the elements; and derivatives of Jacobians.

The vector is the gradient of a random cost (see `gradients`), so its Jacobian goes through a forward and a backward sweep.
"""

from __future__ import annotations

import numpy as np
import pytest
from gradients import make

import phintys
import phintys.tensor as T


def check(seed: int) -> None:
    """Compare the Jacobians of one vector with its elements' gradients, and so the gradients of a weighted sum of them."""
    inputs, arrays, cost = make(seed)
    (slope, *_) = T.grad(cost, inputs, disconnected_inputs="ignore")
    vector = T.flatten(slope) if slope.ndim else T.stack([slope, cost])
    count = arrays[0].size if slope.ndim else 2
    jacobians = T.jacobian(vector, inputs, disconnected_inputs="ignore")
    rows = [T.grad(vector[row], inputs, disconnected_inputs="ignore") for row in range(count)]
    weights = np.random.default_rng(seed).uniform(0.5, 1.5, count)
    whole = sum((weights.reshape([-1] + [1] * v.ndim) * j).sum() for j, v in zip(jacobians, inputs, strict=True))
    parts = sum(weight * T.sum(part) for weight, row in zip(weights, rows, strict=True) for part in row)
    found = [*jacobians, *T.grad(whole + cost, inputs, disconnected_inputs="ignore")]
    wanted = [part for row in rows for part in row]
    if count:
        wanted += T.grad(parts + cost, inputs, disconnected_inputs="ignore")
    values = phintys.function(inputs, found, on_unused_input="ignore")(*arrays)
    expected = phintys.function(inputs, wanted, on_unused_input="ignore")(*arrays)
    number = len(inputs)
    for place, array in enumerate(arrays):
        assert values[place].shape == (count, *array.shape)
        for row in range(count):
            _close(values[place][row], expected[row * number + place])
        if count:
            _close(values[number + place], expected[count * number + place])


def _close(found: object, wanted: object) -> None:
    scale = 1 + np.max(np.abs(wanted), initial=0)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9 * scale)


@pytest.mark.parametrize("seed", [7919 * number for number in range(25)])
def test_random_jacobians(seed: int) -> None:
    check(seed)
