"""Shared variables: symbolic tensors with a value that persists between calls and that functions can update."""

from __future__ import annotations

import copy
from typing import Any

from ..residence import from_device, is_on_device, on_host, placed
from ..turns import snapshot, turn
from ..types import Array, TensorType
from .var import TensorVariable


class Container:
    """The storage cell of a shared variable: a list of one array, which compiled functions read and replace.

    The array is NumPy's, or a `DeviceArray` where functions on a GPU use it.
    """

    def __init__(self, type: TensorType, value: Array, name: str | None = None) -> None:
        self.type = type
        self.storage: list[Array] = [value]
        self.name = name

    @property
    def value(self) -> Array:
        """A copy of the array."""
        return self.read()

    @value.setter
    def value(self, value: Any) -> None:
        self.write(placed(self.type.filter(value).copy()))

    def read(self, there: bool = False) -> Array:
        """A copy of the array, as it is between two calls of functions: on the host, or `there`, where it lies.

        Calls write into it at their end only, in one go with the GIL: nobody has to wait for one that runs Python.
        """
        value = self.storage[0]
        if is_on_device(value):
            return value.copy() if there else on_host(value)
        return snapshot(value)

    def write(self, value: Array) -> None:
        """Put an array into the cell, between two calls of functions."""
        driver = getattr(self.storage[0], "driver", None)  # of a value on a device: calls there hold it
        if driver is None and not self.storage[1:]:  # nothing lets another thread run between this and the next line
            self.storage[0] = value
            return
        with turn((self.storage,)) if driver is None else driver:
            self.storage[0] = value

    @property
    def data(self) -> Array:
        """The array itself."""
        return self.storage[0]

    def __repr__(self) -> str:
        return f"<{self.storage[0]!r}>"

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "storage": [self.read(there=True)]}


class TensorSharedVariable(TensorVariable):
    """A tensor with a value: `get_value`, `set_value`; functions change it by their `updates`. Made by `shared`."""

    container: Container
    default_update: Any

    @classmethod
    def of(
        cls,
        type: TensorType,
        value: Array,
        name: str | None,
        strict: bool,
        allow_downcast: bool | None,
        loc: str | None,
    ) -> TensorSharedVariable:
        """A shared variable whose cell holds `value` itself (an exact array of `type`)."""
        result = cls(type, name, loc=loc)
        result.container = Container(result.type, value, name)
        vars(result)["_strict"], vars(result)["_allow_downcast"] = strict, allow_downcast
        return result

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Array:
        """The value: a copy, or with `borrow` the array that functions read and write, which may be replaced any time.

        A value on a GPU is copied to the host in any case, unless `return_internal_type` asks for the device's array.
        """
        if not borrow:
            return self.container.read(there=return_internal_type)
        value = self.container.storage[0]
        return on_host(value) if is_on_device(value) and not return_internal_type else value

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value, by a copy unless `borrow`; sizes may change. TypeError when it does not fit the type."""
        fields = vars(self)
        there = from_device(self.type, new_value, borrow)
        if there is not None:
            self.container.write(there)
            return
        if is_on_device(new_value) and hasattr(new_value, "__array__"):
            new_value = on_host(new_value)
        value = self.type.filter(new_value, fields["_strict"], fields["_allow_downcast"])
        aliases = value is new_value or value.base is not None
        self.container.write(placed(value.copy() if aliases and not borrow else value))

    def zero(self, borrow: bool = False) -> None:
        """Set all elements to zero, in place when `borrow`."""
        value = self.container.storage[0]
        if borrow and not is_on_device(value):
            value[...] = 0
        else:
            self.container.write(placed(on_host(value) * 0))

    def clone(self) -> TensorSharedVariable:
        """Another variable of the same cell."""
        result = copy.copy(self)
        result.container = self.container
        return result

    def __copy__(self) -> TensorSharedVariable:
        result = self.__class__(self.type, self.name, loc=self.loc)
        vars(result).update(self._extra())
        return result

    @property
    def value(self) -> Array:
        """Not available: Theano 0.6 took it away."""
        raise AttributeError("sharedvar.value does not exist anymore. Use sharedvar.get_value() or sharedvar.set_value()")


SharedVariable = TensorSharedVariable  # Theano's name of the class of all of them
