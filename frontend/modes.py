"""Modes: how a function is optimized and watched. `function(..., mode="NanGuardMode")`, or an object of these classes.

Every mode runs the same native code: the compiler takes milliseconds, so none is in need of a faster one. FAST_COMPILE
shows its graph (`f.maker.fgraph`, `debugprint(f)`) as written, with derivatives expanded; the others as optimized. The
modes that look for trouble (`DebugMode`, `NanGuardMode`) check every argument, output and state of every call.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .config import config
from .types import Array


class Mode:
    """How a function is compiled. `linker` is Theano's; `optimizer` is "fast_run", "fast_compile" or "None"."""

    guard: Guard | None = None

    def __init__(self, linker: Any = None, optimizer: Any = "default") -> None:
        self.linker = config.linker if linker is None else linker
        self.provided_optimizer = config.optimizer if optimizer == "default" else optimizer

    @property
    def optimizer(self) -> Any:
        """What was asked for."""
        return self.provided_optimizer

    @property
    def optimizes(self) -> bool:
        """Whether functions show their graphs as optimized."""
        return str(self.provided_optimizer) not in ("fast_compile", "None", "merge")

    def including(self, *tags: str) -> Mode:
        """This mode: optimizations are not chosen by tag here."""
        return self

    excluding = requiring = including

    def __str__(self) -> str:
        return f"{type(self).__name__}(linker = {self.linker}, optimizer = {self.provided_optimizer})"


class Guard:
    """What is checked at each call: NaN, infinities, numbers beyond 1e10 (which Theano calls big)."""

    def __init__(self, name: str, nan: bool, inf: bool, big: bool) -> None:
        self.name, self.nan, self.inf, self.big = name, nan, inf, big

    def trouble(self, array: Array) -> str | None:
        """What is wrong with an array, `None` if nothing is."""
        if array.dtype.kind not in "fc" or not array.size:
            return None
        if self.nan and np.isnan(array).any():
            return "NaN detected"
        if self.inf and np.isinf(array).any():
            return "Inf detected"
        if self.big and (np.abs(array[np.isfinite(array)]) > 1e10).any():
            return "Big value detected"
        return None

    def check(self, values: Iterable[tuple[str, Any]], function: str) -> None:
        """AssertionError for the first value (a pair of its description and the array) with something wrong."""
        for what, value in values:
            found = self.trouble(np.asarray(value))
            if found is not None:
                raise AssertionError(f"{self.name}: {found} in {what} of the function {function}")


class DebugMode(Mode):
    """Checks that arguments, outputs and states are finite (Theano's compares implementations too)."""

    def __init__(self, optimizer: Any = "fast_run", check_isfinite: bool | None = None, **_: Any) -> None:
        super().__init__("py", optimizer)
        finite = config.DebugMode.check_finite if check_isfinite is None else check_isfinite
        self.guard = Guard("DebugMode", finite, finite, False)


class NanGuardMode(Mode):
    """Refuses NaN, infinities and big numbers among arguments, outputs and states, as asked for."""

    def __init__(
        self,
        nan_is_error: bool | None = None,
        inf_is_error: bool | None = None,
        big_is_error: bool | None = None,
        optimizer: Any = "default",
        linker: Any = None,
    ) -> None:
        super().__init__(linker, optimizer)
        flags = config.NanGuardMode
        self.guard = Guard(
            "NanGuardMode",
            flags.nan_is_error if nan_is_error is None else nan_is_error,
            flags.inf_is_error if inf_is_error is None else inf_is_error,
            flags.big_is_error if big_is_error is None else big_is_error,
        )


FAST_RUN = Mode("cvm", "fast_run")
FAST_COMPILE = Mode("vm", "fast_compile")
predefined_modes: dict[str, Mode] = {"FAST_RUN": FAST_RUN, "FAST_COMPILE": FAST_COMPILE, "JAX": FAST_RUN}
_MADE: dict[str, type[Mode]] = {
    "Mode": Mode,
    "DebugMode": DebugMode,
    "DEBUG_MODE": DebugMode,
    "NanGuardMode": NanGuardMode,
}


def get_mode(mode: Any) -> Mode:
    """The mode of that name, `config.mode` for `None`, a mode itself.

    ValueError for a name that does not exist, TypeError for an object that is no mode.
    """
    if mode is None or mode == "None":
        mode = config.mode
        mode = "Mode" if mode == "None" else mode
    if isinstance(mode, Mode):
        return mode
    if not isinstance(mode, str):
        raise TypeError(f"Expected mode to be a Mode or the name of one, got {mode!r} of type {type(mode).__name__}")
    if mode in predefined_modes:
        return predefined_modes[mode]
    if mode in _MADE:
        return _MADE[mode]()
    known = ", ".join([*predefined_modes, *_MADE])
    raise ValueError(f"No predefined mode exist for string: {mode}; there are {known}")


def get_default_mode() -> Mode:
    """The mode of functions that do not name one."""
    return get_mode(None)


def register_mode(name: str, mode: Mode) -> None:
    """Make a mode known by name. ValueError when the name is taken."""
    if name in predefined_modes or name in _MADE:
        raise ValueError(f"Mode name already taken: {name}")
    predefined_modes[name] = mode
