"""Mode debug: a mistake in one pass is found at that pass, on every rung, and the message has it again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects import arith, llvm
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation

import phintys
import phintys.tensor as T
from phintys import function, shared
from phintys.compile.debugmode import BadOptimization, BadThunkOutput, DebugMode, InvalidValueError
from phintys.passes.pipeline import PIPELINE, load_pass
from phintys.tools.opt import main as opt

x, y = T.dvectors("x", "y")
m = T.dmatrix("m")
NAMES = list(dict.fromkeys(stage.run for stage in PIPELINE))


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong code must not reach the object cache."""
    monkeypatch.setenv("PHINTYS_CACHE", "0")


def program(mode: Any = "debug", target: str | None = None) -> Any:
    """Sums, maps, a state and a product, with a difference in each."""
    state = shared(np.linspace(0, 1, 4), "state")
    rows = (T.exp(m) - state).sum(1)
    return function([m, x], [rows, T.dot(m, x) - 1.5, T.log(x * x + 2)], updates=[(state, state - x)], mode=mode, target=target)


VALUES = (np.linspace(-1, 1, 12).reshape(3, 4), np.linspace(2, 3, 4))


def swap(op: Operation) -> None:
    """a - b becomes b - a."""
    if op.name in ("nd.sub", "arith.subf", "llvm.fsub"):
        op.operands = list(op.operands)[::-1]


def test_functions_that_rows_leave_seldom_arguments_to_are_interpreted() -> None:
    a, b = np.array([-3.0, 0.0, 2.0, 0.5]), np.array([3.0, 2.0, 0.5, 1080.0])
    found = function([x, y], [x**y, T.erfinv(y / 1081)], mode="debug")(a, b)
    np.testing.assert_allclose(found[0], a**b, rtol=1e-15)
    np.testing.assert_allclose(found[1], function([y], T.erfinv(y / 1081))(b), rtol=1e-14)


def break_pass(monkeypatch: pytest.MonkeyPatch, name: str, spoil: Callable[[Operation], None]) -> None:
    """After the pass, do something to every operation."""
    cls = load_pass(name)
    right = cls.apply

    def wrong(self: Any, context: Any, module: Any) -> None:
        right(self, context, module)
        for op in list(module.walk()):
            spoil(op)

    monkeypatch.setattr(cls, "apply", wrong)


def test_what_is_right_stays_right() -> None:
    f, g = program(), program("FAST_RUN")
    for _ in range(2):
        for a, b in zip(f(*VALUES), g(*VALUES), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)
    np.testing.assert_array_equal(*(h.get_shared()[0].get_value() for h in (f, g)))


# Kernels are not cut into chunks for the CPU's threads.
ONLY_CPU = [pytest.param("parallelize", marks=pytest.mark.cpu)]
# The program has nothing for these, which then do not run.
IDLE = ("autodiff", "expand-complex")


