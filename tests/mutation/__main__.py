"""Break the compiler on purpose, one mistake at a time, and see which tests notice.

    python -m tests.mutation              all rows of `rows.py`
    python -m tests.mutation gradient     those with this text in their name (`--list` shows the names)
    python -m tests.mutation --named      those that mode debug has to find: which pass does it name? (`named.py`)

The tree is copied; each mistake is made in the copy, the row's tests run there, and the mistake is taken back. A mutant is
caught when a test fails or the process dies (they pass in the tree as it is: that is what CI sees to). Exit code 1 when one
survives.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
from mutant import Mutant  # noqa: E402
from named import CASES  # noqa: E402
from rows import MUTANTS  # noqa: E402

Check = Callable[[Path, Mutant], tuple[bool, str]]

COPIED = ("frontend", "codegen", "dialects", "ir", "passes", "tools", "tests", ".ci", "pyproject.toml", "README.md", "LICENSE")
LIMIT = 600  # seconds for the tests of one mutant: what takes longer counts as a survivor


def copy_tree(target: Path) -> None:
    """The tree, importable as a package from `target/build/typing`."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "build"))
        else:
            shutil.copy(source, target / name)
    subprocess.run([sys.executable, ".ci/link_typing.py"], cwd=target, check=True)


def run_tests(tree: Path, tests: Sequence[str]) -> tuple[bool, str]:
    """Whether the tests pass in the tree, and the first line that says what does not."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree / "build" / "typing"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PHINTYS_CACHE": "0",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", "-k", "not fresh", *tests]
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return True, f"no end after {LIMIT} s: nothing was decided"
    if done.returncode in (4, 5):
        return True, f"nothing was run: {done.stdout[-200:]!r} {done.stderr[-200:]!r}"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode == 0, failed[0] if failed else f"exit code {done.returncode}: {done.stdout[-200:]!r}"


def run_case(tree: Path, mutant: Mutant) -> tuple[bool, str]:
    """Whether the mistake's program goes through in mode debug or another pass is named, and what is named."""
    wanted = CASES[mutant.name][0]
    command = [sys.executable, "tests/mutation/named.py", mutant.name]
    environment = {**os.environ, "PYTHONPATH": str(tree / "build" / "typing"), "PHINTYS_CACHE": "0"}
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return True, f"no end after {LIMIT} s"
    lines = (done.stdout.strip() or done.stderr.strip() or f"exit code {done.returncode}").splitlines()
    return lines[-1] != wanted, f"{lines[-1]}{'' if lines[-1] == wanted else f', expected {wanted}'}"


def attempt(tree: Path, mutant: Mutant, check: Check) -> tuple[bool, str]:
    """Make one mistake, check, take it back: whether it was caught, and by what."""
    path = tree / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: its text stands {text.count(mutant.old)} times in {mutant.file}; expected once")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        passed, how = check(tree, mutant)
    finally:
        path.write_text(text, encoding="utf-8")
    return not passed, how


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line; SystemExit 2 for a word that no mutant has in its name."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", metavar="WORD", help="only mutants with one of these texts in their name")
    parser.add_argument("--named", action="store_true", help="those that mode debug has to find: which pass does it name?")
    parser.add_argument("--list", action="store_true", help="show the names of the mutants, and end")
    given = parser.parse_args(argv)
    names = [mutant.name for mutant in MUTANTS if not given.named or mutant.name in CASES]
    for word in given.words:
        if not any(word in name for name in names):
            close = get_close_matches(word, [*names, *{part for name in names for part in name.split()}], 3, 0.5)
            near = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            parser.error(
                f"no mutant{' of --named' if given.named else ''} has {word!r} in its name{near} (--list shows the names)"
            )
    given.names = [name for name in names if not given.words or any(word in name for word in given.words)]
    return given


def main(argv: Sequence[str]) -> int:
    """Try the mutants that the command line chooses; 1 when one survives."""
    given = arguments(argv)
    if given.list:
        print("\n".join(given.names))
        return 0
    check: Check = run_case if given.named else lambda tree, mutant: run_tests(tree, mutant.tests)
    chosen = [mutant for mutant in MUTANTS if mutant.name in given.names]
    survivors = []
    with tempfile.TemporaryDirectory(prefix="phintys-mutation-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        for mutant in chosen:
            start = time.monotonic()
            caught, how = attempt(tree, mutant, check)
            survivors += [] if caught else [mutant.name]
            print(
                f"{'caught  ' if caught else 'SURVIVED'} {time.monotonic() - start:5.0f} s  {mutant.name}: {how[:150]}",
                flush=True,
            )
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} caught")
    return min(1, len(survivors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
