"""Softmax regression on digits: the model, and the three compiled functions that training needs.

This is the first program of the deep learning tutorials, written as they write it, to be read as an example.
In: data sets and a batch size. Out: a `LogisticRegression` and functions of a minibatch's number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import phintys
import phintys.tensor as T

from .digits import CLASSES, Digits, Part

Function = Callable[..., Any]


class LogisticRegression:
    """Multi-class logistic regression: data points are projected onto hyperplanes, one for each class.

    P(Y = i | x, W, b) is softmax_i(x W + b); the class predicted is the one of largest probability.
    """

    def __init__(self, input: Any, n_in: int, n_out: int) -> None:
        self.W = phintys.shared(np.zeros((n_in, n_out), dtype=phintys.config.floatX), name="W", borrow=True)
        self.b = phintys.shared(np.zeros((n_out,), dtype=phintys.config.floatX), name="b", borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]
        self.input = input

    def negative_log_likelihood(self, y: Any) -> Any:
        """Mean over the minibatch of -log P(Y = y): `log(p)[arange(n), y]` picks each row's true class."""
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y: Any) -> Any:
        """Share of the minibatch that is predicted wrongly."""
        if y.ndim != self.y_pred.ndim:
            raise TypeError(f"y has {y.ndim} dimensions, the prediction has {self.y_pred.ndim}")
        if not y.dtype.startswith("int"):
            raise NotImplementedError(f"labels are integers, got {y.dtype}")
        return T.mean(T.neq(self.y_pred, y))


@dataclass
class Model:
    """A classifier with its functions of a minibatch's number: `train` gives the cost, the others a share of errors."""

    classifier: LogisticRegression
    train: Function
    validate: Function
    test: Function


def shared_dataset(part: Part, name: str) -> tuple[Any, Any]:
    """Images and labels as shared variables; labels are kept as floats (as a GPU wants them) and cast when used."""
    x = phintys.shared(np.asarray(part.images, dtype=phintys.config.floatX), name=f"{name}_x", borrow=True)
    y = phintys.shared(np.asarray(part.labels, dtype=phintys.config.floatX), name=f"{name}_y", borrow=True)
    return x, T.cast(y, "int32")


def build(digits: Digits, batch_size: int, learning_rate: float) -> Model:
    """Express the model and compile its functions; minibatches are slices of the shared data, put in by `givens`."""
    index = T.lscalar("index")
    x = T.matrix("x")
    y = T.ivector("y")
    classifier = LogisticRegression(input=x, n_in=digits.pixels, n_out=CLASSES)

    def minibatch(part: Part, name: str) -> dict[Any, Any]:
        set_x, set_y = shared_dataset(part, name)
        rows = slice(index * batch_size, (index + 1) * batch_size)
        return {x: set_x[rows], y: set_y[rows]}

    cost = classifier.negative_log_likelihood(y)
    g_W = T.grad(cost=cost, wrt=classifier.W)
    g_b = T.grad(cost=cost, wrt=classifier.b)
    updates = [
        (classifier.W, classifier.W - learning_rate * g_W),
        (classifier.b, classifier.b - learning_rate * g_b),
    ]
    return Model(
        classifier,
        train=phintys.function([index], cost, updates=updates, givens=minibatch(digits.train, "train"), name="train"),
        validate=phintys.function([index], classifier.errors(y), givens=minibatch(digits.valid, "valid"), name="validate"),
        test=phintys.function([index], classifier.errors(y), givens=minibatch(digits.test, "test"), name="test"),
    )


def predictor(classifier: LogisticRegression) -> Function:
    """Compiled function from images (as rows) to classes, of a classifier that may come from a pickle."""
    compiled: Function = phintys.function([classifier.input], classifier.y_pred, name="predict")
    return compiled
