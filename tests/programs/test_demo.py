"""`phintys demo`, the main job: softmax regression on real digits, compared with NumPy, and what it leaves behind."""

from __future__ import annotations

import io
import pickle
import re
import struct
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from phintys.tools import figures
from phintys.tools.digits import CLASSES, Digits, Part, load
from phintys.tools.early_stopping import History, Sizes, train
from phintys.tools.levels import LEVELS
from phintys.tools.main import main

EPOCHS, BATCH, RATE = 30, 20, 0.13
FIGURES = {"learning_curve.png", "weights.png"}
FILES = {"best_model.pkl", "graph_before.svg", "graph_after.svg"} | {f"train.{suffix}" for suffix, *_ in LEVELS}


@dataclass
class Run:
    """A demo that was run: its folder and what it printed."""

    out: Path
    printed: str

    def epoch(self, number: int) -> tuple[float, float]:
        """Cost and validation error (%) printed for an epoch."""
        match = re.search(rf"epoch +{number} of \d+: cost ([\d.]+), validation error ([\d.]+) %", self.printed)
        assert match, self.printed
        return float(match[1]), float(match[2])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("demo") / "made"
    with redirect_stdout(io.StringIO()) as printed:
        assert main(["demo", "--epochs", str(EPOCHS), "--out", str(out)]) == 0
    return Run(out, printed.getvalue())


class NumpyModel:
    """The same model with its derivatives by hand."""

    def __init__(self, digits: Digits, batch: int) -> None:
        self.digits, self.batch = digits, batch
        self.W, self.b = np.zeros((digits.pixels, CLASSES)), np.zeros(CLASSES)

    def minibatch(self, part: Part, index: int) -> tuple[Any, Any]:
        rows = slice(index * self.batch, (index + 1) * self.batch)
        return part.images[rows], part.labels[rows]

    def train(self, index: int) -> float:
        x, y = self.minibatch(self.digits.train, index)
        scores = x @ self.W + self.b
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        cost = -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        self.W -= RATE * (x.T @ p) / len(y)
        self.b -= RATE * p.sum(axis=0) / len(y)
        return float(cost)

    def errors(self, part: Part, index: int) -> float:
        x, y = self.minibatch(part, index)
        return float((np.argmax(x @ self.W + self.b, axis=1) != y).mean())

    def validate(self, index: int) -> float:
        return self.errors(self.digits.valid, index)

    def test(self, index: int) -> float:
        return self.errors(self.digits.test, index)


@pytest.fixture(scope="module")
def reference() -> tuple[History, NumpyModel]:
    digits = load()
    model = NumpyModel(digits, BATCH)
    sizes = Sizes(len(digits.train), len(digits.valid), len(digits.test), BATCH)
    return train(model, sizes, EPOCHS), model


@pytest.mark.parametrize("number", [1, 10, 20, 30])
def test_costs_and_errors_are_those_of_numpy(demo: Run, reference: tuple[History, NumpyModel], number: int) -> None:
    expected = reference[0].epochs[number - 1]
    cost, error = demo.epoch(number)
    assert cost == pytest.approx(expected.cost, abs=1e-4)
    assert error == pytest.approx(100 * expected.valid_error, abs=0.01)


def test_digits_are_recognized(demo: Run, reference: tuple[History, NumpyModel]) -> None:
    match = re.search(r"test error +([\d.]+) %", demo.printed)
    assert match
    assert float(match[1]) == pytest.approx(100 * reference[0].test_error, abs=0.01)
    assert float(match[1]) < 6


def test_output_is_readable_without_a_terminal(demo: Run) -> None:
    assert "\x1b" not in demo.printed
    assert "\r" not in demo.printed
    assert max(map(len, demo.printed.splitlines())) <= 120
    for word in ("compiled 3 functions in", "epochs/s", "validation error", "reloaded model says"):
        assert word in demo.printed


def test_every_file_is_there(demo: Run) -> None:
    names = {path.name for path in demo.out.iterdir()}
    assert names == FILES | FIGURES
    assert all((demo.out / name).stat().st_size > 100 for name in names)


def test_pickled_model_predicts(demo: Run) -> None:
    from phintys.tools.softmax_regression import predictor

    classifier = pickle.loads((demo.out / "best_model.pkl").read_bytes())
    digits = load()
    wrong = predictor(classifier)(digits.test.images) != digits.test.labels
    assert wrong.mean() < 0.06


def test_figures_are_images_of_a_sensible_size(demo: Run) -> None:
    for name in FIGURES:
        content = (demo.out / name).read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = struct.unpack(">II", content[16:24])
        assert width > 600
        assert height > 300


def test_drawings_show_the_program(demo: Run) -> None:
    for name in ("graph_before.svg", "graph_after.svg"):
        texts = {element.text for element in ElementTree.parse(demo.out / name).getroot().iter()}
        assert {"index", "train_x", "W", "b", "new W", "new b", "output"} <= texts
    assert "softmax" in (demo.out / "graph_before.svg").read_text()


def test_levels_are_what_they_say(demo: Run) -> None:
    signs = {
        "train.phi": "softmax",
        "train.loops.mlir": "scf.for",
        "train.llvm.mlir": "llvm.func",
        "train.ll": "define",
    }
    for name, sign in signs.items():
        assert sign in (demo.out / name).read_text()


@pytest.mark.parametrize("suffix", [suffix for suffix, *_ in LEVELS if suffix != "ll"])
def test_every_level_runs_and_does_the_same(demo: Run, tmp_path: Path, suffix: str) -> None:
    saved = tmp_path / "results.npz"
    state = ["train_x=[[1, 2], [3, 4]]", "train_y=[1, 0]", "W=[[1, 2], [3, 4.5]]", "b=[0, 0.5]"]
    assert main(["run", str(demo.out / f"train.{suffix}"), "index=0", *state, "--save", str(saved)]) == 0
    digits = Digits("two", *[Part(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0]))] * 3)
    model = NumpyModel(digits, BATCH)
    model.W, model.b = np.array([[1.0, 2.0], [3.0, 4.5]]), np.array([0.0, 0.5])
    cost = model.train(0)
    with np.load(saved) as results:
        np.testing.assert_allclose(results["output"], cost, rtol=1e-12)
        np.testing.assert_allclose(results["W"], model.W, rtol=1e-12)
        np.testing.assert_allclose(results["b"], model.b, rtol=1e-12)


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(figures, "available", lambda: False)
    assert main(["demo", "--epochs", "1", "--out", str(tmp_path)]) == 0
    assert "matplotlib is missing; `pip install 'phintys[viz]'` brings it" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_mnist_in_idx_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digits = load()
    sets = {
        "train": (digits.train.images[:600], digits.train.labels[:600]),
        "t10k": (digits.test.images, digits.test.labels),
    }
    for name, (images, labels) in sets.items():
        pixels = (images.reshape(-1, 8, 8) * 255).astype("uint8")
        head = b"\0\0\x08\x03" + struct.pack(">3I", *pixels.shape)
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(head + pixels.tobytes())
        head = b"\0\0\x08\x01" + struct.pack(">I", len(labels))
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(head + labels.astype("uint8").tobytes())
    command = [
        "demo",
        "--data",
        str(tmp_path / "train-images-idx3-ubyte"),
        "--epochs",
        "10",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*command, "--batch-size", "10", "--seed", "1"]) == 0
    out = capsys.readouterr().out
    assert "MNIST (IDX): 500 digits to train on, 100 to validate, 297 to test" in out
    match = re.search(r"test error +([\d.]+) %", out)
    assert match
    assert float(match[1]) < 15
