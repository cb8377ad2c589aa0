"""Random typed programs: several inputs, states, outputs and updates; every value is known while the program is made.

`generate(random)` takes a `random.Random` and returns a `Program`. Values are computed as the program grows, so that shapes fit
and numbers stay tame; `noisy` evaluates a program with a rounding error of random sign at every operation: the spread of a few
such runs says how far a result may be off.
"""

from __future__ import annotations

import random as _random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from harness import ULPS, op, reference, variable

import phintys
from phintys.codegen import interpreter
from phintys.codegen.interpreter_rows import index_of
from phintys.dialects.nd import NdOp
from phintys.ir.graph import Graph
from phintys.ir.types import TypeInferenceError

Array = np.ndarray[Any, Any]
Random = _random.Random

DTYPES = ["float64"] * 5 + ["float32"] * 3 + ["int64", "int32", "int8", "uint8", "bool"]
SIZES = [3, 3, 3, 2, 2, 1, 4, 5, 0]
UNARY = [
    "neg",
    "abs",
    "sign",
    "exp",
    "tanh",
    "sigmoid",
    "softplus",
    "floor",
    "ceil",
    "sin",
    "cos",
    "expm1",
    "arctan",
    "log",
    "sqrt",
]
BINARY = ["add", "sub", "mul", "add", "sub", "mul", "maximum", "minimum", "div", "mod", "floordiv"]
LOGIC = ["and", "or", "xor"]
COMPARE = ["eq", "ne", "lt", "le", "gt", "ge"]
REDUCE = ["sum", "sum", "prod", "max", "min", "all", "any", "argmax", "argmin"]
LIMIT = 1e4  # values beyond are left out, mostly


@dataclass
class Program:
    """What was made: variables and the values they have at the first call."""

    inputs: list[Any] = field(default_factory=list)
    states: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    updates: list[tuple[Any, Any]] = field(default_factory=list)
    arguments: list[Array] = field(default_factory=list)


