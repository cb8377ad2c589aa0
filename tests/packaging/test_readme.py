"""The README's console sessions print what the README says; `...` stands for anything."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import sys
from pathlib import Path

import pytest

from phintys.tools import opt

README = Path(__file__).parents[2] / "README.md"
PROGRAM = re.search(r"```phi\n(.*?)```", README.read_text(), re.DOTALL)
SESSIONS = re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL)
COMMANDS = [
    (command, expected)
    for session in SESSIONS
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.M)
]


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command line prints, both streams."""
    piped = re.fullmatch(r'echo "(.*)" \| (.*)', command)
    words = shlex.split(piped[2] if piped else command)
    assert words[0] == "phintys-opt"
    if piped:
        monkeypatch.setattr(sys, "stdin", io.StringIO(piped[1] + "\n"))
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), contextlib.suppress(SystemExit):
        opt.main(words[1:])
    return out.getvalue()


def test_there_are_sessions() -> None:
    assert PROGRAM is not None
    assert len(COMMANDS) >= 7


def test_console_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PROGRAM is not None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cost.phi").write_text(PROGRAM[1])
    for command, expected in COMMANDS:
        found = run(command, monkeypatch)
        assert doctest.OutputChecker().check_output(expected, found, doctest.ELLIPSIS), f"$ {command}\n{found}"
