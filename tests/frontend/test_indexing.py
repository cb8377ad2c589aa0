"""Indexing: normal forms of the nodes, types, errors, and values against NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

x = T.dtensor3("x")
i, j = T.ivectors("i", "j")
m, n = T.lscalars("m", "n")
X = np.arange(60.0).reshape(3, 4, 5)
VALUES = {i: np.array([2, 0], "int32"), j: np.array([1, 3], "int32"), m: np.int64(1), n: np.int64(3)}

FORMS: list[tuple[Any, str, int]] = [
    (0, "0", 0),
    (np.int64(-1), "-1", 0),
    (m, "?", 1),
    (T.constant(2), "2", 0),
    (slice(None), ":", 0),
    (slice(m, n), "?:?", 2),
    ((slice(None), 0), ":, 0", 0),
    ((0, slice(None), slice(None)), "0", 0),
    ((Ellipsis, 1), ":, :, 1", 0),
    ((slice(None, None, -1), slice(1, n, 2)), "::-1, 1:?:2", 1),
]


@pytest.mark.parametrize(("key", "text", "operands"), FORMS, ids=[text for _, text, _ in FORMS])
def test_normal_form(key: Any, text: str, operands: int) -> None:
    node = x[key].node
    assert node.op == "subtensor" and node.attrs["index"] == text and len(node.inputs) == 1 + operands


def test_nothing_to_do() -> None:
    for whole in (x[...], x[()]):
        assert phintys.function([x], whole + 1).maker.fgraph.toposort()[0].inputs[-1].name == "x"
        np.testing.assert_array_equal(phintys.function([x], T.set_subtensor(whole, 7.0))(X), np.full(X.shape, 7.0))


def test_gather() -> None:
    y = T.dmatrix()[T.arange(n), j]
    assert y.node.op == "gather" and len(y.node.inputs) == 3 and y.ndim == 1


KEYS: list[Any] = [
    0,
    (m, slice(None), -1),
    (slice(m, None), Ellipsis, slice(None, None, -1)),
    (None, 0, None, Ellipsis),
    i,
    (i, j),
    (slice(None), i),
    (slice(None), slice(None), i),
    (i, slice(None), j),
    (i, 1),
    (m, slice(None), i),
    (slice(None), j, m),
    (slice(1, 3), i, slice(None, None, 2)),
    (i, None, j),
    (None, i, j),
    (slice(None), None, i),
    (i.dimshuffle(0, "x"), j),
    [0, 2],
    (slice(None), [0, 1], [2, 3]),
    [],
    np.array([True, False, True]),
    np.arange(12).reshape(3, 4) % 5 == 0,
    np.array([[0, 1], [2, 0]]),
]


def numeric(key: Any) -> Any:
    """The key with the values of its variables."""
    if isinstance(key, tuple):
        return tuple(map(numeric, key))
    if isinstance(key, slice):
        return slice(numeric(key.start), numeric(key.stop), numeric(key.step))
    if isinstance(key, T.TensorVariable):
        return np.asarray(key.eval({old: new for old, new in VALUES.items() if old in (key, *_inputs(key))}))
    return np.array([], dtype=int) if isinstance(key, list) and not key else key


def _inputs(key: T.TensorVariable) -> tuple[Any, ...]:
    return key.node.inputs if key.node is not None else ()


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_values_and_shapes_are_numpys(key: Any) -> None:
    f = phintys.function([x, i, j, m, n], x[key], on_unused_input="ignore")
    expected = X[numeric(key)]
    assert x[key].ndim == expected.ndim
    np.testing.assert_array_equal(f(X, *VALUES.values()), expected)


@pytest.mark.parametrize("key", [key for key in KEYS if not isinstance(key, list)], ids=lambda _: "")
def test_inc_subtensor_is_numpys_add_at(key: Any) -> None:
    part = x[key]
    if part.node.op == "dimshuffle" and "_indexed" not in vars(part):
        pytest.skip("new dimensions cannot be assigned to")
    f = phintys.function([x, i, j, m, n], T.inc_subtensor(part, 0.5), on_unused_input="ignore")
    expected = X.copy()
    np.add.at(expected, numeric(key), 0.5)
    np.testing.assert_array_equal(f(X, *VALUES.values()), expected)


def test_set_subtensor() -> None:
    v = T.dvector("v")
    f = phintys.function([x, v, m], T.set_subtensor(x[m:, 0], v))
    expected = X.copy()
    expected[1:, 0] = np.arange(5.0)
    np.testing.assert_array_equal(f(X, np.arange(5.0), 1), expected)


@pytest.mark.parametrize(
    "key",
    [
        (Ellipsis, None),
        (0, Ellipsis, None),
        (None, Ellipsis, None),
        (slice(None, None, -1), Ellipsis, None, None),
        (slice(1, None), None, Ellipsis, None),
        (None, [0, 2], Ellipsis, None),
    ],
)
def test_new_dimensions_behind_an_ellipsis(key: Any) -> None:
    f = phintys.function([x], [x[key], T.set_subtensor(x[key], 7.0), T.grad((x[key] ** 2).sum(), x)])
    part, assigned, gradient = f(X)
    np.testing.assert_array_equal(part, X[key])
    expected, mask = X.copy(), np.zeros(X.shape)
    expected[key], mask[key] = 7, 1
    np.testing.assert_array_equal(assigned, expected)
    np.testing.assert_allclose(gradient, 2 * X * mask)


@pytest.mark.parametrize(
    ("operation", "error", "message"),
    [
        (lambda: x[0, 0, 0, 0], IndexError, "too many indices"),
        (lambda: x[1.5], IndexError, "an index is an integer"),
        (lambda: x["a"], IndexError, "an index is an integer"),
        (lambda: x[..., ...], IndexError, "single ellipsis"),
        (lambda: x[True], IndexError, "single truth value"),
        (lambda: x[T.dscalar() :], IndexError, "an index is an integer"),
        (lambda: x[::0], ValueError, "step cannot be zero"),
        (lambda: T.tensor("float64", shape=(3,))[5], TypeError, "out of bounds"),
        (lambda: T.set_subtensor(x, 1), TypeError, "result of a subtensor operation"),
        (lambda: x[T.TensorType("bool", (False,) * 4)("m")], IndexError, "too many indices"),
        (lambda: T.inc_subtensor(x[0, 0], x[0]), TypeError, "Trying to increment a 1-dimensional"),
    ],
)
def test_errors(operation: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        operation()


def test_grids_with_steps_of_floats() -> None:
    np.testing.assert_array_equal(phintys.function([], T.mgrid[0:1:0.25])(), np.mgrid[0:1:0.25])
    with pytest.raises(NotImplementedError, match="complex step"):
        T.mgrid[0:1:5j]


OF_AN_AXIS: dict[str, Callable[..., Any]] = {
    "repeat": lambda x, axis: T.repeat(x, 2, axis),
    "repeat each": lambda x, axis: T.repeat(x, T.lvector(), axis),
    "roll": lambda x, axis: T.roll(x, 1, axis),
    "diff": lambda x, axis: T.diff(x, 1, axis),
    "take": lambda x, axis: T.take(x, [0], axis),
    "compress": lambda x, axis: T.compress([1], x, axis),
    "split": lambda x, axis: T.split(x, [1, 1], 2, axis),
    "sort": lambda x, axis: T.sort(x, axis),
    "diagonal": lambda x, axis: T.diagonal(x, 0, 0, axis),
    "swapaxes": lambda x, axis: T.swapaxes(x, 0, axis),
    "transpose": lambda x, axis: T.transpose(x, (0, axis)),
}


@pytest.mark.parametrize("name", OF_AN_AXIS)
def test_axes_that_do_not_exist(name: str) -> None:
    """They do not wrap around to others."""
    for axis in (2, 5, -3):
        with pytest.raises(ValueError, match=f"axis {axis} is out of bounds for TensorType"):
            OF_AN_AXIS[name](T.dmatrix(), axis)
    with pytest.raises(TypeError, match="the axis is an integer that is known when the expression is written"):
        OF_AN_AXIS[name](T.dmatrix(), 0.5)
    with pytest.raises(ValueError):
        OF_AN_AXIS[name](T.dscalar(), 0)


def test_differences_of_no_order() -> None:
    for n in (-1, 1.5):
        with pytest.raises(ValueError, match="from 0 on"):
            T.diff(T.dvector(), n)
    assert T.diff(T.constant([1.0, 4.0, 6.0]), np.int64(2)).eval({}).tolist() == [-1.0]
