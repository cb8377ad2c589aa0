"""`function(..., profile=True)`: how often a function was called, and the time that took."""

from __future__ import annotations

import atexit
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

_PRINTED_AT_EXIT: list[ProfileStats] = []


class ProfileStats:
    """Counts of one function, or of several that share it: `function(..., profile=stats)`."""

    def __init__(self, atexit_print: bool = True, message: str = "", **_: Any) -> None:
        self.message = message
        self.compile_time = 0.0
        self.fct_callcount = 0
        self.fct_call_time = 0.0
        self.nodes = 0
        if atexit_print:
            if not _PRINTED_AT_EXIT:
                atexit.register(_print_all)
            _PRINTED_AT_EXIT.append(self)

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a clock around it."""

        def call(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.fct_callcount += 1
                self.fct_call_time += time.perf_counter() - started

        return call

    def summary(self, file: TextIO | None = None, n_ops_to_print: int = 20, n_apply_to_print: int = 20) -> None:
        """Write the counts to `file`, standard error without one."""
        calls, total = self.fct_callcount, self.fct_call_time
        lines = [
            "Function profiling",
            "==================",
            f"  Message: {self.message}",
            f"  Time in {calls} calls to Function.__call__: {total:e}s",
        ]
        if calls:
            lines.append(f"  Time of one call: {total / calls * 1e6:.3f} us")
        lines += [f"  Total compile time: {self.compile_time:e}s", f"    Number of Apply nodes: {self.nodes}"]
        print("\n".join(lines), file=sys.stderr if file is None else file)


def _print_all() -> None:
    for stats in _PRINTED_AT_EXIT:
        if stats.fct_callcount:
            stats.summary()
