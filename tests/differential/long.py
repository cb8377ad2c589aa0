"""The long search: fresh programs for hours, each computed in several ways; what fails is reduced and kept as a file.

    python -m tests.differential --hours 2
    python -m tests.differential --seed 989 --all     one program, in every way

A child process checks some hundred seeds and is replaced, so that a crash or a limit of the system ends only that one; memory
that the functions get is filled with garbage, and the pool that recycles it is off.

The last searches: 1,050 programs (seeds 700000 to 701049) in every way of the CPU found one error, a transposition in graph
text; 170 with functions of matrices found another, an exponential of a matrix whose size became known. Both are in `found`.
300 more (seeds 900000 to 900299), with reductions over no axes, found none.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cases import FOUND, case_text, failure, reduce_case
from programs import Program, check, generate
from ways import EVERY, check_ways

ROOT = Path(__file__).resolve().parents[2]
BATCH = 150  # seeds for a process
POISON = {"MALLOC_PERTURB_": "128", "PHINTYS_POOL_BYTES": "0", "PHINTYS_CACHE": "0"}


def check_seed(seed: int, names: Sequence[str] | None = None) -> Program:
    """Check the program of a seed by `function()`, twice called, and in the ways named, two random ones by default."""
    draws = random.Random(seed)
    program = generate(draws)
    f = check(program)
    if f is not None:
        states = f.get_shared()
        start = [*program.arguments, *(state.get_value() for state in states)]
        check_ways(f.maker.plan.graph, start, names or draws.sample(list(EVERY), 2), program.wild)
    return program


def work(first: int, count: int, names: Sequence[str]) -> int:
    """Check seeds, a line for each failure, and a line with the seed before each, for whoever finds this process dead."""
    bad = 0
    for seed in range(first, first + count):
        print(f"seed {seed}", flush=True)
        try:
            check_seed(seed, names)
        except Exception as error:
            bad += 1
            print(f"FAILED {seed} {type(error).__name__}: {str(error)[:300]!r}", flush=True)
            traceback.print_exc(limit=-4)
            keep(seed, names)
    return bad


def keep(seed: int, names: Sequence[str]) -> None:
    """Reduce the program of a seed that failed and write it next to the others."""
    program = generate(random.Random(seed))
    try:
        graph = program.graph()
        text = case_text(graph, program.values(), f"seed {seed}{'; wild' if program.wild else ''}")
        way = next((name for name in {**dict.fromkeys(names), **EVERY} if failure(text, name)), None)
        small = reduce_case(text, way) if way else text
        FOUND.mkdir(exist_ok=True)
        (FOUND / f"seed-{seed}.phi").write_text(small, encoding="utf-8")
        print(f"KEPT {seed} fails {'by ' + way if way else 'by function() only'}: seed-{seed}.phi\n{small}", flush=True)
    except Exception as error:
        print(f"NOT REDUCED {seed}: {type(error).__name__} {str(error)[:200]!r}", flush=True)


def search(hours: float, first: int, ways: str) -> int:
    """Start process after process until the time is over; the number of failures."""
    totals: Counter[str] = Counter()
    start = time.monotonic()
    while time.monotonic() - start < hours * 3600:
        options = ["--work", str(first), "--count", str(BATCH), *(["--ways", ways] if ways else [])]
        command = [sys.executable, "-m", "tests.differential", *options]
        done = subprocess.run(command, env={**os.environ, **POISON}, cwd=ROOT, capture_output=True, text=True, check=False)
        seeds = re.findall(r"^seed (\d+)", done.stdout, re.MULTILINE)
        failures = re.findall(r"^(?:FAILED|KEPT|NOT REDUCED) .*", done.stdout, re.MULTILINE)
        if done.returncode not in (0, 1):
            last = seeds[-1] if seeds else first
            failures.append(f"FAILED {last}: the process ended with {done.returncode}: {done.stderr[-500:]}")
        totals.update(programs=len(seeds), failed=sum(line.startswith("FAILED") for line in failures))
        print("".join(f"{line}\n" for line in failures), end="")
        minutes, first = (time.monotonic() - start) / 60, first + BATCH
        found = f"{totals['programs']} programs, {totals['failed']} failed"
        print(f"{minutes:6.1f} min  seeds to {first - 1}  {found}", flush=True)
    return totals["failed"]


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; exit code 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=1.0, help="how long to search")
    parser.add_argument("--first", type=int, default=int(time.time()) * 1000, help="the first seed (default: from the clock)")
    parser.add_argument("--all", action="store_true", help="compute each program in every way, not in two")
    parser.add_argument("--ways", default="", help=f"in these ways, separated by commas: {', '.join(EVERY)}")
    parser.add_argument("--seed", type=int, help="check one program")
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=BATCH, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    names = [name for name in options.ways.split(",") if name] or (list(EVERY) if options.all else [])
    if unknown := [name for name in names if name not in EVERY]:
        parser.error(f"--ways: {', '.join(unknown)}: expected some of {', '.join(EVERY)}")
    if options.work is not None:
        return min(1, work(options.work, options.count, names))
    if options.seed is not None:
        return min(1, work(options.seed, 1, names))
    return min(1, search(options.hours, options.first, ",".join(names)))
