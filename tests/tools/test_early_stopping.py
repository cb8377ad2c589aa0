"""Early stopping: patience, its growth, and the weight of a last partial minibatch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from phintys.tools.early_stopping import History, Sizes, mean_error, train

SIZES = Sizes(train=1000, valid=100, test=100, batch=100)  # ten minibatches an epoch


@dataclass
class Fake:
    train: Callable[..., Any]
    validate: Callable[..., Any]
    test: Callable[..., Any]


def fake(errors: Iterable[float]) -> Fake:
    steps = iter(errors)
    return Fake(lambda index: 1.0, lambda index: next(steps), lambda index: 0.25)


def test_stops_when_patience_ends() -> None:
    history = train(fake([0.5] * 1000), SIZES, 1000)
    assert len(history.epochs) == 500
    assert (history.best_valid, history.best_epoch, history.test_error) == (0.5, 1, 0.25)


def test_late_improvement_doubles_patience() -> None:
    history = train(fake([0.5] * 399 + [0.4] * 1000), SIZES, 1000)
    assert len(history.epochs) == 800
    assert history.best_epoch == 400


def test_tiny_improvement_is_best_but_buys_no_patience() -> None:
    history = train(fake([0.5] * 399 + [0.499] * 1000), SIZES, 1000)
    assert len(history.epochs) == 500
    assert (history.best_epoch, history.best_valid) == (400, 0.499)


def test_callbacks() -> None:
    seen: list[int] = []
    best: list[int] = []

    def on_best(history: History) -> None:
        best.append(history.best_epoch)

    train(fake([0.5, 0.6, 0.4, 0.4]), SIZES, 4, lambda history: seen.append(len(history.epochs)), on_best)
    assert (seen, best) == ([1, 2, 3, 4], [1, 3])


def test_partial_minibatch_weighs_less() -> None:
    assert mean_error(lambda index: [0.0, 0.0, 1.0][index], examples=250, batch=100) == pytest.approx(0.2)


def test_batch_larger_than_the_set() -> None:
    with pytest.raises(ValueError, match="a minibatch of 200 is larger than the training set of 100"):
        train(fake([]), Sizes(100, 10, 10, 200), 1)
