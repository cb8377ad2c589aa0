"""Activations, losses, batch normalization: values beside NumPy's formulas, gradients by central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

nnet = T.nnet
x, m, v, b = T.dmatrix("x"), T.dmatrix("m"), T.dvector("v"), T.dvector("b")
i, j = T.lvector("i"), T.lvector("j")
X = np.array([[0.1, -2.0, 3.3], [1.2, -0.7, 0.4], [-1.1, 2.2, -0.3], [0.5, 4.1, -5.2]])
VALUES: dict[Any, Any] = {
    x: X, m: np.abs(X) / np.abs(X).sum(1, keepdims=True), v: np.array([0.2, 0.5, 0.7]), b: np.array([0.3, -0.1, 0.2]),
    i: np.array([0, 2, 1, 1]), j: np.array([0, 1, 1, 2]),
}  # fmt: skip


def softmax(a: Any) -> Any:
    e = np.exp(a - a.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def loss(a: Any) -> Any:
    return -np.log(softmax(a)[np.arange(len(a)), VALUES[i]])


W1, W2 = np.linspace(-1, 1, 6).reshape(3, 2), np.linspace(-1, 1, 18).reshape(2, 3, 3)
CLASSES = softmax(X @ W1 + 0.1)
INNER = softmax(np.einsum("bf,cfo->bco", X, W2) + 0.2)
TREE = (CLASSES[:, :, None] * INNER).reshape(4, -1)
TREE_ARGUMENTS = (4, 5, 2, 3, W1, np.full(2, 0.1), W2, np.full((2, 3), 0.2))
KEPT = {"keepdims": True}

CASES: dict[str, tuple[Callable[[], Any], Any]] = {
    "relu": (lambda: nnet.relu(x), np.maximum(X, 0)),
    "leaky": (lambda: nnet.relu(x, 0.1), np.where(X > 0, X, 0.1 * X)),
    "elu": (lambda: nnet.elu(x, 0.7), np.where(X > 0, X, 0.7 * np.expm1(X))),
    "selu": (lambda: nnet.selu(x), 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * np.expm1(X))),
    "softsign": (lambda: nnet.softsign(x), X / (1 + abs(X))),
    "hard_sigmoid": (lambda: nnet.hard_sigmoid(x), np.clip(0.2 * X + 0.5, 0, 1)),
    "softmax": (lambda: nnet.softmax(x), softmax(X)),
    "softmax_graph": (lambda: nnet.softmax_graph(x), softmax(X)),
    "softmax_with_bias": (lambda: nnet.softmax_with_bias(x, b), softmax(X + VALUES[b])),
    "binary": (lambda: nnet.binary_crossentropy(m, 0.3), -0.3 * np.log(VALUES[m]) - 0.7 * np.log(1 - VALUES[m])),
    "sigmoid binary": (lambda: nnet.sigmoid_binary_crossentropy(x, m), np.logaddexp(0, X) - VALUES[m] * X),
    "categorical": (lambda: nnet.categorical_crossentropy(m, m), -(VALUES[m] * np.log(VALUES[m])).sum(1)),
    "one hot": (lambda: nnet.categorical_crossentropy(m, i), -np.log(VALUES[m])[np.arange(4), VALUES[i]]),
    "loss": (lambda: nnet.crossentropy_softmax_1hot(x, i)[0], loss(X)),
    "loss with bias": (lambda: nnet.crossentropy_softmax_1hot_with_bias(x, b, i)[0], loss(X + VALUES[b])),
    "argmax": (lambda: nnet.crossentropy_softmax_argmax_1hot_with_bias(x, b, i)[2], (X + VALUES[b]).argmax(1)),
    "max": (lambda: nnet.crossentropy_softmax_max_and_argmax_1hot(x, i)[2], softmax(X).max(1)),
    "prepend": (lambda: nnet.prepend_scalar_to_each_row(0.5, x), np.c_[np.full(4, 0.5), X]),
    "prepend_1": (lambda: nnet.prepend_1_to_each_row(x), np.c_[np.ones(4), X]),
    "confusion": (lambda: nnet.confusion_matrix(i, j)[0], np.array([[1, 0, 0], [0, 1, 1], [0, 1, 0]])),
    "classes": (lambda: nnet.confusion_matrix(i, j)[1], np.arange(3)),
    "h_softmax": (lambda: nnet.h_softmax(x, *TREE_ARGUMENTS), TREE[:, :5]),
    "h_softmax target": (lambda: nnet.h_softmax(x, *TREE_ARGUMENTS, i), TREE[np.arange(4), VALUES[i]]),
    "bn": (lambda: nnet.bn.batch_normalization(x, v, b, x.mean(0), x.std(0)),
           (X - X.mean(0)) / X.std(0) * VALUES[v] + VALUES[b]),
    "bn train": (lambda: nnet.bn.batch_normalization_train(x, v, b)[0],
                 (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-4) * VALUES[v] + VALUES[b]),
    "bn mean": (lambda: nnet.bn.batch_normalization_train(x, v, b)[1], X.mean(0)),
    "bn invstd": (lambda: nnet.bn.batch_normalization_train(x, v, b)[2], 1 / np.sqrt(X.var(0) + 1e-4)),
    "bn running mean": (lambda: nnet.bn.batch_normalization_train(x, v, b, running_mean=b, running_var=v)[3],
                        0.9 * VALUES[b] + 0.1 * X.mean(0)),
    "bn running var": (lambda: nnet.bn.batch_normalization_train(x, v, b, running_mean=b, running_var=v)[4],
                       0.9 * VALUES[v] + 0.1 * X.var(0, ddof=1)),
    "bn test": (lambda: nnet.bn.batch_normalization_test(x, v.dimshuffle("x", 0), b, b, v),
                (X - VALUES[b]) / np.sqrt(VALUES[v] + 1e-4) * VALUES[v] + VALUES[b]),
    "bn spatial": (lambda: nnet.bn.batch_normalization_train(x.dimshuffle("x", 1, 0), v, b, "spatial")[0][0].T,
                   (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-4) * VALUES[v] + VALUES[b]),
}  # fmt: skip


def call(output: Any, given: Any = None) -> Any:
    return phintys.function(list(VALUES), output, on_unused_input="ignore")(*(given or VALUES).values())


@pytest.mark.parametrize("name", CASES)
def test_value(name: str) -> None:
    expression, expected = CASES[name]
    found = call(expression())
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("argmax", "confusion", "classes", "binary")])
def test_gradient(name: str) -> None:
    out = CASES[name][0]()
    cost = (out * T.constant(np.random.default_rng(0).uniform(1, 2, CASES[name][1].shape))).sum()
    wrt = [x, v, b]
    f = phintys.function(list(VALUES), [cost, *T.grad(cost, wrt, disconnected_inputs="ignore")], on_unused_input="ignore")
    for place, variable in enumerate(wrt, 1):
        array = VALUES[variable]
        expected = np.zeros_like(array)
        for position in np.ndindex(*array.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = array.copy()
                moved[position] += step
                sides.append(float(f(*{**VALUES, variable: moved}.values())[0]))
            expected[position] = (sides[0] - sides[1]) / 2e-6
        np.testing.assert_allclose(f(*VALUES.values())[place], expected, rtol=1e-5, atol=1e-6)


def test_ultra_fast_sigmoid_is_close() -> None:
    points = np.linspace(-12, 12, 1001)
    found = phintys.function([v], nnet.ultra_fast_sigmoid(v))(points)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-points)), atol=0.03)


def test_names_by_file() -> None:
    assert nnet.sigm.hard_sigmoid is nnet.hard_sigmoid
    assert nnet.nnet.softmax is nnet.softmax
    assert nnet.bn.batch_normalization_train is nnet.batch_normalization_train
    with pytest.raises(ValueError, match="1-d tensor"):
        nnet.confusion_matrix(x, i)
    with pytest.raises(ValueError, match="gamma, beta"):
        nnet.batch_normalization_train(x, T.dscalar(), b)


def test_a_sigmoid_knows_itself() -> None:
    assert isinstance(nnet.sigmoid(x).owner.op.scalar_op, nnet.sigm.ScalarSigmoid)
    assert not isinstance(T.exp(x).owner.op.scalar_op, nnet.sigm.ScalarSigmoid)
