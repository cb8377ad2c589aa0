"""The printed profile: calls, kernels, lines of the program, memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from phintys.tools.report import console, duration, print_table

from .profile_measures import ArrayMemory, KernelTime, by_time, shorter

if TYPE_CHECKING:
    from .profiling import ProfileStats

WIDTH = 140  # of what is no terminal


def write(stats: ProfileStats, file: TextIO, lines: int, rows: int) -> None:
    """Write a profile: `rows` kernels and arrays at most, and as many lines of the program as `lines`."""
    print("\n".join(_head(stats)), file=file)
    kernels = by_time(stats.kernels())
    if not stats.fct_callcount:
        return
    native = stats.native_seconds() or 1e-12
    shown = [_kernel(kernel, native) for kernel in kernels[:rows]]
    rest = native - sum(kernel.seconds for kernel in kernels)
    shown.append((_percent(rest, native), duration(max(rest, 0.0)), "", "", "", "scalars, checks, allocation", ""))
    _table(file, "Kernels", ("share", "time", "calls", "a call", "kind", "expression", "lines"), shown, 4, len(kernels) - rows)
    found = stats.lines()
    _table(
        file,
        "Lines (a kernel's time is divided among its lines by the operations that each has in it)",
        ("share", "time", "line", ""),
        [(_percent(line.seconds, native), duration(line.seconds), line.place, line.text) for line in found[:lines]],
        2,
        len(found) - lines,
    )
    arrays = sorted(stats.arrays(), key=lambda array: -array.bytes)
    title = f"Memory of a call: {_bytes(stats.peak_bytes())} at most at a time"
    _table(file, title, ("bytes", "what", "type", "holds", "line"), map(_array, arrays[:rows]), 1, len(arrays) - rows)


def _head(stats: ProfileStats) -> Iterable[str]:
    calls, total = stats.fct_callcount, stats.fct_call_time
    yield "Function profiling"
    yield "=================="
    yield f"  Message: {stats.message}"
    yield f"  Time in {calls} calls to Function.__call__: {total:e}s"
    if calls:
        yield f"  Time of one call: {total / calls * 1e6:.3f} us"
        native = stats.native_seconds()
        if native:
            yield f"  Time in native code: {native:e}s ({_percent(native, total).strip()})"
    yield f"  Total compile time: {stats.compile_time:e}s"
    yield f"    Number of Apply nodes: {stats.nodes}"


def _kernel(kernel: KernelTime, whole: float) -> Sequence[str]:
    lines = ", ".join(map(shorter, kernel.lines))
    each = duration(kernel.seconds / kernel.calls)
    time = duration(kernel.seconds)
    return _percent(kernel.seconds, whole), time, str(kernel.calls), each, kernel.kind, kernel.expression, lines


def _array(array: ArrayMemory) -> Sequence[str]:
    return _bytes(array.bytes), array.kind, array.type, array.expression, shorter(array.line) if array.line else ""


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %"


def _bytes(count: int) -> str:
    for unit, power in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << power:
            return f"{count / (1 << power):.3g} {unit}"
    return f"{count} B"


def _table(file: TextIO, title: str, head: Sequence[str], rows: Iterable[Sequence[str]], right: int, left_out: int) -> None:
    """A title and a table whose first columns, so many, are numbers."""
    to = console(file, WIDTH)
    print_table(title, head, rows, range(right), to)
    if left_out > 0:
        to.print(f"and {left_out} more")
