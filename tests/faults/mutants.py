"""Bad input by the thousands: each is accepted, or refused with a diagnostic or an exception of a documented type.

    python tests/faults/mutants.py texts 100000 [--seed 1]
    python tests/faults/mutants.py calls --only 4711 --seed 1

Kinds: texts (IR and graph text), arrays (.npy files and data sets), pickles, commands (command lines), calls (the Python
interface), caches (entries of the object cache). Nothing may end the process, hang, or keep memory: each kind is tried in a
process of its own, and a line at the end says how the cases ended, how fast, and by how much a case made the process grow.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutants_loop import Loop

KINDS = {
    "texts": ("mutants_of_texts", "Texts"),
    "arrays": ("mutants_of_files", "Arrays"),
    "pickles": ("mutants_of_pickles", "Pickles"),
    "commands": ("mutants_of_commands", "Commands"),
    "calls": ("mutants_of_calls", "Calls"),
    "caches": ("mutants_of_files", "Caches"),
}


def work(kind: str, first: int, count: int, seed: int, journal: Path) -> int:
    """Try cases in this process; their number stands in a file while each is tried."""
    module, name = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder, open(journal, "wb", buffering=0) as file:
        os.environ["PHINTYS_CACHE_DIR"] = f"{folder}/cache"
        loop = Loop(kind, getattr(importlib.import_module(module), name)(Path(folder)), seed)
        start = time.monotonic()
        loop.run(first, count, lambda number: os.pwrite(file.fileno(), b"%12d" % number, 0) and None)
    for place, report in loop.wrong.items():
        print(f"WRONG {place}\n    {report}")
    ends = ", ".join(f"{end} {number}" for end, number in loop.ends.most_common())
    rate = (time.monotonic() - start) / count * 1000
    print(f"{kind}: {count} cases: {ends}; {rate:.1f} ms and {loop.growth():+.0f} bytes a case")
    return 1 if loop.wrong else 0


def supervise(options: argparse.Namespace) -> int:
    """Try cases in a child, and after a case that ends it in another one, from there."""
    first, last, dead = options.first, options.first + options.count, 0
    journal = Path(tempfile.gettempdir()) / f"mutants-{os.getpid()}"
    while first < last:
        again = ["--work", str(journal), "--seed", str(options.seed), "--first", str(first)]
        done = subprocess.run([sys.executable, __file__, options.kind, str(last - first), *again], check=False)
        if done.returncode in (0, 1):
            dead += done.returncode
            break
        at = int(journal.read_bytes() or b"0")
        print(f"WRONG {options.kind} --only {at} --seed {options.seed}: the process ended with {done.returncode}")
        first, dead = at + 1, dead + 1
    journal.unlink(missing_ok=True)
    return min(1, dead)


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; exit code 1 when a case went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("count", nargs="?", type=int, default=1000, help="how many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--only", type=int, help="try this one, here")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.only is not None:
        return work(options.kind, options.only, 1, options.seed, Path(os.devnull))
    if options.work is not None:
        return work(options.kind, options.first, options.count, options.seed, options.work)
    return supervise(options)


if __name__ == "__main__":
    sys.exit(main())
