"""`mode="nan_guard"`: the first expression whose value is NaN, infinite or big, with its line, the place and the operands.

A call that ends so leaves states as they were. Arguments, outputs and states are looked at as native code sees them.
Expressions in between are computed again in NumPy, as the compiler has rewritten them; those of functions with a program's own
Python only when something is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..guard import Trouble
from ..modes import NanGuardMode
from ..types import Array
from .watching import Watching

__all__ = ["NanGuardMode"]


class Guarding(Watching):
    """A function whose values are looked at."""

    def __call__(self, *arrays: Array) -> list[Array]:
        """The outputs. AssertionError when a value is not as it should be."""
        self.guard.check_given(arrays, self.cells, self.graph)
        given = self.given(arrays)
        if not self.runs_python:
            self.look(given)
            return self.guard.call(self.native, arrays, self.cells, self.graph)
        try:
            return self.guard.call(self.native, arrays, self.cells, self.graph)
        except AssertionError:
            self.look(given)
            raise

    def look(self, given: Sequence[Array]) -> None:
        """Compute a call in NumPy. AssertionError at the first expression with trouble; errors of sizes are native code's."""
        from phintys.codegen.interpreter import evaluate

        try:
            evaluate(self.stages[-1][1], *given, observe=self.observe)
        except (ValueError, IndexError, ZeroDivisionError):
            return

    def observe(self, op: Any, operands: Sequence[Array], results: Sequence[Array]) -> None:
        """AssertionError for a result with trouble; constants may be what they like."""
        if op.op == "constant":
            return
        from phintys.dialects.convert import location_text

        for result in results:
            trouble = self.guard.trouble(result)
            if trouble is not None:
                lines = [f"{self.guard.name}: {trouble.what} in an expression of the function {self.name}"]
                lines += [self.place(location_text(op)), f"Its value, {trouble.where}"]
                lines += [
                    f"operand {number} of nd.{op.op}: {_range(value)}{_there(op, value, trouble)}"
                    for number, value in enumerate(operands)
                ]
                raise AssertionError("\n".join(lines))


def _there(op: Any, value: Array, trouble: Trouble) -> str:
    """The operand's element that the first bad one is made of, where the operation goes element by element."""
    if op.row.family != "elementwise" or value.ndim > len(trouble.place):
        return ""
    own = trouble.place[len(trouble.place) - value.ndim :]
    place = tuple(0 if size == 1 else index for index, size in zip(own, value.shape, strict=True))
    return f", there {value[place]}" if place else ""


def _range(value: Array) -> str:
    """Type, shape, and from where to where an array goes."""
    if not value.ndim:
        return f"{value.dtype} {value}"
    if not value.size or value.dtype.kind not in "iuf":
        return f"{value.dtype}{list(value.shape)}"
    with np.errstate(all="ignore"):
        return f"{value.dtype}{list(value.shape)} from {value.min():.6g} to {value.max():.6g}"
