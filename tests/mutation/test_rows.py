"""The texts that the mutation check changes are where it looks for them, and so are the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from mutant import Mutant
from named import CASES
from rows import MUTANTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_rows_are_up_to_date(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1
    assert mutant.old != mutant.new
    assert all((ROOT / test.partition("::")[0]).exists() for test in mutant.tests)


def test_cases_are_of_mutants_and_name_passes() -> None:
    from phintys.passes.pipeline import PASSES

    assert CASES.keys() <= {mutant.name for mutant in MUTANTS}
    assert {wanted for wanted, _ in CASES.values()} <= {*PASSES, "native code"}


def command(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.mutation", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_the_command_line_chooses_by_words() -> None:
    done = command("--list", "gradient", "tan")
    wanted = [mutant.name for mutant in MUTANTS if "gradient" in mutant.name or "tan" in mutant.name]
    assert (done.returncode, done.stdout.splitlines()) == (0, wanted)
    assert "--named" in command("--help").stdout


def test_a_word_without_mutants_is_an_error() -> None:
    done = command("gradiemt")
    assert done.returncode == 2 and not done.stdout
    assert "no mutant has 'gradiemt' in its name; did you mean" in done.stderr and "'gradient'" in done.stderr
