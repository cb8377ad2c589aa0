"""`function(..., profile=True)`: calls of a function, time of its kernels and of the program's lines, memory of its arrays.

Such a function is compiled with clocks around its loops and library calls, some 60 ns each; on a GPU, around kernels, products
and transfers, each of which is waited for. Without `profile` nothing is measured and nothing is slower. Names are those of
Theano's `theano.compile.profiling`.
"""

from __future__ import annotations

import atexit
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from .config import config
from .errors import writable
from .profile_measures import ArrayMemory, KernelTime, LineTime, Program, line_times

if TYPE_CHECKING:
    from phintys.ir.graph import Graph

_PRINTED_AT_EXIT: list[ProfileStats] = []


class ProfileStats:
    """Counts of one function, or of several that share it: `function(..., profile=stats)`.

    `fct_callcount` calls took `fct_call_time` seconds, `compile_time` seconds went before. Functions of equal graphs share
    their native code within a process, and what it counts.
    """

    def __init__(self, atexit_print: bool = True, message: str = "", **_: Any) -> None:
        self.message = message
        self.compile_time = 0.0
        self.fct_callcount = 0
        self.fct_call_time = 0.0
        self.nodes = 0
        self.programs: list[Program] = []
        if atexit_print:
            if not _PRINTED_AT_EXIT:
                atexit.register(_print_all)
            _PRINTED_AT_EXIT.append(self)

    def add(self, name: str, graph: Graph, executable: Any, seconds: float) -> None:
        """A function that was compiled in so many seconds."""
        self.programs.append(Program(name, graph, executable))
        self.compile_time += seconds
        self.nodes += len(graph.nodes())

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a clock around it."""

        def call(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                taken = time.perf_counter() - started
                # Calls of other threads may come before a line, but not within one that calls nothing.
                self.fct_callcount += 1
                self.fct_call_time += taken

        return call

    def kernels(self) -> list[KernelTime]:
        """Time of each kernel, in the program's order."""
        return [kernel for program in self.programs for kernel in program.kernels()]

    def lines(self) -> list[LineTime]:
        """Time of each line of the program, the longest first.

        A kernel that works for several lines is divided among them by the operations that each has in it, which is an estimate.
        """
        return line_times(self.kernels())

    def arrays(self) -> list[ArrayMemory]:
        """Arguments, temporaries and results, with their bytes in the largest call."""
        return [array for program in self.programs for array in program.arrays()]

    def peak_bytes(self) -> int:
        """The most that the arrays of one call take at a time."""
        return max((program.peak() for program in self.programs), default=0)

    def native_seconds(self) -> float:
        """Time in native code, of calls that came to their end."""
        return sum(program.native_seconds() for program in self.programs)

    def summary(
        self, file: TextIO | None = None, n_ops_to_print: int | None = None, n_apply_to_print: int | None = None
    ) -> None:
        """Write it all to `file`, standard error without one: so many lines of the program, so many kernels and arrays.

        The flags `profiling.n_ops` and `profiling.n_apply`, 20 both, say how many where nothing else does.
        TypeError for a `file` that cannot be written to.
        """
        from .profile_report import write

        lines = config.profiling.n_ops if n_ops_to_print is None else n_ops_to_print
        rows = config.profiling.n_apply if n_apply_to_print is None else n_apply_to_print
        write(self, sys.stderr if file is None else writable(file), lines, rows)


def _print_all() -> None:
    called = [stats for stats in _PRINTED_AT_EXIT if stats.fct_callcount]
    destination = config.profiling.destination
    if destination in ("stdout", "stderr"):
        for stats in called:
            stats.summary(getattr(sys, destination))
    elif called:
        with open(destination, "w", encoding="utf-8") as file:
            for stats in called:
                stats.summary(file)
