"""Host operations: Python callables inside of compiled functions, by value, by failure and by what they leave behind."""

from __future__ import annotations

import contextlib
import gc
import resource
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from native_support import fail, slow

from phintys.codegen import host
from phintys.codegen.compiler import compile_graph
from phintys.ir.parser import parse_graph

X = np.array([3.0, 1.0, 2.0])


def compiled(text: str, states: Sequence[list[Any]] = (), unpack: bool = False) -> Callable[..., Any]:
    """The function of a graph's text."""
    return compile_graph(parse_graph(text)).bind(list(states), slow, fail, unpack)


def test_named_function_between_compiled_code() -> None:
    f = compiled('graph f(x: f64[?]) {\n  return host(x * 2.0, function="sort", results="f64[?]") + 1.0\n}\n', unpack=True)
    assert f(X).tolist() == [3.0, 5.0, 7.0]
    assert f(np.zeros(0)).shape == (0,)


def test_options_and_views() -> None:
    text = 'graph f(x: f64[?, 3]) {\n  return host(x.T, function="sort", results="f64[3, ?]", options="{\'axis\': 0}")\n}\n'
    x = np.random.default_rng(0).random((4, 3))
    assert np.array_equal(compiled(text, unpack=True)(x), np.sort(x.T, axis=0))


def test_scalars_and_several_results() -> None:
    token = host.local(lambda x, n: (x.sum(), x[: int(n)], np.array([n > 1]), n.astype("uint8")))
    f = compiled(
        "graph f(x: f64[?], n: i64) {\n"
        f'  a, b, c, d = host(x, n, function="{token}", results="f64[], f64[?], bool[1], u8[]")\n'
        "  return a, b + a, c, d\n}\n"
    )
    a, b, c, d = f(X, 2)
    assert a == 6.0 and a.shape == () and b.tolist() == [9.0, 7.0] and c.tolist() == [True] and d == np.uint8(2)


def test_several_calls_and_results_as_outputs() -> None:
    token = host.local(lambda x: x[::-1])
    f = compiled(
        f'graph f(x: f64[?]) {{\n  a = host(x, function="{token}", results="f64[?]")\n'
        '  b = host(a + x, function="sort", results="f64[?]")\n  return a, b, a * b\n}\n'
    )
    a, b, ab = f(X)
    assert a.tolist() == [2.0, 1.0, 3.0] and b.tolist() == [2.0, 5.0, 5.0] and np.array_equal(ab, a * b)
    assert a.flags.owndata and not np.may_share_memory(a, X)


def test_result_that_is_the_operand() -> None:
    """Own functions may return or keep what they got: it is a copy."""
    kept: list[Any] = []
    token = host.local(lambda x: kept.append(x) or x)
    text = f'graph f(x: f64[?]) {{\n  return host(x + 1.0, function="{token}", results="f64[?]")\n}}\n'
    f = compiled(text, unpack=True)
    first, second = f(X), f(X * 2)
    first[:] = 0
    assert kept[0].tolist() == [4.0, 2.0, 3.0] and second.tolist() == kept[1].tolist() == [7.0, 3.0, 5.0]


def test_update_with_host_operation() -> None:
    cell = [np.zeros(3)]
    f = compiled(
        'graph f(x: f64[?]) state(s: f64[?]) {\n  update s = host(s + x, function="sort", results="f64[?]")\n  return s\n}\n',
        [cell],
        unpack=True,
    )
    assert f(X).tolist() == [0, 0, 0] and cell[0].tolist() == [1, 2, 3]
    assert f(X).tolist() == [1, 2, 3] and cell[0].tolist() == [3, 4, 5]


def test_exception_leaves_states_alone() -> None:
    error = KeyError("nothing here")

    def broken(x: Any) -> Any:
        raise error

    token, cell = host.local(broken), [np.ones(3)]
    f = compiled(
        f"graph f(x: f64[?]) state(s: f64[?]) {{\n  update s = s + x\n"
        f'  return host(x * 2.0, function="{token}", results="f64[?]")\n}}\n',
        [cell],
    )
    before = cell[0]
    with pytest.raises(KeyError) as caught:
        f(X)
    assert caught.value is error and cell[0] is before and before.tolist() == [1, 1, 1]


def test_named_functions_let_go_of_what_they_read() -> None:
    """Their exceptions keep no frame with arrays on memory that is gone."""
    call = """host(x * 2.0, function="sort", results="f64[?]", options="{'axis': 3}")"""
    f = compiled(f"graph f(x: f64[?]) {{\n  return {call}\n}}\n")
    with pytest.raises(ValueError, match="axis") as caught:
        f(X)
    frames = []
    trace = caught.value.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_locals)
        trace = trace.tb_next
    assert not any("arrays" in names or "x" in names for names in frames)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.zeros(3, "float32"), TypeError, r"dtype float32, expected f64\[\?\]"),
        (np.zeros((3, 1)), ValueError, r"shape \(3, 1\), expected f64\[\?\]"),
        ((np.zeros(3), 1), ValueError, "2 results, expected 1"),
    ],
)
def test_results_that_are_not_as_declared(value: Any, error: type[Exception], message: str) -> None:
    token = host.local(lambda x: value)
    f = compiled(f'graph f(x: f64[?]) {{\n  return host(x, function="{token}", results="f64[?]")\n}}\n')
    with pytest.raises(error, match=message):
        f(X)


def test_unknown_names() -> None:
    with pytest.raises(KeyError, match="there is no host function 'srot'"):
        compiled('graph f(x: f64[?]) {\n  return host(x, function="srot", results="f64[?]")\n}\n')


def test_token_keeps_the_callable_and_the_function_too() -> None:
    def function(x: Any) -> Any:
        return x

    token = host.local(function)
    name = str(token)
    f = compiled(f'graph f(x: f64[?]) {{\n  return host(x, function="{token}", results="f64[?]")\n}}\n')
    del token
    assert f(X)[0].tolist() == X.tolist()
    with pytest.raises(KeyError, match="does not exist"):
        host.find(name)


def test_large_inputs_keep_the_lock() -> None:
    """A function without states lets other threads run, but not one that calls Python."""
    token = host.local(lambda x: x[:1] * threading.active_count())
    f = compiled(f'graph f(x: f64[?]) {{\n  return host(x, function="{token}", results="f64[?]")\n}}\n', unpack=True)
    threads = [threading.Thread(target=lambda: [f(np.ones(100_000)) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert f(np.ones(100_000)).shape == (1,)


def test_nothing_is_left_behind() -> None:
    failing = {"now": False}

    def function(x: Any) -> Any:
        if failing["now"]:
            raise ArithmeticError
        return x * 2

    token, cell = host.local(function), [np.ones(300)]
    f = compiled(
        f'graph f(x: f64[?]) state(s: f64[?]) {{\n  a = host(x * 2.0, function="{token}", results="f64[?]")\n'
        f'  b = host(a, function="sort", results="f64[?]")\n  update s = s + b * 0.0\n  return a + b\n}}\n',
        [cell],
    )
    x = np.ones(300)

    def rounds(count: int) -> None:
        for number in range(count):
            failing["now"] = number % 4 == 3
            with contextlib.suppress(ArithmeticError):
                f(x)

    rounds(1000)
    gc.collect()
    references = sys.getrefcount(x), sys.getrefcount(function)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rounds(100_000)
    assert (sys.getrefcount(x), sys.getrefcount(function)) == references
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 2048
