"""Text of every level, mutated: `phintys-opt` accepts it or says what is wrong; it never fails, ends the process or hangs."""

from __future__ import annotations

import random
import re
from pathlib import Path

from mutants_loop import command

from phintys.tools.opt import main

HERE = Path(__file__).parents[1] / "ir"
TOKENS = re.compile(r"\s+|[%@\w.]+|\S")
ODD = ("-1", "0", "9223372036854775807", "99999999999999999999", "1e999", "nan", "?", '"', "\x00", "é")
LEVELS = ("nd", "graph", "loops", "llvm", "llvmir", "gpu", "ptx")
COMMANDS = ([], ["-p", "canonicalize,cse,fuse"], *([f"--emit={level}"] for level in LEVELS))


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


class Texts:
    """The text tests and their words."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pieces = folder, texts()
        self.words = [word for _, text in self.pieces for word in TOKENS.findall(text) if word.strip()]

    def __call__(self, rng: random.Random) -> str:
        """One mutant; how it ended."""
        suffix, text = rng.choice(self.pieces)
        path = self.folder / f"mutant{suffix}"
        path.write_text(mutated(text, self.words, rng))
        return command(main, [str(path), *rng.choice(COMMANDS)])
