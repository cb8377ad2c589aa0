"""Each function works on a stream of its own: they wait for each other where they meet, and nowhere else.

A device that does its work as late as it may, and finds races, stands in for the GPU (`codegen/recording_stream.py`).
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import Out, function, shared
from phintys.codegen import device as devices
from phintys.codegen import staging
from phintys.codegen.device_array import DeviceArray
from phintys.codegen.device_queue import Queue
from phintys.codegen.emulated_kernels import EmulatedDevice
from phintys.codegen.recording import Misuse, RecordingDriver


@pytest.fixture
def device() -> Any:
    """Emulated always: what is tested is the order of work."""
    made = EmulatedDevice()
    before = devices.use(made)
    yield made
    devices.use(before)


def since(device: EmulatedDevice, *kinds: str) -> list[Any]:
    found = [event for event in device.events if event[0] in kinds]
    device.events.clear()
    return found


def written_and_read() -> Callable[[], Any]:
    """One function writes a state in place, another one reads it; nothing goes to the host in between."""
    w = shared(np.zeros(4), "w")
    f = function([], [], updates=[(w, w + 1)], target="cuda")
    g = function([], w * 2, target="cuda")

    def run() -> Any:
        f(), f()
        return g()

    return run


def read_and_written() -> Callable[[], Any]:
    """The other way round: a result that stays is computed from the state, which is then written in place."""
    w = shared(np.ones(4), "w")
    g = function([], Out(w * 2, borrow=True), target="cuda")
    f = function([], [], updates=[(w, w + 1)], target="cuda")

    def run() -> Any:
        found = g()
        f()
        return found.get()

    return run


def handed_on() -> Callable[[], Any]:
    """A result of one function is the argument of another."""
    x = T.dvector("x")
    f, g = function([x], Out(x + 1, borrow=True), target="cuda"), function([x], x * 2, target="cuda")
    return lambda: g(f([0.0] * 4))


def set_from_outside() -> Callable[[], Any]:
    """A value that is set is read by a function."""
    w = shared(np.zeros(4), "w")
    f = function([], w + 2, target="cuda")

    def run() -> Any:
        with phintys.change_flags(device="cuda"):
            w.set_value(np.zeros(4))
        return f()

    return run


def freed_and_taken() -> Callable[[], Any]:
    """Memory that one function has used is used by another."""
    x = T.dvector("x")
    f = function([x], Out(x + 1, borrow=True), target="cuda")
    g = function([x], Out(x * 2, borrow=True), target="cuda")

    def run() -> Any:
        f(np.ones(4))  # its result is let go, while it is computed
        return g(np.ones(4)).get()

    return run


def read_by_many() -> Callable[[], Any]:
    """A value that two functions read is let go, and its memory taken by a third."""
    x = T.dvector("x")
    first = function([x], Out(x * 1, borrow=True), target="cuda")
    readers = [function([x], Out(x.sum() + n, borrow=True), target="cuda") for n in range(2)]

    one, five = first(np.ones(4)), first(np.full(4, 5.0))

    def run() -> Any:
        there = first(one)
        sums = [reader(there) for reader in readers]
        del there
        found = first(five)
        return [float(total) for total in sums], found.get()[0]

    return run


CASES = {
    written_and_read: [4.0] * 4,
    read_and_written: [2.0] * 4,
    handed_on: [2.0] * 4,
    set_from_outside: [2.0] * 4,
    freed_and_taken: [2.0] * 4,
    read_by_many: ([4.0, 5.0], 5.0),
}


@pytest.mark.parametrize("case", CASES)
def test_functions_wait_where_they_meet(case: Callable[[], Callable[[], Any]], device: EmulatedDevice) -> None:
    run = case()
    since(device)
    found = run()
    assert (found.tolist() if isinstance(found, np.ndarray) else found) == CASES[case]
    assert since(device, "wait")


@pytest.mark.parametrize("case", CASES)
def test_a_wait_that_is_left_out_is_a_race(
    case: Callable[[], Callable[[], Any]], device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = case()
    monkeypatch.setattr(Queue, "after", lambda *_: None)
    with pytest.raises(Misuse, match=r"race: .* on stream \d+, without waiting for stream \d+"):
        run()


def test_one_function_waits_for_nothing(device: EmulatedDevice) -> None:
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    f = function([x], [], updates=[(w, w + x)], target="cuda")
    f(np.ones(4))
    since(device)
    for _ in range(3):
        f(np.ones(4))
    assert since(device, "wait", "record", "synchronize") == []
    assert w.get_value().tolist() == [4] * 4


def test_functions_that_have_met_wait_once_for_each_turn(device: EmulatedDevice) -> None:
    w = shared(np.zeros(4), "w")
    f = function([], [], updates=[(w, w + 1)], target="cuda")
    g = function([], w.sum(), target="cuda")
    f(), g()
    since(device)
    g(), g()
    assert since(device, "wait") == []
    f(), g()
    assert len(since(device, "wait")) == 1  # g waits for f, and has been waited for by its result


def test_a_result_waits_for_its_own_stream_only(device: EmulatedDevice) -> None:
    x, w = T.dvector("x"), shared(np.zeros(4), "w")
    long = function([], [], updates=[(w, w + 1)], target="cuda")
    f = function([x], x + 1, target="cuda")
    long()
    since(device)
    assert f(np.ones(4)).tolist() == [2] * 4
    stream = f.executable.queue.stream.number
    assert since(device, "synchronize") == [("synchronize", stream)]
    assert any(other.done < other.given for other in device.streams if other.number != stream)  # not done yet


def test_other_threads_have_the_device_while_a_result_is_waited_for(
    device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    f = function([x], x + 1, updates=[(w, w + x)], target="cuda")
    g = function([x], x * 2, target="cuda")
    f(np.ones(4)), g(np.ones(4))
    stream, found = f.executable.queue.stream, []
    wait = stream.synchronize

    def call_the_other() -> None:
        other = threading.Thread(target=lambda: found.append(g(np.full(4, 3.0)).tolist()))
        other.start()
        other.join(timeout=30)
        wait()

    monkeypatch.setattr(stream, "synchronize", call_the_other)
    assert f(np.ones(4)).tolist() == [2] * 4 and found == [[6] * 4]
    assert w.get_value().tolist() == [2] * 4


def test_threads_share_functions_and_states(device: EmulatedDevice) -> None:
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    f = function([x], x + 1, updates=[(w, w + 1)], target="cuda")
    g = function([x], w * 0 + x, target="cuda")
    wrong: list[Any] = []

    def work(number: int) -> None:
        for n in range(20):
            value = np.full(4, float(100 * number + n))
            for function_, expected in ((f, value + 1), (g, value)):
                found = function_(value)
                if found.tolist() != expected.tolist():
                    wrong.append((found, expected))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and w.get_value().tolist() == [60] * 4


def test_values_are_set_between_calls(device: EmulatedDevice) -> None:
    """Also where a call runs Python on the host in between."""
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    inside, leave = threading.Event(), threading.Event()

    @phintys.as_op([T.dvector], [T.dvector])
    def wait(values: Any) -> Any:
        inside.set()
        leave.wait(0.2)
        return values

    f = function([x], [], updates=[(w, w + wait(x))], target="cuda")
    leave.set()
    f(np.ones(4))
    inside.clear(), leave.clear()
    thread = threading.Thread(target=f, args=(np.ones(4),))
    thread.start()
    inside.wait(30)
    w.set_value(np.full(4, 100.0))
    thread.join()
    assert w.get_value().tolist() == [100] * 4


def test_arrays_may_be_changed_when_a_call_returns(device: EmulatedDevice) -> None:
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    f = function([x], [], updates=[(w, w + x)], target="cuda")
    value = np.ones(4)
    for _ in range(5):
        f(value)
        value += 1
    assert w.get_value().tolist() == [15] * 4


def test_page_locked_memory_that_is_taken_too_early_shows(device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging.Staging, "give_later", lambda self, block, queue: self.give(block))
    test = test_arrays_may_be_changed_when_a_call_returns
    with pytest.raises(AssertionError):
        test(device)


def test_page_locked_memory_is_bounded(device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MOST", 8192)
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    f = function([x], [], updates=[(w, w + x[:4])], target="cuda")
    for size in (4, 4, 200, 4, 400, 4, 90, 800, 4):
        f(np.ones(size))
        assert device.staging.held <= 8192
    assert w.get_value().tolist() == [9] * 4


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000])
def test_arrays_that_go_in_pieces(size: int, device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phintys.codegen.device_queue.CHUNK", 512)
    value = np.random.default_rng(0).normal(size=size)
    array = DeviceArray.of(device, value)
    assert (array.get() == value).all() and (array.copy().get() == value).all()


def test_streams_are_used_again(device: EmulatedDevice) -> None:
    x = T.dvector("x")
    streams = set()
    for n in range(4):
        f = function([x], x + n, target="cuda")
        f([1.0])
        streams.add(f.executable.queue.stream.number)
        del f
        gc.collect()
    assert len(streams) == 1
    with phintys.change_flags({"cuda.streams": 2}):
        kept = [function([x], x * n, target="cuda") for n in range(5)]
        assert len({f.executable.queue.stream.number for f in kept}) <= 2


def test_memory_goes_back_only_when_no_work_uses_it() -> None:
    device = RecordingDriver()
    queue = device.main
    address = queue.allocate(100)
    queue.upload(address, np.ones(4))
    queue.free(address)
    device.settle = lambda: None  # type: ignore[method-assign]
    device.pool._settle = device.settle
    with pytest.raises(Misuse, match="given back that work may still use"):
        device.pool.trim()
