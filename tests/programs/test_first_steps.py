"""First programs of every tutorial: sums, several outputs, the logistic function in two forms, the accumulator."""

from __future__ import annotations

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import In, function, shared


def test_sum_of_two_scalars() -> None:
    x, y = T.dscalars("x", "y")
    f = function([x, y], x + y)
    result = f(2, 3)
    assert result == 5.0 and result.shape == () and result.dtype == np.float64 and repr(result) == "array(5.)"
    assert np.allclose(f(16.3, 12.1), 28.4)


def test_sum_of_two_matrices() -> None:
    x, y = T.dmatrices("x", "y")
    f = function([x, y], x + y)
    np.testing.assert_array_equal(f([[1, 2], [3, 4]], [[10, 20], [30, 40]]), [[11.0, 22.0], [33.0, 44.0]])
    np.testing.assert_array_equal(f(np.array([[1, 2]]), np.array([[10, 20]], "f4")), [[11.0, 22.0]])
    with pytest.raises(ValueError, match=r"(?s)mis-match.*test_first_steps\.py:\d+"):
        f(np.ones((2, 2)), np.ones((2, 3)))


LOGISTIC = [[0.5, 0.73105858], [0.26894142, 0.11920292]]


def test_logistic_two_ways() -> None:
    x = T.dmatrix("x")
    by_exp = function([x], 1 / (1 + T.exp(-x)))
    by_tanh = function([x], (1 + T.tanh(x / 2)) / 2)
    data = [[0, 1], [-1, -2]]
    np.testing.assert_allclose(by_exp(data), LOGISTIC, atol=1e-8)
    np.testing.assert_allclose(by_tanh(data), LOGISTIC, atol=1e-8)
    wide = np.linspace(-40, 40, 1001).reshape(7, 143)
    np.testing.assert_allclose(by_exp(wide), by_tanh(wide), atol=1e-15)
    np.testing.assert_array_equal(by_exp([[-1000.0, 1000.0]]), [[0.0, 1.0]])


def test_logistic_point_by_point() -> None:
    s = T.dscalar("s")
    logistic = function([s], 1 / (1 + T.exp(-s)))
    points = [i / 10.0 for i in range(-60, 60)]
    np.testing.assert_allclose([logistic(p) for p in points], 1 / (1 + np.exp(-np.array(points))), rtol=1e-15)


def test_several_outputs() -> None:
    a, b = T.dmatrices("a", "b")
    difference = a - b
    f = function([a, b], [difference, abs(difference), difference**2])
    found = f([[1, 1], [1, 1]], [[0, 1], [2, 3]])
    assert isinstance(found, list)
    for result, expected in zip(found, ([[1, 0], [-1, -2]], [[1, 0], [1, 2]], [[1, 0], [1, 4]]), strict=True):
        np.testing.assert_array_equal(result, expected)


def test_defaults_and_names() -> None:
    x, y, w = T.dscalars("x", "y", "w")
    f = function([x, In(y, value=1), In(w, value=2, name="w_by_name")], (x + y) * w)
    assert [float(v) for v in (f(33), f(33, 2), f(33, 0, 1), f(33, w_by_name=1), f(33, w_by_name=1, y=0))] == [
        68,
        70,
        33,
        34,
        33,
    ]


def test_accumulator_returns_the_old_value() -> None:
    state = shared(0)
    inc = T.iscalar("inc")
    accumulator = function([inc], state, updates=[(state, state + inc)])
    decrementor = function([inc], state, updates=[(state, state - inc)])
    assert state.get_value() == 0
    assert accumulator(1) == 0 and state.get_value() == 1
    assert accumulator(300) == 1 and state.get_value() == 301
    state.set_value(-1)
    assert accumulator(3) == -1 and state.get_value() == 2
    assert decrementor(2) == 2 and state.get_value() == 0
    assert state.get_value().dtype == np.int64 and state.get_value().shape == ()


def test_a_state_replaced_in_one_function() -> None:
    state, inc, foo = shared(0), T.iscalar("inc"), T.lscalar("foo")
    skip = function([inc, foo], state * 2 + inc, givens=[(state, foo)])
    assert skip(1, 3) == 7 and state.get_value() == 0


def test_copies_of_a_function() -> None:
    state, inc = shared(0), T.iscalar("inc")
    accumulator = function([inc], state, updates=[(state, state + inc)])
    accumulator(10)
    other = shared(0)
    accumulator.copy(swap={state: other})(100)
    assert other.get_value() == 100 and state.get_value() == 10
    accumulator.copy(delete_updates=True)(9000)
    assert state.get_value() == 10


def test_a_dimension_that_is_one_by_chance_does_not_broadcast() -> None:
    row, matrix = shared(np.ones((1, 3))), T.dmatrix()
    with pytest.raises(ValueError, match="mis-match"):
        function([matrix], row + matrix)(np.ones((4, 3)))
    declared = shared(np.ones((1, 3)), broadcastable=(True, False))
    np.testing.assert_array_equal(function([matrix], declared + matrix)(np.ones((4, 3))), np.full((4, 3), 2.0))
    assert phintys.function([], row)().shape == (1, 3)
