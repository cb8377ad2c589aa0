"""MRG_RandomStreams: Theano's numbers, the generator against plain integer arithmetic, every distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import function
from phintys.sandbox.mrg_states import M1, M2, next_variable, streams
from phintys.sandbox.rng_mrg import MRG_RandomStreams, guess_n_streams

ROWS = np.array([[0.2, 0.8, 0.0], [0.25, 0.25, 0.5]])


def reference(states: Any, count: int) -> tuple[Any, Any]:
    """Numbers and next states by Python's integers: L'Ecuyer and Touzin (2000), table 1."""
    rows = [[int(number) for number in row] for row in states]
    numbers = []
    for i in range(count):
        row = rows[i % len(rows)]
        first = (row[1] * 2**22 + row[2] * (2**7 + 1)) % M1
        second = (row[3] * 2**15 + row[5] * (2**15 + 1)) % M2
        row[:] = [first, row[0], row[1], second, row[3], row[4]]
        numbers.append(((first - second) if first > second else first - second + M1) * 2.0**-31)
    return np.array(numbers), np.array(rows)


def test_numbers_of_a_seed() -> None:
    """Seen on Theano 1.0.5."""
    srng = MRG_RandomStreams(234)
    u, n = srng.uniform((2, 2)), srng.normal((2, 2))
    assert np.allclose(function([], u)(), [[0.4499040842, 0.3062468162], [0.7898354828, 0.8255442693]], atol=1e-10)
    assert np.allclose(function([], n)(), [[1.8454795154, 0.2094153304], [0.8900613989, 1.1886310593]], atol=1e-10)


@pytest.mark.parametrize("size", [(1,), (6,), (7,), (13,), (40, 50), (3000,), ()])
def test_generator(size: tuple[int, ...]) -> None:
    u = MRG_RandomStreams([1, 2, 3, 4, 5, 6]).uniform(size)
    f, states = function([], u), u.rstate.get_value()
    for _ in range(3):
        expected, states = reference(states, math.prod(size))
        assert np.array_equal(f().ravel(), expected) and np.array_equal(u.rstate.get_value(), states)


def test_more_streams_than_numbers() -> None:
    u = MRG_RandomStreams(3).uniform((4,), nstreams=600)
    f, before = function([], u), u.rstate.get_value()
    expected, _ = reference(before, 4)
    assert np.array_equal(f(), expected) and np.array_equal(u.rstate.get_value()[4:], before[4:])


def test_symbolic_size() -> None:
    x = T.dmatrix("x")
    u = MRG_RandomStreams(3).uniform(x.shape)
    assert u.rstate.get_value().shape == (15360, 6)
    f = function([x], u)
    assert f(np.zeros((3, 4))).shape == (3, 4) and f(np.zeros((0, 4))).shape == (0, 4)


def test_jumps_are_powers() -> None:
    def jump(state: Any, steps: int) -> list[int]:
        values: list[int] = []
        for part, rows, modulus in (
            (state[:3], [[0, 2**22, 129], [1, 0, 0], [0, 1, 0]], M1),
            (state[3:], [[2**15, 0, 2**15 + 1], [1, 0, 0], [0, 1, 0]], M2),
        ):
            vector, power, left = [int(v) for v in part], rows, steps
            while left:
                if left & 1:
                    vector = [sum(a * b for a, b in zip(row, vector, strict=True)) % modulus for row in power]
                power = [[sum(power[i][k] * power[k][j] for k in range(3)) % modulus for j in range(3)] for i in range(3)]
                left >>= 1
            values += vector
        return values

    first = np.array([234] * 6, "int32")
    assert streams(first, 6)[5].tolist() == jump(first, 5 * 2**72)
    assert next_variable(first).tolist() == jump(first, 2**134)


def test_seed_and_updates() -> None:
    srng = MRG_RandomStreams(9)
    u, n = srng.uniform((3,)), srng.normal((3,))
    f = function([], [u, n])
    first = f()
    assert not np.array_equal(f()[0], first[0])
    srng.seed()
    assert np.array_equal(f(), first)
    srng.seed(10)
    assert not np.array_equal(f(), first)
    frozen = function([], u, no_default_updates=True)
    assert np.array_equal(frozen(), frozen()) and len(srng.updates()) == 2 and srng.updates()[0][0] is u.rstate
    with pytest.raises(ValueError, match="all 0"):
        MRG_RandomStreams(0)
    with pytest.raises(ValueError, match="below"):
        MRG_RandomStreams(M2)


def test_streams_are_guessed() -> None:
    sizes: list[Any] = [(5,), (6,), (7,), (60,), (10**9,), T.lvector()]
    assert [guess_n_streams(size) for size in sizes] == [5, 6, 1, 10, 15360, 15360]


def test_float32_stays_below_one() -> None:
    with phintys.change_flags(floatX="float32"):
        u = MRG_RandomStreams(4).uniform((100_000,))
    sample = function([], u)()
    assert sample.dtype == np.float32 and 0 < sample.min() < sample.max() < 1
    largest = function([], T.cast(T.constant(np.array(M1, "int32")), "float32") * np.float32(4.6566126e-10))()
    assert largest < 1


def test_distributions() -> None:
    srng = MRG_RandomStreams(11)
    u, b = srng.uniform((20_000,), low=-2.0, high=4.0), srng.binomial((20_000,), p=0.3)
    n, t = srng.normal((20_001,), avg=5.0, std=2.0), srng.truncated_normal((20_001,), avg=1.0, std=0.5)
    values = function([], [u, b, n, t])()
    for value, mean, deviation in zip(values, [1.0, 0.3, 5.0, 1.0], [math.sqrt(3), math.sqrt(0.21), 2.0, 0.5], strict=True):
        assert abs(value.mean() - mean) < 0.05 * max(1, deviation) and abs(value.std() - deviation) < 0.03 * deviation
    assert values[1].dtype == np.int64 and np.abs(values[3] - 1.0).max() <= 2 * 0.5 / 0.8796 + 1e-9
    assert values[0].min() > -2 and values[0].max() < 4


def test_choices() -> None:
    srng = MRG_RandomStreams(12)
    counts = function([], srng.multinomial(pvals=np.repeat(ROWS, 500, axis=0), n=4))()
    assert (counts.sum(axis=1) == 4).all() and np.allclose(counts.reshape(2, 500, 3).mean(axis=1) / 4, ROWS, atol=0.03)
    p = T.dmatrix("p")
    f = function([p], srng.choice(size=2, p=p, replace=False))
    chosen = f(np.repeat(ROWS, 500, axis=0))
    assert chosen.shape == (1000, 2) and (chosen[:, 0] != chosen[:, 1]).all()
    assert np.isclose((chosen[:500, 0] == 1).mean(), 0.8, atol=0.05)
    with pytest.raises(NotImplementedError, match="without replacement"):
        srng.choice(p=p)
    with pytest.raises(NotImplementedError, match="n > 1"):
        srng.binomial((2,), n=3)


def test_symbolic_normal_and_gradients() -> None:
    x, w = T.dmatrix("x"), T.dscalar("w")
    noise = MRG_RandomStreams(5).normal(x.shape, std=0.1)
    f = function([x, w], [T.grad((w * (x + noise)).sum(), w), (x + noise).sum()])
    gradient, total = f(np.ones((3, 5)), 2.0)
    assert np.isclose(gradient, total) and total != 15
