"""The measuring process of `phintys bench`: one core, contenders taking turns, a JSON line for each workload.

Run as `python -m phintys.tools.measure NAME...`. A figure is the best of a few rounds, each the median of a few
samples; in each round every contender has its turn, so that a slow minute of the machine slows all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from .contenders import Call
from .workloads import WORKLOADS, Workload

ROUNDS, SAMPLES, SAMPLE_SECONDS = 7, 5, 0.02
PROCESS_ROUNDS = 5
REFERENCE = "numpy"

Sample = Callable[[], float]


def main(names: list[str]) -> None:
    """Measure the named workloads, in order, and print a line of JSON after each."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for name in names:
        row = WORKLOADS[name]
        figures, missing = measure_programs(row) if row.programs else measure_calls(row)
        print(json.dumps({"name": name, "seconds": figures, "missing": missing}), flush=True)


def measure_calls(row: Workload) -> tuple[dict[str, float], list[str]]:
    """Seconds a call for each contender that is there, and the names of those that are not."""
    calls: dict[str, Call] = {}
    missing: list[str] = []
    for name, make in row.contenders.items():
        try:
            calls[name] = make()
        except ImportError:
            missing.append(name)
    check_agreement(row, calls)
    samples = {name: sampler(*call) for name, call in calls.items()}
    return take_turns(samples, ROUNDS, SAMPLES), missing


def check_agreement(row: Workload, calls: dict[str, Call]) -> None:
    """Compare everyone's first result with NumPy's: a wrong result is not fast. Floors compute something else."""
    results = {name: function(*arguments) for name, (function, arguments) in calls.items() if name != row.target.floor}
    for name, result in results.items():
        for ours, theirs in zip(as_list(result), as_list(results[REFERENCE]), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, err_msg=f"{row.name}: {name} differs from {REFERENCE}")


def as_list(result: Any) -> list[Any]:
    """The results of a call, one or several."""
    return result if isinstance(result, list) else [result]


def sampler(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Sample:
    """A function that times enough calls, written as calls, and returns the seconds of one."""
    names = [f"a{number}" for number in range(len(arguments))]
    scope = {"f": function, **dict(zip(names, arguments, strict=True))}
    timer = timeit.Timer(f"f({', '.join(names)})", globals=scope)
    number, seconds = 1, timer.timeit(1)
    while seconds < SAMPLE_SECONDS / 4:
        number *= 4
        seconds = timer.timeit(number)
    number = max(1, round(number * SAMPLE_SECONDS / seconds))
    return lambda: timer.timeit(number) / number


def take_turns(samples: Mapping[str, Sample], rounds: int, count: int) -> dict[str, float]:
    """The best over `rounds` of the median of `count` samples."""
    medians: dict[str, list[float]] = {name: [] for name in samples}
    for _ in range(rounds):
        for name, sample in samples.items():
            medians[name].append(median(sample() for _ in range(count)))
    return {name: min(values) for name, values in medians.items()}


def measure_programs(row: Workload) -> tuple[dict[str, float], list[str]]:
    """Run each program in fresh processes; the object cache is empty each time, or one that an earlier run filled."""
    with tempfile.TemporaryDirectory() as warm:

        def sample(program: str) -> float:
            if row.warm:
                return run_program(program, warm)
            with tempfile.TemporaryDirectory() as cold:
                return run_program(program, cold)

        for program in row.programs.values():
            sample(program)  # also brings the files of the packages into memory
        samples = {name: partial(sample, program) for name, program in row.programs.items()}
        return take_turns(samples, PROCESS_ROUNDS, 1), []


def run_program(program: str, cache: str) -> float:
    """The seconds that `program` prints. Python may keep its bytecode, as it does wherever a package is installed for use."""
    environment = {**os.environ, "PHINTYS_CACHE_DIR": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
