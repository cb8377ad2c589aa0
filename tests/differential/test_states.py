"""Shared variables and their updates: in place or not, swapped, returned, reshaped; failing calls change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import DTYPES, check, op, values, variable

import phintys
import phintys.tensor as T

shared = phintys.shared


def matrix(seed: int = 0, shape: tuple[int, ...] = (4, 4)) -> Any:
    return shared(values("float64", shape, seed), name=f"w{seed}")


UPDATES: dict[str, Any] = {
    "add": lambda w: w + 1,
    "reverse": lambda w: w[::-1],
    "reverse and add": lambda w: w[::-1] + w,
    "columns": lambda w: w[:, ::-1] * 2,
    "transpose": lambda w: w.T,
    "transpose and add": lambda w: w + w.T,
    "dot": lambda w: T.dot(w, w),
    "dot of itself and more": lambda w: T.dot(w, w.T) / 4 + w,
    "row": lambda w: w - w[0],
    "broadcast row": lambda w: w * w[0:1].sum(0),
    "column mean": lambda w: w - w.mean(0),
    "normalized": lambda w: w / (1 + abs(w).sum()),
    "by softmax": lambda w: T.nnet.softmax(w),
    "set": lambda w: T.set_subtensor(w[0], 5.0),
    "set from itself": lambda w: T.set_subtensor(w[0], w[1]),
    "set overlapping": lambda w: T.set_subtensor(w[1:], w[:-1]),
    "increment": lambda w: T.inc_subtensor(w[1:3], 2.0),
    "increment overlapping": lambda w: T.inc_subtensor(w[1:], w[:-1]),
    "increment twice": lambda w: T.inc_subtensor(T.inc_subtensor(w[1:], 1.0)[::2], 3.0),
    "gathered": lambda w: w[np.array([3, 0, 0, 1])],
    "scatter": lambda w: op("scatter_add", w, w[:2], np.array([0, 0])),
    "constant": lambda w: T.alloc(0.1, 4, 4),
    "itself": lambda w: w,
    "reshaped": lambda w: w.reshape((2, 8)).reshape((4, 4)),
    "part": lambda w: w[1:],
    "longer": lambda w: T.concatenate([w, w[:1]]),
    "empty": lambda w: w[:0],
    "view of a sum": lambda w: (w + w)[::-1],
    "all of a sum": lambda w: (w + w)[:],
    "transposed sum": lambda w: (w + 1).T,
    "stacked": lambda w: T.stack([w[1], w[0], w[3], w[2]]),
    "set in a sum": lambda w: T.set_subtensor((w + w)[1], 7.0),
    "set in an alloc": lambda w: T.set_subtensor(T.alloc(0.1, 4, 4)[w.shape[0] - 2], w.sum(0)),
    "range": lambda w: T.arange(0.0, 16.0, w.shape[0] / 4.0).astype("float64").reshape((4, 4)),
    "cumulated": lambda w: T.concatenate([w[1:], w[:1]]),
}


@pytest.mark.parametrize("name", UPDATES)
def test_one_state(name: str) -> None:
    for outputs in (
        lambda w: [],
        lambda w: [w],
        lambda w: [w.sum(), w[1:], w.T, w, w, w[1:]],
        lambda w: [UPDATES[name](w), w * 2],
    ):
        w = matrix()
        calls = 2 if name in ("part", "longer") else 1 if name == "empty" else 3
        check([], outputs(w), [], {w: UPDATES[name](w)}, ulps=64, scale=10, calls=calls)


@pytest.mark.parametrize("first", UPDATES)
def test_two_states(first: str) -> None:
    """Each other state's update reads both, before or after the first."""
    seconds: dict[str, Any] = {
        "swap": lambda a, b: a,
        "sum": lambda a, b: a + b,
        "dot": lambda a, b: T.dot(a, b),
        "view": lambda a, b: a[::-1],
        "scaled": lambda a, b: b * a.sum(),
        "new": lambda a, b: UPDATES[first](a) * 2,
        "element": lambda a, b: b * a[0, 1] + UPDATES[first](a).sum(),
    }
    for second in seconds.values():
        for order in (1, -1):
            a, b = matrix(0), matrix(1)
            pairs = {a: UPDATES[first](a), b: second(a, b)}
            check([], [a.sum(), (a + b)[0]], [], dict(list(pairs.items())[::order]), ulps=128, scale=100)


