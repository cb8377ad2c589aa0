"""Compile, call and discard for an hour: nothing grows but by what LLVM's binding cannot give back.

    python tests/faults/soak.py --minutes 60 [--seed 1]

Random programs of all operations (those of the differential tests) are compiled anew, called, differentiated, copied,
pickled, refused; code, arrays and graphs are dropped. A line every half minute says what the process holds; the verdict
is a line fitted through what comes after the first quarter of the time. `soak.txt` is the record of an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pickle
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "differential"), str(HERE.parent / "numerics")]

import numpy as np  # noqa: E402
from meters import Held, held, slope  # noqa: E402
from programs import Program, generate  # noqa: E402

import phintys  # noqa: E402
import phintys.tensor as T  # noqa: E402
from phintys.codegen import compiler  # noqa: E402
from phintys.ir.diagnostics import DiagnosticError  # noqa: E402

REFUSALS = (ValueError, IndexError, ZeroDivisionError, NotImplementedError, DiagnosticError)
# The most that a compilation may add, fitted. LLVM's callbacks for one run of the optimizer, 1.7 KiB, are never freed by
# llvmlite 0.50, and a function whose rare cases are functions of their own takes two runs. Tables of types, numbers and
# lines, and Python's own of which class is an instance of which, fill for hours; each has an end.
LIMITS = {"resident": 8 << 10, "heap": 8 << 10, "mappings": 0.05, "files": 0.01, "threads": 0.01, "objects": 10.0}


class Counted:
    """Counts what is compiled for the CPU, whatever asks for it."""

    def __init__(self) -> None:
        self.count, self._real = 0, compiler.compile_to_object

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compile as usual."""
        self.count += 1
        return self._real(*args, **kwargs)


def call(f: Any, program: Program, times: int = 2) -> None:
    """Call it with what it takes; a refusal is fine."""
    with contextlib.suppress(*REFUSALS):
        for _ in range(times):
            f(*program.arguments)


def random_program(draws: random.Random) -> None:
    """A program of many operations, twice called."""
    program = generate(draws)
    with contextlib.suppress(*REFUSALS):
        call(program.compile(), program)


def small_program(draws: random.Random) -> None:
    """A formula with numbers of its own, and its gradient."""
    x = T.dmatrix("x")
    y = T.tanh(x * draws.random() + draws.random()) ** draws.randrange(2, 9)
    f = phintys.function([x], [y.sum(axis=draws.randrange(2)), T.grad(y.mean(), x)])
    f(np.ones((draws.randrange(20), draws.randrange(1, 20))))


def on_emulated_device(draws: random.Random) -> None:
    """A program whose kernels are executed by loops, as PTX in text besides."""
    x = T.dmatrix("x")
    y = T.nnet.softmax(x * draws.uniform(0.5, 1.5)).sum(axis=0)
    f = phintys.function([x], [y, T.grad(T.log(y + 1).sum(), x)], target="cuda_emulated")
    f(np.ones((draws.randrange(1, 9), 5)))


def with_random_numbers(draws: random.Random) -> None:
    """A function with a stream of random numbers, copied and pickled."""
    streams = T.shared_randomstreams.RandomStreams(draws.randrange(10**6))
    w = phintys.shared(np.full(7, draws.random()), name="w")
    f = phintys.function([], (w * streams.normal((7,))).sum(), updates=[(w, w * draws.random() + 1)])
    for g in (f, deepcopy(f), pickle.loads(pickle.dumps(f))):
        g()


def with_large_arrays(draws: random.Random) -> None:
    """Results that come from the pool, and in threads."""
    x, count = T.dvector("x"), draws.randrange(100_000, 600_000)
    f = phintys.function([x], [T.exp(-x) * draws.random(), x.sum(), T.sort(x)])
    for _ in range(3):
        f(np.ones(count))


def refused(draws: random.Random) -> None:
    """Programs that cannot be: types, shapes, sizes, gradients."""
    x, i = T.dmatrix("x"), T.lvector("i")
    f = phintys.function([x, i], T.dot(x, x)[i] * draws.random())
    for bad in ((np.ones((2, 3)), [0]), (np.eye(2), [9]), ("text", [0]), (np.eye(2), [0.5]), (np.eye(2),)):
        with contextlib.suppress(TypeError, *REFUSALS):
            f(*bad)
    with contextlib.suppress(TypeError, *REFUSALS):
        phintys.function([x], T.grad(T.dot(x, x), x))
    with contextlib.suppress(MemoryError):
        phintys.function([i], T.alloc(draws.random(), i[0], 1 << 20))(np.array([1 << 30]))


KINDS = (random_program, small_program) * 8 + (on_emulated_device, with_random_numbers, with_large_arrays, refused)


def soak(minutes: float, seed: int, every: float = 30.0) -> list[Held]:
    """Work for so long, a sample and its line now and then; the samples."""
    draws, kinds, samples = random.Random(seed), Counter[str](), list[Held]()
    counted = compiler.compile_to_object = Counted()  # type: ignore[assignment]
    start = sampled = time.monotonic()
    while (now := time.monotonic()) - start < minutes * 60:
        kind = draws.choice(KINDS)
        kind(draws)
        kinds[kind.__name__] += 1
        if now - sampled >= every or not samples:
            sampled = now
            samples.append(held(counted.count))
            print(f"{(now - start) / 60:6.1f} min {samples[-1].line()}", flush=True)
    print(", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    return samples


def verdict(samples: Sequence[Held]) -> bool:
    """Print how much each field grows a compilation and whether that is within its limit; whether all are."""
    fine = True
    for name, limit in LIMITS.items():
        found = slope(samples, name)
        fine &= found <= limit
        print(f"{name}: {found:+.4g} a compilation, at most {limit:g}: {'flat' if found <= limit else 'GROWS'}")
    return fine


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; exit code 1 when something grows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="of the programs")
    parser.add_argument("--every", type=float, default=30.0, help="seconds between two samples")
    options = parser.parse_args(argv)
    os.environ["PHINTYS_CACHE"] = "0"
    samples = soak(options.minutes, options.seed, options.every)
    return 0 if verdict(samples) else 1


if __name__ == "__main__":
    sys.exit(main())
