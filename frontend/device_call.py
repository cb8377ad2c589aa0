"""The slow path of functions on a device: arguments that are there already stay there."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from .call import Caller
from .residence import is_on_device


class DeviceCaller(Caller):
    """Converts what is on the host; the executable itself moves states, and keeps apart what is written."""

    def __init__(self, *arguments: Any, target: str) -> None:
        from phintys.codegen.device import current

        self.driver = current(target)
        super().__init__(*arguments)

    def _convert(self, number: int, value: Any) -> Any:
        """An argument on the device as it is where it fits, else by way of the host."""
        from phintys.codegen.plan_call import fitting

        if is_on_device(value):
            with self.driver:
                found = fitting(self.driver, self.inputs[number].variable.type, value)
            value = value.get() if found is None and hasattr(value, "get") else found if found is not None else value
        return value if is_on_device(value) else super()._convert(number, value)

    def _turn(self) -> AbstractContextManager[Any]:
        """One call at a time has the driver, native part and all."""
        return self.driver

    def _separate(self, arrays: list[Any]) -> list[Any]:
        return arrays
