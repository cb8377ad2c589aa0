"""Steps that repeat are replayed as graphs, with the same results as without."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import Out, function, shared
from phintys.codegen import device as devices
from phintys.codegen import plan_graphs
from phintys.codegen.device_queue import Queue
from phintys.codegen.driver import DeviceError
from phintys.codegen.emulated_kernels import EmulatedDevice
from phintys.codegen.recording import Misuse
from phintys.compile import ProfileStats


@pytest.fixture(autouse=True)
def device() -> Iterator[EmulatedDevice]:
    made = EmulatedDevice()
    before = devices.use(made)
    yield made
    devices.use(before)
    gc.collect()
    assert not made.live


def counted(device: EmulatedDevice, *kinds: str) -> list[int]:
    """How many events of these kinds there were since."""
    found = [sum(event[0] == kind for event in device.events) for kind in kinds]
    device.events.clear()
    return found


def training(target: str, seed: int = 0) -> tuple[Any, Any]:
    """A step of softmax regression: it checks its labels on the device, before it writes its weights."""
    x, y = T.dmatrix("x"), T.lvector("y")
    w, b = shared(np.random.default_rng(seed).normal(size=(5, 3)), "w"), shared(np.zeros(3), "b")
    p = T.nnet.softmax(T.dot(x, w) + b)
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    gw, gb = T.grad(cost, [w, b])
    return function([x, y], cost, updates=[(w, w - 0.1 * gw), (b, b - 0.1 * gb)], target=target), w


def batches(count: int, rows: int = 7) -> Iterator[tuple[Any, Any]]:
    rng = np.random.default_rng(1)
    for _ in range(count):
        yield rng.normal(size=(rows, 5)), rng.integers(0, 3, rows)


def test_a_training_step_is_replayed(device: EmulatedDevice) -> None:
    (f, w), (g, v) = training("cuda"), training("cpu")
    for number, (x, y) in enumerate(batches(8)):
        counted(device)
        np.testing.assert_allclose(f(x, y), g(x, y), rtol=1e-12)
        graphs, launches, gemms = counted(device, "graph", "launch", "gemm")
        assert (graphs, launches + gemms > 10) == ((0, True) if number < 3 else (2, False))
    np.testing.assert_allclose(w.get_value(), v.get_value(), rtol=1e-12)


def test_other_sizes_have_graphs_of_their_own(device: EmulatedDevice) -> None:
    (f, w), (g, v) = training("cuda"), training("cpu")
    for pair in zip(batches(6, 7), batches(6, 4), strict=True):
        for x, y in pair:
            np.testing.assert_allclose(f(x, y), g(x, y), rtol=1e-12)
    assert counted(device, "graph") == [12] and (w.get_value() - v.get_value() < 1e-12).all()


def test_a_check_that_fails_in_a_replay_leaves_the_states_alone(device: EmulatedDevice) -> None:
    (f, w), (g, v) = training("cuda"), training("cpu")
    for number, (x, y) in enumerate(batches(9)):
        if number in (5, 6):
            y[3] = 9 + number
            before = w.get_value()
            for one in (f, g):
                with pytest.raises(IndexError, match=f"index {9 + number} is out of bounds"):
                    one(x, y)
            assert (w.get_value() == before).all()
        else:
            np.testing.assert_allclose(f(x, y), g(x, y), rtol=1e-12)
    np.testing.assert_allclose(w.get_value(), v.get_value(), rtol=1e-12)


def test_sizes_that_the_data_decide_are_found_anew(device: EmulatedDevice) -> None:
    x = T.dvector("x")
    w = shared(np.zeros(6), "w")
    outputs = [x.nonzero()[0] * 2, Out(T.exp(x[x.nonzero()[0]]), borrow=True)]
    f, v = function([x], outputs, updates=[(w, w + 1)], target="cuda"), np.zeros(6)
    for number in range(9):
        value = np.zeros(6)
        value[: (3, 3, 3, 3, 3, 1, 6, 0, 3)[number]] = number + 1
        v += 1
        counts, there = f(value)
        assert counts.tolist() == (2 * np.flatnonzero(value)).tolist()
        np.testing.assert_allclose(there.get(), np.exp(value[value != 0]))
    assert w.get_value().tolist() == v.tolist()
    assert counted(device, "graph")[0] > 0


def test_states_that_are_not_written_in_place_move_between_a_few_blocks() -> None:
    """On a device that gives the same addresses again, as real ones do."""
    made = EmulatedDevice(reuse=True)
    before = devices.use(made)
    try:
        x, w = T.dvector("x"), shared(np.zeros(6), "w")
        outputs = [T.exp(x - w.max()).sum(), Out(x * w.sum(), borrow=True), w[::-1]]
        updates = [(w, (w[::-1] + x) * 0.5)]
        f = function([x], outputs, updates=updates, target="cuda")
        assert not f.executable.interface.inplace
        v = np.zeros(6)
        for n in range(40):
            value = np.arange(6.0) + n % 4
            total, there, turned = f(value)
            np.testing.assert_allclose(total, np.exp(value - v.max()).sum())
            np.testing.assert_allclose(there.get(), value * v.sum())
            assert (turned == v[::-1]).all()
            v = (v[::-1] + value) * 0.5
            assert (w.get_value() == v).all()
        assert counted(made, "graph")[0] >= 5
        del f, w, there, outputs, updates
        gc.collect()
        assert not made.live
    finally:
        devices.use(before)


def test_states_of_another_size_at_the_same_address() -> None:
    made = EmulatedDevice(reuse=True)
    before = devices.use(made)
    try:
        w = shared(np.zeros(6), "w")
        f = function([], [T.exp(w - w.max()).sum(), w.sum()], target="cuda")
        seen = []
        for n in range(60):
            with phintys.change_flags(device="cuda"):
                w.set_value(np.arange(6.0 - n % 2))
            seen.append((w.container.storage[0].address, n % 2))
            value = w.get_value()
            np.testing.assert_allclose(f(), [np.exp(value - value.max()).sum(), value.sum()])
        assert counted(made, "graph")[0] > 0
        assert any((address, 1 - size) in seen for address, size in seen)
        del f, w
    finally:
        devices.use(before)


def test_arguments_are_uploaded_where_no_work_has_been_before(device: EmulatedDevice) -> None:
    """In a replay uploads come first, also those that the plan makes when it has let other memory go."""
    x, y = T.dvector("x"), T.dvector("y")
    f = function([x, y], y * T.exp(x.max() - x.sum()), target="cuda")
    lines = f.executable.plan.source.splitlines()
    late = next(number for number, line in enumerate(lines) if "y_d = to_device(y)" in line)
    assert any("= free(" in line for line in lines[:late])
    for n in range(7):
        a, b = np.arange(4.0) * 0.1 + n, np.arange(4.0) + n
        np.testing.assert_allclose(f(a, b), b * np.exp(a.max() - a.sum()))
    assert counted(device, "graph")[0] > 0


def test_batches_by_their_number(device: EmulatedDevice) -> None:
    data, i = shared(np.arange(24.0).reshape(12, 2), "data"), T.lscalar("i")
    w = shared(np.zeros(2), "w")
    batch = data[i * 3 : (i + 1) * 3]
    f = function([i], batch.sum() + w.sum(), updates=[(w, w + batch.mean(axis=0))], target="cuda")
    v, values = np.zeros(2), np.arange(24.0).reshape(12, 2)
    for epoch in range(5):
        counted(device)
        for index in range(4):
            part = values[index * 3 : (index + 1) * 3]
            np.testing.assert_allclose(f(index), part.sum() + v.sum())
            v += part.mean(axis=0)
        graphs, launches = counted(device, "graph", "launch")
        assert (launches == 0) == (epoch > 2) and (graphs >= 4 or epoch < 3)
    assert len(f.executable.plan.kernels) > 1


def test_results_that_stay_are_not_overwritten() -> None:
    x = T.dvector("x")
    f = function([x], Out(T.exp(x) + x.sum(), borrow=True), target="cuda")
    kept = [f(np.full(4, float(n))) for n in range(7)]
    for n, array in enumerate(kept):
        np.testing.assert_allclose(array.get(), np.exp(n) + 4 * n)
    assert len({array.address for array in kept}) == 7


def test_values_set_in_between_are_seen() -> None:
    w = shared(np.zeros(4), "w")
    f = function([], w.sum(), updates=[(w, w + w.max() + 1)], target="cuda")
    for n in range(12):
        if n % 6 == 5:
            w.set_value(np.full((n,), 100.0 * n))
        expected = w.get_value()
        assert f() == expected.sum() and (w.get_value() == expected + expected.max(initial=-np.inf) + 1).all()


def test_the_same_array_twice_and_then_two() -> None:
    x, y = T.dvector("x"), T.dvector("y")
    f = function([x, y], [T.exp(x).sum() - y.sum(), (x * y).sum()], target="cuda")
    a, b = np.ones(3), np.full(3, 2.0)
    for n in range(8):
        first, second = (a, a) if n < 5 else (a, b) if n < 7 else (b, a)
        found = f(first, second)
        np.testing.assert_allclose(found, [np.exp(first).sum() - second.sum(), (first * second).sum()])


def test_arrays_on_the_device_are_taken_where_they_are(device: EmulatedDevice) -> None:
    x = T.dvector("x")
    make, f = function([x], Out(x + 1, borrow=True), target="cuda"), function([x], T.exp(x - x.max()).sum(), target="cuda")
    one, other = make(np.arange(3.0)), make(np.arange(3.0) * 2)
    for _ in range(6):
        np.testing.assert_allclose(f(one), np.exp([-2, -1, 0]).sum())
        np.testing.assert_allclose(f(other), np.exp([-4, -2, 0]).sum())
    assert counted(device, "graph")[0] == 6


@pytest.mark.parametrize("limit", ["MOST_COPIED", "MOST_KEPT"])
def test_long_steps_and_short_ones_are_launched_as_they_are(
    limit: str, device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = T.dvector("x"), T.dvector("y")
    one = function([x], Out(x + 1, borrow=True), target="cuda")
    several = function([x, y], Out(T.exp(x - x.max()) / x.sum(), borrow=True), on_unused_input="ignore", target="cuda")
    for _ in range(5):
        assert one(np.ones(3)).get().tolist() == [2] * 3 and several(np.ones(4), np.ones(1)).get().tolist() == [0.25] * 4
    assert counted(device, "graph") == [2]  # of the second function, from its fourth call on
    monkeypatch.setattr(plan_graphs, limit, 8)
    for _ in range(5):
        several(np.ones(4), np.ones(2))
    assert counted(device, "graph") == [0]


def test_another_precision_has_graphs_of_its_own(device: EmulatedDevice) -> None:
    f, _ = training("cuda")
    for x, y in batches(4):
        f(x, y)
    counted(device)
    with phintys.change_flags({"cuda.tf32": True}):
        f(x, y)
    assert counted(device, "graph") == [0]


def test_graphs_can_be_turned_off(device: EmulatedDevice) -> None:
    f, _ = training("cuda")
    with phintys.change_flags({"cuda.graphs": "off"}):
        for x, y in batches(6):
            f(x, y)
    assert counted(device, "graph") == [0]


def test_operations_of_the_host_are_a_reason(device: EmulatedDevice) -> None:
    x = T.dvector("x")
    f = function([x], T.sort(x * 2) + 1, target="cuda")
    for n in range(6):
        assert f(np.array([3.0, n])).tolist() == sorted([7.0, 2.0 * n + 1])
    assert counted(device, "graph") == [0]
    assert plan_reason(f) == "Python's or NumPy's operations run in between"


def test_a_profile_measures_each_kernel_by_itself(device: EmulatedDevice) -> None:
    x, w = T.dmatrix("x"), shared(np.eye(3), "w")
    product = T.dot(T.exp(x), w)
    f, g = (
        function([x], T.tanh(product), updates=[(w, w + product)], target="cuda", profile=profile)
        for profile in (ProfileStats(atexit_print=False), None)
    )
    value = np.linspace(-1, 1, 9).reshape(3, 3)
    for _ in range(6):
        found = f(value)
        w.set_value(w.get_value() * 0.5)
    assert counted(device, "graph") == [0] and plan_reason(f) == "its kernels are measured one by one"
    kernels = f.profile.kernels()
    kinds = [kernel.kind for kernel in kernels]
    assert kinds[0] == "to device" and "blas.gemm" in kinds and kinds[-1] == "to host" and "kernel: elements" in kinds
    assert {kernel.calls for kernel in kernels} == {6} and all(kernel.seconds > 0 and kernel.expression for kernel in kernels)
    assert f.profile.native_seconds() >= sum(kernel.seconds for kernel in kernels)
    assert ("state", 72) in [(array.kind, array.bytes) for array in f.profile.arrays()]
    assert not g.executable.interface.profile and "clock" not in g.executable.plan.source
    assert np.isfinite(found).all()


def plan_reason(f: Any) -> Any:
    entry = f.caller.entry
    return entry.graphs.reason


def test_a_device_that_captures_nothing_runs_step_by_step(device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "no_graphs", lambda: "the driver has no cuGraphLaunch")
    (f, _), (g, _) = training("cuda"), training("cpu")
    for x, y in batches(6):
        np.testing.assert_allclose(f(x, y), g(x, y), rtol=1e-12)
    assert counted(device, "graph") == [0] and plan_reason(f) == "the driver has no cuGraphLaunch"


def test_a_capture_that_fails_changes_nothing(device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise DeviceError("cuStreamEndCapture failed: stream capture is invalid (CUDA error 901)")

    monkeypatch.setattr(device, "captured", refuse)
    (f, _), (g, _) = training("cuda"), training("cpu")
    for x, y in batches(6):
        np.testing.assert_allclose(f(x, y), g(x, y), rtol=1e-12)
    assert "CUDA error 901" in plan_reason(f)


def test_memory_that_is_kept_is_given_up_when_it_is_needed(device: EmulatedDevice) -> None:
    f, _ = training("cuda")
    for x, y in batches(5):
        f(x, y)
    held = sum(buffer.size for buffer in device.live.values())
    device.memory_size = held + 2000
    x = T.dvector("x")
    g = function([x], x * 2, target="cuda")
    assert g(np.ones(400)).sum() == 800  # 6400 bytes
    device.memory_size = 1 << 40
    for x, y in batches(5):
        f(x, y)


def test_replays_wait_for_other_functions(device: EmulatedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    f = function([], [], updates=[(w, w + w.max() + 1)], target="cuda")
    g = function([x], Out(w * 2 + x.sum(), borrow=True), target="cuda")
    for _ in range(6):
        f()
        found = g(np.zeros(4))
    assert found.get().tolist() == [126] * 4 and counted(device, "graph")[0] >= 4
    monkeypatch.setattr(Queue, "after", lambda *_: None)
    f()
    with pytest.raises(Misuse, match="race"):
        g(np.zeros(4))


def test_memory_of_a_graph_that_is_given_away_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    f, _ = training("cuda")
    for x, y in batches(4):
        f(x, y)
    f.caller.entry.graphs.reserve.give_back()
    with pytest.raises(Misuse, match="was freed"):
        f(x, y)


@pytest.mark.parametrize("warm", [0, 1])
def test_everything_else_through_replays(warm: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elementwise, reductions, products, gathers, random numbers: five calls, replayed from the second or third on."""
    monkeypatch.setattr(plan_graphs, "WARM", warm)
    from phintys.tensor.counter_streams import CounterStreams

    x, i = T.dmatrix("x"), T.lvector("i")
    stream = CounterStreams(seed=3)
    outputs = [
        T.tanh(x) * 2 + x.sum(axis=0),
        x.max(axis=1),
        T.dot(x, x.T),
        x[i],
        T.concatenate([x, x[::-1]], axis=1),
        T.set_subtensor(x[i], 0.0),
        x.argmax(axis=0),
        stream.uniform((3,)),
        Out(x.T, borrow=True),
        x,
    ]
    plain = [output.variable if isinstance(output, Out) else output for output in outputs]
    found, expected = function([x, i], outputs, target="cuda"), function([x, i], plain, target="cpu")
    rng = np.random.default_rng(0)
    for _ in range(5):
        value, index = rng.normal(size=(4, 3)), rng.integers(0, 4, 5)
        ours, theirs = found(value, index), expected(value, index)
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if number != 7:
                np.testing.assert_allclose(np.asarray(one), other, rtol=1e-12)
