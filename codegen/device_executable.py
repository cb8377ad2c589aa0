"""A launch plan on a driver: what `Executable` is for the CPU, with the same `bind` and `bind_strict`.

Calls take NumPy arrays, and arrays on a device without a copy. States live on the device: a cell that holds an array of the
host is uploaded by the first call that needs it, and what a call gives a state stays there. Cells are changed when all work has
been given to the device.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from phintys.ir.profile import BufferSlot, KernelSlot

from . import host
from .device_array import DeviceArray
from .device_queue import Uses
from .driver import Driver
from .executable import Fail, Where, refusal
from .launch_plan import LaunchPlan
from .plan_call import Call
from .plan_functions import FUNCTIONS
from .plan_profile import Measures, clock

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
            self.launches = driver.load(code, plan.kernels) if plan.kernels else []
            self.queue = driver.queue()
        weakref.finalize(self, driver.release, self.queue)
        self._code = compile(plan.source, f"<launch plan of {id(plan)}>", "exec")
        self.names_used = frozenset(self._code.co_consts[0].co_names)
        self.measures = Measures(self.interface.profile)
        self.operations = self._memory_operations()
        self._names: dict[str, Any] = {
            **FUNCTIONS,
            **{f"launch_{number}": self.queue.launcher(launch) for number, launch in enumerate(self.launches)},
            **self.operations,
            **self._constants(),
        }

    # --- what plans call --------------------------------------------------------------------------------------------------

    def _memory_operations(self) -> dict[str, Any]:
        queue, driver = self.queue, self.driver
        allocate, free = partial(driver.allocate, queue=queue), partial(driver.free, queue=queue)

        def to_device(value: Value) -> int:
            if isinstance(value, DeviceArray):
                return value.address
            address = allocate(value.nbytes)
            try:
                queue.upload(address, value)
            except BaseException:
                free(address)
                raise
            return address

        def release(value: Value, address: int) -> int:
            return 0 if isinstance(value, DeviceArray) else free(address)

        def device_array(address: int, shape: tuple[int, ...], dtype: str) -> DeviceArray:
            return DeviceArray(queue.driver, address, shape, dtype, Uses(queue, queue.position + 1))

        def copied(address: int, shape: tuple[int, ...], dtype: str) -> DeviceArray:
            made = DeviceArray.new(queue, shape, dtype)
            queue.copy(made.address, address, made.nbytes)
            return made

        return {
            "allocate": allocate,
            "free": free,
            "to_device": to_device,
            "release": release,
            "to_host": queue.download,
            "fetch": queue.fetch,
            "on_host": on_host,
            "host_array": np.empty,
            "host_view": host_view,
            "device_array": device_array,
            "copied": copied,
            "copy": queue.copy,
            "gemm": queue.gemm,
            "clock": partial(clock, queue),
            "record": self.measures.record,
        }

    def measured(self) -> list[tuple[KernelSlot | BufferSlot, int, int, int]]:
        """What a profiled function has measured so far, as `Executable.measured`."""
        return self.measures.rows()

    def _constants(self) -> dict[str, Any]:
        """Constant arrays on the host; those that go to the device go there once, before all calls."""
        found: dict[str, Any] = dict(self.plan.constants)
        self._kept: list[DeviceArray] = []
        for name, array in self.plan.constants.items():
            if f"{name}_d" in self.names_used:
                kept = DeviceArray.of(self.driver, array)
                self._kept.append(kept)
                found[f"{name}_d"] = kept.address
        with self.driver:
            for kept in self._kept:
                self.queue.before_reading(kept.uses)
        return found

    # --- calls ------------------------------------------------------------------------------------------------------------

    def bind(
        self,
        states: Sequence[list[Any]],
        slow: Callable[..., Any],
        fail: Fail,
        unpack: bool,
        where: Where | None = None,
        *,
        widens: bool = False,
    ) -> Callable[..., Any]:
        """A callable that runs the plan on these state cells; see `Executable.bind`. `widens` changes nothing here."""
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

        def bound(operations: dict[str, Any]) -> Callable[..., Any]:
            names = {**self._names, **calls, "fail": fail_with, **operations}
            exec(self._code, names)  # the plan's own source
            found: Callable[..., Any] = names["main"]
            return found

        return Call(self, bound, list(states), slow, unpack)

    def bind_strict(
        self, states: Sequence[list[Any]], fail: Fail, unpack: bool, where: Where | None = None
    ) -> Callable[..., Any]:
        """The same, but arguments that do not fit are a TypeError that says which and why."""

        def explain(*args: Any, **kwargs: Any) -> None:
            seen = [np.asarray(value) if isinstance(value, DeviceArray) else value for value in args]
            raise TypeError(refusal(self.interface, seen, kwargs, [np.asarray(cell[0]) for cell in states]))

        return self.bind(states, explain, fail, unpack, where)
