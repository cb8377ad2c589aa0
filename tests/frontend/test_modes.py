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

x, y = T.dvectors("x", "y")


@pytest.mark.parametrize(
    "mode", ["FAST_RUN", "FAST_COMPILE", "DebugMode", "NanGuardMode", "Mode", None, Mode(optimizer="fast_run"), DebugMode()]
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
    assert get_mode("FAST_RUN").excluding("fusion").including("local_x") is get_mode("FAST_RUN")


def test_nan_guard() -> None:
    state = shared(np.ones(2), "state")
    f = function([x, y], x / y, updates=[(state, state + x)], mode="NanGuardMode")
    assert f([1, 2], [1, 2]).tolist() == [1, 1]
    with pytest.raises(AssertionError, match="Inf detected in output 0"):
        f([1, 2], [1, 0])
    with pytest.raises(AssertionError, match="NaN detected in argument 0"):
        f([np.nan, 2], y=[1, 1])
    with pytest.raises(AssertionError, match="Big value detected in state state"):
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
