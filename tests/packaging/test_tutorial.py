"""The tutorial works: its files are written, its commands run one after the other, and print what it says."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from phintys.tools import opt

PAGE = (Path(__file__).parents[2] / "TUTORIAL.md").read_text()
FILES = re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SESSIONS = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [pair for text in SESSIONS for pair in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)]
PROGRAMS = {
    "phintys-opt": [sys.executable, "-m", "phintys.tools.opt"],
    "python": [sys.executable],
    "filecheck": [sys.executable, "-m", "filecheck"],
}


def run(command: str, folder: Path) -> str:
    """What a command line prints, both streams; those that leave nothing behind in this process run in it."""
    words = shlex.split(command)
    target = None
    if ">" in words:
        *words, _, target = words
    if words[0] == "phintys-opt" and "--load" not in words:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), contextlib.suppress(SystemExit):
            opt.main(words[1:])
        return out.getvalue()
    line = [*PROGRAMS[words[0]], *words[1:]]
    done = subprocess.run(line, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False)
    if target is not None:
        (folder / target).write_text(done.stdout)
        return done.stderr
    return done.stdout + done.stderr


def test_the_page_has_files_and_commands() -> None:
    assert {name for name, _ in FILES} >= {"slope.phi", "softsign.py", "merge_exponentials.py", "merge_exponentials.mlir"}
    assert len(COMMANDS) >= 15
    assert PAGE.count("```console") == len(SESSIONS) and PAGE.count("```") == 2 * (len(SESSIONS) + len(FILES))


def test_the_commands_print_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES:
        (tmp_path / name).write_text(text)
    for command, expected in COMMANDS:
        found = run(command, tmp_path)
        assert doctest.OutputChecker().check_output(expected, found, doctest.ELLIPSIS), f"$ {command}\n{found}"


def test_the_test_of_the_pass_fails_without_the_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES:
        (tmp_path / name).write_text(text)
    (tmp_path / "out.mlir").write_text(run("phintys-opt merge_exponentials.mlir", tmp_path))
    assert "Couldn't match" in run("filecheck merge_exponentials.mlir --input-file out.mlir", tmp_path)
