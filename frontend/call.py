"""The slow path around the native entry of a function: defaults, keywords, and arguments that have to be converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from .conversion import exact
from .errors import near, noted
from .inputs import In
from .turns import Cell, turn
from .types import Array
from .widening import Widening

MISSING: Any = object()


class Caller:
    """The slow path: defaults, keywords, conversion, aliases; then the strict entry."""

    def __init__(
        self,
        name: str,
        inputs: Sequence[In],
        kept: Mapping[int, Cell],
        cells: Sequence[list[Array]],
        strict: Callable[..., Any],
    ) -> None:
        self.name = name
        self.inputs = inputs
        self.kept = kept
        self.cells = cells
        self.strict = strict
        self.widening = Widening(() if kept else inputs)
        self.entry: Callable[..., Any] = strict  # the native entry that has this object behind it
        self.defaults: list[Any] = [
            MISSING if spec.value is None or number in kept else self._convert(number, spec.value)
            for number, spec in enumerate(inputs)
        ]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function with anything that can be converted; with `output_subset=[0, 2]`, only these outputs."""
        if "output_subset" in kwargs:
            wanted = kwargs.pop("output_subset")
            found = self(*args, **kwargs)
            return found if wanted is None else [found[number] for number in wanted]
        widened = None if kwargs else self.widening(args)
        if widened is not None:
            return self.entry(*widened)
        values = self._bind(args, kwargs)
        arrays, cells = [], []
        for number, value in enumerate(values):
            if number not in self.kept:
                arrays.append(self.defaults[number] if value is MISSING else self._convert(number, value))
            elif value is not MISSING:
                cells.append((self.kept[number], self._convert(number, value).copy()))
        if not self.cells:
            return self.strict(*self._separate(arrays))
        with self._turn():
            for cell, array in cells:
                cell[0] = array
            return self.strict(*self._separate(arrays))

    def _turn(self) -> AbstractContextManager[Any]:
        """What keeps other calls from the states meanwhile."""
        return turn(self.cells)

    def _bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
        """One value for each input, `MISSING` where a default is taken."""
        if len(args) > len(self.inputs):
            error = TypeError("Too many parameter passed to theano function")
            raise noted(error, f"{self.name} takes {len(self.inputs)} and got {len(args)}")
        values = [*args, *[MISSING] * (len(self.inputs) - len(args))]
        for name, value in kwargs.items():
            number = self._number(name)
            if values[number] is not MISSING:
                raise TypeError(f"Multiple values for input: {name}")
            values[number] = value
        for number, spec in enumerate(self.inputs):
            if values[number] is MISSING and self.defaults[number] is MISSING and number not in self.kept:
                raise TypeError(f"Missing required input: {spec.variable if spec.name is None else spec.name}")
        return values

    def _number(self, name: str) -> int:
        """Number of the input of that name."""
        found = [number for number, spec in enumerate(self.inputs) if spec.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise TypeError(f"Ambiguous name: {name} - please check the names of the inputs of your function for duplicates.")
        named = [spec.name for spec in self.inputs if spec.name is not None]
        unnamed = len(self.inputs) - len(named)
        raise TypeError(
            f"Unknown input or state: {name}. The function has {len(named)} named input{'s' * (len(named) != 1)} "
            f"({', '.join(named)}), and {unnamed} unnamed input{'s' * (unnamed != 1)}{near(name, named)}"
        )

    def _convert(self, number: int, value: Any) -> Array:
        """The argument as an exact array; errors say which one it was."""
        spec = self.inputs[number]
        try:
            return spec.variable.type.filter(value, spec.strict, spec.allow_downcast)
        except (TypeError, ValueError) as error:
            argument = f'argument with name "{spec.name}"' if spec.name else "argument"
            prefix = f'Bad input {argument} to theano function with name "{self.name}" at index {number} (0-based).  '
            rest = ", ".join(str(part) for part in error.args[1:])
            message = f"{error.args[0] if error.args else error}" + (f" ({rest})" if rest else "")
            raise type(error)(prefix + message) from None

    def _separate(self, arrays: list[Array]) -> list[Array]:
        """Copies of arguments in a state's memory, which the function may overwrite, and of states that overlap."""
        for number, cell in enumerate(self.cells):
            given = cell[0]
            value = exact(given)
            if not value.flags.writeable or any(
                np.may_share_memory(value, other[0]) for other in self.cells[:number] if other is not cell
            ):
                value = value.copy()
            # Native calls of other threads may have moved the state on: between these two, no thread can.
            if value is not given and cell[0] is given:
                cell[0] = value
        return [array.copy() if any(np.may_share_memory(array, cell[0]) for cell in self.cells) else array for array in arrays]
