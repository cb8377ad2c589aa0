"""A call of a function on a device: arguments are brought into the form that its plan takes, states are kept in order.

States and arrays on the device are used by functions that each have a queue of their own: before its work a call waits for
theirs, where they have used the same memory, and leaves word of its own (`device_queue.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from phintys.ir.types import TensorType

from .device_array import DeviceArray, from_interface
from .dlpack import on_cuda
from .driver import Driver
from .executable import exact_array
from .interface import Argument
from .plan_graphs import Graphs

if TYPE_CHECKING:
    from .device_executable import DeviceExecutable, Value


class Call:
    """One function on its states."""

    def __init__(
        self, executable: DeviceExecutable, bound: Callable[..., Any], cells: list[list[Any]], slow: Any, unpack: bool
    ) -> None:
        interface = executable.interface
        self.driver = executable.driver
        self.main, self.cells, self.slow, self.unpack = bound({}), cells, slow, unpack
        self.graphs = Graphs(executable.queue, executable.names_used, executable.operations, executable.launches, bound)
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
        self.queue = executable.queue
        self.fetches = "fetch" in executable.names_used

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results, once states have their new values."""
        if kwargs or len(args) != len(self.inputs):
            return self.slow(*args, **kwargs)
        with self.driver:
            driver, given = self.driver, list[Any]()
            for value, (dtype, rank, argument) in zip(args, self.plain, strict=True):
                if type(value) is np.ndarray:
                    fits = value.dtype is dtype and value.ndim == rank and value.flags.carray
                else:
                    fits = type(value) is DeviceArray and value.driver is driver and value.dtype is dtype
                    fits = fits and len(value.shape) == rank
                if not fits:
                    value = accepted(driver, argument, value)
                    if value is None:
                        return self.slow(*args)
                given.append(value)
            states = [self._resident(cell) for cell in self.cells]
            if self.written:
                self._separate(given, states)
            found = self._run(given, states)
            outputs = []
            for value, cell in zip(found, self.results, strict=True):
                if cell is None:
                    outputs.append(value)
                else:
                    self.cells[cell][0] = value
            for cell in self.written:
                self.cells[cell][0] = states[cell]
            ticket = self.queue.close() if self.fetches else None
        if ticket is not None:
            self.queue.land(ticket)  # other threads have the device meanwhile
        return (outputs[0] if outputs else None) if self.unpack else outputs

    def _run(self, given: list[Any], states: list[DeviceArray]) -> Any:
        """The plan's results, its work in order with that of other queues."""
        queue = self.queue
        there = [*states, *(value for value in given if type(value) is DeviceArray)]
        for array in there:
            queue.before_reading(array.uses)
        for number in self.written:
            queue.before_writing(states[number].uses)
        try:
            found = self.graphs.call(self.main, [*given, *states] if self.inputs_first else self._in_order(given, states))
        finally:
            at = queue.stamp()
            for array in there:
                array.uses.read(queue, at)
                if array.uses.foreign:
                    self.driver.let_wait(array.uses.foreign, queue.stream)
            for number in self.written:
                states[number].uses.written(queue, at)
        return found

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
        there = [*states, *(value for value in given if type(value) is DeviceArray)]
        if len({array.address for array in there}) == len(there) and not any(array.owner is not None for array in there):
            return  # each has an allocation of its own
        for number in self.written:
            others = [*there[len(states) :], *states[:number], *states[number + 1 :]]
            if any(_overlap(states[number], other) for other in others):
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
        return fitting(driver, type_, value) if is_on_device(value) else None
    if not _fits(type_, value):
        return None
    flags = value.flags
    return value if flags.c_contiguous and flags.aligned else exact_array(value, type_.dtype)


def is_on_device(value: Any) -> bool:
    """Whether a value is in the memory of a GPU, of this package or of another library."""
    if isinstance(value, np.ndarray | float | int | list | tuple):
        return False
    return hasattr(value, "__cuda_array_interface__") or on_cuda(value)


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
