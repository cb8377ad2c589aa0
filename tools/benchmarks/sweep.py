"""How time grows: with elements, with operations, with shared variables. A measuring process like `measure.py`.

Run as `python -m phintys.tools.benchmarks.sweep JSON`, where the JSON has `peers`, `threads` and `most`, a divisor of
the greatest sizes. Prints a line of JSON for each point: the curve's panel and name, its size, the seconds.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

import numpy as np

from .measure import sampler
from .row import Call, normal
from .systems import function_of, system

ELEMENTS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
OPERATIONS = (10, 30, 100, 300, 1_000, 3_000, 10_000)
SHARED = (1, 3, 10, 30, 100, 300, 1_000)
LENGTH, SIDE = 100, 16

Point = tuple[str, str, int, float]


def main(settings: dict[str, Any]) -> None:
    """Measure all curves, and print each point as it is there."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-settings["threads"] :])
    for curve in (elements(settings["peers"], settings["part"]), operations(settings["part"]), shared(settings["part"])):
        for panel, name, size, seconds in curve:
            print(json.dumps({"panel": panel, "curve": name, "size": size, "seconds": seconds}), flush=True)


def upto(sizes: tuple[int, ...], part: float) -> list[int]:
    """The sizes up to a part of the greatest."""
    return [size for size in sizes if size <= part * sizes[-1]]


def least(call: Call, count: int = 5) -> float:
    """The least time of a few samples of a call, whose result is let go before the next."""
    sample = sampler(*call)
    return min(sample() for _ in range(count))


# --- elements ---


def express(m: Any, x: Any) -> Any:
    """Bound by memory where there are many elements."""
    return x * 2 + 1 / (1 + x * x)


def elements(peers: list[str], part: float) -> Iterator[Point]:
    """Seconds of a call of an elementwise function."""
    names = ["phintys", "numpy", *(name for name in peers if name in ("jax", "torch"))]
    for size in upto(ELEMENTS, part):
        x = np.ones(size)
        for name in names:
            try:
                yield "elements", name, size, least(function_of(name, express, (x,)))
            except ImportError:
                continue


# --- operations: CPU seconds until the first result ---


def chain(count: int) -> Call:
    """One elementwise expression, a chain of `count` operations."""
    return function_of("phintys", lambda m, x: links(m, x, count), (normal(1, LENGTH),))


def links(m: Any, x: Any, count: int) -> Any:
    """A chain of products, sums and sines."""
    y = x
    for i in range(count):
        y = (m.sin(y), y * x, y + x)[i % 3]
    return y


def different(count: int) -> Call:
    """A chain of which no two parts are alike, so that no compiled loop serves twice."""

    def unlike(m: Any, x: Any) -> Any:
        y = x
        for i in range(count):
            y = (m.sin(y), y * (1 + 1 / (i + 2)), y + i)[i % 3]
        return y

    return function_of("phintys", unlike, (normal(1, LENGTH),))


def slope(count: int) -> Call:
    """A chain of half as many operations, with its derivative."""
    made: Call = system("phintys").gradient(lambda m, x: links(m, x, count // 4).sum(), (normal(1, LENGTH),))
    return made


def layers(count: int) -> Call:
    """Products of matrices with an elementwise operation after each: as many loops as products."""

    def net(m: Any, x: Any) -> Any:
        y = x
        for _ in range(count // 2):
            y = m.tanh(y @ x)
        return y

    return function_of("phintys", net, (0.1 * normal(1, SIDE, SIDE),))


def operations(part: float) -> Iterator[Point]:
    """CPU seconds until the first result of functions that nobody compiled before."""
    curves: dict[str, Callable[[int], Call]] = {
        "elementwise": chain,
        "all different": different,
        "with gradient": slope,
        "matrix products": layers,
    }
    for make in curves.values():  # what the first functions of a process pay for is not what this measures
        call(make(5))
    for name, make in curves.items():
        for size in upto(OPERATIONS, part):
            start = process_time()
            call(make(size))
            yield "operations", name, size, process_time() - start


def call(made: Call) -> None:
    """Call once."""
    function, arguments = made
    function(*arguments)


# --- shared variables ---


def updates(count: int, value: Any) -> Call:
    """A function that adds one to each of `count` shared variables."""
    import phintys

    states = [phintys.shared(value) for _ in range(count)]
    return phintys.function([], [], updates=[(state, state + 1) for state in states]), ()


def reads(count: int) -> Call:
    """A function that sums `count` shared scalars."""
    import phintys

    states = [phintys.shared(1.0) for _ in range(count)]
    total = states[0] + 0.0
    for state in states[1:]:
        total = total + state
    return phintys.function([], total), ()


def shared(part: float) -> Iterator[Point]:
    """Seconds of a call."""
    for size in upto(SHARED, part):
        yield "shared variables", "scalars read", size, least(reads(size))
        yield "shared variables", "scalars updated", size, least(updates(size, 0.0))
        yield "shared variables", "vectors of 4 updated", size, least(updates(size, np.zeros(4)))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
