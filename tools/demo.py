"""Train a softmax regression on handwritten digits, and leave everything worth seeing in a folder.

The digits are the 1,797 that ship with Phintys, or MNIST from --data. Training is minibatch gradient descent
with early stopping. The folder gets the learning curve, the learned weights as images, the best model as a pickle, the
graph before and after optimization, and the dump of every level of the compiler.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .report import CommandError, console, duration, folder, print_table, write_whole

if TYPE_CHECKING:
    from .digits import Digits
    from .early_stopping import History
    from .softmax_regression import Model

MODEL = "best_model.pkl"
STEPS_PER_EPOCH, LARGEST_BATCH = 60, 600
LINES = 10  # without a terminal: a line every so many epochs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `phintys demo`."""
    parser.add_argument("--data", metavar="FILE", help="mnist.pkl.gz, or one of MNIST's IDX files beside the others")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("phintys-demo"), help="default: phintys-demo")
    parser.add_argument("--epochs", metavar="N", type=positive, default=1000, help="at most N (default: 1000)")
    parser.add_argument("--batch-size", metavar="N", type=positive, help="default: 20 here, 600 for MNIST")
    parser.add_argument("--learning-rate", metavar="X", type=float, default=0.13, help="default: 0.13")
    parser.add_argument("--seed", metavar="N", type=int, help="shuffle the training set with this seed")


def positive(text: str) -> int:
    """An argument that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def main(arguments: argparse.Namespace) -> int:
    """Train, report, write the files."""
    from .digits import load
    from .early_stopping import Sizes, train
    from .levels import write_levels

    out = folder(arguments.out)
    digits = shuffled(load(arguments.data), arguments.seed)
    batch = arguments.batch_size or min(max(len(digits.train) // STEPS_PER_EPOCH, 1), LARGEST_BATCH)
    sizes = Sizes(len(digits.train), len(digits.valid), len(digits.test), batch)
    if not sizes.batches:
        raise CommandError(f"--batch-size {batch} is more than the {sizes.train} training examples")
    console().print(f"{digits.name}: {sizes.train} digits to train on, {sizes.valid} to validate, {sizes.test} to test")
    model, compile_time = compile_model(digits, batch, arguments.learning_rate)
    console().print(f"compiled 3 functions in {duration(compile_time)}")
    started = time.perf_counter()
    with Progress(sizes.batches, arguments.epochs) as progress:
        history = train(model, sizes, arguments.epochs, progress.show, lambda _: save(model, out))
    elapsed = time.perf_counter() - started
    best, predicted = reload(digits, out)
    report(digits, history, predicted, compile_time, elapsed)
    show_files(
        [(out / MODEL, "the best model"), *figures(digits, history, best, out), *write_levels(model.train, out, "train")]
    )
    return 0


def shuffled(digits: Digits, seed: int | None) -> Digits:
    """`digits` with the training set in another order; as it is without a seed."""
    if seed is None:
        return digits
    from dataclasses import replace

    import numpy as np

    order = np.random.default_rng(seed).permutation(len(digits.train))
    part = digits.train
    return replace(digits, train=replace(part, images=part.images[order], labels=part.labels[order]))


def compile_model(digits: Digits, batch: int, learning_rate: float) -> tuple[Model, float]:
    """The model's functions and how long they took, the import of the compiler included."""
    started = time.perf_counter()
    from .softmax_regression import build

    model = build(digits, batch, learning_rate)
    return model, time.perf_counter() - started


def save(model: Model, out: Path) -> None:
    """Pickle the model as it is now; training calls this at each new best."""
    write_whole(out / MODEL, pickle.dumps(model.classifier))


def reload(digits: Digits, out: Path) -> tuple[Any, list[int]]:
    """The best model read back from its pickle, and what it makes of the first ten test images."""
    import numpy as np

    import phintys

    from .softmax_regression import predictor

    classifier = pickle.loads((out / MODEL).read_bytes())
    images = np.asarray(digits.test.images[:10], dtype=phintys.config.floatX)
    return classifier, [int(number) for number in predictor(classifier)(images)]


class Progress:
    """A progress bar on a terminal; elsewhere a line every few epochs."""

    def __init__(self, batches: int, epochs: int) -> None:
        self.batches = batches
        self.epochs = epochs
        self.bar: Any = None
        self.new_best = 0

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=self.epochs, desc="training", unit="epoch", dynamic_ncols=True)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, history: History) -> None:
        """Tell the newest epoch; the bar's length follows patience, which may grow."""
        epoch = history.epochs[-1]
        state = f"cost {epoch.cost:.4f}, validation error {100 * epoch.valid_error:.2f} %"
        expected = min(self.epochs, -(-history.patience // self.batches))
        if self.bar is not None:
            self.bar.total = expected
            self.bar.set_postfix_str(state, refresh=False)
            self.bar.update(1)
        elif epoch.number % LINES == 0 or epoch.number in (1, expected):
            print(f"epoch {epoch.number:4d} of {expected}: {state}", flush=True)


def report(digits: Digits, history: History, predicted: list[int], compile_time: float, elapsed: float) -> None:
    """The table of results."""
    epochs = len(history.epochs)
    rows = [
        ("compile time", duration(compile_time)),
        ("training", f"{epochs} epochs in {duration(elapsed)}, {epochs / elapsed:.1f} epochs/s"),
        ("cost", f"{history.epochs[0].cost:.4f} in the first epoch, {history.epochs[-1].cost:.4f} in the last"),
        ("validation error", f"{100 * history.best_valid:.2f} % (epoch {history.best_epoch}, the best)"),
        ("test error", f"{100 * history.test_error:.2f} % (of that model)"),
        ("reloaded model says", " ".join(map(str, predicted))),
        ("labels are", " ".join(str(label) for label in digits.test.labels[:10])),
    ]
    print_table("Softmax regression", ("", ""), rows)


def figures(digits: Digits, history: History, best: Any, out: Path) -> list[tuple[Path, str]]:
    """Draw the learning curve and the weights, or say what is missing."""
    from . import figures

    if not figures.available():
        console().print("No figures: matplotlib is missing; `pip install 'phintys[viz]'` brings it.")
        return []
    figures.learning_curve(history, out / "learning_curve.png")
    figures.weights(best.W.get_value(), digits.side, out / "weights.png")
    return [(out / "learning_curve.png", "cost and error over the epochs"), (out / "weights.png", "what was learned")]


def show_files(files: list[tuple[Path, str]]) -> None:
    """List what was written."""
    print_table("Written", ("", ""), [(str(path), meaning) for path, meaning in files])
