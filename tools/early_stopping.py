"""Minibatch gradient descent with early stopping, for any model that has `train`, `validate` and `test` functions.

In: functions of a minibatch's number and the sizes of the sets. Out: a `History`. Training goes on as long as patience
lasts, and patience grows whenever the validation error improves by more than half a per cent of itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

PATIENCE = 5000  # look at this many minibatches in any case
PATIENCE_INCREASE = 2  # and, after an improvement, until twice as many are done
IMPROVEMENT = 0.995  # what counts as an improvement


class Trainable(Protocol):
    """What is trained: three functions of a minibatch's number."""

    @property
    def train(self) -> Callable[..., Any]:
        """Does a training step and returns the cost."""

    @property
    def validate(self) -> Callable[..., Any]:
        """Share of errors in a minibatch of the validation set."""

    @property
    def test(self) -> Callable[..., Any]:
        """Share of errors in a minibatch of the test set."""


@dataclass(frozen=True)
class Sizes:
    """Examples in each set, and in a minibatch."""

    train: int
    valid: int
    test: int
    batch: int

    @property
    def batches(self) -> int:
        """Whole minibatches in an epoch of training."""
        return self.train // self.batch


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to; errors are shares."""

    number: int
    cost: float
    valid_error: float


@dataclass
class History:
    """All epochs, the best validation error, and the test error of the model that had it."""

    epochs: list[Epoch] = field(default_factory=list)
    best_valid: float = float("inf")
    best_epoch: int = 0
    test_error: float = float("nan")
    patience: int = PATIENCE


def mean_error(errors: Callable[..., Any], examples: int, batch: int) -> float:
    """Share of errors among all examples; the last minibatch may be a part of one and weighs as much."""
    starts = range(0, examples, batch)
    weights = [min(batch, examples - start) for start in starts]
    return float(np.average([float(errors(number)) for number in range(len(starts))], weights=weights))


def train(
    model: Trainable,
    sizes: Sizes,
    n_epochs: int,
    on_epoch: Callable[[History], None] = lambda history: None,
    on_best: Callable[[History], None] = lambda history: None,
) -> History:
    """Train until `n_epochs` are done or patience ends; validate once an epoch.

    `on_epoch` is called after each epoch, `on_best` whenever the validation error is a new best (save the model there).
    """
    if not sizes.batches:
        raise ValueError(f"a minibatch of {sizes.batch} is larger than the training set of {sizes.train}")
    history = History()
    for number in range(1, n_epochs + 1):
        costs = [float(model.train(index)) for index in range(sizes.batches)]
        seen = number * sizes.batches
        error = mean_error(model.validate, sizes.valid, sizes.batch)
        history.epochs.append(Epoch(number, float(np.mean(costs)), error))
        if error < history.best_valid:
            if error < history.best_valid * IMPROVEMENT:
                history.patience = max(history.patience, seen * PATIENCE_INCREASE)
            history.best_valid, history.best_epoch = error, number
            history.test_error = mean_error(model.test, sizes.test, sizes.batch)
            on_best(history)
        on_epoch(history)
        if history.patience <= seen:
            break
    return history
