"""How the compiler's work grows with programs: for eight times as much, a pass takes about eight times as many steps."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import graph_module, lower
from phintys.ir.graph import Graph
from phintys.plan import make_plan

TIMES = 8
TOLERANCE = 1.5  # a power of 1.2
LITTLE = 5_000  # lines: a pass that runs through fewer is not judged


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


def steps(program: Graph) -> Counter[str]:
    """How many lines of this package each pass runs through."""
    taken: Counter[str] = Counter()
    since = 0

    def line(frame: Any, event: str, argument: Any) -> Any:
        nonlocal since
        since += 1
        return line

    def called(frame: Any, event: str, argument: Any) -> Any:
        return line if "passes" in frame.f_code.co_filename else None

    def note(stage: Any, module: Any) -> None:
        nonlocal since
        taken[stage.run] += since
        since = 0

    module = graph_module(program)
    before = sys.gettrace()
    sys.settrace(called)
    try:
        lower(module, "loops", observe=note)
    finally:
        sys.settrace(before)
    return taken


@pytest.mark.parametrize(("make", "small"), [(network, 8), (states, 40), (vectors, 40), (parts, 40)])
def test_passes_do_work_in_proportion_to_programs(make: Callable[[int], Graph], small: int) -> None:
    steps(make(small))  # imports, and tables that are filled once
    few, many = steps(make(small)), steps(make(TIMES * small))
    assert sum(many.values()) > 10_000
    most = {name: max(LITTLE, TOLERANCE * TIMES * few[name]) for name in many}
    assert {name: (few[name], count) for name, count in many.items() if count > most[name]} == {}
