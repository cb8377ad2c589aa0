"""The measuring process of `phintys bench`: a number of threads of its own, contenders taking turns.

Run as `python -m phintys.tools.benchmarks.measure JSON`, where the JSON has `rows`, `peers`, `threads`, `rounds` and
`seconds` (of one row). Prints a line of JSON as each row begins and as it is done.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import timeit
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter, sleep
from typing import Any, TypeVar

import numpy as np

from . import fresh
from .row import OURS, REFERENCE, Call, Row, results

SAMPLE_SECONDS = 0.01
MANY_CALLS = 100
REST_SECONDS = 0.15  # before a turn on several threads: those of OpenBLAS wait awake for 100 ms after a product
LEAST_ROUNDS, SLOW_SECONDS = 3, 5.0
SPLITS = 3  # processes that say what their first result consists of

Sample = Callable[[], float]
Missing = dict[str, str]
Made = TypeVar("Made")


def main(settings: dict[str, Any]) -> None:
    """Measure the named workloads, in order."""
    from .table import WORKLOADS

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-settings["threads"] :])
    for name in settings["rows"]:
        print(json.dumps({"begins": name}), flush=True)
        row = WORKLOADS[name]
        rest = REST_SECONDS if settings["threads"] > 1 else 0.0
        turns = partial(take_turns, rounds=settings["rounds"], seconds=settings["seconds"], rest=rest)
        measured = (measure_fresh if row.fresh else measure_calls)(row, wanted(row, settings["peers"]), turns)
        print(json.dumps({"name": name, "threads": settings["threads"], **measured}), flush=True)


def wanted(row: Row, peers: list[str]) -> list[str]:
    """Phintys and its variants, NumPy, which all are compared with, and the chosen peers."""
    return [name for name in row.contenders if name.split()[0] in (OURS, REFERENCE, *peers)]


def measure_calls(row: Row, names: list[str], turns: Any) -> dict[str, Any]:
    """Samples, in seconds a call, of each contender that is there and right, and of the floors."""
    calls, missing = made({name: row.contenders[name] for name in sorted(names, key=lambda n: n != REFERENCE)})
    disagreeing(row, calls, missing)
    floors, _ = made(row.floors)
    samples = {name: sampler(*call) for name, call in {**calls, **floors}.items()}
    return {"samples": turns(samples), "missing": missing, "floors": list(floors), "imports": {}}


def made(makers: Mapping[str, Callable[[], Made]], absent: str = "not installed") -> tuple[dict[str, Made], Missing]:
    """What to call for each name, and in words why others are left out."""
    calls, missing = {}, {}
    for name, make in makers.items():
        try:
            calls[name] = make()
        except ImportError as error:
            missing[name] = f"{absent} ({error})"
        except Exception as error:  # a peer that fails must not end the run; the report says so
            missing[name] = f"failed: {first_line(error)}"
    return calls, missing


def disagreeing(row: Row, calls: dict[str, Call], missing: Missing) -> None:
    """Take out of `calls` whoever differs from NumPy in the first two results: a wrong result is not fast."""
    right = None
    for name, (function, arguments) in list(calls.items()):
        try:
            found = [part for _ in range(2) for part in results(function(*arguments))]
            if row.tolerance is None:
                found = [np.array([part.mean(), part.std()]) for part in found]
            right = found if right is None else right
            compare(found, right, 0.01 if row.tolerance is None else row.tolerance)
        except Exception as error:
            missing[name] = (
                f"{'differs from ' + REFERENCE if isinstance(error, AssertionError) else 'failed'}: {first_line(error)}"
            )
            del calls[name]


def compare(found: list[Any], right: list[Any], tolerance: float) -> None:
    """AssertionError unless all parts agree, relative to the greatest number of each."""
    assert len(found) == len(right), f"{len(found)} results for {len(right)}"
    for ours, theirs in zip(found, right, strict=True):
        assert ours.shape == theirs.shape, f"shape {ours.shape} for {theirs.shape}"
        scale = float(np.abs(theirs).max(initial=0.0)) or 1.0
        wrong = float(np.abs(ours.astype(float) - theirs.astype(float)).max(initial=0.0)) / scale
        assert wrong <= tolerance, f"by {wrong:.1e} of the greatest number"


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def sampler(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Sample:
    """A function that times enough calls, written as calls, and returns the seconds of one.

    Where these are few, one that is not timed comes first: it finds in the caches what the contender before has left there.
    """
    names = [f"a{number}" for number in range(len(arguments))]
    scope = {"f": function, **dict(zip(names, arguments, strict=True))}
    timer = timeit.Timer(f"f({', '.join(names)})", globals=scope)
    number, seconds = 1, timer.timeit(1)
    while seconds < SAMPLE_SECONDS / 4:
        number *= 4
        seconds = timer.timeit(number)
    number = max(1, round(number * SAMPLE_SECONDS / seconds))

    def sample() -> float:
        if number < MANY_CALLS:
            timer.timeit(1)
        return timer.timeit(number) / number

    return sample


def take_turns(samples: Mapping[str, Sample], rounds: int, seconds: float, rest: float = 0.0) -> dict[str, list[float]]:
    """In each round everyone has a turn, so that a slow minute slows all of them; fewer rounds when they are slow.

    Each turn begins after `rest` seconds, in which the threads of the one before fall asleep.
    """
    taken: dict[str, list[float]] = {name: [] for name in samples}
    end = perf_counter() + seconds
    for number in range(rounds):
        if number >= LEAST_ROUNDS and perf_counter() > end:
            break
        for name, sample in samples.items():
            sleep(rest)
            taken[name].append(sample())
    return taken


def measure_fresh(row: Row, names: list[str], turns: Any) -> dict[str, Any]:
    """Run each program in fresh processes; caches are empty each time, or as an earlier run left them."""
    imports: dict[str, list[float]] = {name: [] for name in names}
    missing: Missing = {}
    with tempfile.TemporaryDirectory() as warm:

        def sample(name: str) -> float:
            with tempfile.TemporaryDirectory() as cold:
                taken = fresh.run(name, row.name, cold if row.fresh == "cold" else warm)
            imports[name].append(taken["import"])
            first: float = taken["import" if row.fresh == "import" else "first"]
            return first

        for name in names:
            try:
                sample(name)  # fills the warm cache, and brings the files of the packages into memory
            except (ImportError, RuntimeError) as error:
                missing[name] = first_line(error)
        samples = turns({name: partial(sample, name) for name in names if name not in missing})
        parts = split(row, warm) if OURS in samples and row.fresh != "import" else {}
    return {"samples": samples, "missing": missing, "floors": [], "imports": imports, "parts": parts}


def split(row: Row, warm: str) -> dict[str, float]:
    """What Phintys' first result consists of, in the run that took the least."""
    runs = []
    for _ in range(SPLITS):
        with tempfile.TemporaryDirectory() as cold:
            runs.append(fresh.run(OURS, row.name, cold if row.fresh == "cold" else warm, split=True)["parts"])
    return min(runs, key=lambda parts: sum(parts.values()))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
