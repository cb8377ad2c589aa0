"""Softmax regression as a class, trained on slices of shared data that `givens` put in the place of its inputs."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T


class LogisticRegression:
    """Multi-class logistic regression."""

    def __init__(self, input: Any, n_in: int, n_out: int) -> None:
        self.W = phintys.shared(value=np.zeros((n_in, n_out), dtype=phintys.config.floatX), name="W", borrow=True)
        self.b = phintys.shared(value=np.zeros((n_out,), dtype=phintys.config.floatX), name="b", borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]
        self.input = input

    def negative_log_likelihood(self, y: Any) -> Any:
        """Mean over the examples."""
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y: Any) -> Any:
        """Share of wrong predictions."""
        if y.ndim != self.y_pred.ndim:
            raise TypeError("y should have the same shape as self.y_pred", ("y", y.type, "y_pred", self.y_pred.type))
        return T.mean(T.neq(self.y_pred, y))


CLASSES, FEATURES, SIZE, BATCH = 4, 8, 240, 20


def data() -> tuple[Any, Any]:
    rng = np.random.RandomState(0)
    centres = rng.randn(CLASSES, FEATURES) * 2
    labels = rng.randint(0, CLASSES, SIZE)
    return centres[labels] + rng.randn(SIZE, FEATURES), labels


def trained(epochs: int) -> tuple[LogisticRegression, list[float], Any]:
    points, labels = data()
    shared_x = phintys.shared(np.asarray(points, dtype=phintys.config.floatX), borrow=True)
    shared_y = phintys.shared(np.asarray(labels, dtype=phintys.config.floatX), borrow=True)
    int_y = T.cast(shared_y, "int32")
    index, x, y = T.lscalar("index"), T.matrix("x"), T.ivector("y")
    classifier = LogisticRegression(input=x, n_in=FEATURES, n_out=CLASSES)
    cost = classifier.negative_log_likelihood(y)
    slopes = [T.grad(cost=cost, wrt=parameter) for parameter in classifier.params]
    batch = slice(index * BATCH, (index + 1) * BATCH)
    givens = {x: shared_x[batch], y: int_y[batch]}
    updates = [(parameter, parameter - 0.13 * slope) for parameter, slope in zip(classifier.params, slopes, strict=True)]
    train = phintys.function(inputs=[index], outputs=cost, updates=updates, givens=givens)
    test = phintys.function(inputs=[index], outputs=classifier.errors(y), givens=givens)
    batches = shared_x.get_value(borrow=True).shape[0] // BATCH
    costs = [float(np.mean([train(k) for k in range(batches)])) for _ in range(epochs)]
    return classifier, costs, np.mean([test(k) for k in range(batches)])


def test_training() -> None:
    classifier, costs, error = trained(30)
    assert costs[0] > 0.3 and costs[-1] < 0.1 and error < 0.03
    assert all(after < before for before, after in itertools.pairwise(costs))
    points, labels = data()
    w, b = np.zeros((FEATURES, CLASSES)), np.zeros(CLASSES)
    for _ in range(30):
        for k in range(SIZE // BATCH):
            rows = slice(k * BATCH, (k + 1) * BATCH)
            scores = np.exp(points[rows] @ w + b)
            p = scores / scores.sum(1, keepdims=True)
            p[np.arange(BATCH), labels[rows]] -= 1
            w, b = w - 0.13 * points[rows].T @ p / BATCH, b - 0.13 * p.mean(0)
    np.testing.assert_allclose(classifier.W.get_value(), w, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(classifier.b.get_value(), b, rtol=1e-9, atol=1e-11)


def test_first_cost_is_that_of_a_guess() -> None:
    x, y = T.matrix("x"), T.ivector("y")
    classifier = LogisticRegression(x, 784, 10)
    f = phintys.function([x, y], classifier.negative_log_likelihood(y))
    assert abs(f(np.random.RandomState(0).rand(5, 784), np.arange(5, dtype="int32")) - np.log(10)) < 1e-12
    with pytest.raises(IndexError, match="out of bounds"):
        f(np.zeros((1, 784)), np.array([10], "int32"))


def test_scores_far_apart() -> None:
    x, y = T.matrix("x"), T.ivector("y")
    cost = -T.mean(T.log(T.nnet.softmax(x))[T.arange(y.shape[0]), y])
    f = phintys.function([x, y], [cost, T.grad(cost, x)])
    found, slope = f(np.array([[0.0, 2000.0], [2000.0, 0.0]]), np.array([0, 0], "int32"))
    np.testing.assert_allclose(found, 1000.0)
    np.testing.assert_allclose(slope, [[-0.5, 0.5], [0.0, 0.0]], atol=1e-15)


def test_a_model_survives_pickling() -> None:
    classifier, _, _ = trained(2)
    again = pickle.loads(pickle.dumps(classifier))
    points, _ = data()
    first, second = (phintys.function([model.input], model.y_pred)(points) for model in (classifier, again))
    np.testing.assert_array_equal(first, second)
    assert again.W is not classifier.W
