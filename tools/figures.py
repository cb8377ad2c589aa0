"""Figures of a training run, drawn with matplotlib (extra `viz`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .early_stopping import History

RED, BLUE = "#c2410c", "#1d4ed8"


def available() -> bool:
    """Whether matplotlib can be imported."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def learning_curve(history: History, path: Path) -> None:
    """Cost and validation error over the epochs, with the best epoch marked."""
    from matplotlib.figure import Figure

    epochs = [epoch.number for epoch in history.epochs]
    figure = Figure(figsize=(7, 4), layout="constrained")
    left = figure.subplots()
    left.plot(epochs, [epoch.cost for epoch in history.epochs], color=BLUE)
    left.set(xlabel="epoch", yscale="log")
    left.set_ylabel("training cost (mean negative log-likelihood)", color=BLUE)
    right = left.twinx()
    right.plot(epochs, [100 * epoch.valid_error for epoch in history.epochs], color=RED)
    right.plot([history.best_epoch], [100 * history.best_valid], "o", color=RED)
    right.set_ylabel("validation error (%)", color=RED)
    right.set_ylim(bottom=0)
    right.set_title(
        f"best validation error {100 * history.best_valid:.2f} % (epoch {history.best_epoch}), "
        f"test error {100 * history.test_error:.2f} %"
    )
    figure.savefig(path, dpi=120)


def weights(matrix: np.ndarray[Any, Any], side: tuple[int, int], path: Path) -> None:
    """Each class's weights as an image: blue speaks for the class, red against it."""
    from matplotlib.figure import Figure

    classes = matrix.shape[1]
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    limit = float(np.abs(matrix).max()) or 1.0
    for number, axes in enumerate(figure.subplots(2, -(-classes // 2)).flat):
        axes.set_axis_off()
        if number < classes:
            image = axes.imshow(matrix[:, number].reshape(side), cmap="RdBu", vmin=-limit, vmax=limit)
            axes.set_title(str(number))
    figure.colorbar(image, ax=figure.axes, shrink=0.8, label="weight")
    figure.savefig(path, dpi=120)
