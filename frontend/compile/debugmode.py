"""`DebugMode`: every call is computed again in NumPy, from the program as written and after each pass on tensors.

The first pass after which a result differs is a mistake of ours: BadOptimization names it, shows both values and writes a file
with which it can be looked at. BadThunkOutput says that native code differs from all of them. Python of the program's own runs
once for each of these computations. Elements that are NaN or infinite at first may become finite: `stabilize` does that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..modes import DebugMode
from ..types import Array
from .watching import Watching

__all__ = ["BadOptimization", "BadThunkOutput", "DebugMode", "DebugModeError", "InvalidValueError"]

# How far a result may be from the first computation, relative to the largest number in it.
TOLERANCES = {"float16": 1e-2, "float32": 1e-4, "float64": 1e-9, "complex64": 1e-4, "complex128": 1e-9}


class DebugModeError(Exception):
    """Something is wrong with the compiler or with an operation, not with the program."""


class InvalidValueError(DebugModeError, AssertionError):
    """A value that is not finite."""


class BadOptimization(DebugModeError):
    """A pass of the compiler has changed a result. `reason` names the pass, `old_r_val` and `new_r_val` are the values."""

    def __init__(self, reason: str, what: str, old: Array, new: Array, reproducer: str) -> None:
        self.reason, self.old_r_val, self.new_r_val, self.reproducer = reason, old, new, reproducer
        super().__init__(
            f"the pass {reason} has changed {what}{_difference(old, new)}\nThe program before it, and how to run the pass: "
            f"{reproducer}"
        )


class BadThunkOutput(DebugModeError):
    """Native code computes another value than NumPy does. `val1` is NumPy's, `val2` is native."""

    def __init__(self, what: str, old: Array, new: Array) -> None:
        self.val1, self.val2 = old, new
        super().__init__(f"native code computes another value of {what} than NumPy does{_difference(old, new)}")


class Comparing(Watching):
    """A function whose calls are computed several times."""

    def __call__(self, *arrays: Array) -> list[Array]:
        """The outputs. BadOptimization, BadThunkOutput, or InvalidValueError for values that are not finite."""
        given = self.given(arrays)
        try:
            outputs = self.guard.call(self.native, arrays, self.cells, self.graph)
        except AssertionError as error:
            raise InvalidValueError(str(error)) from None
        states = {id(state): cell[0] for state, cell in zip(self.graph.states, self.cells, strict=True)}
        found = [*outputs, *(states[id(state)] for state, _ in self.graph.updates)]
        expected = self.passes(given)
        if expected is None:
            return outputs
        for what, old, new in zip(self.names(), expected, found, strict=True):
            if _differ(old, np.asarray(new)):
                raise BadThunkOutput(what, old, np.asarray(new))
        return outputs

    def names(self) -> list[str]:
        """What the results are, for messages."""
        return [f"output {n}" for n in range(len(self.graph.outputs))] + [f"state {state}" for state, _ in self.graph.updates]

    def passes(self, given: Sequence[Array]) -> list[Array] | None:
        """The results of the program as written, after every pass was found to leave them as they are.

        `None` where no stage can be run: a gradient among complex numbers is expanded when these are pairs already.
        """
        from phintys.codegen.interpreter import evaluate

        first: list[Array] | None = None
        for number, (name, module) in enumerate(self.stages):
            if not _runs(module, self.stages[0][1]):
                continue
            results = evaluate(module, *given)
            if first is None:
                first = results
            for what, old, new in zip(self.names(), first, results, strict=True):
                if _differ(old, new):
                    raise BadOptimization(name, what, old, new, self.reproducer(number))
        return first

    def reproducer(self, number: int) -> str:
        """A file with the program before a pass and the command that runs it."""
        name, before = self.stages[number][0], self.stages[number - 1][1]
        path = Path(tempfile.mkdtemp(prefix="phintys-")) / f"before-{name}.mlir"
        path.write_text(f"// phintys-opt {path} -p {name}\n{before}\n", encoding="utf-8")
        return str(path)


def _runs(module: Any, written: Any) -> bool:
    """Whether the interpreter can run a module: gradients are expanded, and the arguments are those of the program."""
    functions = [next(iter(found.body.block.ops)) for found in (module, written)]
    if functions[0].function_type.inputs != functions[1].function_type.inputs:
        return False  # complex numbers have become pairs
    return not any(op.name in ("nd.grad", "nd.jacobian") for op in functions[0].body.block.ops)


def _differ(old: Array, new: Array) -> bool:
    """Whether two values differ by more than rounding."""
    if old.shape != new.shape or old.dtype != new.dtype:
        return True
    tolerance = TOLERANCES.get(str(old.dtype))
    if tolerance is None:
        return not np.array_equal(old, new)
    known = np.isfinite(old)
    scale = max(1.0, float(np.abs(old[known]).max(initial=0.0)))
    with np.errstate(all="ignore"):
        close = np.abs(new - old) <= tolerance * scale
    return not bool(close[known].all())


def _difference(old: Array, new: Array) -> str:
    """Both values, and where they differ most."""
    if old.shape != new.shape or old.dtype != new.dtype:
        return f": {old.dtype}{list(old.shape)} became {new.dtype}{list(new.shape)}"
    with np.errstate(all="ignore"):
        gap = np.nan_to_num(np.abs(new.astype(complex) - old.astype(complex)), nan=np.inf)
    place = np.unravel_index(int(gap.argmax()), old.shape) if old.ndim else ()
    at = f" at {[int(index) for index in place]}" if place else ""
    return f": {old[place]!r} became {new[place]!r}{at}\nBefore:\n{old}\nAfter:\n{new}"
