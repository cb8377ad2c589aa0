"""What all kinds of mutants share: numbered cases that can be had again, one at a time; crashes, hangs and growth are found.

A kind is a function of a `random.Random` that makes a case, tries it and says in a word how it ended. It raises `Wrong` when
that is not how a case may end, as does any other exception.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import random
import re
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from meters import resident

Case = Callable[[random.Random], str]
SLOW = 60  # seconds after which a case hangs, on a loaded machine either
UNEXPECTED = re.compile(r"Traceback \(most recent|fails on this input")
SAMPLES = 40


class Wrong(Exception):
    """A case ended as none may."""


def command(main: Callable[[Sequence[str]], int], argv: list[str]) -> str:
    """Run a command line in this process: it ends with 0, 1 or 2 and, unless with 0, it has said why on standard error."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code: Any = main(argv)
        except SystemExit as end:
            code = end.code
        except BaseException as failure:
            raise Wrong(f"{argv}: {type(failure).__name__}: {failure}") from failure
    said = errors.getvalue()
    if code not in (0, 1, 2) or UNEXPECTED.search(said) or (code and not said.strip() and not out.getvalue().strip()):
        raise Wrong(f"{argv} ended with {code}: {said[-600:]}")
    return f"exit {code}"


class Loop:
    """Cases by number; counts how they end, keeps what went wrong, and watches the memory."""

    def __init__(self, kind: str, case: Case, seed: int) -> None:
        self.kind, self.case, self.seed = kind, case, seed
        self.ends: Counter[str] = Counter()
        self.wrong: dict[str, str] = {}
        self.memory: list[tuple[int, int]] = []

    def one(self, number: int) -> str:
        """Try one case."""
        faulthandler.dump_traceback_later(SLOW, exit=True)
        try:
            return self.case(random.Random(f"{self.kind} {self.seed} {number}"))
        finally:
            faulthandler.cancel_dump_traceback_later()

    def run(self, first: int, count: int, progress: Callable[[int], None] = lambda number: None) -> None:
        """Try many; what goes wrong is kept under the place where it did, a report for each."""
        for number in range(first, first + count):
            progress(number)
            try:
                self.ends[self.one(number)] += 1
            except Exception as failure:
                self.ends["WRONG"] += 1
                where = traceback.extract_tb(failure.__traceback__)[-1]
                cause = failure.__cause__
                if cause is not None and cause.__traceback__ is not None:
                    where = traceback.extract_tb(cause.__traceback__)[-1]
                key = f"{type(cause or failure).__name__} at {where.filename}:{where.lineno}"
                if key not in self.wrong:
                    self.wrong[key] = f"{self.kind} --only {number} --seed {self.seed}: {str(failure)[:1200]}"
            if number % max(1, count // SAMPLES) == 0:
                self.memory.append((number, resident()))

    def growth(self) -> float:
        """Bytes a case, between the middle half's smallest and the last quarter's."""
        size = len(self.memory)
        early, late = self.memory[size // 4 : size // 2], self.memory[3 * size // 4 :]
        if not early or not late:
            return 0.0
        middle = [sum(n for n, _ in part) / len(part) for part in (early, late)]
        return (min(m for _, m in late) - min(m for _, m in early)) / (middle[1] - middle[0])
