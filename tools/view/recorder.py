"""What the passes did to a module: after each one its text, its operations, and what they came from.

An operation keeps its number for as long as it lives. Before a pass every operation gets a location object of its own, equal
to the one it had; new operations are made with the location of the one they come from, so that object tells which one that
was. Where an operation gave way to one that was there already, `passes.provenance` tells.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects.builtin import FileLineColLoc, ModuleOp, UnknownLoc
from xdsl.ir import Attribute, Block, Operation, SSAValue

from phintys.dialects.convert import location_text
from phintys.passes.provenance import Replacement, watched_replacements

from .listing import Listing, listing

VALUE_NAME = re.compile(r"%[\w$.-]+|\^bb\d+")


Level = str | Callable[[ModuleOp], str]


@dataclass(frozen=True)
class Row:
    """One operation after a step: its lines, the operation around it (-1: none), those its operands come from."""

    number: int
    first: int
    last: int
    parent: int
    operands: tuple[int, ...]
    signature: Any = field(repr=False)


@dataclass
class Step:
    """One pass: what the module was after it, and what it changed. `same` is an earlier step with the same module."""

    name: str
    title: str
    level: str
    seconds: float
    lines: list[str]
    rows: list[Row]
    came_from: dict[int, list[int]] = field(default_factory=dict)
    removed: list[int] = field(default_factory=list)
    altered: list[int] = field(default_factory=list)
    same: int | None = None
    drawings: list[Any] = field(default_factory=list)


@dataclass
class Known:
    """What is said of an operation once: its name and its location."""

    name: str
    location: str


class Recorder:
    """Watches one module; `draw` makes the pictures of a step."""

    def __init__(self, module: ModuleOp, draw: Callable[[ModuleOp, str, Recorder], list[Any]] | None = None) -> None:
        self.module = module
        self.draw = draw
        self.steps: list[Step] = []
        self.known: list[Known] = []
        self.numbers: dict[Operation, int] = {}  # holds the operations, so that a number is never given twice
        self._owners: dict[int, int] = {}
        self._marks: list[Attribute] = []

    def start(self, name: str, title: str, level: str) -> None:
        """The module as it is before any pass."""
        found = listing(self.module)
        self._number(found)
        self._append(Step(name, title, level, 0.0, found.lines, self._rows(found)))

    def run(self, name: str, title: str, level: Level, action: Callable[[], object]) -> None:
        """Run a pass and write down what it did; what it raises is passed on. `level` is the one that it leaves."""
        before = self.steps[-1]
        self._mark()
        with watched_replacements() as replaced:
            started = time.perf_counter()
            action()
            seconds = time.perf_counter() - started
        found = listing(self.module)
        fresh = self._number(found)
        reached = level if isinstance(level, str) else level(self.module)
        step = Step(name, title, reached, seconds, found.lines, self._rows(found))
        old = {row.number: row for row in before.rows}
        new = {row.number: row for row in step.rows}
        step.removed = [number for number in old if number not in new]
        step.came_from = absorbed(before.rows, step.removed, self._origins(fresh, replaced, set(old), set(new)))
        step.altered = [number for number, row in new.items() if number in old and old[number].signature != row.signature]
        if not (fresh or step.removed or step.altered) and old.keys() == new.keys() and reached == before.level:
            step.same = len(self.steps) - 1 if before.same is None else before.same
        self._append(step)

    def _append(self, step: Step) -> None:
        if self.draw is not None and step.same is None:
            step.drawings = self.draw(self.module, step.level, self)
        self.steps.append(step)

    def _mark(self) -> None:
        """Give every operation a location object of its own."""
        self._marks = []
        self._owners = {}
        for op, number in ((op, self.numbers[op]) for op in self.module.walk() if op in self.numbers):
            loc = op.location
            mark = FileLineColLoc(loc.filename, loc.line, loc.column) if isinstance(loc, FileLineColLoc) else UnknownLoc()
            op.location = mark
            self._marks.append(mark)
            self._owners[id(mark)] = number

    def _number(self, found: Listing) -> list[Operation]:
        """Number the operations that are new, and give them."""
        fresh = [place.op for place in found.places if place.op not in self.numbers]
        for op in fresh:
            self.numbers[op] = len(self.known)
            self.known.append(Known(op.name, location_text(op)))
        return fresh

    def _rows(self, found: Listing) -> list[Row]:
        return [self._row(place.op, found.lines[place.first], place.first, place.last) for place in found.places]

    def _row(self, op: Operation, line: str, first: int, last: int) -> Row:
        uses = tuple(self._use(value) for value in op.operands)
        operands = tuple(dict.fromkeys(number for number, _ in uses if number >= 0))
        parent = self.numbers.get(op.parent_op(), -1) if op.parent_op() is not None else -1  # type: ignore[arg-type]
        return Row(self.numbers[op], first, last, parent, operands, (VALUE_NAME.sub("%", line.strip()), uses, parent))

    def _use(self, value: SSAValue) -> tuple[int, int]:
        """The operation that gives a value and which of its results it is; for a block's argument -1."""
        owner = value.owner
        return (-1, value.index) if isinstance(owner, Block) else (self.numbers.get(owner, -1), value.index)  # type: ignore[attr-defined]

    def _origin(self, op: Operation) -> int:
        return self._owners.get(id(op.location), -1)

    def _origins(
        self, fresh: Iterable[Operation], replaced: list[Replacement], old: set[int], new: set[int]
    ) -> dict[int, list[int]]:
        """For each operation of the step the earlier ones that it came from, itself left out."""
        found: dict[int, dict[int, None]] = {}

        def note(number: int, origin: int) -> None:
            if origin in old and number in new and number != origin:
                found.setdefault(number, {})[origin] = None

        for op in fresh:
            note(self.numbers[op], self._origin(op))
        became: dict[Operation, Operation] = {}
        for gone, instead in reversed(replaced):
            final = became[gone] = became.get(instead, instead)
            if self.numbers.get(gone) not in new:
                note(self.numbers.get(final, -1), self.numbers.get(gone, self._origin(gone)))
        return {number: list(origins) for number, origins in found.items()}


def absorbed(before: list[Row], removed: list[int], came_from: dict[int, list[int]]) -> dict[int, list[int]]:
    """`came_from` with what just vanished: it went into whatever its users became, as the `exp` of a pattern does."""
    became: dict[int, dict[int, None]] = {}
    for number, origins in came_from.items():
        for origin in origins:
            became.setdefault(origin, {})[number] = None
    users: dict[int, list[int]] = {}
    for row in before:
        for operand in row.operands:
            users.setdefault(operand, []).append(row.number)
    gone = set(removed)
    for row in reversed(before):  # users before what they use
        if row.number in gone and row.number not in became:
            found = {number: None for user in users.get(row.number, ()) if user in gone for number in became.get(user, ())}
            became[row.number] = found
            for number in found:
                came_from.setdefault(number, []).append(row.number)
    return came_from
