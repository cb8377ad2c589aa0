"""Diagnostics: what is wrong, where, what was expected, what to try; every error about a text is shown as one of these.

train.phi:2:7: error: unknown operation 'softmx'
   2 |   p = softmx(dot(x, w) + b)
     |       ^^^^^^
  help: did you mean 'softmax'?
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Source:
    """A text under its file name; `first_line` is the number of its first line (not 1 for a piece of a file)."""

    name: str
    text: str
    first_line: int = 1

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, number: int) -> str | None:
        """The text of a line by its number in the file, `None` outside of this source."""
        index = number - self.first_line
        if not 0 <= index < len(self._starts):
            return None
        start = self._starts[index]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (both from 1) of a character offset."""
        index = bisect_right(self._starts, offset) - 1
        return self.first_line + index, offset - self._starts[index] + 1


@dataclass(frozen=True)
class Span:
    """A piece of one line of a source: line and column from 1, width in characters."""

    source: Source
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """The line with a caret under the piece; empty when the source does not hold the line."""
        text = self.source.line(self.line)
        if text is None:
            return ""
        number = f"{self.line:>4}"
        width = max(1, min(self.width, len(text) - self.column + 1))
        pad = "".join("\t" if char == "\t" else " " for char in text[: self.column - 1])
        return f"{number} | {text}\n     | {pad.ljust(self.column - 1)}{'^' * width}"


@dataclass(frozen=True)
class Diagnostic:
    """One message: a sentence, the place it is about, and lines of help under it."""

    message: str
    span: Span | None = None
    help: tuple[str, ...] = ()
    severity: str = "error"
    name: str = ""  # stands for the place when there is no span

    def __str__(self) -> str:
        place = self.span or self.name
        lines = [f"{place}: {self.severity}: {self.message}" if place else f"{self.severity}: {self.message}"]
        if self.span is not None and (excerpt := self.span.excerpt()):
            lines.append(excerpt)
        lines.extend(f"  help: {line}" for line in self.help)
        return "\n".join(lines)


class DiagnosticError(Exception):
    """A rejected input; its text is the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


def error(message: str, span: Span | None = None, *help: str, name: str = "") -> DiagnosticError:
    """A `DiagnosticError` to raise."""
    return DiagnosticError(Diagnostic(message, span, tuple(line for line in help if line), name=name))


def near_match(name: str, known: Iterable[str]) -> str:
    """`did you mean 'softmax'?`, or an empty string when nothing known is close."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean '{found[0]}'?" if found else ""
