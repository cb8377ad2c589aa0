"""RandomStreams: the numbers that Theano drew, one draw a call, seeding, sharing and copying of states."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import function, shared
from phintys.tensor.shared_randomstreams import RandomStateSharedVariable, RandomStreams

# Seen on Theano 1.0.5 (float64, seed 234).
UNIFORM = [[[0.12672381, 0.97091597], [0.13989098, 0.88754825]], [[0.31971415, 0.47584377], [0.24129163, 0.42046081]]]
NORMAL = [[0.37328447, -0.65746672], [-0.36302373, -0.97484625]]


class Streams:
    """The variables and functions of the tutorial."""

    def __init__(self) -> None:
        self.srng = RandomStreams(seed=234)
        self.u, self.n = self.srng.uniform((2, 2)), self.srng.normal((2, 2))
        self.f = function([], self.u)
        self.g = function([], self.n, no_default_updates=True)


def test_numbers_of_a_seed() -> None:
    s = Streams()
    assert np.allclose([s.f(), s.f()], UNIFORM, atol=1e-8)
    assert np.allclose(s.g(), NORMAL, atol=1e-8) and np.array_equal(s.g(), s.g())


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda srng: srng.binomial((3,)), [0, 1, 0]),
        (lambda srng: srng.random_integers((3,), 0, 10), [5, 1, 6]),
        (lambda srng: srng.permutation((2,), n=4), [[3, 1, 2, 0], [1, 3, 2, 0]]),
        (lambda srng: srng.choice((3,), a=5), [1, 3, 4]),
        (lambda srng: srng.poisson((3,), 3.0), [3, 5, 1]),
        (lambda srng: srng.multinomial((2,), 1, [0.2, 0.8]), [[0, 1], [0, 1]]),
    ],
    ids=["binomial", "random_integers", "permutation", "choice", "poisson", "multinomial"],
)
def test_numbers_of_other_distributions(draw: Any, expected: Any, request: pytest.FixtureRequest) -> None:
    """Each is the next variable of one stream object."""
    names = ["binomial", "random_integers", "permutation", "choice", "poisson", "multinomial"]
    srng = RandomStreams(234)
    for _ in range(names.index(request.node.callspec.id)):
        srng.uniform()
    variable = draw(srng)
    f = function([], variable)
    first = f()
    assert first.tolist() == expected and first.dtype == variable.dtype == "int64"
    assert not np.array_equal([f() for _ in range(20)], [first] * 20)


def test_drawn_once_in_a_call() -> None:
    u = RandomStreams(1).uniform((3,))
    assert np.abs(function([], u + u - 2 * u)()).max() == 0
    a, b = function([], [u, u * 1.0])()
    assert np.array_equal(a, b)


def test_streams_are_shared_between_functions() -> None:
    s = Streams()
    other = function([], s.u * 2)
    state = s.u.rng.get_value().get_state()
    other()
    second = s.f()
    generator = s.u.rng.get_value(borrow=True)
    generator.set_state(state)
    s.u.rng.set_value(generator, borrow=True)
    assert not np.array_equal(s.f(), second) and np.array_equal(s.f(), second)


def test_seeding_one_variable() -> None:
    s = Streams()
    for _ in range(2):
        generator = s.u.rng.get_value(borrow=True)
        generator.seed(89234)
        s.u.rng.set_value(generator, borrow=True)
        assert np.allclose(s.f(), [[0.28439105, 0.50552141], [0.00215961, 0.98144963]], atol=1e-8)


def test_borrowed_states_reach_the_variable() -> None:
    s = Streams()
    s.u.rng.get_value(borrow=True).seed(89234)
    assert np.allclose(s.f()[0, 0], 0.28439105)
    s.u.rng.get_value().seed(89234)
    assert not np.allclose(s.f()[0, 0], 0.28439105)
    s.srng[s.u.rng].seed(89234)
    assert np.allclose(s.f()[0, 0], 0.28439105)
    s.srng[s.u.rng] = np.random.RandomState(89234)
    assert np.allclose(s.f()[0, 0], 0.28439105)


def test_seeding_all() -> None:
    s = Streams()
    s.f()
    s.srng.seed(902340)
    assert np.allclose(s.f(), [[0.33919835, 0.85344878], [0.14881562, 0.79659413]], atol=1e-8)
    s.srng.seed()
    assert np.allclose(s.g(), Streams().g())


def test_copying_states_between_graphs() -> None:
    a, b = RandomStreams(123), RandomStreams(987)
    f, g = function([], a.uniform((1,))), function([], b.uniform((1,)))
    f(), g()
    for (mine, _), (other, _) in zip(a.state_updates, b.state_updates, strict=True):
        other.set_value(mine.get_value())
    assert np.array_equal(f(), g())


def test_attributes() -> None:
    s = Streams()
    state, new = s.u.update
    assert s.srng.updates() == s.srng.state_updates and s.srng.updates()[0] == (state, new)
    assert state is s.u.rng and isinstance(state, RandomStateSharedVariable) and state.default_update is new
    assert str(state.type) == "RandomStateType" and isinstance(state.get_value(), np.random.RandomState)
    with pytest.raises(TypeError, match="RandomState"):
        state.set_value(np.zeros(3))
    with pytest.raises(TypeError, match="cannot be zero"):
        state.zero()


def test_without_a_seed() -> None:
    srng = RandomStreams()
    f = function([], srng.uniform((1, 2)))
    g = function([], srng.normal((1, 2)), no_default_updates=True)
    assert f().shape == (1, 2) and not np.array_equal(f(), f()) and np.array_equal(g(), g())
    assert not np.array_equal(function([], RandomStreams().uniform((3,)))(), function([], RandomStreams().uniform((3,)))())


def test_explicit_updates_and_excluded_states() -> None:
    srng = RandomStreams(5)
    u, v = srng.uniform(()), srng.uniform(())
    frozen = function([], [u, v], no_default_updates=[u.rng])
    assert frozen()[0] == (second := frozen())[0] and second[1] != frozen()[1]
    moved = function([], u, updates=[u.update], no_default_updates=True)
    assert moved() != moved()


def test_float32() -> None:
    with phintys.change_flags(floatX="float32"):
        srng = RandomStreams(234)
        u, n = srng.uniform((2, 2)), srng.normal((2, 2), avg=1.5, std=2.0)
    assert u.dtype == n.dtype == "float32"
    a, b = function([], [u, n])()
    assert np.array_equal(a, np.float32(function([], RandomStreams(234).uniform((2, 2)))())) and b.dtype == np.float32


def test_pickled_and_copied_functions() -> None:
    s = Streams()
    s.f()
    again = pickle.loads(pickle.dumps(s.f))
    assert np.array_equal(again(), s.f())
    clone = copy.copy(s.u.rng)
    assert isinstance(clone, RandomStateSharedVariable) and isinstance(clone.get_value(), np.random.RandomState)
    other = shared(np.random.RandomState(3))
    swapped = s.f.copy(swap={s.u.rng: other})
    values = swapped() if not isinstance(swapped(), list) else swapped()[0]
    assert values.shape == (2, 2) and np.array_equal(np.random.RandomState(3).uniform(size=(2, 2)), _first(s, 3))


def _first(s: Streams, seed: int) -> Any:
    s.u.rng.set_value(np.random.RandomState(seed))
    return s.f()


def test_shuffle_row_elements() -> None:
    x = T.dmatrix("x")
    f = function([x], RandomStreams(7).shuffle_row_elements(x))
    value = np.arange(20.0).reshape(4, 5)
    shuffled = f(value)
    assert np.array_equal(np.sort(shuffled), value) and not np.array_equal(shuffled, value)
    v = T.dvector("v")
    assert sorted(function([v], RandomStreams(7).shuffle_row_elements(v))([1.0, 2.0, 3.0])) == [1, 2, 3]


def test_gradients_pass_by_the_draw() -> None:
    srng, x = RandomStreams(2), T.dvector("x")
    cost = (x * srng.normal((3,))).sum()
    f = function([x], [T.grad(cost, x), cost])
    gradient, value = f(np.ones(3))
    assert np.isclose(gradient.sum(), value)
    p = T.dscalar("p")
    with pytest.raises(phintys.NullTypeGradError):
        T.grad(T.cast(srng.binomial((3,), 1, p), "float64").sum(), p)