@pytest.mark.parametrize("name", [*(name for name in NAMES if name not in (*IDLE, "parallelize")), *ONLY_CPU])
def test_a_mistake_in_a_pass(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_pass(monkeypatch, name, swap)
    with pytest.raises(BadOptimization, match=f"the pass {name} changes what") as found:
        program()(*VALUES)
    assert found.value.reason == name


GPU = ("convert-nd-to-loops", "fuse-loops", "contract-buffers", "convert-loops-to-gpu", "expand-math", "convert-loops-to-llvm")


@pytest.mark.parametrize("name", GPU)
def test_a_mistake_in_a_pass_for_kernels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_pass(monkeypatch, name, swap)
    with pytest.raises(BadOptimization, match=f"the pass {name} changes what"):
        program(target="cuda_emulated")(*VALUES)


def test_what_a_pass_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state is overwritten where its elements are still to be read."""
    from phintys.passes.buffer_plan import BufferPlan

    monkeypatch.setattr(BufferPlan, "_may_reuse", lambda self, value, argument: True)
    state = shared(np.arange(3.0), "state")
    f = function([], [], updates=[(state, state - state[::-1])], mode="debug")
    with pytest.raises(BadOptimization, match=r"the pass convert-nd-to-loops changes(.|\n)*state state(.|\n)*at \[2\]"):
        f()
    assert state.get_value().tolist() == [0, 1, 2]


def test_a_coefficient_in_its_last_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(op: Operation) -> None:
        value = op.properties.get("value")
        if isinstance(op, arith.ConstantOp) and isinstance(value, bi.FloatAttr) and 0.16 < value.value.data < 0.17:
            op.properties["value"] = bi.FloatAttr(value.value.data * (1 + 1e-11), value.type)

    break_pass(monkeypatch, "expand-math", spoil)
    with pytest.raises(BadOptimization, match=r"the pass expand-math(.|\n)*rounding explains"):
        function([x], T.exp(x), mode="debug")([1.0, 0.3, 0.2])


def test_a_row_of_the_last_lowering(monkeypatch: pytest.MonkeyPatch) -> None:
    from phintys.passes import llvm_rows

    monkeypatch.setitem(llvm_rows.ROWS, arith.SubfOp, llvm_rows._same(llvm.FAddOp))
    with pytest.raises(BadOptimization, match="the pass convert-loops-to-llvm changes"):
        function([x, y], x - y, mode="debug")([1.0], [3.0])


def test_loops_too_long_for_their_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Native code of the rung then, by two passes, which the message says."""
    big = np.linspace(0, 1, 300_000)
    assert function([x], T.exp(x) - 1.5, mode="debug")(big).shape == big.shape
    break_pass(monkeypatch, "fuse-loops", swap)
    with pytest.raises(BadOptimization, match=r"the pass fuse-loops(.|\n)*expand-math, convert-loops-to-llvm, which may be"):
        function([x], T.exp(x) - 1.5, mode="debug")(big)


@pytest.mark.cpu
def test_only_optimized_code_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from phintys.codegen import engine

    right = engine.compile_object
    monkeypatch.setattr(engine, "compile_object", lambda text, **_: right(text.replace("fsub double", "fadd double")))
    state = shared(np.ones(2), "state")
    with pytest.raises(BadThunkOutput, match=r"computes another state state(.|\n)*LLVM's optimizer"):
        function([x], [], updates=[(state, state - T.log(x + 7.25))], mode="debug")([0.0, 0.0])


def test_errors_are_the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    f = function([x, y], x + y, mode="debug")
    with pytest.raises(ValueError, match="mis-match"):
        f([1.0], [1.0, 2.0])
    i = T.lvector("i")
    g = function([x, i], x[i], mode="debug")
    with pytest.raises(IndexError, match="index 5"):
        g([1.0], [5])

    def forget(op: Operation) -> None:
        if op.name == "rt.assert":
            op.detach()
            op.erase()

    break_pass(monkeypatch, "convert-nd-to-loops", forget)
    with pytest.raises(BadOptimization, match=r"pass convert-nd-to-loops(.|\n)*before: IndexError(.|\n)*after:  BadAccess"):
        function([x, i], T.exp(x[i]), mode="debug")([1.0], [5])


def test_the_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It has the values, the operations, the line; its commands show both results."""
    break_pass(monkeypatch, "canonicalize", swap)
    f = function([x, y], [T.exp(x) - y], mode="debug", name="f")
    with pytest.raises(BadOptimization) as found:
        f([0.0, 0.0], [1.0, 0.25])
    error = found.value
    text = str(error)
    assert error.old_r_val.tolist() == [0, 0.75] and error.new_r_val.tolist() == [0, -0.75]
    assert "f computes: another output 0 (float64[2]) at [1], 1 of 2 elements differ\n  before: 0.75\n  after:  -0.75" in text
    commands = re.findall("^  phintys-opt (.*)$", text, re.MULTILINE)
    results = []
    for command in commands:
        assert opt(shlex.split(command)) == 0
        results.append(capsys.readouterr().out)
    assert results == ["output: f64[2] = [0.  , 0.75]\n", "output: f64[2] = [ 0.  , -0.75]\n"]
    assert '// phintys-reproducer: {"passes": "canonicalize"}\n' in Path(error.reproducer).read_text(encoding="utf-8")


def test_python_runs_twice_only() -> None:
    """Once for all rungs, once in native code."""
    calls = []

    @phintys.as_op([T.dvector], [T.dvector])
    def counted(value: Any) -> Any:
        calls.append(value.tolist())
        return value + len(calls)

    mode = DebugMode()
    with pytest.raises(BadThunkOutput):  # it is no function of its argument
        function([x], counted(x * 2) - 1, mode=mode)([1.0])
    assert calls == [[2.0], [2.0]]


def test_values_that_are_not_finite() -> None:
    with pytest.raises(InvalidValueError, match="Inf detected in output 0"):
        function([x], x / 0, mode="debug")([1.0])
    f = function([x], [x / 0, T.maximum(x, 1.0)], mode=DebugMode(check_isfinite=False))
    assert np.isnan(f([np.nan, 1.0])[1][0])
