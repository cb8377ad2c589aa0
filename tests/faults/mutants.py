"""Text of every level, mutated: `phintys-opt` accepts it or says what is wrong; it never fails, ends the process or hangs.

python tests/faults/mutants.py 100000 [SEED]
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from phintys.tools.opt import main

HERE = Path(__file__).parents[1] / "ir"
TOKENS = re.compile(r"\s+|[%@\w.]+|\S")
ODD = ("-1", "0", "9223372036854775807", "99999999999999999999", "1e999", "nan", "?", '"', "\x00", "é")
LEVELS = ("nd", "graph", "loops", "llvm", "llvmir", "gpu", "ptx")
COMMANDS = ([], ["-p", "canonicalize,cse,fuse"], *([f"--emit={level}"] for level in LEVELS))
SLOW = 20.0  # seconds that nothing may take, on a loaded machine either


def texts() -> list[tuple[str, str]]:
    """The pieces of all text tests, with their suffix."""
    found = []
    for path in sorted(HERE.glob("*.*")):
        if path.suffix in (".mlir", ".phi"):
            pieces = re.split(r"^(?://|#) -----\n", path.read_text(), flags=re.MULTILINE)
            found += [(path.suffix, piece) for piece in pieces]
    return found


def mutated(text: str, words: list[str], rng: random.Random) -> str:
    """A text with one to four tokens dropped, replaced, added, swapped or made odd, or cut off."""
    tokens = TOKENS.findall(text)
    for _ in range(rng.randint(1, 4)):
        if not tokens:
            break
        at, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        match rng.randrange(6):
            case 0:
                del tokens[at]
            case 1:
                tokens[at] = rng.choice(words)
            case 2:
                tokens.insert(at, rng.choice(words))
            case 3:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 4:
                tokens[at] = rng.choice(ODD)
            case _:
                del tokens[at:]
    return "".join(tokens)


def run(count: int, seed: int) -> Counter[int]:
    """How many mutants end with which exit code; AssertionError with the text of one that fails."""
    rng = random.Random(seed)
    pieces = texts()
    words = [word for _, text in pieces for word in TOKENS.findall(text) if word.strip()]
    codes: Counter[int] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count):
            suffix, text = rng.choice(pieces)
            path = Path(folder) / f"mutant{suffix}"
            path.write_text(mutated(text, words, rng))
            command = [str(path), *rng.choice(COMMANDS)]
            errors = io.StringIO()
            start = time.monotonic()
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
                code = main(command)
            said = errors.getvalue()
            fine = code in (0, 1) and "phintys-opt fails on this input" not in said and time.monotonic() - start < SLOW
            assert fine, f"{command[1:]} ended with {code}:\n{said[-500:]}\n{path.read_text()}"
            codes[code] += 1
    return codes


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    print(dict(run(arguments[0] if arguments else 1000, arguments[1] if len(arguments) > 1 else 0)))
