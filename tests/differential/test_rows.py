"""Kernels of several passes over each row (softmax and its kind) against NumPy, at the sizes where loops over rows go wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import phintys
import phintys.tensor as T

SHAPES = [(1, 1), (0, 3), (7, 1), (1, 1025), (5, 13), (3, 2051)]
Array = np.ndarray


def _softmax(x: Array, axis: int) -> Array:
    e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis, keepdims=True)


def _layer_norm(x: Array) -> Array:
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)


def _stable_softmax(x: T.TensorVariable) -> T.TensorVariable:
    e = T.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


PROGRAMS: dict[str, tuple[Callable[..., T.TensorVariable], Callable[..., Array]]] = {
    "softmax": (T.nnet.softmax, lambda x: _softmax(x, 1)),
    "spelled out": (_stable_softmax, lambda x: _softmax(x, 1)),
    "of the transpose": (lambda x: T.nnet.softmax(x.T).T, lambda x: _softmax(x, 0)),
    "layer norm": (
        lambda x: (x - x.mean(1, keepdims=True)) / T.sqrt(x.var(1, keepdims=True) + 1e-5),
        _layer_norm,
    ),
    "rows and columns": (
        lambda x: x / x.max(1, keepdims=True) + (x - x.max(1, keepdims=True)).sum(0),
        lambda x: x / x.max(1, keepdims=True) + (x - x.max(1, keepdims=True)).sum(0),
    ),
    "neighbours": (
        lambda x: T.nnet.softmax(x)[::-1] * T.nnet.softmax(x),
        lambda x: _softmax(x, 1)[::-1] * _softmax(x, 1),
    ),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", PROGRAMS)
def test_rows(name: str, shape: tuple[int, int]) -> None:
    build, reference = PROGRAMS[name]
    x = T.dmatrix("x")
    value = np.random.default_rng(1).uniform(0.5, 2, shape)
    np.testing.assert_allclose(phintys.function([x], build(x))(value), reference(value), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cost_and_gradient(dtype: str) -> None:
    """The total of the cost is carried through the loop that writes the rows of the gradient."""
    x, t = T.matrix("x", dtype), T.matrix("t", dtype)
    cost = -T.sum(t * T.log(T.nnet.softmax(x)))
    f = phintys.function([x, t], [cost, T.grad(cost, x)])
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(37, 1030)), rng.random((37, 1030))
    p = _softmax(a, 1)
    value, gradient = f(a.astype(dtype), b.astype(dtype))
    rtol = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(value, -(b * np.log(p)).sum(), rtol=rtol)
    np.testing.assert_allclose(gradient, p * b.sum(1, keepdims=True) - b, rtol=rtol, atol=rtol * 100)


def test_state_is_written_after_its_last_reader() -> None:
    """Rows of a state that is updated in place, and read whole by a reduction over its columns."""
    w = phintys.shared(np.arange(12.0).reshape(4, 3), "w")
    x = T.dmatrix("x")
    new = w - w.mean(axis=1, keepdims=True) + x
    f = phintys.function([x], [w.sum(axis=0), T.nnet.softmax(w).sum(axis=1)], updates=[(w, new)])
    before = w.get_value()
    columns, ones = f(np.ones((4, 3)))
    np.testing.assert_allclose(columns, before.sum(0))
    np.testing.assert_allclose(ones, np.ones(4))
    np.testing.assert_allclose(w.get_value(), before - before.mean(1, keepdims=True) + 1)
    with pytest.raises(ValueError):
        f(np.ones((5, 3)))
    np.testing.assert_allclose(w.get_value(), before - before.mean(1, keepdims=True) + 1)


def test_rank_three() -> None:
    x = T.dtensor3("x")
    e = T.exp(x - x.max(axis=2, keepdims=True))
    f = phintys.function([x], e / e.sum(axis=2, keepdims=True))
    value = np.random.default_rng(3).normal(size=(3, 5, 17))
    np.testing.assert_allclose(f(value), _softmax(value, 2), rtol=1e-12)


def test_labels() -> None:
    """The likelihood of one class in each row: what is picked, and a gradient with one more term in each row."""
    x, y = T.dmatrix("x"), T.lvector("y")
    cost = -T.mean(T.log(T.nnet.softmax(x))[T.arange(y.shape[0]), y])
    f = phintys.function([x, y], [cost, T.grad(cost, x)])
    rng = np.random.default_rng(4)
    a = rng.normal(size=(7, 13))
    labels = np.array([0, 12, -1, 5, 5, 3, 0])
    p = _softmax(a, 1)
    value, gradient = f(a, labels)
    np.testing.assert_allclose(value, -np.log(p[np.arange(7), labels]).mean(), rtol=1e-13)
    one_hot = np.eye(13)[labels]
    np.testing.assert_allclose(gradient, (p - one_hot) / 7, rtol=1e-12, atol=1e-16)
    with pytest.raises(IndexError, match="index 13 is out of bounds for dimension 1 of size 13"):
        f(a, np.array([0, 1, 2, 3, 4, 5, 13]))


def test_table() -> None:
    """A step that writes only the rows that a batch uses, in the state's own memory; repeated rows add up."""
    table = phintys.shared(np.arange(12.0).reshape(4, 3), "table")
    i, target = T.lvector("i"), T.dmatrix("target")
    cost = T.sum((table[i] - target) ** 2)
    step = phintys.function([i, target], cost, updates=[(table, table - 0.5 * T.grad(cost, table))])
    before = table.get_value()
    rows, goal = np.array([2, 0, 2]), np.ones((3, 3))
    assert step(rows, goal) == ((before[rows] - goal) ** 2).sum()
    expected = before.copy()
    np.add.at(expected, rows, -(before[rows] - goal))
    np.testing.assert_allclose(table.get_value(), expected)
    with pytest.raises(IndexError):
        step(np.array([0, 1, 4]), goal)
    np.testing.assert_array_equal(table.get_value(), expected)
