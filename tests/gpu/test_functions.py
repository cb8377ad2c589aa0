"""Functions on a device: results as on the CPU, states that live there, results that stay, arguments that are there already."""

from __future__ import annotations

import dataclasses
import pickle
import re
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import Out, function, shared
from phintys.codegen.device_array import DeviceArray
from phintys.codegen.device_executable import DeviceExecutable
from phintys.codegen.driver import Driver
from phintys.compile.debugmode import BadThunkOutput

pytestmark = pytest.mark.usefixtures("device")


class Foreign:
    """An array of another library."""

    def __init__(self, array: DeviceArray, **changes: Any) -> None:
        self.array = array  # keeps the memory
        self.__cuda_array_interface__ = {**array.__cuda_array_interface__, **changes}


def both(inputs: Any, outputs: Any, *values: Any) -> tuple[Any, Any]:
    return tuple(function(inputs, outputs, target=target)(*values) for target in ("cuda", "cpu"))  # type: ignore[return-value]


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (5, 7), (300, 2)])
def test_elementwise_and_reductions(shape: tuple[int, int]) -> None:
    x = T.dmatrix("x")
    value = np.random.default_rng(0).normal(size=shape)
    found, expected = both([x], [T.tanh(x) * 2, x.sum(axis=0), x.sum(), (x > 0).any(axis=1)], value)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "uint64", "float32", "complex64", "complex128"])
def test_dtypes(dtype: str) -> None:
    x = T.TensorType(dtype, (False,))("x")
    value = (np.arange(7) % 2 if dtype == "bool" else 100 + np.arange(7)).astype(dtype)
    found, expected = both([x], T.stack([x, x[::-1]]), value)
    assert found.dtype == expected.dtype and (found == expected).all()


@pytest.mark.parametrize("sizes", [(3, 4, 5), (1, 1, 1), (0, 2, 3), (2, 0, 3)])
def test_products(sizes: tuple[int, int, int]) -> None:
    x, y = T.dmatrix("x"), T.dmatrix("y")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=sizes[:2]), rng.normal(size=sizes[1:])
    found, expected = both([x, y], [T.dot(x, y), T.dot(y.T, x.T), T.dot(x, y[:, 0])], a, b)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-13)


def test_numpy_functions_in_between() -> None:
    x = T.dmatrix("x")
    value = np.eye(3) + np.arange(9).reshape(3, 3) / 10
    found, expected = both([x], [T.nlinalg.matrix_inverse(x) * 2, T.sort(x.flatten())], value)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def counter() -> tuple[Any, Any]:
    w, step = shared(np.arange(4.0), "w"), T.dscalar("step")
    return function([step], w.sum(), updates=[(w, w + step)], target="cuda"), w


def test_states_stay_on_the_device(device: Driver) -> None:
    f, w = counter()
    assert type(w.container.storage[0]) is np.ndarray
    assert [f(1), f(1.0), f([[2]][0][0])] == [6, 10, 14]
    inside = w.get_value(borrow=True, return_internal_type=True)
    assert isinstance(inside, DeviceArray) and inside.driver is device
    assert w.get_value(return_internal_type=True) is not inside
    for value in (w.get_value(), w.get_value(borrow=True), f[w], np.asarray(inside)):
        assert type(value) is np.ndarray and value.tolist() == [4, 5, 6, 7]


def test_values_set_are_used_and_functions_of_both_kinds_share_them() -> None:
    f, w = counter()
    f(1)
    w.set_value(np.zeros(3))
    assert f(1) == 0 and f(1) == 3
    on_cpu = function([], w * 2, updates=[(w, w + 10)])
    assert on_cpu().tolist() == [4, 4, 4] and f(1) == 36 and w.get_value().tolist() == [13, 13, 13]
    w.zero()
    assert f(0) == 0


