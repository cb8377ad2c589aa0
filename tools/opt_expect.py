"""`--verify-diagnostics`: the diagnostics of an input against the comments that expect them, as `mlir-opt` does it.

    // expected-error {{dimension 0 is 3}}             of this line
    // expected-error@+1 {{...}}                       of the next; @-2, @above, @below, @unknown (of no line)
    // expected-warning-re {{sizes {{[0-9]+}} and}}    with regular expressions in double braces

`@above` and `@below` mean the nearest line that is no such comment. Every error, warning, note and remark has to be expected,
and every expectation met by one of its own. The help under a diagnostic may be expected as notes of its line; it need not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from phintys.ir.diagnostics import Diagnostic, Source, Span

DESIGNATOR = re.compile(
    r"(?://|\#).*?expected-(?P<severity>error|warning|note|remark)(?P<re>-re)?\s*"
    r"(?P<at>@(?:[+-]\d+|above|below|unknown))?\s*\{\{(?P<text>.*)\}\}\s*$"
)
MEANT = re.compile(r"(?://|\#)\s*expected-(?:error|warning|note|remark)\b")
UNKNOWN = 0


@dataclass
class Expected:
    """One comment: the diagnostic it wants, the line that is about, and where the comment stands."""

    severity: str
    text: str
    pattern: re.Pattern[str]
    line: int
    span: Span
    met: bool = False

    def fits(self, severity: str, message: str, line: int) -> bool:
        """Whether a diagnostic is the one."""
        return self.severity == severity and self.line == line and self.pattern.search(message) is not None


@dataclass
class Expectations:
    """The comments of a source, and what is wrong with the diagnostics so far."""

    source: Source
    expected: list[Expected] = field(default_factory=list)
    wrong: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        waiting: list[Expected] = []  # for the next line that is no designator
        plain = self.source.first_line - 1  # the last such line
        for number, line in enumerate(self.source.text.splitlines(), self.source.first_line):
            found = DESIGNATOR.search(line)
            comment_only = found is not None and not line[: found.start()].strip()
            if not comment_only:
                for one in waiting:
                    one.line = number
                waiting.clear()
            if found is not None:
                self._add(found, number, plain, waiting)
            elif MEANT.search(line):
                self.wrong.append(Diagnostic("an expectation is written {{text}}", Span(self.source, number, 1, len(line))))
            if not comment_only:
                plain = number

    def _add(self, found: re.Match[str], number: int, plain: int, waiting: list[Expected]) -> None:
        where = (found["at"] or "@+0")[1:]
        span = Span(self.source, number, found.start() + 1, len(found[0].rstrip()))
        try:
            pattern = _pattern(found["text"], bool(found["re"]))
        except re.error as problem:
            self.wrong.append(Diagnostic(f"not a regular expression: {problem}", span))
            return
        line = {"above": plain, "unknown": UNKNOWN}.get(where, number)
        if where[0] in "+-":
            line = number + int(where)
        one = Expected(found["severity"], found["text"], pattern, line, span)
        self.expected.append(one)
        if where == "below":
            waiting.append(one)

    def meet(self, diagnostic: Diagnostic) -> None:
        """Match a diagnostic that came up."""
        line = _line(diagnostic, self.source)
        if self._match(diagnostic.severity, diagnostic.message, line):
            for help in diagnostic.help:
                self._match("note", help, line)
            return
        self.wrong.append(
            Diagnostic(
                f"unexpected {diagnostic.severity}: {diagnostic.message}",
                diagnostic.span,
                diagnostic.help,
                name=diagnostic.name,
            )
        )

    def _match(self, severity: str, message: str, line: int) -> bool:
        for one in self.expected:
            if not one.met and one.fits(severity, message, line):
                one.met = True
                return True
        return False

    def problems(self) -> list[Diagnostic]:
        """What is wrong now that no more diagnostics come."""
        unmet = [one for one in self.expected if not one.met]
        return [
            *self.wrong,
            *(Diagnostic(f'expected {one.severity} "{one.text}" was not produced', one.span) for one in unmet),
        ]


def _line(diagnostic: Diagnostic, source: Source) -> int:
    """The line of the source that a diagnostic is about, UNKNOWN when it is about none."""
    if diagnostic.span is not None:
        return diagnostic.span.line
    found = re.fullmatch(r"(.*?):(\d+)(?::\d+)?", diagnostic.name)
    return int(found[2]) if found and found[1] == source.name else UNKNOWN


def _pattern(text: str, mixed: bool) -> re.Pattern[str]:
    """What finds the text in a message; with `mixed`, pieces in double braces are regular expressions."""
    if not mixed:
        return re.compile(re.escape(text))
    pieces = re.split(r"\{\{(.*?)\}\}", text)
    return re.compile("".join(f"(?:{piece})" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)))
