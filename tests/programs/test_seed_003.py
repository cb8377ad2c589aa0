"""The Korean notebook: prints and drawings, functions, gradients, a perceptron; and the training of digits."""

from __future__ import annotations

import gzip
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phintys.tools.digits import load_shipped


def test_notebook(run_seed: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("IPython")
    run = run_seed("seed_003.py")
    assert run.values("type(x), type(y)")[0] == ["<class 'phintys.tensor.var.TensorVariable'>"] * 2
    texts = [run.values(f"theano.printing.pprint({name})")[0] for name in "xyzu"]
    assert texts == ["x", "y", "(x + y)", "exp((x + y))"]
    drawings = [value for source, value in run.shown if source.startswith("SVG(")]
    assert len(drawings) == 7 and all("<svg" in drawing for drawing in drawings)
    assert "pow" not in drawings[2] and "sigmoid" in drawings[5] and "sigmoid" in drawings[6] and "exp" not in drawings[5]
    assert run.values("f(2, 3)") == [5.0] and run.values("f(1)") == [4.0]
    assert run.values("f2([1, 2], [3, 4])")[0].tolist() == [4, 6]
    assert run.values("f3([[1], [2]], [[3], [4]])")[0].tolist() == [[4], [6]]
    assert abs(run.values("logistic(1)")[0] - 0.7310585786300049) < 1e-12
    np.testing.assert_allclose(run.values("logistic2([0, 1])")[0], [0.5, 0.73105858], atol=1e-8)
    uniform, normal = np.array(run.values("f(), f(), f(), f()")[0]), np.array(run.values("g(), g(), g(), g()")[0])
    assert uniform.shape == (4, 1, 2) and len(np.unique(uniform)) == 8 and (normal == normal[0]).all()
    doubled = [run.values(f"accumulator({number})")[0] for number in (1, 2, 5)]
    assert doubled == [2, 4, 10] and [int(value) for value in run.values("state.get_value()")] == [1, 3, 8]
    assert (run.values("f(x)")[0] == 1).all()
    y1, y2 = run.final["y1"], run.final["y2"]
    np.testing.assert_allclose(y2, y1 * (1 - y1), rtol=1e-10)
    (first, second) = run.values("gradient(xi, yi)")
    np.testing.assert_allclose(first[0], [-0.25, 0.25])
    assert first[1] == -0.25 and second == []
    weights, bias = run.values("w.get_value(), b.get_value()")[0]
    np.testing.assert_allclose(weights, [0.025, -0.025])
    np.testing.assert_allclose(bias, 0.025)
    assert (tmp_path / "logistic.png").stat().st_size > 5000


def mnist_like(path: Path) -> None:
    """The digits that ship, as 28 x 28 images, moved about by a pixel or two until there are enough."""
    digits = load_shipped()
    rng = np.random.RandomState(0)

    def images(part: Any, count: int) -> tuple[Any, Any]:
        chosen = rng.randint(0, len(part), count)
        small = part.images[chosen].reshape(count, 8, 8)
        large = np.zeros((count, 28, 28), "float32")
        for image, source, (down, right) in zip(large, small, rng.randint(0, 4, (count, 2)), strict=True):
            image[down : down + 24, right : right + 24] = np.kron(source, np.ones((3, 3)))
        return large.reshape(count, 784), part.labels[chosen].astype("int64")

    sets = [images(part, count) for part, count in ((digits.train, 3000), (digits.valid, 600), (digits.test, 600))]
    with gzip.open(path, "wb", compresslevel=1) as file:
        pickle.dump(tuple(sets), file, protocol=2)


@pytest.mark.slow
def test_digits(run_seed: Any, tmp_path: Path) -> None:
    pytest.importorskip("six")
    mnist_like(tmp_path / "mnist.pkl.gz")
    run = run_seed("seed_003_digits.py")
    lines = run.output.splitlines()
    assert lines[:3] == ["... loading data", "... building the model", "... training the model"]
    assert re.fullmatch(r"epoch  1, minibatch 5/5, validation error +\d+\.\d{4} %", lines[3])
    final = re.fullmatch(
        r"Optimization complete with best validation score of ([\d.]+) %,with test performance ([\d.]+) %", lines[-2]
    )
    assert final and float(final[1]) < 15 and float(final[2]) < 20
    assert re.fullmatch(r"The code run for \d+ epochs, with [\d.]+ epochs/sec", lines[-1])
    # The pickled model, loaded as another script of the tutorial does.
    program = (
        "import sys, pickle, runpy, numpy as np, phintys; phintys.install_as_theano(); import theano, theano.tensor as T\n"
        "source = open(sys.argv[1]).read().split('def sgd_optimization_mnist')[0]; exec(source)\n"
        "model = pickle.load(open('best_model.pkl', 'rb'))\n"
        "f = theano.function([model.input], model.y_pred); print(f(np.zeros((2, 784))).shape, model.W.get_value().any())"
    )
    source = Path(__file__).parent / "seeds" / "seed_003_digits.py"
    command = [sys.executable, "-c", program, str(source)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "(2,) True\n", done.stderr