def test_values_are_put_on_the_device_when_it_is_the_configured_one(device: Driver) -> None:
    with phintys.change_flags(device="cuda"):
        w = shared(np.ones(3), "w")
        there = w.get_value(borrow=True, return_internal_type=True)
        assert isinstance(there, DeviceArray)
        w.set_value(there, borrow=True)
        assert w.container.storage[0] is there
        w.set_value(there)
        assert w.container.storage[0] is not there
        f = function([], w.sum(), updates=[(w, 2 * w)])
        assert [f(), f()] == [3, 6] and there.get().tolist() == [1, 1, 1]


def test_shared_variables_are_pickled_as_arrays() -> None:
    f, w = counter()
    f(1)
    copied = pickle.loads(pickle.dumps(w))
    assert type(copied.container.storage[0]) is np.ndarray and copied.get_value().tolist() == [1, 2, 3, 4]
    again = pickle.loads(pickle.dumps(f))
    assert again(1) == 10 and f(1) == 10 and f.copy()(0) == 14


def test_results_that_stay() -> None:
    x = T.dmatrix("x")
    f = function([x], [Out(2 * x, borrow=True), x.sum(), Out(x, borrow=True), Out(2 * x, borrow=True)], target="cuda")
    value = np.arange(6.0).reshape(2, 3)
    twice, total, same, again = f(value)
    assert [type(kind) for kind in (twice, total, same, again)] == [DeviceArray, np.ndarray, DeviceArray, DeviceArray]
    assert len({twice.address, same.address, again.address}) == 3
    assert (twice.get() == 2 * value).all() and (same.get() == value).all() and (again.get() == 2 * value).all() and total == 15
    four, *_ = f(twice)
    assert (np.asarray(four) == 4 * value).all() and four.strides == (24, 8) and len(four) == 2


def test_arguments_on_the_device_are_not_copied(device: Any) -> None:
    x, y = T.dvector("x"), T.dvector("y")
    f = function([x, y], x + y, target="cuda")
    there = DeviceArray.of(device, np.arange(3.0))
    uploads = [event for event in getattr(device, "events", []) if event[0] == "upload"]
    assert f(there, Foreign(there, strides=(8,))).tolist() == [0, 2, 4]
    assert [event for event in getattr(device, "events", []) if event[0] == "upload"] == uploads
    assert f(there, [1, 2, 3]).tolist() == [1, 3, 5]
    reversed_ = Foreign(there, strides=(-8,))
    with pytest.raises((TypeError, ValueError)):
        f(there, reversed_)
    with pytest.raises(TypeError, match="Wrong number of dimensions"):
        f(there, DeviceArray.of(device, np.ones((2, 2))))
    assert f(there, DeviceArray.of(device, np.ones(3, "float32"))).tolist() == [1, 2, 3]


def test_arguments_that_are_converted_leave_states_where_they_are(device: Any) -> None:
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    f = function([x], [], updates=[(w, w + x)], target="cuda")
    f(np.ones(4))
    there = w.get_value(borrow=True, return_internal_type=True)
    f([1, 2, 3, 4])
    assert w.get_value(borrow=True, return_internal_type=True) is there
    assert [event for event in getattr(device, "events", []) if event[0] == "download"] == []
    assert w.get_value().tolist() == [2, 3, 4, 5]


def test_where_results_are_is_part_of_the_key_of_the_cache() -> None:
    x = T.dvector("x")
    kinds = [type(function([x], Out(x + 1, borrow=borrow), target="cuda")([1.0])) for borrow in (False, True, False)]
    assert kinds == [np.ndarray, DeviceArray, np.ndarray]


def test_a_state_is_not_written_over_an_argument() -> None:
    w, x = shared(np.zeros(4), "w"), T.dvector("x")
    f = function([x], Out(x * 1, borrow=True), updates=[(w, w + 1)], target="cuda")
    f(np.ones(4))
    kept = w.get_value(borrow=True, return_internal_type=True)
    assert f(kept).get().tolist() == [1, 1, 1, 1] and w.get_value().tolist() == [2, 2, 2, 2]
    assert kept.get().tolist() == [1, 1, 1, 1]  # the state was written elsewhere


