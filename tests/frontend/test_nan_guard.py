"""Mode nan_guard: NaN, infinities and big values are found in every dtype, in outputs and updates; states stay as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import function, shared

DTYPES = ("float32", "float64", "complex64", "complex128")
TROUBLES: dict[str, tuple[Any, str]] = {
    "NaN": (lambda x: (x - x) / (x - 1), r"NaN detected"),
    "Inf": (lambda x: 1 / (x - 1), r"(Inf|NaN) detected"),  # a complex 1 / 0 is NaN
    "Big value": (lambda x: T.exp(x * 25) * x, r"Big value detected"),
}


@pytest.mark.parametrize(("dtype", "target"), [*((dtype, "cpu") for dtype in DTYPES), ("float32", "cuda_emulated")])
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("where", ["output", "update", "between"])
def test_trouble_is_found(trouble: str, dtype: str, where: str, target: str) -> None:
    build, message = TROUBLES[trouble]
    x = T.vector("x", dtype=dtype)
    state = shared(np.zeros(2, dtype), "state")
    bad = build(x)
    masked = T.switch(T.eq(x, 1), x, bad) if where == "between" else bad
    updates = [(state, masked if where == "update" else state + x)]
    f = function([x], [] if where == "update" else masked, updates=updates, mode="nan_guard", target=target, name="step")
    f(np.zeros(2, dtype))
    before = state.get_value()
    with pytest.raises(
        AssertionError, match=rf"NanGuardMode: {message} in an expression of the function step\nat .*test_nan_g"
    ) as e:
        f(np.array([0, 1], dtype))
    assert "at [1] (1 of 2 elements)\noperand 0 of nd." in str(e.value)
    np.testing.assert_array_equal(state.get_value(), before)


def test_the_message() -> None:
    x, y = T.dmatrix("x"), T.drow("y")
    quotient = x / y  # this line
    f = function([x, y], T.exp(quotient).sum(), mode="nan_guard", name="f")
    with pytest.raises(AssertionError) as error:
        f([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0]])
    lines = str(error.value).splitlines()
    assert lines[0] == "NanGuardMode: Inf detected in an expression of the function f"
    assert lines[1].endswith(": (x / y)") and "test_nan_guard.py:" in lines[1]
    assert lines[2:] == [
        "Its value, float64[2, 2] is inf at [0, 1] (2 of 4 elements)",
        "operand 0 of nd.div: float64[2, 2] from 1 to 4, there 2.0",
        "operand 1 of nd.div: float64[1, 2] from 0 to 1, there 0.0",
    ]


def test_what_is_given() -> None:
    x = T.dvector("x")
    state = shared(np.array([1.0, np.nan]), "state")
    f = function([x], [], updates=[(state, x)], mode="nan_guard")
    with pytest.raises(AssertionError, match=r"NaN detected in state state of .*: float64\[2\] is nan at \[1\] \(1 of 2"):
        f([1.0, 2.0])
    state.set_value(np.ones(2))
    with pytest.raises(AssertionError, match=r"Inf detected in argument 0 \(x\) of .*: float64\[1\] is -inf at \[0\]"):
        f([-np.inf])


def test_pythons_own_results_leave_states_alone() -> None:
    """The function runs before anything is known; its update is taken back."""

    @phintys.as_op([T.dvector], [T.dvector])
    def bad(value: Any) -> Any:
        return value / 0

    x = T.dvector("x")
    state = shared(np.arange(2.0), "state")
    f = function([x], bad(x), updates=[(state, state * 2)], mode="nan_guard")
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match="Inf detected in an expression"):
        f([1.0, 2.0])
    assert state.get_value().tolist() == [0, 1]
