"""Modes by name and as objects, checks of values, profiles."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import Mode, function, shared
from phintys.compile import DebugMode, NanGuardMode, ProfileStats, get_default_mode, get_mode
from phintys.sandbox.rng_mrg import MRG_RandomStreams

x, y = T.dvectors("x", "y")


@pytest.mark.parametrize(
    "mode",
    [
        "FAST_RUN",
        "FAST_COMPILE",
        "DebugMode",
        "debug",
        "NanGuardMode",
        "nan_guard",
        "Mode",
        None,
        Mode(optimizer="fast_run"),
        DebugMode(),
    ],
)
def test_every_mode_computes(mode: object) -> None:
    f = function([x], [x * 2, x.sum()], mode=mode)
    assert [value.tolist() for value in f([1.0, 2.0])] == [[2, 4], 3]


def test_names() -> None:
    assert get_mode("FAST_RUN") is get_mode("FAST_RUN") and isinstance(get_default_mode(), Mode)
    with phintys.config.change_flags(mode="FAST_COMPILE"):
        assert get_default_mode() is get_mode("FAST_COMPILE")
        assert "grad" not in phintys.pp(function([x], T.grad((x**2).sum(), x)))
    with pytest.raises(ValueError, match="No predefined mode exist for string: FAST"):
        function([x], x, mode="FAST")
    with pytest.raises(TypeError, match="Expected mode"):
        function([x], x, mode=3)


def test_nan_guard() -> None:
    state = shared(np.ones(2), "state")
    f = function([x, y], x / y, updates=[(state, state + x)], mode="NanGuardMode")
    assert f([1, 2], [1, 2]).tolist() == [1, 1]
    with pytest.raises(
        AssertionError, match=r"Inf detected in an expression(.|\n)*test_modes.py:\d+: \(x / y\)(.|\n)*from 0 to 1"
    ):
        f([1, 2], [1, 0])
    with pytest.raises(AssertionError, match="NaN detected in argument 0"):
        f([np.nan, 2], y=[1, 1])
    with pytest.raises(AssertionError, match="Big value detected in an expression"):
        function([], [], updates=[(state, state * 1e11)], mode="NanGuardMode")()
    calm = NanGuardMode(nan_is_error=True, inf_is_error=False, big_is_error=False)
    assert function([x], x / 0, mode=calm)([1]).tolist() == [np.inf]
    with pytest.raises(AssertionError, match="DebugMode: Inf"):
        function([x], x / 0, mode="DebugMode")([1])
    again = pickle.loads(pickle.dumps(f))
    with pytest.raises(AssertionError, match="Inf detected"):
        again([1, 2], [1, 0])


def test_profile() -> None:
    f = function([x], x + 1, profile=ProfileStats(atexit_print=False), name="more")
    f([1.0])
    f([2])
    text = io.StringIO()
    f.profile.summary(file=text)
    assert f.profile.fct_callcount == 2 and "Time in 2 calls to Function.__call__" in text.getvalue()
    assert function([x], x).profile is None
    assert function([x], {"a": x, "b": x + 1}, profile=ProfileStats(False), mode="NanGuardMode")([1.0])["b"] == [2]


def test_nothing_to_do() -> None:
    assert function([], [])() == []


ALL = "fusion", "inplace", "canonicalize", "stabilize", "merge", "specialize"


@pytest.mark.parametrize(
    "mode",
    [
        "FAST_COMPILE",
        Mode(optimizer=None),
        Mode(optimizer="merge"),
        Mode(optimizer="stabilize"),
        Mode("py", "o1"),
        *(get_mode("FAST_RUN").excluding(tag) for tag in ALL),
        get_mode("FAST_COMPILE").including("specialize"),
        get_mode("FAST_RUN").excluding(*ALL),
        "DebugMode",
        "NanGuardMode",
    ],
)
def test_programs_compute_the_same(mode: object) -> None:
    m = T.dmatrix("m")
    w = shared(np.linspace(-1, 1, 12).reshape(4, 3), "w")
    p = T.nnet.softmax(T.dot(m, w))
    cost = -T.log(p)[T.arange(m.shape[0]), T.argmax(m[:, :3], 1)].mean() + (w**5).sum() + T.std(T.tanh(m))
    values = np.random.default_rng(1).normal(size=(5, 4))
    old = w.get_value()
    found = []
    for chosen in ("FAST_RUN", mode):
        w.set_value(old)
        f = function([m], [cost, p, T.sort(m, 0)], updates=[(w, w - 0.1 * T.grad(cost, w))], mode=chosen)
        found.append([*f(values), w.get_value()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_recipes() -> None:
    """Names choose passes; the graph of FAST_COMPILE is left as written and its code is not optimized."""
    fast = get_mode("FAST_RUN")
    assert fast.recipe.key == "" and not fast.excluding("fusion").recipe.fused
    assert fast.excluding("inplace").recipe.without == {"contract-buffers", "reuse-buffers"}
    assert fast.excluding("fusion").including("fusion").recipe == fast.recipe == fast.excluding("local_unknown").recipe
    assert get_mode("FAST_COMPILE").recipe.quick and not Mode(optimizer=None).recipe.fused
    with pytest.raises(ValueError, match=r"no optimizer 'fast_rum'.*did you mean 'fast_run'"):
        Mode(optimizer="fast_rum")
    with pytest.raises(ValueError, match="no linker 'cmv'"):
        Mode("cmv")


def test_fast_compile_leaves_llvm_out() -> None:
    """The same function has other code: not vectorized, without the passes left out."""
    from phintys.codegen.compiler import graph_module, lower
    from phintys.codegen.recipe import FULL, QUICK

    graph = function([x], (x**9).sum()).maker.plan.graph
    full, quick = (str(lower(graph_module(graph), "fused", recipe=recipe)) for recipe in (FULL, QUICK))
    assert "math.powf" in quick or "pow" in quick
    assert "pow" not in full


def test_nan_guard_names_the_first_expression() -> None:
    inner = T.log(x)  # this line
    f = function([x], T.switch(x > 0, inner, 0.0).sum(), mode="NanGuardMode")
    assert f([1.0]) == 0
    with pytest.raises(
        AssertionError, match=r"Inf detected in an expression of the function .*(.|\n)*log\(x\)(.|\n)*operand 0 of nd.log"
    ):
        f([0.0, 1.0])


def test_debug_mode_runs_what_it_can() -> None:
    """Complex numbers, gradients, random numbers, errors."""
    z = T.zvector("z")
    assert np.allclose(function([z], abs(z * z), mode="DebugMode")([3 + 4j]), 25)
    stream = T.shared_randomstreams.RandomStreams(3)
    f = function([x], stream.normal((2,)) + stream.binomial((2,), 1, 0.5) + T.grad((x**3).sum(), x), mode="DebugMode")
    assert f([1.0, 2.0]).shape == (2,)
    g = MRG_RandomStreams(3).uniform((5, 5))
    assert function([], g, mode="DebugMode")().shape == (5, 5)
    with pytest.raises(ValueError, match="mis-match"):
        function([x, y], x + y, mode="DebugMode")([1.0], [1.0, 2.0])