def test_failures_leave_states_and_memory_alone(device: Any) -> None:
    w, index = shared(np.arange(4.0), "w"), T.lvector("i")
    f = function([index], w[index].sum(), updates=[(w, w + w[index].sum())], target="cuda")
    assert f([1, 2]) == 3
    before = w.get_value()
    held = len(getattr(device, "live", ()))
    with pytest.raises(IndexError, match="index 9 is out of bounds"):
        f([1, 9])
    assert (w.get_value() == before).all() and len(getattr(device, "live", ())) == held
    x, y = T.dvector("x"), T.dvector("y")
    with pytest.raises(ValueError, match="mis-match"):
        function([x, y], x + y, target="cuda")(np.ones(2), np.ones(3))


def test_failures_of_the_host_in_between(device: Any) -> None:
    x = T.dmatrix("x")
    f = function([x], T.exp(T.slinalg.cholesky(x + 0)).sum() + x.sum(), target="cuda")
    held = len(getattr(device, "live", ()))
    with pytest.raises(np.linalg.LinAlgError):
        f(-np.eye(2))
    assert len(getattr(device, "live", ())) == held
    assert np.isclose(f(np.eye(2)), 2 * np.e + 2 + 2)


def test_memory_that_runs_out(device: Any) -> None:
    if not hasattr(device, "memory_size"):
        pytest.skip("the GPU's memory is not ours to fill")
    f, _ = counter()
    x = T.dvector("x")
    g = function([x], T.outer(x, x).sum(axis=0) + T.exp(x), target="cuda")
    f(1)
    device.memory_size = 5000
    held = len(device.live)
    with pytest.raises(MemoryError, match="no 8000 bytes left"):
        g(np.ones(1000))
    assert len(device.live) == held and f(1) == 10


def test_random_streams_draw_the_same_numbers() -> None:
    from phintys.tensor.shared_randomstreams import RandomStreams

    def draws(target: str) -> Any:
        stream = RandomStreams(seed=5)
        f = function([], stream.uniform((3,)), target=target)
        return [f().tolist() for _ in range(3)]

    assert draws("cuda") == draws("cpu")


def test_nothing_is_compiled_twice(device: Driver) -> None:
    x = T.dvector("x")
    first, second = (function([x], T.exp(x) + 1, target="cuda") for _ in range(2))
    assert first.executable.plan == second.executable.plan
    assert (second([0.0]) == 2).all()


def test_debug_mode_compares_with_numpy() -> None:
    w, x = shared(np.ones(3), "w"), T.dvector("x")
    f = function([x], x * w, updates=[(w, w + 1)], mode="DebugMode", target="cuda")
    assert f([1, 2, 3]).tolist() == [1, 2, 3] and f([1, 2, 3]).tolist() == [2, 4, 6]
    nan = function([x], T.log(x), mode="NanGuardMode", target="cuda")
    with pytest.raises(AssertionError):
        nan([-1.0])


def test_states_are_restored_when_a_result_of_python_is_nan() -> None:
    @phintys.as_op([T.dvector], [T.dvector])
    def bad(value: Any) -> Any:
        return value * np.nan

    x, state = T.dvector("x"), shared(np.arange(2.0), "state")
    f = function([x], bad(x), updates=[(state, state * 2)], mode="NanGuardMode", target="cuda")
    for _ in range(2):
        with pytest.raises(AssertionError, match="NaN detected in an expression"):
            f([1.0, 2.0])
        assert state.get_value().tolist() == [0, 1]


