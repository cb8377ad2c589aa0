"""`NanGuardMode`: the first expression whose value is NaN, infinite or big, with its line and the range of its operands.

Arguments, outputs and states are looked at as native code sees them. Expressions in between are computed again in NumPy, as the
compiler has rewritten them; those of functions with a program's own Python only when something is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..modes import NanGuardMode
from ..types import Array
from .watching import Watching

__all__ = ["NanGuardMode"]


class Guarding(Watching):
    """A function whose values are looked at."""

    def __call__(self, *arrays: Array) -> list[Array]:
        """The outputs. AssertionError when a value is not as it should be."""
        self.guard.check(((f"argument {number}", value) for number, value in enumerate(arrays)), self.name)
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
                ranges = "; ".join(f"operand {number}: {_range(value)}" for number, value in enumerate(operands))
                where = f"{self.place(location_text(op))}\nThat is nd.{op.op} of {ranges}"
                raise AssertionError(f"{self.guard.name}: {trouble} in an expression of the function {self.name}\n{where}")


def _range(value: Array) -> str:
    """Type, shape, and from where to where an array goes."""
    if not value.size or value.dtype.kind not in "iuf":
        return f"{value.dtype}{list(value.shape)}"
    with np.errstate(all="ignore"):
        return f"{value.dtype}{list(value.shape)} from {value.min():.6g} to {value.max():.6g}"
