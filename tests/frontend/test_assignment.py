"""set_subtensor and inc_subtensor through every kind of index, symbolic truth tensors, nonzero, take: NumPy's results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

x = T.dtensor3("x")
i, j = T.lvectors("i", "j")
n = T.lscalar("n")
bools = T.TensorType("bool", (False,))
rows, layers = bools("rows"), bools("layers")
pairs = T.TensorType("bool", (False, False))("pairs")
whole = T.TensorType("bool", (False,) * 3)("whole")
X = np.arange(60.0).reshape(3, 4, 5)
VALUES: dict[Any, Any] = {
    x: X, i: np.array([2, 0]), j: np.array([1, -1]), n: 1, rows: np.array([True, False, True, True]),
    layers: np.array([False, True, True]), pairs: np.arange(12).reshape(3, 4) % 5 == 0, whole: X % 7 == 0,
}  # fmt: skip

KEYS: list[Any] = [
    i, (i, j), (slice(None), i), (slice(None), slice(None), j), (i, slice(None), j),
    (slice(1, 3), i[:1], slice(None, None, 2)),
    (n, slice(None), i), (Ellipsis, j), (i.dimshuffle(0, "x"), j), (None, 0), (slice(None), None, i),
    layers, (layers, 0), (slice(None), rows), (Ellipsis, rows, slice(1, None)), pairs, (pairs, 2),
    (pairs, slice(None, None, -1)),
    whole, (layers, n), (slice(1, None), rows), (layers, slice(None), j), (n, rows),
]  # fmt: skip


def numeric(key: Any) -> Any:
    """The key with the values of its variables."""
    if isinstance(key, tuple):
        return tuple(map(numeric, key))
    if not isinstance(key, T.TensorVariable):
        return key
    if key in VALUES:
        return VALUES[key]
    return key.eval({old: new for old, new in VALUES.items() if old in key.owner.inputs})


def call(outputs: list[Any], extra: dict[Any, Any] | None = None) -> list[Any]:
    given = VALUES | (extra or {})
    return phintys.function(list(given), outputs, on_unused_input="ignore")(*given.values())


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_reads_and_writes(key: Any) -> None:
    where = numeric(key)
    part = X[where]
    y = T.TensorType("float64", x[key].broadcastable)("y")
    new = np.random.default_rng(0).uniform(1, 2, part.shape)
    outputs = [x[key], T.set_subtensor(x[key], y), T.inc_subtensor(x[key], y), T.set_subtensor(x[key], 0.25), x[key].sum()]
    found = call(outputs, {y: new})
    expected = [X.copy() for _ in range(3)]
    expected[0][where] = new
    np.add.at(expected[1], where, new)
    expected[2][where] = 0.25
    np.testing.assert_array_equal(found[0], part)
    for ours, numpys in zip(found[1:4], expected, strict=True):
        np.testing.assert_array_equal(ours, numpys)
    np.testing.assert_allclose(found[4], part.sum())


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_gradients(key: Any) -> None:
    """The gradient of a weighted sum is what the weights put at the positions give; a position named twice gets both."""
    where = numeric(key)
    weights = np.random.default_rng(1).uniform(1, 2, X[where].shape)
    w = T.TensorType("float64", (False,) * weights.ndim)("w")
    (found,) = call([T.grad((x[key] * w).sum(), x)], {w: weights})
    expected = np.zeros_like(X)
    np.add.at(expected, where, weights)
    np.testing.assert_allclose(found, expected)


def test_repeated_positions() -> None:
    v, k, y = T.dvector("v"), T.lvector("k"), T.dvector("y")
    cost = (v[k] ** 2).sum()
    outputs = [T.set_subtensor(v[k], y), T.inc_subtensor(v[k], y), T.grad(cost, v)]
    f = phintys.function([v, k, y], outputs, on_unused_input="ignore")
    found = f(np.arange(4.0), [1, 3, 1], [10.0, 20.0, 30.0])
    assert [list(a) for a in found] == [[0, 30, 2, 20], [0, 41, 2, 23], [0, 4, 0, 6]]


def test_an_assignment_is_differentiable() -> None:
    y = T.dscalar("y")
    cost = (T.set_subtensor(x[x > 30], y) ** 2).sum()
    found = phintys.function([x, y], T.grad(cost, [x, y]))(X, 3.0)
    np.testing.assert_allclose(found[0], np.where(X > 30, 0, 2 * X))
    np.testing.assert_allclose(found[1], 6.0 * (X > 30).sum())


def test_sizes_of_masks_are_checked() -> None:
    f = phintys.function([x, layers], x[layers])
    for wrong in (np.array([True, False]), np.ones(4, bool)):
        with pytest.raises(IndexError, match="boolean index did not match"):
            f(X, wrong)
    with pytest.raises(IndexError, match="boolean index did not match"):
        phintys.function([x, pairs], x[pairs])(X, np.ones((4, 3), bool))


@pytest.mark.parametrize("mode", ["raise", "clip", "wrap"])
def test_take(mode: str) -> None:
    k = T.lmatrix("k")
    given = np.array([[0, 2], [1, 1]]) if mode == "raise" else np.array([[-7, 2], [9, 1]])
    outputs = [T.take(x, k, axis, mode) for axis in (0, 1, -1, None)]
    found = phintys.function([x, k], outputs)(X, given)
    for ours, axis in zip(found, (0, 1, -1, None), strict=True):
        np.testing.assert_array_equal(ours, X.take(given, axis, mode=mode))  # type: ignore[call-overload]


@pytest.mark.parametrize("dtype", ["float64", "int8", "bool"])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (2, 3, 4), (0, 3)])
def test_nonzero(dtype: str, shape: tuple[int, ...]) -> None:
    v = T.TensorType(dtype, (False,) * len(shape))("v")
    array = (np.arange(np.prod(shape, dtype=int)) % 3).reshape(shape).astype(dtype)
    outputs = [*T.nonzero(v), T.nonzero(v, True), T.flatnonzero(v), T.nonzero_values(v)]
    found = phintys.function([v], outputs)(array)
    expected = [*array.nonzero(), np.array(array.nonzero()), np.flatnonzero(array), array[array.nonzero()]]
    for ours, numpys in zip(found, expected, strict=True):
        assert ours.dtype == numpys.dtype
        np.testing.assert_array_equal(ours, numpys)


def test_errors() -> None:
    with pytest.raises(TypeError, match="result of a subtensor operation"):
        T.set_subtensor(x * 2, 1)
    with pytest.raises(ValueError, match="non-scalar"):
        T.nonzero(n)
    with pytest.raises(ValueError, match="'wrap' or 'clip'"):
        T.take(x, i, 0, "around")