def test_debug_mode_tells_launches_from_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    right = DeviceExecutable.__init__

    def swapped(self: Any, plan: Any, *rest: Any) -> None:
        source = re.sub(r"(launch_0\(.*)x_d(.*)y_d", r"\1y_d\2x_d", plan.source)
        right(self, dataclasses.replace(plan, source=source), *rest)

    monkeypatch.setattr(DeviceExecutable, "__init__", swapped)
    x, y = T.dvectors("x", "y")
    with pytest.raises(BadThunkOutput, match=r"output 0(.|\n)*look at convert-gpu-to-nvvm, at the PTX, and at the launch plan"):
        function([x, y], x - y, mode="debug", target="cuda")([1.0], [3.0])


class ByDlpack:
    """An array of a library that offers DLPack only."""

    def __init__(self, array: DeviceArray) -> None:
        self.array, self.streams = array, []

    def __dlpack__(self, stream: int | None = None) -> Any:
        self.streams.append(stream)
        return self.array.__dlpack__(stream=stream)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class WithoutStream(ByDlpack):
    """One that offers the interface, too, and does not say there whose work is to be waited for, as PyTorch's and JAX's."""

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {**self.array.__cuda_array_interface__, "stream": None, "version": 2}


@pytest.mark.parametrize("kind", [ByDlpack, WithoutStream])
def test_dlpack_is_taken_without_a_copy(device: Any, kind: type[ByDlpack]) -> None:
    x = T.fmatrix("x")
    f = function([x], x * 2, target="cuda")
    there = DeviceArray.of(device, np.arange(6, dtype="float32").reshape(2, 3))
    given = kind(there)
    uploads = [event for event in getattr(device, "events", []) if event[0] == "upload"]
    assert (f(given) == 2 * there.get()).all()
    assert [event for event in getattr(device, "events", []) if event[0] == "upload"] == uploads
    assert given.streams == [device.main.stream.handle]
    del there, given  # the memory is free again in the end


def test_transfer_says_where_an_output_is_given(device: Driver) -> None:
    x = T.dvector("x")
    for target in ("cuda", "cpu"):
        outputs = [(x * 2).transfer("cuda"), (x + 1).transfer("cpu"), Out((x + 2).transfer("cpu"), borrow=True), x.sum()]
        f = function([x], outputs, target=target)
        found = f([1.0, 2.0])
        assert [type(one) for one in found] == [DeviceArray, np.ndarray, np.ndarray, np.ndarray]
        assert found[0].driver is device
        assert [np.asarray(one).tolist() for one in found] == [[2, 4], [2, 3], [3, 4], 3]
    assert isinstance(function([x], (x * 2).transfer("gpu"), target="cpu")([1.0]), DeviceArray)
    cost = (x.transfer("cuda") ** 2).sum().transfer("cuda")
    assert function([x], T.grad(cost, x), target="cuda")([3.0]).tolist() == [6]
    assert function([x], {"a": (x * 2).transfer("cuda")}, target="cpu")([1.0])["a"].get().tolist() == [2]


def test_two_devices() -> None:
    from phintys.codegen import device as devices
    from phintys.codegen.emulated_kernels import EmulatedDevice

    second = EmulatedDevice()
    second.device_number = 1
    before = devices.use(second, 1)
    try:
        w, x = shared(np.arange(4.0), "w"), T.dvector("x")
        on_first = function([x], Out((w * x).sum(), borrow=True), updates=[(w, w + 1)], target="cuda")
        on_second = function([x], [Out((w * x).sum(), borrow=True), x.transfer("cuda0")], updates=[(w, w + 1)], target="cuda1")
        first = on_first(np.ones(4))
        other, there = on_second(np.ones(4))
        assert first.driver is not second and other.driver is second and there.driver is first.driver
        assert (float(first), float(other)) == (6, 10) and on_first(there).get() == 14
        with phintys.change_flags(device="cuda1"):
            v = shared(np.ones(2))
            assert v.container.storage[0].driver is second
            assert function([], v * 2).executable.driver is second
        del w, v, first, other, there, on_first, on_second
    finally:
        devices.use(before, 1)
