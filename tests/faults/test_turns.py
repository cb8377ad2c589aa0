"""What README says of threads and processes that use the same functions and states, beyond `test_processes.py`."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import In, call, config, function, shared
from phintys.tensor.shared_randomstreams import RandomStreams

from .test_processes import START, at_once, finish, run

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@pytest.fixture(autouse=True)
def switching() -> Iterator[None]:
    """Threads take the GIL from each other as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@phintys.as_op([T.lscalar], [T.lscalar])
def sleepy(number: Any) -> Any:
    """The same number, after other threads have run."""
    time.sleep(0.001)
    return np.asarray(number)


@contextmanager
def in_background(action: Callable[[], Any]) -> Iterator[None]:
    """Another thread does it again and again meanwhile."""
    done = threading.Event()

    def go() -> None:
        while not done.is_set():
            action()

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_lists_lose_no_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls whose arguments have to be converted are one step, too, wherever other threads come between."""
    plain = call.exact
    monkeypatch.setattr(call, "exact", lambda array: (plain(array), time.sleep(0.0002))[0])
    total, v = shared(np.zeros(3)), T.dvector("v")
    add = function([v], total * 2, updates=[(total, total + v)])
    at_once(lambda _: [add([1, 2, 3]) for _ in range(20)])
    np.testing.assert_array_equal(total.get_value(), [160, 320, 480])


@pytest.mark.parametrize("read", ["get_value", "pickle", "function"])
def test_no_value_is_half_old_and_half_new(read: str) -> None:
    w = shared(np.zeros(1_000_000))
    step, value = function([], updates=[(w, w + 1)]), function([], w + 0)
    reads = {"get_value": w.get_value, "pickle": lambda: pickle.loads(pickle.dumps(w)).get_value(), "function": value}
    with in_background(step):
        for _ in range(30):
            found = reads[read]()
            assert found.min() == found.max()


def test_python_inside_of_a_call_is_part_of_one_step() -> None:
    """An operation of one's own, between reading states and writing them; native functions share the states."""
    count, table, n = shared(0), shared(np.zeros(1000)), T.lscalar("n")
    slow = function([n], updates=[(count, count + sleepy(n)), (table, table + sleepy(n))])
    native = function([], updates=[(count, count + 1), (table, table + 1)])
    watched = function([n], updates=[(count, count + n)], mode="NanGuardMode")
    calls = (lambda: slow(1), native, lambda: watched(1))
    at_once(lambda number: [calls[number % 3]() for _ in range(20)], 9)
    assert count.get_value() == 180
    np.testing.assert_array_equal(table.get_value(), np.full(1000, 120.0))


def test_values_are_read_and_set_between_calls() -> None:
    w, v, n = shared(np.zeros(1000)), shared(np.zeros(1000)), T.lscalar("n")
    both = function([n], updates=[(w, w + 1), (v, v + sleepy(n))])
    with in_background(lambda: both(1)):
        for _ in range(20):
            found = w.get_value()
            assert found.min() == found.max()
            time.sleep(0.0005)
    w.set_value(np.zeros(1000))
    thread = threading.Thread(target=lambda: [both(1) for _ in range(20)])
    thread.start()
    for _ in range(20):
        w.set_value(np.full(1000, 100.0))
    thread.join()
    assert 100 <= w.get_value()[0] <= 120


def test_an_operation_may_use_the_states_of_its_call() -> None:
    w, n = shared(10), T.lscalar("n")
    double, seen = function([], 2 * w), []

    @phintys.as_op([T.lscalar], [T.lscalar])
    def look(number: Any) -> Any:
        seen.append((int(w.get_value()), int(double())))
        return np.asarray(number)

    step = function([n], updates=[(w, w + look(n))])
    step(1), step(5)
    assert (seen, int(w.get_value())) == ([(10, 20), (11, 22)], 16)


def test_an_operation_that_fails_lets_others_go_on() -> None:
    w, n = shared(0), T.lscalar("n")

    @phintys.as_op([T.lscalar], [T.lscalar])
    def refuse(number: Any) -> Any:
        if number < 0:
            raise ValueError("no")
        return number

    step = function([n], updates=[(w, w + refuse(n))])
    with pytest.raises(ValueError, match="no"):
        step(-1)
    at_once(lambda number: step(number), 4)
    assert w.get_value() == 6


@pytest.mark.parametrize("draw", ["uniform", "poisson"])
def test_numbers_of_a_stream_come_once(draw: str) -> None:
    def drawing() -> Any:
        parameters = {"lam": 1e6} if draw == "poisson" else {}
        return function([], getattr(RandomStreams(7), draw)(size=(3,), **parameters))

    one, several = drawing(), drawing()
    expected = sorted(tuple(one()) for _ in range(400))
    assert sorted(tuple(row) for rows in at_once(lambda _: [several() for _ in range(50)]) for row in rows) == expected


def test_inputs_that_a_function_keeps() -> None:
    x, v = T.lscalar("x"), T.dvector("v")
    step = function([In(x, value=0, update=x + 1, name="x"), v], x * 10 + v.size)
    found = at_once(lambda number: [int(step(number, [])) for _ in range(100)])
    assert found == [[10 * number] * 100 for number in range(8)]


def test_flags_are_of_the_process() -> None:
    def seen() -> str:
        return str(T.scalar().dtype)

    with config.change_flags(floatX="float32"):
        assert at_once(lambda _: seen(), 2) == ["float32"] * 2
    assert at_once(lambda _: seen(), 2) == ["float64"] * 2


# --- forks ------------------------------------------------------------------------------------------------------------

FORKS = """
    import os, threading, time, warnings
    import numpy as np, phintys.tensor as T
    from phintys import function
    warnings.simplefilter("ignore")
    x = T.dvector("x")
    def call(k):
        return function([x], T.sum(x * k))(np.ones(3))
    def work():
        for k in range(1, 1000):
            call(k)
    threading.Thread(target=work, daemon=True).start()
    children = []
    for k in range(5):
        time.sleep(0.1)
        child = os.fork()
        if not child:
            os._exit(0 if call(2000 + k) == 3 * (2000 + k) else 1)
        children.append(child)
    print([os.waitpid(child, 0)[1] for child in children], flush=True)
    os._exit(0)
"""


@needs_fork
def test_a_child_compiles_whatever_threads_compile_in_the_parent() -> None:
    """Its first functions as well, while modules are being imported."""
    child = run(FORKS, PHINTYS_CACHE="0")
    assert child.stdout is not None
    timer = threading.Timer(2 * START, child.kill)
    timer.start()
    try:
        assert finish(child)[0] == f"{[0] * 5}\n"
    finally:
        timer.cancel()


@needs_fork
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_waits_for_nobody_else() -> None:
    """A call of another thread that was under way has left its states in the child as they were."""
    w, n = shared(5), T.lscalar("n")
    inside, leave = threading.Event(), threading.Event()

    @phintys.as_op([T.lscalar], [T.lscalar])
    def wait(number: Any) -> Any:
        inside.set()
        leave.wait(START)
        return np.asarray(number)

    slow, step = function([n], updates=[(w, w + wait(n))]), function([], w + 0, updates=[(w, w + 1)])
    thread = threading.Thread(target=slow, args=(10,))
    thread.start()
    inside.wait(START)
    child = os.fork()
    if not child:
        os._exit(int(step()) * 10 + int(w.get_value()))
    status = os.waitpid(child, 0)[1]
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 56 and w.get_value() == 15
