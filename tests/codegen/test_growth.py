"""How the compiler's time grows with programs: eight times as much takes about eight times as long, in every pass."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import collection_paused, graph_module, lower
from phintys.ir.graph import Graph
from phintys.plan import make_plan

TIMES = 8
TOLERANCE = 1.4  # of noise, and of what is slower where memory is larger
SHORT = 0.03  # seconds: what takes less is not judged


def graph(inputs: list[Any], outputs: Any, updates: list[Any]) -> Graph:
    """The graph of a function."""
    return make_plan(inputs, outputs, updates, None, False, None, True, None, None).graph


def network(layers: int) -> Graph:
    """A step of a deep network whose updates have a memory: states, shared constants, a sum over all parameters."""
    x, cost = T.dmatrix("x"), 0.0
    parameters = [phintys.shared(np.ones(shape)) for _ in range(layers) for shape in ((3, 3), (3,))]
    y = x
    for weights, bias in zip(parameters[::2], parameters[1::2], strict=True):
        y = T.tanh(T.dot(y, weights) + bias)
        cost = cost + (weights**2).sum() * 0.01
    cost = cost + (y**2).mean()
    updates = []
    for parameter, gradient in zip(parameters, T.grad(cost, parameters), strict=True):
        memory = phintys.shared(parameter.get_value())
        updates += [(memory, 0.9 * memory + 0.1 * gradient**2), (parameter, parameter - gradient / T.sqrt(memory + 1e-8))]
    return graph([x], cost, updates)


def states(count: int) -> Graph:
    """Updates that have nothing in common but constants."""
    updates = []
    for _ in range(count):
        state, memory = phintys.shared(np.zeros(2)), phintys.shared(np.zeros(2))
        new = 0.9 * memory + 0.1 * state**2
        updates += [(memory, new), (state, state - state / T.sqrt(new + 1e-8))]
    return graph([], [], updates)


def vectors(count: int) -> Graph:
    """Vectors whose sizes have to be equal, and the same vectors one after the other."""
    inputs = [T.dvector() for _ in range(count)]
    total = inputs[0]
    for vector in inputs[1:]:
        total = T.tanh(total) * vector
    return graph(inputs, [total, T.concatenate(inputs) * 2], [])


def parts(count: int) -> Graph:
    """What is computed of vectors of any sizes, one after the other."""
    inputs = [T.dvector() for _ in range(count)]
    return graph(inputs, T.concatenate([T.sin(vector) for vector in inputs]), [])


def seconds(program: Graph) -> dict[str, float]:
    """CPU seconds of each pass."""
    taken: dict[str, float] = {}
    last = process_time()

    def note(stage: Any, module: Any) -> None:
        nonlocal last
        now = process_time()
        taken[stage.run] = taken.get(stage.run, 0.0) + now - last
        last = now

    with collection_paused():
        module = graph_module(program)
        last = process_time()
        lower(module, "loops", observe=note)
    return taken


def too_slow(few: dict[str, float], many: dict[str, float]) -> list[str]:
    """The passes that take more than in proportion."""
    return [
        f"{name}: {few[name]:.3f} s, {TIMES} times as much {taken:.3f} s"
        for name, taken in many.items()
        if taken > max(SHORT, TOLERANCE * TIMES * few[name])
    ]


@pytest.mark.parametrize(("make", "small"), [(network, 10), (states, 50), (vectors, 50), (parts, 50)])
def test_passes_take_time_in_proportion_to_programs(make: Callable[[int], Graph], small: int) -> None:
    """Of several measurements, where the machine was busy, the least of each pass counts."""
    few, many = seconds(make(small)), seconds(make(TIMES * small))
    for _ in range(2):
        if too_slow(few, many):
            few, many = (
                {name: min(taken, again[name]) for name, taken in known.items()}
                for known, again in ((few, seconds(make(small))), (many, seconds(make(TIMES * small))))
            )
    assert not too_slow(few, many)
