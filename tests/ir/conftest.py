"""IR text tests: each RUN line of a `.mlir` or `.phi` file under tests/ir is one test, run in process.

    // RUN: phintys-opt %s -p cse --split-input-file | filecheck %s
    // RUN: not phintys-opt %s 2>&1 | filecheck %s --check-prefix=ERROR

`%s` is the file; `not` expects exit code 1; `2>&1` lets filecheck see diagnostics. A line without `| filecheck` only
has to succeed.
"""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import parse_argv_options
from filecheck.parser import Parser

RUN = re.compile(r"^\s*(?://|#)\s*RUN:\s*(.*?)(\\?)$")


class IRFile(pytest.File):
    """A text file with RUN lines."""

    def collect(self) -> Iterator[IRItem]:
        lines = run_lines(self.path.read_text(encoding="utf-8"))
        if not lines:
            raise self.CollectError(f"{self.path}: no RUN line")
        for number, line in enumerate(lines, 1):
            yield IRItem.from_parent(self, name=f"RUN-{number}", command=line)


class IRItem(pytest.Item):
    """One RUN line."""

    def __init__(self, *, command: str, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self.command = command

    def runtest(self) -> None:
        run_line(self.command, self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, RunError):
            return f"RUN: {self.command}\n{excinfo.value}"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.path.name} {self.name}"


class RunError(AssertionError):
    """A RUN line that did not do what it should."""


def run_lines(text: str) -> list[str]:
    """RUN commands of a file; a backslash at the end continues in the next RUN line."""
    lines: list[str] = []
    open_line = False
    for found in map(RUN.match, text.splitlines()):
        if found is None:
            continue
        if open_line:
            lines[-1] += found[1]
        else:
            lines.append(found[1])
        open_line = bool(found[2])
    return lines


def run_line(command: str, path: Path) -> None:
    """Run `[not] phintys-opt ... [2>&1] [| filecheck ...]`."""
    driver, *checks = [part.strip() for part in command.split(" | ")]
    words = [path.as_posix() if word == "%s" else word for word in shlex.split(driver)]
    expected = 0
    if words[0] == "not":
        expected, words = 1, words[1:]
    merge = "2>&1" in words
    words = [word for word in words if word != "2>&1"]
    if words[0] != "phintys-opt":
        raise RunError(f"a RUN line starts with phintys-opt or not phintys-opt, got '{words[0]}'")
    code, out, err = run_driver(words[1:], merge)
    out = out.replace(f"{path.parent.as_posix()}/", "")
    if code != expected:
        raise RunError(f"exit code {code}, expected {expected}\n{out}\n{err}")
    for check in checks:
        filecheck([path.as_posix() if word == "%s" else word for word in shlex.split(check)], out)


def run_driver(arguments: list[str], merge: bool = False) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the driver."""
    from phintys.tools.opt import main

    out = io.StringIO()
    err = out if merge else io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as exit:
            code = int(exit.code or 0)
    return code, out.getvalue(), "" if merge else err.getvalue()


def filecheck(words: list[str], text: str) -> None:
    """Match `text` as the filecheck program would."""
    if words[0] != "filecheck":
        raise RunError(f"the output goes to filecheck, got '{words[0]}'")
    options = parse_argv_options(list(words))
    matcher = Matcher(options, FInput("-", text), Parser.from_opts(options))
    matcher.stderr = stderr = io.StringIO()
    if matcher.run() != 0:
        raise RunError(f"{stderr.getvalue()}\n--- output ---\n{text}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> IRFile | None:
    """Take all `.mlir` and `.phi` files of this folder."""
    if file_path.suffix in (".mlir", ".phi"):
        return IRFile.from_parent(parent, path=file_path)
    return None
