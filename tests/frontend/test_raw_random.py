"""Draws on a state variable: NumPy's numbers and states, for every size, from every position of the generator."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import phintys
import phintys.tensor as T
from phintys import function, shared
from phintys.tensor import raw_random

COUNTS = st.lists(st.sampled_from([0, 1, 2, 3, 5, 311, 312, 313, 623, 624, 625, 1999]), min_size=1, max_size=6)


def drawing(name: str) -> Any:
    """A compiled draw of a number of numbers from a state."""
    state, count = raw_random.random_state_type("state"), T.lscalar("count")
    return function([state, count], list(getattr(raw_random, name)(state, (count,))))


FUNCTIONS = {name: drawing(name) for name in ("uniform", "normal")}


def same_state(a: np.random.RandomState, b: np.random.RandomState) -> bool:
    """Whether two generators go on alike (the number kept of a pair of normal ones to its last places)."""
    x: Any = a.get_state(legacy=True)
    y: Any = b.get_state(legacy=True)
    return np.array_equal(x[1], y[1]) and x[2:4] == y[2:4] and bool(np.isclose(x[4], y[4], rtol=1e-14, atol=0))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["uniform", "normal"]), COUNTS, st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_numbers_and_states_of_numpy(name: str, counts: list[int], seed: int, words: int) -> None:
    theirs, ours = np.random.RandomState(seed), np.random.RandomState(seed)
    for generator in (theirs, ours):  # an odd position, a number kept
        for _ in range(words):
            generator.randint(0, 2**31, dtype="int32")
        generator.normal()
    for count in counts:
        expected = getattr(theirs, name)(size=count)
        ours, sample = FUNCTIONS[name](ours, count)
        assert same_state(ours, theirs)
        if name == "uniform":
            assert np.array_equal(sample, expected)
        else:
            np.testing.assert_allclose(sample, expected, rtol=1e-14, atol=0)


def test_parameters_and_sizes() -> None:
    state, size = raw_random.random_state_type(), T.lvector("size")
    low, high = T.dvector("low"), T.dcol("high")
    generator = np.random.RandomState
    f = function([state, low, high], raw_random.uniform(state, None, low, high)[1])
    a, b = np.array([0.0, 1.0, 2.0]), np.array([[5.0], [6.0]])
    assert np.array_equal(f(generator(1), a, b), generator(1).uniform(a, b))
    f = function([state, size], raw_random.normal(state, size, avg=3.0, std=0.5, ndim=2)[1])
    assert np.allclose(f(generator(1), [2, 3]), generator(1).normal(3.0, 0.5, (2, 3)), rtol=1e-14)
    x = T.dmatrix("x")
    f = function([state, x], raw_random.uniform(state, x.shape)[1])
    assert f(generator(1), np.zeros((4, 2))).shape == (4, 2)
    assert function([state], raw_random.uniform(state)[1])(generator(5)) == generator(5).uniform()
    with pytest.raises(ValueError, match="length of the shape is not known"):
        raw_random.uniform(state, size)
    with pytest.raises(ValueError, match="more than the 1 of the size"):
        raw_random.uniform(state, (3,), x)
    with pytest.raises(TypeError, match="random_state_type"):
        raw_random.uniform(x, (3,))


def test_negative_sizes_leave_the_state() -> None:
    n = T.lscalar("n")
    state = shared(np.random.RandomState(1))
    new, sample = raw_random.uniform(state, (n, -1 * n))
    f = function([n], sample, updates=[(state, new)])
    before = state.get_value()
    with pytest.raises(ValueError, match="size -3 is negative"):
        f(3)
    assert same_state(state.get_value(), before) and f(0).shape == (0, 0)


def test_names() -> None:
    state = raw_random.random_state_type("state")
    assert str(raw_random.poisson(state, (2,))[1]) == "RandomFunction{poisson}.1"
    assert "RandomFunction{uniform}" in phintys.pp(raw_random.uniform(state, (2,))[1])


def test_static_sizes_make_the_type() -> None:
    state = raw_random.random_state_type()
    assert raw_random.uniform(state, (1, 2))[1].broadcastable == (True, False)
    assert raw_random.binomial(state, (1, T.lscalar()))[1].broadcastable == (True, False)
    assert raw_random.permutation(state, (2,), 3)[1].type.shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("binomial", (10, 0.3), lambda r: r.binomial(10, 0.3, (4,))),
        ("poisson", (3.5,), lambda r: r.poisson(3.5, (4,))),
        ("choice", (np.array([2.0, 5.0, 7.0]),), lambda r: r.choice([2.0, 5.0, 7.0], (4,)).astype("int64")),
        (
            "choice",
            (6, False, np.array([0.1, 0.1, 0.1, 0.2, 0.2, 0.3])),
            lambda r: r.choice(6, (4,), False, [0.1, 0.1, 0.1, 0.2, 0.2, 0.3]),
        ),
        ("multinomial", (5, np.array([0.2, 0.3, 0.5])), lambda r: r.multinomial(5, [0.2, 0.3, 0.5], (4,))),
        ("random_integers", (3, 9), lambda r: [r.randint(3, 10) for _ in range(4)]),
    ],
)
def test_host_distributions(name: str, arguments: Any, expected: Any) -> None:
    state = raw_random.random_state_type()
    f = function([state], list(getattr(raw_random, name)(state, (4,), *arguments)))
    theirs = np.random.RandomState(8)
    new, sample = f(np.random.RandomState(8))
    assert np.array_equal(sample, expected(theirs)) and same_state(new, theirs)


def test_parameters_decide_the_size() -> None:
    state, p, n = raw_random.random_state_type(), T.dvector("p"), T.lvector("n")
    f = function([state, p], raw_random.binomial(state, n=7, p=p)[1])
    chances = np.array([0.1, 0.5, 0.9])
    assert np.array_equal(f(np.random.RandomState(3), chances), np.random.RandomState(3).binomial(7, chances))
    f = function([state, n], raw_random.multinomial(state, n=n, pvals=[[0.5, 0.5], [0.1, 0.9]])[1])
    sample = f(np.random.RandomState(3), [10, 20])
    assert sample.sum(axis=1).tolist() == [10, 20]


def test_bad_parameters_are_errors_of_the_call() -> None:
    state, p = raw_random.random_state_type(), T.dscalar("p")
    f = function([state, p], raw_random.binomial(state, (3,), 1, p)[1])
    with pytest.raises(ValueError, match="p < 0"):
        f(np.random.RandomState(1), -1.0)
    with pytest.raises(TypeError, match=r"expects a numpy\.random\.RandomState"):
        f(3, 0.5)


def test_any_words_are_a_state() -> None:
    """A position beyond the key reads no other memory."""
    words = np.full(628, 0xFFFFFFFF, "uint32")
    state = raw_random.random_state_type()
    for draw in (raw_random.uniform, raw_random.normal, raw_random.poisson):
        new, sample = function([state], list(draw(state, (700,))))(words)
        assert sample.shape == (700,) and new.get_state(legacy=True)[2] <= 624


def test_threads_draw_from_their_own_states() -> None:
    state = raw_random.random_state_type()
    f = function([state], raw_random.poisson(state, (500,), 3.0)[1])
    expected = [np.random.RandomState(seed).poisson(3.0, 500) for seed in range(4)]
    wrong: list[int] = []

    def work(seed: int) -> None:
        wrong.extend(seed for _ in range(200) if not np.array_equal(f(np.random.RandomState(seed)), expected[seed]))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
