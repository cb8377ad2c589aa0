"""Random typed programs over all operations: several inputs, states, outputs and updates, gradients among them.

`generate(random)` takes a `random.Random` and returns a `Program`; every value is known while it is made. `check` compiles it,
calls it and compares with the interpreter, within what rounding can do (`noise`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from harness import reference, variable
from maker import COMPLEX, REAL, SIZES, Array, Maker, Random, draw
from noise import compare, noisy
from steps import step

import phintys
from phintys.ir.diagnostics import DiagnosticError
from phintys.ir.graph import Graph

MISFITS = (LookupError, TypeError, ValueError, NotImplementedError, DiagnosticError)  # what a step cannot do here


@dataclass
class Program:
    """What was made: variables and the values they have at the first call."""

    inputs: list[Any] = field(default_factory=list)
    states: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    updates: list[tuple[Any, Any]] = field(default_factory=list)
    arguments: list[Array] = field(default_factory=list)
    wild: bool = False

    def graph(self) -> Graph:
        """The expression graph, without compiling it."""
        updates = [(state, new) for state, new in self.updates]
        return Graph("found", self.inputs, self.outputs, states=self.states, updates=updates)

    def values(self) -> list[Array]:
        """The values of inputs and states."""
        return [*self.arguments, *(state.get_value() for state in self.states)]

    def compile(self) -> Any:
        """The function. Infinities and NaN that `stabilize` avoids are the interpreter's: then it is left out."""
        mode = phintys.Mode(optimizer="fast_run")
        mode = mode.excluding("stabilize") if self.wild else mode
        return phintys.function(self.inputs, self.outputs, updates=self.updates, on_unused_input="ignore", mode=mode)


def generate(random: Random, steps: int | None = None) -> Program:
    """A program; a quarter of them with any numbers, an eighth with complex ones."""
    kind = random.random()
    wild, dtypes = kind < 0.25, COMPLEX * 2 + REAL[:14] if kind > 0.86 else REAL
    maker, program = Maker(random, wild, dtypes), Program(wild=wild)
    common = random.choices(SIZES, k=2)
    for number in range(random.randrange(2, 7)):
        shape = [random.choice(common) if random.random() < 0.7 else random.choice(SIZES) for _ in range(random.randrange(4))]
        if random.random() < 0.08:
            shape = random.choices(SIZES[:-1], k=4)
        leaf(maker, program, number, draw(random, random.choice(dtypes), shape, wild))
    wanted = len(maker.pool) + (steps or random.randrange(8, 31))
    for _ in range(250):
        if len(maker.pool) >= wanted:
            break
        try:
            step(maker)
        except MISFITS:
            continue
    finish(random, maker, program)
    return program


def leaf(maker: Maker, program: Program, number: int, value: Array) -> None:
    """An input or a state of that value; a second input of the same type may share the memory of the first."""
    random = maker.random
    if number and random.random() < 0.45:
        state = phintys.shared(value, name=f"s{number}")
        program.states.append(state)
        maker.pool.append((state, value))
        if random.random() < 0.2:  # the state's own memory as an argument
            lent = variable(str(value.dtype), [None] * value.ndim, f"l{number}")
            program.inputs.append(lent)
            program.arguments.append(state.get_value(borrow=True))
            maker.pool.append((lent, value))
        return
    static = [size if random.random() < (0.6 if size == 1 else 0.25) else None for size in value.shape]
    x = variable(str(value.dtype), static, f"x{number}")
    program.inputs.append(x)
    program.arguments.append(laid_out(random, value))
    maker.pool.append((x, value))
    if random.random() < 0.1:
        twin = variable(str(value.dtype), static, f"y{number}")
        program.inputs.append(twin)
        program.arguments.append(program.arguments[-1])
        maker.pool.append((twin, value))


def laid_out(random: Random, value: Array) -> Array:
    """The value with negative steps, in Fortran's order, inside of a larger array; mostly as it is."""
    kind = random.random()
    if kind > 0.3 or not value.ndim:
        return value
    if kind < 0.1:
        return value[::-1].copy()[::-1]
    if kind < 0.2:
        return np.asfortranarray(value)
    wide = np.zeros([size * 2 + 1 for size in value.shape], value.dtype)
    view = wide[tuple(slice(1, None, 2) for _ in value.shape)]
    view[...] = value
    return view


def finish(random: Random, maker: Maker, program: Program) -> None:
    """Choose outputs and updates."""
    for state in program.states:
        fitting = [v for v, a in maker.pool if state.type.accepts(v.type) and v is not state]
        same = [v for v, a in maker.pool if any(v is one for one in fitting) and a.shape == state.get_value().shape]
        choice = same if same and random.random() < 0.85 else fitting
        if choice and random.random() < 0.9:
            program.updates.append((state, random.choice(choice[-4:])))
    random.shuffle(program.updates)
    found = [v for v, _ in maker.pool]
    used = {id(x) for v in found if v.node is not None for x in v.node.inputs}
    leaves = [v for v in found if v.node is not None and id(v) not in used]
    program.outputs = [
        *random.sample(leaves, min(len(leaves), random.randrange(2, 9))),
        *random.choices(found, k=random.randrange(1, 4)),
    ]


def check(program: Program, calls: int = 2) -> Any:
    """Compile, call and compare; a call that the interpreter refuses must fail and change no state. The function."""
    try:
        f = program.compile()
    except DiagnosticError as error:
        assert "not available for complex numbers" in str(error), error
        return None
    graph = f.maker.plan.graph
    states = f.get_shared()
    for call in range(calls):
        before = [state.get_value() for state in states]
        arrays = [np.array(value) for value in (*program.arguments, *before)]
        try:
            expected = reference(graph, arrays)
        except Exception:
            refused(f, program, states, before)
            return f
        try:
            disturbed = [noisy(graph, arrays, seed) for seed in range(6)]
        except (IndexError, ValueError):  # an error has moved an index
            return f
        own = [state.get_value(borrow=True) for state in states]
        given = [
            (argument, argument.copy())
            for argument in program.arguments
            if not any(np.shares_memory(argument, memory) for memory in own)
        ]
        found = f(*program.arguments)
        for number, result in enumerate(found):
            compare(result, expected[number], [d[number] for d in disturbed], f"call {call}, output {number}")
        place = {id(old): k for k, (old, _) in enumerate(graph.updates, len(found))}
        for state, old in zip(states, before, strict=True):
            k = place.get(id(state))
            wanted = (old, [old]) if k is None else (expected[k], [d[k] for d in disturbed])
            compare(state.get_value(), *wanted, f"call {call}, {state}")
        for argument, copy in given:
            assert np.array_equal(argument, copy, equal_nan=copy.dtype.kind in "fc"), "an argument was written to"
    return f


def refused(f: Any, program: Program, states: Sequence[Any], before: Sequence[Array]) -> None:
    """Either the call fails and changes nothing, or a rewrite made it work."""
    try:
        f(*program.arguments)
    except (ValueError, IndexError, ZeroDivisionError):
        for state, value in zip(states, before, strict=True):
            assert np.array_equal(state.get_value(), value, equal_nan=value.dtype.kind in "fc"), f"{state} after a failed call"
