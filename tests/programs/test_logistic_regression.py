"""Logistic regression on 400 random examples of 784 features: it converges, and large margins do no harm."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

N, FEATURES = 400, 784


def data(seed: int = 3) -> tuple[Any, Any, Any]:
    rng = np.random.RandomState(seed)
    return rng.randn(N, FEATURES), rng.randint(size=N, low=0, high=2).astype(float), rng.randn(FEATURES)


def model(start: Any) -> tuple[Any, Any, Any]:
    x, y = T.dmatrix("x"), T.dvector("y")
    w, b = phintys.shared(start, name="w"), phintys.shared(0.0, name="b")
    p_1 = 1 / (1 + T.exp(-T.dot(x, w) - b))
    prediction = p_1 > 0.5
    xent = -y * T.log(p_1) - (1 - y) * T.log(1 - p_1)
    cost = xent.mean() + 0.01 * (w**2).sum()
    gw, gb = T.grad(cost, [w, b])
    train = phintys.function([x, y], [prediction, xent, cost], updates=((w, w - 0.1 * gw), (b, b - 0.1 * gb)))
    return train, phintys.function([x], prediction), (w, b)


def test_training_converges() -> None:
    x, y, start = data()
    train, predict, (w, _) = model(start)
    costs = []
    for _ in range(2000):
        prediction, xent, cost = train(x, y)
        costs.append(float(cost))
    assert prediction.dtype == np.bool_ and np.isfinite(xent).all()
    assert all(after <= before * (1 + 1e-12) for before, after in itertools.pairwise(costs))
    assert costs[-1] < 0.2 < 5 < costs[0]
    np.testing.assert_array_equal(predict(x), y.astype(bool))
    assert np.isfinite(w.get_value()).all()


def test_steps_are_those_of_numpy() -> None:
    x, y, start = data()
    train, _, (w, b) = model(start)
    u, c = start.copy(), 0.0
    for _ in range(20):
        _, _, cost = train(x, y)
        margin = x @ u + c
        p = 1 / (1 + np.exp(-margin))
        xent = y * np.logaddexp(0, -margin) + (1 - y) * np.logaddexp(0, margin)
        np.testing.assert_allclose(cost, xent.mean() + 0.01 * (u**2).sum(), rtol=1e-11)
        u, c = u - 0.1 * (x.T @ (p - y) / N + 0.02 * u), c - 0.1 * (p - y).mean()
    np.testing.assert_allclose(w.get_value(), u, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(b.get_value(), c, rtol=1e-10)


@pytest.mark.parametrize("form", ["exp", "sigmoid"])
def test_large_margins(form: str) -> None:
    """log(p) and log(1 - p) are those of the margin, however p is written."""
    x, y = T.dvector("x"), T.dvector("y")
    p = 1 / (1 + T.exp(-x)) if form == "exp" else T.nnet.sigmoid(x)
    xent = -y * T.log(p) - (1 - y) * T.log(1 - p)
    f = phintys.function([x, y], [T.log(p), T.log(1 - p), xent, T.grad(xent.sum(), x)])
    margins = np.array([-800.0, 800.0, -800.0, 800.0, 0.0])
    labels = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    log_p, log_q, cost, slope = f(margins, labels)
    np.testing.assert_allclose(log_p, [-800, 0, -800, 0, -np.log(2)], atol=1e-12)
    np.testing.assert_allclose(log_q, [0, -800, 0, -800, -np.log(2)], atol=1e-12)
    np.testing.assert_allclose(cost, [0, 0, 800, 800, np.log(2)], atol=1e-12)
    np.testing.assert_allclose(slope, [0, 0, -1, 1, -0.5], atol=1e-12)


def test_small_data_separates() -> None:
    rng = np.random.RandomState(0)
    points = np.r_[rng.randn(50, 2) + 2, rng.randn(50, 2) - 2]
    labels = np.r_[np.ones(50), np.zeros(50)]
    x, y = T.matrix("x"), T.vector("y")
    w, b = phintys.shared(rng.randn(2), name="w"), phintys.shared(0.0, name="b")
    p_1 = 1 / (1 + T.exp(-T.dot(x, w) - b))
    xent = -y * T.log(p_1) - (1 - y) * T.log(1 - p_1)
    cost = xent.mean() + 0.01 * (w**2).mean() / 2.0
    updates = [(w, w - 0.1 * T.grad(cost, w)), (b, b - 0.1 * T.grad(cost, b))]
    train = phintys.function(inputs=[x, y], outputs=p_1 > 0.5, updates=updates)
    for _ in range(3000):
        train(points, labels)
    assert (phintys.function([x], p_1 > 0.5)(points) == labels).sum() >= 97
