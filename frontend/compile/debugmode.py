"""`mode="debug"`: every call is computed on every rung of the ladder, before and after every pass of the compiler.

The program as written is computed in NumPy; so is what each pass on tensors leaves, the regions of `fuse` included. Modules of
loops are executed in Python, an operation at a time, with every access to memory checked, parallel loops backwards, and NaN
where nothing was written. No pass but those above a rung has a part in its result: the first one that differs from the rung
before is that of a wrong pass. BadOptimization names it, with both values, what the pass did, and a file that has it again. The
module of level llvm runs as native code without LLVM's optimizer; BadThunkOutput says that only optimized code is wrong.

Results may differ by what rounding can do: the program is computed again with errors of random sign at every operation, of the
size that its dtype makes them. Elements that `stabilize` finds NaN or infinite may become finite. Where a call fails, it has to
fail with the same exception everywhere, but that passes on tensors may drop what fails and is not needed. Python of the
program's own runs once for all these computations, and once in native code.

What this cannot tell: whether derivatives are right (`autodiff` defines them here, `verify_grad` takes differences); of a
mistake in `convert-loops-to-llvm`, whether it is that pass or the translation to LLVM IR; with arrays so large that the loops'
interpreter would need more than a million operations, whether it is a pass on loops or one of the two that then lower what it
leaves, which the message names. Races show only where more than one chunk runs. Kernels of a GPU become loops before they
are computed, so that `convert-gpu-to-loops` may be the wrong one; with target "cuda", rungs are those of kernels on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..modes import DebugMode
from ..residence import is_device
from ..types import Array
from .difference import Found, explanation, show
from .watching import Watching

if TYPE_CHECKING:
    from phintys.codegen.interface import Argument
    from phintys.codegen.rungs import Rung

__all__ = ["BadOptimization", "BadThunkOutput", "DebugMode", "DebugModeError", "InvalidValueError"]

ERRORS = (ValueError, IndexError, TypeError, ZeroDivisionError)  # of a program; LinAlgError is a ValueError
NOISY = 4  # computations with errors
# What is left when every rung agrees with NumPy; by whether a GPU computes the function.
BLAME = (
    "Every rung down to level llvm agrees with NumPy: look at LLVM's optimizer, and at how the code is called.",
    "Every rung agrees with NumPy, kernels run by loops, too: look at convert-gpu-to-nvvm, at the PTX, and at the launch plan.",
)
Outcome = list[Array] | Exception


class DebugModeError(Exception):
    """Something is wrong with the compiler or with an operation, not with the program."""


class InvalidValueError(DebugModeError, AssertionError):
    """A value that is not finite."""


class BadOptimization(DebugModeError):
    """A pass of the compiler has changed a result. `reason` names the pass, `old_r_val` and `new_r_val` are the values.

    `reproducer` is the path of a file with the program before the pass, for `phintys-opt`.
    """

    def __init__(self, reason: str, message: str, old: Any, new: Any, reproducer: str) -> None:
        self.reason, self.old_r_val, self.new_r_val, self.reproducer = reason, old, new, reproducer
        super().__init__(message)


class BadThunkOutput(DebugModeError):
    """Native code computes another value than NumPy does. `val1` is NumPy's, `val2` is native."""

    def __init__(self, message: str, old: Any, new: Any) -> None:
        self.val1, self.val2 = old, new
        super().__init__(message)


