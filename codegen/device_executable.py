"""A launch plan on a driver: what `Executable` is for the CPU, with the same `bind` and `bind_strict`.

Calls take NumPy arrays, and arrays on a device without a copy. States live on the device: a cell that holds an array of the
host is uploaded by the first call that needs it, and what a call gives a state stays there. Cells are changed when everything
else has succeeded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from phintys.ir.types import TensorType

from . import host
from .device_array import DeviceArray, from_interface
from .driver import Driver
from .executable import Fail, Where, exact_array, refusal
from .interface import Argument
from .launch_plan import LaunchPlan
from .plan_functions import FUNCTIONS

Array = np.ndarray[Any, Any]
Value = Array | DeviceArray


def on_host(value: Value, dtype: str) -> Array:
    """The value as an array of the host; unsigned numbers seen as signed ones, complex ones as pairs, and back."""
    array = value.get() if isinstance(value, DeviceArray) else value
    wanted = np.dtype(dtype)
    if array.dtype.kind == "c" and wanted.kind == "f":
        return array.reshape(*array.shape, 1).view(wanted)
    if array.dtype.kind == "f" and wanted.kind == "c":
        return array.view(wanted).reshape(array.shape[:-1])
    return array if array.dtype == wanted else array.view(wanted)


def host_view(array: Array, offset: int, shape: Sequence[int], strides: Sequence[int]) -> Array:
    """Another view of the memory of an array; offset and strides in elements."""
    flat = array.reshape(-1)[offset:]
    return np.lib.stride_tricks.as_strided(flat, shape, [step * array.itemsize for step in strides])


class DeviceExecutable:
    """A plan whose kernels are loaded on a device."""

    def __init__(self, plan: LaunchPlan, code: str, driver: Driver) -> None:
        self.plan = plan
        self.interface = plan.interface
        self.driver = driver
        with driver:
            launchers = driver.load(code, plan.kernels) if plan.kernels else []
        self._code = compile(plan.source, f"<launch plan of {id(plan)}>", "exec")
        self._names: dict[str, Any] = {
            **FUNCTIONS,
            **{f"launch_{number}": launch for number, launch in enumerate(launchers)},
            **self._memory_operations(),
            **self._constants(),
        }

    # --- what plans call --------------------------------------------------------------------------------------------------

    def _memory_operations(self) -> dict[str, Any]:
        driver = self.driver
        free = driver.free

        def to_device(value: Value) -> int:
            if isinstance(value, DeviceArray):
                return value.address
            address = driver.allocate(value.nbytes)
            try:
                driver.upload(address, value)
            except BaseException:
                free(address)
                raise
            return address

        def release(value: Value, address: int) -> int:
            return 0 if isinstance(value, DeviceArray) else free(address)

        def to_host(address: int, shape: tuple[int, ...], dtype: str) -> Array:
            array = np.empty(shape, dtype)
            driver.download(array, address)
            return array

        def copied(address: int, shape: tuple[int, ...], dtype: str) -> DeviceArray:
            return DeviceArray.of(driver, DeviceArray(driver, address, shape, dtype, owner=driver))

        return {
            "allocate": driver.allocate,
            "free": free,
            "to_device": to_device,
            "release": release,
            "to_host": to_host,
            "on_host": on_host,
            "host_array": np.empty,
            "host_view": host_view,
            "device_array": partial(DeviceArray, driver),
            "copied": copied,
            "copy": driver.copy,
            "gemm": driver.gemm,
        }

    def _constants(self) -> dict[str, Any]:
        """Constant arrays on the host; those that go to the device go there once."""
        found: dict[str, Any] = dict(self.plan.constants)
        self._kept = []
        for name, array in self.plan.constants.items():
            if f"{name}_d" in self._code.co_consts[0].co_names:
                self._kept.append(DeviceArray.of(self.driver, array))
                found[f"{name}_d"] = self._kept[-1].address
        return found

    # --- calls ------------------------------------------------------------------------------------------------------------

    def bind(
        self, states: Sequence[list[Any]], slow: Callable[..., Any], fail: Fail, unpack: bool, where: Where | None = None
    ) -> Callable[..., Any]:
        """A callable that runs the plan on these state cells; see `Executable.bind`."""
        whole = getattr(fail, "of_call", None)

        def fail_with(number: int, values: tuple[int, ...], arguments: tuple[Any, ...]) -> None:
            if whole is None:
                fail(number, values)
            else:
                whole(number, values, [*arguments])

        calls = {
            f"host_{number}": host.bind(call.function, call.gives, call.options, where and partial(where, call.location))
            for number, call in enumerate(self.interface.hosts)
        }
        names = {**self._names, **calls, "fail": fail_with}
        exec(self._code, names)  # the plan's own source
        return _Call(self, names["main"], list(states), slow, unpack)

    def bind_strict(
        self, states: Sequence[list[Any]], fail: Fail, unpack: bool, where: Where | None = None
    ) -> Callable[..., Any]:
        """The same, but arguments that do not fit are a TypeError that says which and why."""

        def explain(*args: Any, **kwargs: Any) -> None:
            seen = [np.asarray(value) if isinstance(value, DeviceArray) else value for value in args]
            raise TypeError(refusal(self.interface, seen, kwargs, [np.asarray(cell[0]) for cell in states]))

        return self.bind(states, explain, fail, unpack, where)


class _Call:
    """One function on its states."""

    def __init__(
        self, executable: DeviceExecutable, main: Callable[..., Any], cells: list[list[Any]], slow: Any, unpack: bool
    ) -> None:
        interface = executable.interface
        self.driver = executable.driver
        self.main, self.cells, self.slow, self.unpack = main, cells, slow, unpack
        self.inputs = interface.inputs
        # What is seen at a glance: dtype and rank, where no size is known.
        types = [argument.type for argument in self.inputs]
        self.plain = [
            (np.dtype(type_.dtype), type_.ndim if not any(type_.shape) else None, argument)
            for type_, argument in zip(types, self.inputs, strict=True)
        ]
        self.order = [argument.is_state for argument in interface.arguments]
        self.inputs_first = self.order == sorted(self.order)
        numbers = {number: at for at, number in enumerate(n for n, state in enumerate(self.order) if state)}
        self.results = [
            None if row.argument is None else numbers[row.argument] for row in interface.results if row.kind != "inplace"
        ]
        self.written = [numbers[number] for number in sorted(interface.inplace)]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != len(self.inputs):
            return self.slow(*args, **kwargs)
        with self.driver:
            given: list[Any] = []
            for value, (dtype, rank, argument) in zip(args, self.plain, strict=True):
                if not (type(value) is np.ndarray and value.dtype is dtype and value.ndim == rank and value.flags.carray):
                    value = accepted(self.driver, argument, value)
                    if value is None:
                        return self.slow(*args)
                given.append(value)
            states = [self._resident(cell) for cell in self.cells]
            if self.written:
                self._separate(given, states)
            outputs = []
            found = self.main(*given, *states) if self.inputs_first else self.main(*self._in_order(given, states))
            for value, cell in zip(found, self.results, strict=True):
                if cell is None:
                    outputs.append(value)
                else:
                    self.cells[cell][0] = value
            for cell in self.written:
                self.cells[cell][0] = states[cell]
        return (outputs[0] if outputs else None) if self.unpack else outputs

    def _in_order(self, given: list[Any], states: list[DeviceArray]) -> list[Any]:
        inputs, values = iter(given), iter(states)
        return [next(values) if state else next(inputs) for state in self.order]

    def _resident(self, cell: list[Any]) -> DeviceArray:
        """The state on this device, moved there for good where it is not."""
        value = cell[0]
        if not (type(value) is DeviceArray and value.driver is self.driver):
            value = cell[0] = DeviceArray.of(self.driver, np.asarray(value))
        return value

    def _separate(self, given: list[Any], states: list[DeviceArray]) -> None:
        """States that are written in place share memory with nothing else: copies where they do."""
        for number in self.written:
            others = [*given, *states[:number], *states[number + 1 :]]
            if any(isinstance(other, DeviceArray) and _overlap(states[number], other) for other in others):
                states[number] = states[number].copy()


def _overlap(a: DeviceArray, b: DeviceArray) -> bool:
    return a.address < b.address + b.nbytes and b.address < a.address + a.nbytes


def accepted(driver: Driver, argument: Argument, value: Any) -> Value | None:
    """The value as a plan takes it, `None` where it has to be converted first."""
    type_, own = argument.type, np.dtype(argument.type.dtype)
    if not type_.ndim and type(value) in (float, int, np.float64):
        made = np.asarray(value, own) if own.kind == "f" or type(value) is int else None
        return made if made is not None and made == value else None
    if type(value) is not np.ndarray:
        return fitting(driver, type_, value) if hasattr(value, "__cuda_array_interface__") else None
    if not _fits(type_, value):
        return None
    flags = value.flags
    return value if flags.c_contiguous and flags.aligned else exact_array(value, type_.dtype)


def fitting(driver: Driver, type_: TensorType, value: Any) -> DeviceArray | None:
    """A value with `__cuda_array_interface__`, without a copy; `None` where it is not of the type, or has gaps."""
    own = type(value) is DeviceArray and value.driver is driver
    found = value if own else from_interface(driver, value)
    return found if found is not None and _fits(type_, found) else None


def _fits(type_: TensorType, value: Value) -> bool:
    return (
        value.dtype == np.dtype(type_.dtype)
        and len(value.shape) == type_.ndim
        and all(size in (None, have) for size, have in zip(type_.shape, value.shape, strict=True))
    )
