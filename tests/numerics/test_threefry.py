"""The counter-based generator: published test vectors, compiled code against NumPy, and the streams made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys.tensor as T
from phintys import dump, function, grad
from phintys.passes.numpy_threefry import threefry
from phintys.tensor.build import apply
from phintys.tensor.counter_streams import CounterStreams

VECTORS = [  # key, counter, bits: kat_vectors of the authors' Random123, threefry2x32, 20 rounds
    (0, 0, 0x6B20015999BA4EFE),
    (0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0x1CB996FCBB002BE7),
    (0x13198A2E03707344, 0x243F6A8885A308D3, 0xC4923A9C483DF7A0),
]


def compiled() -> Any:
    key, counter = T.scalar("key", dtype="uint64"), T.vector("counter", dtype="uint64")
    return function([key, counter], apply("threefry", key, counter))


@pytest.mark.parametrize(("key", "counter", "bits"), VECTORS)
def test_published_vectors(key: int, counter: int, bits: int) -> None:
    assert threefry(key, counter) == bits
    assert compiled()(np.uint64(key), np.array([counter], "uint64")) == [bits]


def test_compiled_code_is_the_reference() -> None:
    random = np.random.default_rng(1)
    f = compiled()
    for length in (0, 1, 7, 64, 1009):
        counters = random.integers(0, 2**64, length, "uint64")
        np.testing.assert_array_equal(f(np.uint64(2**63 + 5), counters), threefry(2**63 + 5, counters))


def test_numbers_follow_one_another_from_call_to_call() -> None:
    whole = function([], CounterStreams(7).uniform((6,)))()
    parts = function([], CounterStreams(7).uniform((2,)))
    np.testing.assert_array_equal(whole, np.concatenate([parts(), parts(), parts()]))
    n = T.lscalar("n")
    np.testing.assert_array_equal(whole.reshape(2, 3), function([n], CounterStreams(7).uniform((n, 3)))(2))
    middles = (threefry(threefry(7, 0), np.arange(6, dtype="uint64")) >> np.uint64(12)).astype("float64") + 0.5
    np.testing.assert_array_equal(whole, middles * 2.0**-52)


def test_streams_of_variables_seeds_and_calls_differ() -> None:
    streams = CounterStreams(3)
    a, b = streams.uniform((500,)), streams.uniform((500,))
    f = function([], [a, b, a - a])
    first, second = f(), f()
    other = function([], CounterStreams(4).uniform((500,)))()
    drawn = np.concatenate([*first[:2], *second[:2], other])
    assert len(np.unique(drawn)) == 2500
    assert not first[2].any()
    streams.seed()
    np.testing.assert_array_equal(f()[0], first[0])
    streams.seed(4)
    np.testing.assert_array_equal(f()[0], other)
    assert [state.get_value()[1] for state, _ in streams.updates()] == [500, 500]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distributions(dtype: str) -> None:
    n = 200_000
    s = CounterStreams(11)
    draws = {
        "uniform": (s.uniform((n,), -1.0, 3.0, dtype=dtype), 1.0, 16 / 12),
        "normal": (s.normal((n,), 2.0, 3.0, dtype=dtype), 2.0, 9.0),
        "truncated": (s.truncated_normal((n,), dtype=dtype), 0.0, 0.7737413),
        "exponential": (s.exponential((n,), 2.0, dtype=dtype), 2.0, 4.0),
        "binomial": (s.binomial((n,), 10, 0.3, dtype=dtype), 3.0, 2.1),
        "flips": (s.binomial((n,), p=0.2, dtype=dtype), 0.2, 0.16),
        "integers": (s.random_integers((n,), -3, 5, dtype=dtype), 1.0, 80 / 12),
    }
    values = function([], [sample for sample, _, _ in draws.values()])()
    for (name, (_, mean, variance)), found in zip(draws.items(), values, strict=True):
        assert found.dtype == dtype, name
        assert abs(found.mean(dtype="float64") - mean) < 6 * np.sqrt(variance / n), name
        assert abs(found.var(dtype="float64") / variance - 1) < 0.03, name
    assert values[2].min() >= -2 and values[2].max() <= 2
    assert set(values[6]) == set(range(-3, 6))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_numbers_are_the_quantiles_of_the_uniform_ones(dtype: str) -> None:
    unit = CounterStreams(13).uniform((2000,), dtype=dtype)
    quantiles = T.erfinv(2 * unit - 1) * np.sqrt(2).astype(dtype)
    normal, moved = (CounterStreams(13).normal((2000,), avg, dtype=dtype) for avg in (0.0, 1.5))
    wanted, found, others = function([], [quantiles, normal, moved])()
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(others, found + np.array(1.5, dtype))


def test_categorical_follows_its_chances() -> None:
    chances = np.array([0.1, 0.0, 0.2, 0.7])
    x = T.dmatrix("x")
    with np.errstate(divide="ignore"):
        found = function([x], CounterStreams(5).categorical(x))(np.tile(np.log(chances), (50_000, 1)))
    np.testing.assert_allclose(np.bincount(found, minlength=4) / 50_000, chances, atol=0.01)


def test_a_draw_can_be_differentiated_by_its_parameters() -> None:
    mean, std = T.dscalar("mean"), T.dscalar("std")
    sample = CounterStreams(9).normal((1000,), mean, std)
    by_mean, by_std, value = function([mean, std], [*grad(T.sum(sample), [mean, std]), T.sum(sample)])(2.0, 3.0)
    assert by_mean == 1000
    np.testing.assert_allclose(by_std, (value - 2000) / 3, rtol=1e-12)


def test_a_mask_is_not_stored() -> None:
    x = T.dvector("x")
    f = function([x], x * CounterStreams(2).binomial((x.shape[0],), p=0.5))
    assert str(dump(f, level="loops")).count("memref.alloc(") == 2  # the result and the next state


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: CounterStreams(-1), r"a seed is a whole number from 0 to 2\^64 - 1, got -1"),
        (lambda: CounterStreams(1.5), r"got 1\.5"),
        (lambda: CounterStreams().seed(True), r"got True"),
        (lambda: CounterStreams().binomial((3,), n=0), r"n is a positive whole number, got 0"),
        (lambda: CounterStreams().uniform((3,), dtype="int32"), r"float32 or float64, not int32"),
        (lambda: CounterStreams().categorical(1.0), r"at least one dimension"),
    ],
)
def test_wrong_arguments(wrong: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()