class Maker:
    """Grows a program; `pool` holds (variable, value)."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pool: list[tuple[Any, Array]] = []

    def pick(self, fits: Callable[[Any, Array], bool] = lambda v, a: True) -> tuple[Any, Array]:
        """A value, preferably a recent one; LookupError when none fits."""
        found = [pair for pair in self.pool if fits(*pair)]
        if not found:
            raise LookupError
        return self.random.choice(found[-6:] if self.random.random() < 0.5 else found)

    def tensor(self, least: int = 1, kinds: str = "biuf") -> tuple[Any, Array]:
        """A value of at least this rank, of one of these kinds."""
        return self.pick(lambda v, a: a.ndim >= least and a.dtype.kind in kinds)

    def like(self, value: Array, kinds: str = "biuf") -> tuple[Any, Array]:
        """A value that probably broadcasts with another."""
        return self.pick(lambda v, a: a.dtype.kind in kinds and (a.ndim == 0 or a.shape[-1:] == value.shape[-1:]))

    def keep(self, name: str, *operands: tuple[Any, Array], **attrs: Any) -> None:
        """Add an operation to the pool, if it is well-typed, its sizes fit and its value is tame."""
        result = op(name, *(v for v, _ in operands), **attrs)
        value = evaluate(result, operands)
        wild = value.dtype.kind == "f" and value.size and not np.max(np.abs(value), initial=0) <= LIMIT
        if (wild and self.random.random() < 0.95) or value.size > 3000 or value.ndim > 4:
            raise LookupError
        self.pool.append((result, value))

    # --- one method for each kind of operation -------------------------------------------------------------------------------

    def unary(self) -> None:
        x = self.tensor(0)
        self.keep(self.random.choice(UNARY if x[1].dtype.kind == "f" else ["neg", "abs", "sign", "invert"]), x)

    def binary(self) -> None:
        x = self.tensor(0)
        y = self.like(x[1])
        names = LOGIC if {x[1].dtype.kind, y[1].dtype.kind} <= set("biu") and self.random.random() < 0.3 else BINARY
        self.keep(self.random.choice(names), *self.random.sample([x, y], 2))

    def with_constant(self) -> None:
        x = self.tensor(0, "f")
        number = np.array(self.random.choice([0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -0.25]), x[1].dtype)
        constant = phintys.tensor.constant(number)
        self.keep(self.random.choice(["add", "sub", "mul", "div", "pow", "maximum"]), x, (constant, number))

    def compare(self) -> None:
        x = self.tensor(0)
        self.keep(self.random.choice(COMPARE), x, self.like(x[1]))

    def select(self) -> None:
        x = self.tensor(0)
        self.keep("select", self.like(x[1], "b"), x, self.like(x[1]))

    def cast(self) -> None:
        self.keep("cast", self.tensor(0), dtype=self.random.choice(DTYPES))

    def reduce(self) -> None:
        x = self.tensor(1)
        axes = [axis for axis in range(x[1].ndim) if self.random.random() < 0.5] or [self.random.randrange(x[1].ndim)]
        name = self.random.choice(REDUCE)
        if 0 in (x[1].shape[axis] for axis in axes) and name not in ("sum", "prod", "all", "any"):
            raise LookupError
        self.keep(name, x, axes=axes)

    def softmax(self) -> None:
        x = self.tensor(1, "f")
        if not x[1].size:
            raise LookupError
        self.keep(self.random.choice(["softmax", "log_softmax"]), x, axis=self.random.randrange(x[1].ndim))

    def shuffle(self) -> None:
        x = self.tensor(0)
        order = list(range(x[1].ndim))
        self.random.shuffle(order)
        order = [axis for axis in order if x[0].type.shape[axis] != 1 or self.random.random() < 0.6]
        while len(order) < 4 and self.random.random() < 0.3:
            order.insert(self.random.randrange(len(order) + 1), -1)
        self.keep("dimshuffle", x, order=order)

    def index(self, shape: Sequence[int]) -> str:
        """A basic index of the leading dimensions, in bounds."""
        entries = []
        for size in shape[: self.random.randrange(1, len(shape) + 1)]:
            kind = self.random.random()
            if kind < 0.3 and size:
                entries.append(str(self.random.randrange(-size, size)))
            elif kind < 0.5:
                entries.append(":")
            else:
                bounds = [str(self.random.randrange(-4, 5)) if self.random.random() < 0.5 else "" for _ in range(2)]
                entries.append(":".join(bounds) + self.random.choice(["", "", ":1", ":2", ":-1", ":-2"]))
        return ", ".join(entries)

    def subtensor(self) -> None:
        x = self.tensor(1)
        self.keep("subtensor", x, index=self.index(x[1].shape))

    def symbolic_subtensor(self) -> None:
        x, n = self.tensor(1), self.pick(lambda v, a: a.ndim == 0 and a.dtype.kind in "iu" and abs(int(a)) < 50)
        index = self.random.choice(["?:", ":?", "?::-1", ":?:2", "?:?", "?"])
        if index == "?" and not -x[1].shape[0] <= int(n[1]) < x[1].shape[0]:
            raise LookupError
        self.keep("subtensor", x, *[n] * index.count("?"), index=index)

    def write(self) -> None:
        x = self.tensor(1)
        index = self.index(x[1].shape)
        region = index_of(index, [])
        part = x[1][region]
        y = self.pick(lambda v, a: a.dtype == part.dtype and (a.ndim == 0 or a.shape == part.shape))
        self.keep(self.random.choice(["set_subtensor", "inc_subtensor"]), x, y, index=index)

    def write_shifted(self) -> None:
        """A part of a tensor written into another part of it."""
        x = self.tensor(1)
        here, there = self.random.sample(["1:", ":-1", "::-1", "0:1", "-1:", ":"], 2)
        name = self.random.choice(["set_subtensor", "inc_subtensor"])
        part, value = op("subtensor", x[0], index=there), x[1][index_of(there, [])]
        if value.shape != x[1][index_of(here, [])].shape:
            raise LookupError
        self.keep(name, x, (part, value), index=here)

    def gather(self) -> None:
        x = self.tensor(1)
        count = self.random.randrange(1, x[1].ndim + 1)
        indices = [self.pick(lambda v, a, n=n: fits(a, n)) for n in x[1].shape[:count]]
        self.keep("gather", x, *indices)

    def scatter(self) -> None:
        x = self.tensor(1)
        i = self.pick(lambda v, a: fits(a, x[1].shape[0]))
        shape = x[1][i[1]].shape
        y = self.pick(lambda v, a: a.dtype == x[1].dtype and (a.ndim == 0 or a.shape == shape))
        self.keep("scatter_add", x, y, i)

    def concatenate(self) -> None:
        x = self.tensor(1)
        axis = self.random.randrange(x[1].ndim)
        rest = np.delete(x[1].shape, axis)
        y = self.pick(lambda v, a: a.ndim == x[1].ndim and (np.delete(a.shape, axis) == rest).all())
        self.keep("concatenate", x, y, *([x] if self.random.random() < 0.3 else []), axis=axis)

    def reshape(self) -> None:
        x = self.tensor(0)
        sizes = self.random.choice([(-1,), (-1, 1), (1, -1), (2, -1), (-1, 3), (-1, 2, 1)])
        if not x[1].size or x[1].size % (known := abs(int(np.prod(sizes)))) or known > x[1].size:
            raise LookupError
        self.keep("reshape", x, sizes=sizes)

    def size(self) -> None:
        x = self.tensor(1)
        self.keep("dim", x, axis=self.random.randrange(x[1].ndim))

    def alloc(self) -> None:
        x, like = self.tensor(0), self.tensor(1)
        fitting = x[1].ndim == 0 or (x[0].type.shape == (1,) * x[1].ndim and x[1].ndim <= like[1].ndim)
        if not fitting:
            raise LookupError
        dims = [(op("dim", like[0], axis=k), np.int64(n)) for k, n in enumerate(like[1].shape)]
        self.keep("alloc", x, *dims, sizes=(None,) * len(dims))

    def arange(self) -> None:
        n = self.pick(lambda v, a: a.ndim == 0 and a.dtype.kind in "iu" and 0 <= int(a) < 20)
        zero, one = (phintys.tensor.constant(np.array(k, "int8")) for k in (0, 1))
        self.keep("arange", (zero, np.int8(0)), n, (one, np.int8(1)))

    def vector(self) -> None:
        scalars = [self.pick(lambda v, a: a.ndim == 0) for _ in range(self.random.randrange(1, 4))]
        self.keep("make_vector", *scalars)

    def dot(self) -> None:
        x = self.pick(lambda v, a: 1 <= a.ndim <= 2)
        self.keep("dot", x, self.pick(lambda v, a: 1 <= a.ndim <= 2 and a.shape[0] == x[1].shape[-1]))

    def constant(self) -> None:
        value = draw(self.random, self.random.choice(DTYPES), self.random.choices(SIZES[:-1], k=self.random.randrange(3)))
        self.pool.append((phintys.tensor.constant(value), value))


STEPS: list[Callable[[Maker], None]] = [
    *[Maker.unary] * 4, *[Maker.binary] * 8, *[Maker.with_constant] * 3, Maker.compare, *[Maker.select] * 2, *[Maker.cast] * 2,
    *[Maker.reduce] * 4, Maker.softmax, *[Maker.shuffle] * 3, *[Maker.subtensor] * 3, Maker.symbolic_subtensor,
    *[Maker.write] * 2, Maker.write_shifted, Maker.gather, Maker.scatter, Maker.concatenate, Maker.reshape, Maker.size,
    Maker.alloc, Maker.arange, Maker.vector, *[Maker.dot] * 3, Maker.constant,
]  # fmt: skip


def fits(index: Array, size: int) -> bool:
    """Whether an array can index a dimension."""
    return index.dtype.kind in "iu" and bool(((index.astype("i8") >= -size) & (index.astype("i8") < size)).all())


def draw(random: Random, dtype: str, shape: Sequence[int]) -> Array:
    """Tame values: half of them integers, so that equal ones and exact sums occur."""
    count = int(np.prod(shape))
    if dtype == "bool":
        return np.array([random.random() < 0.5 for _ in range(count)], dtype).reshape(shape)
    low = 0 if dtype.startswith("u") else -3
    whole = random.random() < 0.5 or np.dtype(dtype).kind != "f"
    numbers = [random.randrange(low, 4) if whole else random.randrange(-2999, 3000) / 1000 for _ in range(count)]
    return np.array(numbers, dtype).reshape(shape)


def evaluate(result: Any, operands: Sequence[tuple[Any, Array]]) -> Array:
    """The value of one operation on known operands."""
    fresh = [variable(v.dtype, v.type.shape) for v, _ in operands]
    copy = op(result.node.op, *fresh, **result.node.attrs)
    return np.asarray(reference(Graph("one", fresh, [copy]), [a for _, a in operands])[0])


def generate(random: Random, steps: int | None = None) -> Program:
    """A program."""
    maker, program = Maker(random), Program()
    common = random.choices(SIZES, k=2)
    for number in range(random.randrange(2, 7)):
        shape = [random.choice(common) if random.random() < 0.7 else random.choice(SIZES) for _ in range(random.randrange(4))]
        value = draw(random, random.choice(DTYPES), shape)
        if number and random.random() < 0.45:
            state = phintys.shared(value, name=f"s{number}")
            program.states.append(state)
            maker.pool.append((state, value))
            continue
        static = [size if random.random() < (0.6 if size == 1 else 0.15) else None for size in shape]
        x = variable(str(value.dtype), static, f"x{number}")
        program.inputs.append(x)
        program.arguments.append(value)
        maker.pool.append((x, value))
    wanted = len(maker.pool) + (steps or random.randrange(8, 31))
    for _ in range(200):
        if len(maker.pool) >= wanted:
            break
        try:
            random.choice(STEPS)(maker)
        except (LookupError, TypeInferenceError, ValueError):
            continue
    finish(random, maker, program)
    return program


def finish(random: Random, maker: Maker, program: Program) -> None:
    """Choose outputs and updates."""
    for state in program.states:
        fitting = [v for v, a in maker.pool if state.type.accepts(v.type) and v is not state]
        same = [v for v, a in maker.pool if v in fitting and a.shape == state.get_value().shape]
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


# --- how far results may be off -----------------------------------------------------------------------------------------------

EXACT = {"neg", "abs", "sign", "floor", "ceil", "maximum", "minimum", "select", "max", "min", "cast"}
INEXACT = {"div", "sigmoid", "tanh", "exp", "softplus"}  # a whole result says nothing
SHAPING = {"shape", "indexing"}


def noise(node: NdOp, operands: Sequence[Array], value: Array, rng: np.random.Generator) -> Array:
    """`value` with a rounding error of random sign; whole numbers count as exact."""
    if value.dtype.kind != "f" or (node.op in EXACT and node.op != "cast") or node.row.family in SHAPING:
        return value
    with np.errstate(all="ignore"):
        size = np.abs(value)
        if node.op == "sum":
            size = 4 * np.abs(operands[0]).sum(node.attrs["axes"])
        elif node.op in ("softmax", "log_softmax"):  # off by what its operand is off
            size = np.max(np.abs(operands[0]), initial=1) * (np.abs(value) if node.op == "softmax" else 1.0)
        elif node.op == "dot":
            size = 4 * np.dot(*(np.abs(x) for x in operands))
        error = size * ULPS[str(value.dtype)] * rng.choice([-1.0, 1.0], value.shape)
        exact = (value == np.rint(value)) & (np.abs(value) < 1e6) & (node.op not in INEXACT)
        exact &= all(np.array_equal(x, np.rint(x)) for x in operands if x.dtype.kind == "f")
        return np.where(exact, value, value + error).astype(value.dtype)


def noisy(graph: Graph, arrays: Sequence[Any], seed: int) -> list[Array]:
    """Outputs and new states with errors."""
    rng = np.random.default_rng(seed)
    plain = interpreter.apply_op

    def disturbed(node: NdOp, operands: Sequence[Array]) -> list[Array]:
        return [noise(node, operands, value, rng) for value in plain(node, operands)]

    interpreter.apply_op = disturbed
    try:
        return reference(graph, arrays)
    finally:
        interpreter.apply_op = plain


def compare(found: Any, expected: Array, disturbed: Sequence[Array], label: str) -> None:
    """Ints where no error changes them, floats within some times the spread."""
    found = np.asarray(found)
    assert found.dtype == expected.dtype, f"{label}: {found.dtype} instead of {expected.dtype}"
    assert found.shape == expected.shape, f"{label}: {found.shape} instead of {expected.shape}"
    if any(d.shape != expected.shape for d in disturbed):
        return
    with np.errstate(all="ignore"):
        if expected.dtype.kind != "f":
            sure = np.all([d == expected for d in disturbed], axis=0)
            wrong = sure & (found != expected)
        else:
            wide, target = expected.astype("longdouble"), found.astype("longdouble")
            spread = np.max([np.abs(d - wide) for d in disturbed], axis=0)
            tolerance = 50 * spread + 8 * ULPS[str(expected.dtype)] * np.abs(wide) + np.finfo(expected.dtype).tiny
            wrong = ~((np.abs(target - wide) <= tolerance) | (target == wide) | (np.isnan(target) & np.isnan(wide)))
            wrong &= ~(np.isnan(spread) & ~np.isnan(wide))  # an error makes it NaN
    assert not np.any(wrong), f"{label}: {found} instead of {expected}, {disturbed[0]} with errors"


def check(program: Program, calls: int = 2) -> None:
    """Compile, call and compare; a call that the evaluator refuses must fail and change no state."""
    f = phintys.function(program.inputs, program.outputs, updates=program.updates, on_unused_input="ignore")
    graph = f.maker.plan.graph
    states = f.get_shared()
    for call in range(calls):
        before = [state.get_value() for state in states]
        arrays = [*program.arguments, *before]
        try:
            expected = reference(graph, arrays)
        except Exception:
            refused(f, program, states, before)
            return
        try:
            disturbed = [noisy(graph, arrays, seed) for seed in range(6)]
        except (IndexError, ValueError):  # an error has moved an index
            return
        given = [argument.copy() for argument in program.arguments]
        found = f(*program.arguments)
        for number, result in enumerate(found):
            compare(result, expected[number], [d[number] for d in disturbed], f"call {call}, output {number}")
        place = {id(old): k for k, (old, _) in enumerate(graph.updates, len(found))}
        for state, old in zip(states, before, strict=True):
            k = place.get(id(state))
            wanted = (old, [old]) if k is None else (expected[k], [d[k] for d in disturbed])
            compare(state.get_value(), *wanted, f"call {call}, {state}")
        for argument, copy in zip(program.arguments, given, strict=True):
            assert np.array_equal(argument, copy, equal_nan=copy.dtype.kind == "f"), "an argument was written to"


def refused(f: Any, program: Program, states: Sequence[Any], before: Sequence[Array]) -> None:
    """Either the call fails and changes nothing, or a rewrite made it work."""
    try:
        f(*program.arguments)
    except (ValueError, IndexError, ZeroDivisionError):
        for state, value in zip(states, before, strict=True):
            assert np.array_equal(state.get_value(), value, equal_nan=value.dtype.kind == "f"), f"{state} after a failed call"
