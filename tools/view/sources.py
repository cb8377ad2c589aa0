"""The user's own lines: a text that was given, or the Python files that locations name."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from phintys.ir.diagnostics import Source

WHOLE_FILE = 400  # lines; of a longer file only what is near a line that matters
NEAR = 8
PLACE = re.compile(r"(.+?):(\d+)(?::(\d+))?$")


@dataclass
class Sources:
    """Texts by name, and the places in them that operations came from. `resolve` turns a location text into `FILE:LINE`."""

    given: Sequence[Source] = ()
    resolve: Callable[[str], str | None] = lambda text: text
    names: list[str] = field(default_factory=list)
    places: list[tuple[int, int, int]] = field(default_factory=list)  # number of the text, line, column or 0
    _known: dict[str, int] = field(default_factory=dict)

    def place(self, location: str) -> int:
        """The number of a place; -1 for a location that names none."""
        if location not in self._known:
            found = PLACE.match(self.resolve(location) or "") if location else None
            self._known[location] = -1 if found is None else self._add(found[1], int(found[2]), int(found[3] or 0))
        return self._known[location]

    def _add(self, name: str, line: int, column: int) -> int:
        if name not in self.names:
            self.names.append(name)
        row = (self.names.index(name), line, column)
        if row not in self.places:
            self.places.append(row)
        return self.places.index(row)

    def texts(self) -> list[dict[str, Any]]:
        """For each text its name and its lines, as pieces: the number of the first line, then the lines."""
        return [{"name": name, "pieces": self._pieces(number, name)} for number, name in enumerate(self.names)]

    def _pieces(self, number: int, name: str) -> list[tuple[int, list[str]]]:
        for source in self.given:
            if source.name == name:
                return [(source.first_line, source.text.splitlines())]
        lines = [line.rstrip("\n") for line in linecache.getlines(name)]
        if len(lines) <= WHOLE_FILE:
            return [(1, lines)] if lines else []
        wanted = {line for where, line, _ in self.places if where == number}
        shown = sorted({near for line in wanted for near in range(line - NEAR, line + NEAR + 1) if 1 <= near <= len(lines)})
        starts = [line for line in shown if line - 1 not in shown]
        ends = [line for line in shown if line + 1 not in shown]
        return [(start, lines[start - 1 : end]) for start, end in zip(starts, ends, strict=True)]