class Comparing(Watching):
    """A function whose calls are computed on every rung."""

    def __call__(self, *arrays: Array) -> list[Array]:
        """The outputs. BadOptimization, BadThunkOutput, or InvalidValueError for values that are not finite."""
        from phintys.codegen.host_replay import Replay

        given, replay = self.given(arrays), Replay()
        expected = self.climb(given, replay)
        try:
            outputs = self.guard.call(self.native, arrays, self.cells, self.graph)
        except AssertionError as error:
            raise InvalidValueError(str(error)) from None
        except ERRORS as error:
            self.judge(expected, error, given, replay)
            for argument, cell, before in zip(self.arguments[len(arrays) :], self.cells, given[len(arrays) :], strict=True):
                if cell[0].tobytes() != before.tobytes():
                    raise BadThunkOutput(
                        f"a call of {self.name} fails and has changed state {argument.name}", before, cell[0]
                    ) from error
            raise
        states = {id(state): cell[0] for state, cell in zip(self.graph.states, self.cells, strict=True)}
        found = [np.asarray(x) for x in (*outputs, *(states[id(state)] for state, _ in self.graph.updates))]
        self.judge(expected, found, given, replay)
        return outputs

    @cached_property
    def rungs(self) -> list[Rung]:
        """The program after every pass."""
        from phintys.codegen.rungs import rungs
        from phintys.codegen.targets import recipe_for

        return rungs(self.graph, recipe_for(self.target, self.recipe))

    @cached_property
    def arguments(self) -> list[Argument]:
        """What the program takes, inputs first."""
        from phintys.codegen.interpreter import arguments_of

        return arguments_of(self.rungs[0].module)

    @property
    def last_tensors(self) -> Rung:
        """The program as it is fused: what all rungs below compute."""
        return [rung for rung in self.rungs if rung.level == "nd"][-1]

    def climb(self, given: Sequence[Array], replay: Any) -> Outcome | None:
        """The results, after every rung was found to have them. `None` where none can be computed."""
        last: Outcome | None = None
        bounds = Bounds(self.rungs[0], given, replay)
        for number, rung in enumerate(self.rungs):
            outcome = compute(rung, given, replay)
            if outcome is None:
                continue
            if last is not None:
                found = self.compare(last, outcome, bounds, rung.name)
                if found is not None and not (rung.level == "nd" and isinstance(last, ERRORS)):
                    raise self.accuse(number, found, last, outcome, given)
            elif rung.name or not _is_own(outcome):
                return None
            last = outcome
            if rung.name == "stabilize" or rung is self.last_tensors:
                bounds = Bounds(rung, given, replay)
        return last

    def compare(self, old: Outcome, new: Outcome, bounds: Bounds, name: str) -> Found | None:
        """The first result that differs, `None` where all agree."""
        if isinstance(old, Exception) or isinstance(new, Exception):
            return None if _same_error(old, new) else Found(-1, "")
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            found = bounds.difference(number, before, after, lenient=name == "stabilize")
            if found is not None:
                return found
        return None

    def judge(self, expected: Outcome | None, found: Outcome, given: Sequence[Array], replay: Any) -> None:
        """BadThunkOutput where the function's own code has other results than all rungs."""
        if expected is None:
            return
        wrong = self.compare(expected, found, Bounds(self.last_tensors, given, replay), "")
        if wrong is not None:
            old, new, text = show(self.names(), wrong, expected, found)
            raise BadThunkOutput(f"native code of {self.name} computes {text}\n{BLAME[is_device(self.target)]}", old, new)

    def accuse(self, number: int, found: Found, old: Outcome, new: Outcome, given: Sequence[Array]) -> BadOptimization:
        """The error that names a pass."""
        before, rung = self.rungs[number - 1], self.rungs[number]
        message, path, values = explanation(self, before, rung, found, old, new, given)
        return BadOptimization(rung.name, message, *values, path)

    def names(self) -> list[str]:
        """What the results are, for messages."""
        return [f"output {n}" for n in range(len(self.graph.outputs))] + [f"state {state}" for state, _ in self.graph.updates]


class Bounds:
    """How far results may be off, of a program with rounding errors; computed when it matters."""

    def __init__(self, rung: Rung, given: Sequence[Array], replay: Any) -> None:
        self.rung, self.given, self.replay = rung, given, replay

    @cached_property
    def disturbed(self) -> list[list[Array]] | None:
        """Results with errors; `None` where an error changes what a program does."""
        from phintys.codegen.interpreter import evaluate
        from phintys.codegen.rounding import disturber

        module = self.rung.ready()
        found = []
        for seed in range(NOISY):
            try:
                with self.replay:
                    found.append(evaluate(module, *self.given, disturb=disturber(seed)))
            except ERRORS:
                return None
        return found

    def difference(self, number: int, old: Array, new: Array, lenient: bool) -> Found | None:
        """Where two results differ, and how far they might; with `lenient`, where `old` is finite."""
        from phintys.codegen.rounding import difference

        if old.shape != new.shape or old.dtype != new.dtype:
            return Found(number, f"{old.dtype}{list(old.shape)} became {new.dtype}{list(new.shape)}")
        if _equal(old, new) or self.disturbed is None:
            return None
        if lenient and old.dtype.kind in "fc":
            new = np.where(np.isfinite(old) | (np.isinf(old) & np.isnan(new)), new, old)
        at = difference(new, old, [results[number] for results in self.disturbed])
        return None if at is None else Found(number, "", at.place, at.count, at.allowed)


def _equal(old: Array, new: Array) -> bool:
    """Whether two results are the same but for a few last bits, which needs no further thought."""
    if old.dtype.kind not in "fc":
        return np.array_equal(old, new)
    return np.allclose(new, old, rtol=4 * float(np.finfo(old.dtype).eps), atol=0, equal_nan=True)


def compute(rung: Rung, given: Sequence[Array], replay: Any) -> Outcome | None:
    """Results, or the error that the program ends in; `None` for what cannot be computed."""
    from phintys.codegen.scalar_writer import CannotInterpret

    try:
        with replay:
            return rung.compute(given)
    except CannotInterpret:
        return None
    except Exception as error:  # whatever a program with a mistake in it leads to
        return error.with_traceback(None)


def _is_own(outcome: Outcome) -> bool:
    """Whether an outcome is that of a program: not another error of the interpreter's, or of Python that it calls."""
    return not isinstance(outcome, Exception) or isinstance(outcome, ERRORS)


def _same_error(old: Outcome, new: Outcome) -> bool:
    if not isinstance(old, Exception) or not isinstance(new, Exception):
        return False
    return isinstance(old, type(new)) or isinstance(new, type(old))