def test_swapped() -> None:
    a, b = matrix(0), matrix(1)
    va, vb = a.get_value(), b.get_value()
    f = phintys.function([], [], updates=[(a, b), (b, a)])
    f()
    np.testing.assert_array_equal(a.get_value(), vb)
    np.testing.assert_array_equal(b.get_value(), va)
    f()
    np.testing.assert_array_equal(a.get_value(), va)
    c = matrix(2)
    check([], [], [], {a: b, b: c, c: a}, calls=4)
    check([], [a, b], [], {a: b * 2, b: a + b}, calls=4)
    check([], [], [], {a: b, b: b + a, c: a + c}, calls=4)
    assert not np.may_share_memory(a.get_value(borrow=True), b.get_value(borrow=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: str) -> None:
    w, s = shared(values(dtype, [7])), shared(np.array(values(dtype, [])))
    x = variable(dtype, [None], "x")
    plus = (w + x, s * s + s) if dtype != "bool" else (w & x, op("invert", s))
    check([x], [w, s], [values(dtype, [7], 1)], {w: plus[0], s: plus[1]}, calls=3)
    check([x], [s], [values(dtype, [7], 1)], {s: w[2] + x[0], w: x[::-1]}, calls=2)


def test_scalars() -> None:
    n, total = shared(0), shared(0.0)
    x = variable("float64", [], "x")
    check([x], [n, total / (n + 1)], [2.5], {n: n + 1, total: total + x}, calls=5)
    check([x], [n], [2.5], {n: n * 2, total: n + total}, calls=5)
    check([], [], [], {n: (n * 3) // 2, total: (total / 2).astype("float64") + n}, calls=3)
    a, b = shared(1.0), shared(2.0)
    check([], [a, b], [], {a: b, b: a}, calls=3)
    m = matrix()
    check([], [a], [], {a: m[0, 0] + m.sum(), m: m * a}, ulps=64, calls=3)


def test_states_of_known_size() -> None:
    w = shared(np.array([3.0]), broadcastable=[True])
    check([], [w], [], {w: T.constant(np.array([7.0]))}, calls=2)
    v = shared(np.array([[1.0, 2.0, 3.0]]), broadcastable=[True, False])
    check([], [v * 2], [], {v: (v.T + w).T, w: w + v[0, 1]}, calls=2)
    check([], [], [], {w: T.dot(T.constant(np.ones((1, 2))), T.constant(np.ones(2))) * 0.5}, calls=2)


def test_state_in_another_states_memory() -> None:
    array = np.arange(6.0)
    a, b = shared(array, borrow=True), shared(array[:3], borrow=True)
    check([], [a.sum()], [], {a: a * 2, b: b + 1}, calls=2)


def test_argument_is_a_states_array() -> None:
    w, x = matrix(), variable("float64", [None, None], "x")
    f = phintys.function([x], x.sum(0), updates=[(w, w * 2 + x)])
    before = w.get_value()
    found = f(w.get_value(borrow=True))
    np.testing.assert_allclose(found, before.sum(0))
    np.testing.assert_allclose(w.get_value(), before * 3)
    found = f(w.get_value(borrow=True)[::-1])
    np.testing.assert_allclose(w.get_value(), before * 6 + before[::-1] * 3)


def test_results_outlive_later_calls() -> None:
    w = matrix()
    f = phintys.function([], [w, w[1:], w.T, w * 1], updates=[(w, w + 1)])
    first = f()
    kept = [result.copy() for result in first]
    f()
    f()
    for result, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(result, copy)


def test_borrowed_value_is_written_or_replaced_but_never_torn() -> None:
    w = shared(np.zeros(1000))
    f = phintys.function([], [], updates=[(w, w + 1)])
    for k in range(5):
        f()
        assert (w.get_value() == k + 1).all()


FAILURES: dict[str, Any] = {
    "sizes": (lambda x, a, b: {a: a + 1, b: b * x}, np.zeros(3), ValueError, "mis-match"),
    "sizes of the second": (lambda x, a, b: {b: b + x, a: a * 2}, np.zeros(3), ValueError, "mis-match"),
    "dot": (lambda x, a, b: {a: a + 1, b: T.dot(T.alloc(1.0, 4, 4), x)}, np.zeros(3), ValueError, "Shape mismatch"),
    "index": (lambda x, a, b: {a: a + 1, b: b + a[x[0].astype("int64")]}, np.array([9.0]), IndexError, "out of bounds"),
    "gather": (lambda x, a, b: {a: a + 1, b: b[x.astype("int64")]}, np.array([0.0, 7.0]), IndexError, "out of bounds"),
    "gather of a product": (
        lambda x, a, b: {a: a + 1, b: (a * b)[x.astype("int64")] + 1}, np.array([-9.0, 0.0]), IndexError, "out of bounds"),
    "late gather": (
        lambda x, a, b: {a: a + 1, b: b * (a + 1)[x.astype("int64")].sum()}, np.array([4.0]), IndexError, "out of bounds"),
    "maximum": (lambda x, a, b: {a: a + 1, b: b + x[:0].max()}, np.zeros(4), ValueError, "no elements"),
    "step": (lambda x, a, b: {a: a * 2, b: b[:: x[0].astype("int64")]}, np.zeros(1), ValueError, "step"),
    "reshape": (lambda x, a, b: {a: a * 2, b: x.reshape((2, -1)).sum(0)}, np.zeros(3), ValueError, "reshape"),
    "data-dependent size": (
        lambda x, a, b: {a: a * 2, b: T.arange(x.sum().astype("int64")) + b}, np.array([1.0, 2.0]), ValueError, "mis-match"),
    "scatter": (
        lambda x, a, b: {a: op("scatter_add", a, 1.0, x.astype("int64")), b: b + 1},
        np.array([0.0, 5.0]), IndexError, "bounds"),
    "scatter into nothing": (
        lambda x, a, b: {a: op("scatter_add", T.zeros_like(a), 1.0, x.astype("int64")), b: b + 1},
        np.array([0.0, 5.0]), IndexError, "bounds"),
    "gather of a constant": (
        lambda x, a, b: {a: T.constant(np.arange(3.0))[(x * (a[0] + 1)).astype("int64")], b: b + 1},
        np.array([0.0, 1.0, 2.0, 3.0]), IndexError, "bounds"),
    "arange": (lambda x, a, b: {a: a + 1, b: T.arange(0, 4, x[0]) + b}, np.zeros(1), ZeroDivisionError, "step is zero"),
    "increment": (lambda x, a, b: {a: a + 1, b: T.inc_subtensor(b[1:], x)}, np.zeros(2), ValueError, "update is 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_failing_calls_change_nothing(name: str) -> None:
    make, argument, error, message = FAILURES[name]
    x = variable("float64", [None], "x")
    a, b, n = shared(np.arange(4.0)), shared(np.arange(4.0) + 10), shared(0)
    updates = {**make(x, a, b), n: n + 1}
    for order in (1, -1):
        f = phintys.function([x], [a.sum()], updates=list(updates.items())[::order])
        before = [state.get_value() for state in (a, b, n)]
        for _ in range(3):
            with pytest.raises(error, match=rf"(?s){message}.*(test_states|harness).py:\d+"):
                f(argument)
        for state, value in zip((a, b, n), before, strict=True):
            np.testing.assert_array_equal(state.get_value(), value)


@pytest.mark.parametrize("size", [2**31, 2**32, 2**61, 2**62])
def test_more_memory_than_there_is(size: int) -> None:
    """Temporaries whose size in bytes does not fit into 64 bits are refused as well."""
    n, w = variable("int64", [], "n"), shared(np.arange(4.0))
    huge = T.set_subtensor(T.alloc(0.5, n, n, n)[0], 2.0)
    f = phintys.function([n], huge[0, 0, 0], updates=[(w, w + 1)])
    assert f(2) == 2.0
    with pytest.raises(MemoryError):
        f(size)
    assert list(w.get_value()) == [1, 2, 3, 4]


def test_a_shape_that_fits_no_longer() -> None:
    w, x = shared(np.zeros((3, 2))), variable("float64", [None, None], "x")
    f = phintys.function([x], T.dot(x, w), updates=[(w, w + x.sum())])
    f(np.ones((5, 3)))
    w.set_value(np.zeros((4, 2)))
    with pytest.raises(ValueError, match=r"x has 3 cols .* but y has 4 rows"):
        f(np.ones((5, 3)))
    assert (w.get_value() == 0).all()
    f(np.ones((5, 4)))
    assert (w.get_value() == 20).all()


def test_position_in_a_state_that_the_same_loop_overwrites() -> None:
    w = phintys.shared(np.array([0.0, 0.0, 2.0, 0.0]), "w")
    f = phintys.function([], [w.argmin(), w.argmax(), w.max()], updates=[(w, w * 2 + 3)])
    for _ in range(3):
        before = w.get_value()
        assert [int(value) for value in f()] == [before.argmin(), before.argmax(), before.max()]
