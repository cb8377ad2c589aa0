"""`--reduce CMD`: the smallest text for which CMD still fails, found by delta debugging (Zeller and Hildebrandt, 2002).

CMD gets the path of a file (where it says %s, else at its end) and fails by an exit code other than 0. Every reduction is a
list of things to try, taken in chunks of half of them, a quarter, and so on down to one; what keeps CMD failing is kept, and
all reductions start again until none helps. A program that verifies is only replaced by programs that verify.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from phintys.ir.diagnostics import DiagnosticError, Source, error


@dataclass(frozen=True)
class Reduction:
    """How many things there are to try in a text, and the text with those of a range done; None where nothing can be."""

    name: str
    count: Callable[[str], int]
    apply: Callable[[str, range], str | None]
    single: bool = False  # things that are tried one by one only
    check: Callable[[str], None] | None = None  # raises when the text that fails is no program after all

    def accepts(self, text: str) -> bool:
        """Whether a text that fails may be the next."""
        try:
            if self.check is not None:
                self.check(text)
        except DiagnosticError:
            return False
        return True


@dataclass
class Oracle:
    """Says whether a text still fails; remembers what it was asked."""

    command: list[str]
    file: Path
    match: re.Pattern[str]
    known: dict[str, bool] = field(default_factory=dict)
    limit: float | None = None
    code: int = 0

    def fails(self, text: str) -> bool:
        """Run the command on a text."""
        if text not in self.known:
            self.known[text] = self._run(text)
        return self.known[text]

    def _run(self, text: str) -> bool:
        self.file.write_text(text, encoding="utf-8")
        words = [word.replace("%s", str(self.file)) for word in self.command]
        if words == self.command:
            words.append(str(self.file))
        start = time.monotonic()
        try:
            done = subprocess.run(words, capture_output=True, timeout=self.limit, check=False, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return False
        except OSError as failure:
            raise error(f"cannot run '{words[0]}': {failure.strerror}") from None
        if self.limit is None:  # the first run says how long one takes
            self.limit = 10 + 10 * (time.monotonic() - start)
        self.code = done.returncode
        printed = (done.stdout + done.stderr).decode(errors="replace")
        return done.returncode != 0 and self.match.search(printed) is not None


def reduce_input(source: Source, options: argparse.Namespace) -> int:
    """Reduce, print the result (or write it), and say on standard error how far it went; the exit code."""
    from .opt import write
    from .opt_ladder import text_format
    from .reduce_text import reductions_of

    try:
        match = re.compile(options.reduce_match or "")
        command = shlex.split(options.reduce)
    except (re.error, ValueError) as failure:
        raise error(f"cannot read the command line: {failure}") from None
    format = text_format(source, options.format)
    with tempfile.TemporaryDirectory(prefix="phintys-reduce-") as folder:
        oracle = Oracle(command, Path(folder) / f"reduced.{format}", match)
        if not command or not oracle.fails(source.text):
            matching = f" and matches '{options.reduce_match}'" if options.reduce_match else ""
            raise error(f"'{options.reduce}' exits with code {oracle.code}; expected one that fails{matching}")
        text = reduce_text(source.text, reductions_of(source.text, format, options), oracle)
    before, after = (sum(1 for line in each.splitlines() if line.strip()) for each in (source.text, text))
    print(f"{before} lines became {after}, in {len(oracle.known)} runs of {command[0]}", file=sys.stderr)
    if options.output:
        write(Path(options.output), text)
    else:
        sys.stdout.write(text)
    return 0


def reduce_text(text: str, reductions: Sequence[Reduction], oracle: Oracle) -> str:
    """The text after all reductions, until none of them changes it; the best so far when interrupted."""
    best = [text]
    try:
        while True:
            before = best[0]
            for reduction in reductions:
                exhaust(best, reduction, oracle)
            if best[0] == before:
                return before
    except KeyboardInterrupt:
        print("interrupted: this is the smallest so far", file=sys.stderr)
        return best[0]


def exhaust(best: list[str], reduction: Reduction, oracle: Oracle) -> None:
    """Try one reduction on everything, in ever smaller chunks, from the end: users go before what they use."""
    total = reduction.count(best[0])
    chunk = 1 if reduction.single else total
    while chunk:
        end = reduction.count(best[0])
        while end > 0:
            begin = max(0, end - chunk)
            new = reduction.apply(best[0], range(begin, end))
            if new is not None and new != best[0] and oracle.fails(new) and reduction.accepts(new):
                best[0] = new
            end = min(begin, reduction.count(best[0]))
        chunk //= 2
