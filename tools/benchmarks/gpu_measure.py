"""The measuring process of `phintys bench --device cuda`: results compared, then contenders and floors taking turns.

Run as `python -m phintys.tools.benchmarks.gpu_measure JSON`, where the JSON has `rows`, `peers`, `device`, `rounds` and
`seconds`. Prints a line of JSON as each row begins and as it is done.
"""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

from .gpu_rows import GpuRow, rows
from .gpu_systems import EMULATED, MAKERS, Timed, system
from .measure import Missing, compare, first_line, made, take_turns
from .row import OURS

SAMPLE_SECONDS = 0.02
WARM = 5  # calls before all: torch.compile and graphs take a few


def main(settings: dict[str, Any]) -> None:
    """Measure the named workloads, in order."""
    device = settings["device"]
    known = rows(device, device == EMULATED)
    for name in settings["rows"]:
        print(json.dumps({"begins": name}), flush=True)
        row = known[name]
        measured = measure(row, [OURS, *settings["peers"]], device, settings["rounds"], settings["seconds"])
        print(json.dumps({"name": name, "threads": 1, **measured}), flush=True)


def measure(row: GpuRow, names: list[str], device: str, rounds: int, seconds: float) -> dict[str, Any]:
    """Samples, in seconds a call, of each contender that is there and right, and of the floors."""
    with precision(row.tf32):
        right = row.reference()
        contenders = {name: make for name, make in row.contenders.items() if name in names}
        calls, missing = made(contenders, "left out")
        disagreeing(row, calls, missing, right)
        del right
        floors, without = made(row.floors, "left out")
        samplers = {name: sampler(timed) for name, timed in {**calls, **floors}.items()}
        found = {"missing": missing | without, "floors": list(floors), "imports": {}}
        found["samples"] = take_turns(samplers, rounds, seconds)
    del calls, floors, samplers
    release(device)
    return found


def disagreeing(row: GpuRow, calls: dict[str, Timed], missing: Missing, right: list[Any]) -> None:
    """Take out of `calls` whoever differs from the reference: a wrong result is not fast."""
    for name, timed in list(calls.items()):
        try:
            found = timed.results()
            while len(found) < len(right):
                found += timed.results()
            compare(found, right, row.tolerance)
        except Exception as error:
            kind = "differs from numpy" if isinstance(error, AssertionError) else "failed"
            missing[name] = f"{kind}: {first_line(error)}"
            del calls[name]


def sampler(timed: Timed) -> Callable[[], float]:
    """A function that gives the seconds of one call, of many that are waited for together."""

    def run(number: int) -> float:
        begun = perf_counter()
        for _ in range(number):
            timed.function(*timed.arguments)
        timed.wait()
        return perf_counter() - begun

    run(WARM)
    number, seconds = 1, run(1)
    while seconds < SAMPLE_SECONDS / 4:
        number *= 4
        seconds = run(number)
    number = max(1, round(number * SAMPLE_SECONDS / seconds))
    return lambda: run(number) / number


@contextlib.contextmanager
def precision(tf32: bool) -> Iterator[None]:
    """All systems multiply float32 with full precision, or all may round to tf32."""
    import phintys

    with contextlib.ExitStack() as stack:
        stack.enter_context(phintys.change_flags({"cuda.tf32": tf32}))
        with contextlib.suppress(ImportError):
            import torch

            torch.set_float32_matmul_precision("high" if tf32 else "highest")
        with contextlib.suppress(ImportError):
            import jax

            stack.enter_context(jax.default_matmul_precision("tensorfloat32" if tf32 else "highest"))
        yield


def release(device: str) -> None:
    """Memory that systems keep goes back, so that the next row finds it."""
    gc.collect()
    for name in MAKERS:
        with contextlib.suppress(ImportError):
            give = getattr(system(name, device), "release", None)
            if give is not None:
                give()


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(json.loads(sys.argv[1]))
