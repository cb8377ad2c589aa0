"""The command line: help at once, readable errors, and statuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from phintys.tools.main import SUBCOMMANDS, main


def test_help_names_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in SUBCOMMANDS)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_each_subcommand_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: phintys {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("phintys 0.")


def test_help_loads_no_compiler() -> None:
    code = (
        "import sys; from phintys.tools.main import main; main([]);"
        "print([name for name in ('xdsl', 'llvmlite', 'rich', 'matplotlib') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_wrong_data_is_a_paragraph_not_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "digits.csv"
    wrong.write_text("1,2,3")
    assert main(["demo", "--data", str(wrong), "--out", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert message.startswith(f"phintys demo: {wrong} is not a data set")
    assert message.count("\n") == 1


def test_list_of_workloads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--list"]) == 0
    assert "≤ 1.15 × copy" in capsys.readouterr().out
