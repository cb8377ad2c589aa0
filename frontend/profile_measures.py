"""What profiled functions have measured, as rows: time of each kernel and of each line of the program, bytes of each array."""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .printing import expression

if TYPE_CHECKING:
    from phintys.ir.graph import Graph, Node


class KernelTime(NamedTuple):
    """A kernel: what it is, the expression that most of its work is for, the lines it works for (with their shares), how
    often it ran, seconds in all."""

    kind: str
    expression: str
    lines: dict[str, float]
    calls: int
    seconds: float


class LineTime(NamedTuple):
    """A line of the program: its place, its text, seconds in all kernels."""

    place: str
    text: str
    seconds: float


class ArrayMemory(NamedTuple):
    """An array of a call: input, state, temporary, output or update; its type, bytes (in the largest call), what it holds."""

    kind: str
    type: str
    bytes: int
    expression: str
    line: str


@dataclass(frozen=True)
class Program:
    """A compiled function and the graph that it was compiled from."""

    name: str
    graph: Graph
    executable: Any

    def node(self, place: str) -> Node | None:
        """The operation of a place `#n`."""
        return self.graph.nodes()[int(place[1:])] if place.startswith("#") and place[1:].isdigit() else None

    def line(self, place: str) -> str:
        """`train.py:12` of a place, '' where it is not known."""
        node = self.node(place)
        return str(node.loc) if node is not None and node.loc else ""

    def expression(self, place: str, limit: int = 60) -> str:
        """The expression of a place."""
        node = self.node(place)
        return "" if node is None else expression(node.results[0], named=True, limit=limit)

    def slots(self) -> list[Any]:
        """What was measured: of what, how often, the sum, the largest."""
        found: list[Any] = self.executable.measured()
        return found

    def native_seconds(self) -> float:
        """Time in native code, in all calls that came to their end."""
        return 1e-9 * sum(int(total) for slot, _, total, _ in self.slots() if getattr(slot, "kind", "") == "all")

    def kernels(self) -> list[KernelTime]:
        """Every kernel that ran, in the program's order."""
        from phintys.ir.profile import KernelSlot

        found = []
        for slot, count, total, _ in self.slots():
            if isinstance(slot, KernelSlot) and slot.kind != "all" and count:
                most = max(slot.weights, key=lambda place: slot.weights[place], default="")
                found.append(KernelTime(slot.kind, self.expression(most), self._shares(slot.weights), count, total * 1e-9))
        return found

    def _shares(self, weights: Mapping[str, int]) -> dict[str, float]:
        shares: Counter[str] = Counter()
        for place, weight in weights.items():
            shares[self.line(place)] += weight
        whole = sum(weights.values())
        return {line: weight / whole for line, weight in shares.most_common()}

    def arrays(self) -> list[ArrayMemory]:
        """Every array of a call, in the order in which they are made."""
        from phintys.ir.profile import BufferSlot

        return [
            self._array(slot, largest) for slot, count, _, largest in self.slots() if isinstance(slot, BufferSlot) and count
        ]

    def _array(self, slot: Any, largest: int) -> ArrayMemory:
        what, _, number = slot.kind.partition(" ")
        interface = self.executable.interface
        if what == "argument":
            argument = interface.arguments[int(number)]
            return ArrayMemory("state" if argument.is_state else "input", str(argument.type), largest, argument.name, "")
        kind = interface.results[int(number)].kind if what == "result" else what
        *sizes, element = slot.type.removeprefix("memref<").removesuffix(">").split("x")
        return ArrayMemory(kind, f"{element}[{', '.join(sizes)}]", largest, self.expression(slot.place), self.line(slot.place))

    def peak(self) -> int:
        """The most bytes that arrays of one call take at a time: arguments, results and temporaries, as of the largest call."""
        from phintys.ir.profile import BufferSlot

        buffers = [(slot, largest) for slot, count, _, largest in self.slots() if isinstance(slot, BufferSlot) and count]
        ends = {slot.first for slot, _ in buffers}  # a sum grows only where an array is made
        alive = (
            sum(largest for slot, largest in buffers if slot.first <= at and (slot.last is None or at <= slot.last))
            for at in ends
        )
        return max(alive, default=0)


def line_times(kernels: Iterable[KernelTime]) -> list[LineTime]:
    """Time by line of the program, the longest first; a kernel's time is divided by the work that its lines have in it."""
    seconds: Counter[str] = Counter()
    for kernel in kernels:
        for line, share in kernel.lines.items():
            seconds[line] += kernel.seconds * share  # type: ignore[assignment]
    return [LineTime(shorter(line), source(line), time) for line, time in seconds.most_common()]


def source(line: str) -> str:
    """The text of `file:line`, '' where there is none."""
    name, _, number = line.rpartition(":")
    return linecache.getline(name, int(number)).strip() if number.isdigit() else ""


def shorter(line: str) -> str:
    """`file:line` without folders."""
    name, _, number = line.rpartition(":")
    return f"{Path(name).name}:{number}" if name else line or "(no line)"


def by_time(kernels: Sequence[KernelTime]) -> list[KernelTime]:
    """The longest first."""
    return sorted(kernels, key=lambda kernel: -kernel.seconds)
