"""Seed 002's literal cross-entropy, -y log(p) - (1-y) log(1-p) with p = 1/(1+exp(-z)), at the seed's own initial weights.

Written like this it overflows in dozens of the 400 entries; compiled, every entry and both gradients are right to 1e-12 against
fifty digits.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import phintys
import phintys.tensor as T

Array = np.ndarray[Any, Any]


@pytest.fixture
def data() -> tuple[Array, Array, Array]:
    rng = np.random.RandomState(3)
    features, labels = rng.randn(400, 784), rng.randint(size=400, low=0, high=2).astype(float)
    return features, labels, rng.randn(784)


def test_every_entry_is_finite_and_right(data: tuple[Array, Array, Array]) -> None:
    features, labels, weights = data
    x, y, w = T.dmatrix("x"), T.dvector("y"), phintys.shared(weights, name="w")
    z = T.dot(x, w)
    p = 1 / (1 + T.exp(-z))
    xent = -y * T.log(p) - (1 - y) * T.log(1 - p)
    f = phintys.function([x, y], [z, xent])
    at, found = f(features, labels)
    assert np.max(np.abs(at)) > 60  # 1 - p is 0 in float64 from 37 on
    with mpmath.workdps(50):
        sign = [1 if label else -1 for label in labels]
        exact = [mpmath.log1p(mpmath.exp(-s * mpmath.mpf(float(value)))) for s, value in zip(sign, at, strict=True)]
        worst = max(abs(mpmath.mpf(float(v)) - e) / e for v, e in zip(found, exact, strict=True))
    assert worst < 1e-12


def test_gradients_are_right(data: tuple[Array, Array, Array]) -> None:
    features, labels, weights = data
    v, y = T.dvector("v"), T.dvector("y")
    p = 1 / (1 + T.exp(-v))
    cost = (-y * T.log(p) - (1 - y) * T.log(1 - p)).sum()
    g = phintys.function([v, y], T.grad(cost, v))
    at = features @ weights
    found = g(at, labels)
    with mpmath.workdps(50):
        exact = [1 / (1 + mpmath.exp(-mpmath.mpf(float(value)))) - int(label) for value, label in zip(at, labels, strict=True)]
        worst = max(abs(mpmath.mpf(float(v)) - e) / abs(e) for v, e in zip(found, exact, strict=True))
    assert worst < 1e-12, worst
