"""What random programs grow from: a pool of variables whose values are known, so that shapes fit and indices are in bounds."""

from __future__ import annotations

import random as _random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from harness import op, reference, variable

import phintys
from phintys.ir.graph import Graph

Array = np.ndarray[Any, Any]
Random = _random.Random
Pair = tuple[Any, Array]

REAL = (
    ["float64"] * 6
    + ["float32"] * 4
    + ["int64", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64", "bool"]
)
COMPLEX = ["complex128"] * 4 + ["complex64"] * 2
SIZES = [3, 3, 3, 2, 2, 1, 4, 5, 0]
LIMIT = 1e4  # values beyond are left out, mostly
MOST = 3000  # elements of a value


class Maker:
    """Grows a program; `pool` holds (variable, value), `streams` states of generators.

    `wild` values are any that the dtype has: infinities, NaN, subnormal numbers, the largest and the smallest.
    """

    def __init__(self, random: Random, wild: bool = False, dtypes: Sequence[str] = REAL) -> None:
        self.random = random
        self.wild = wild
        self.dtypes = dtypes
        self.pool: list[Pair] = []
        self.streams: dict[str, list[Pair]] = {"mersenne": [], "random_mrg": []}

    def pick(self, fits: Callable[[Any, Array], bool] = lambda v, a: True) -> Pair:
        """A value, preferably a recent one; LookupError when none fits."""
        found = [pair for pair in self.pool if fits(*pair)]
        if not found:
            raise LookupError
        return self.random.choice(found[-6:] if self.random.random() < 0.5 else found)

    def tensor(self, least: int = 1, kinds: str = "biufc") -> Pair:
        """A value of at least this rank, of one of these kinds."""
        return self.pick(lambda v, a: a.ndim >= least and a.dtype.kind in kinds)

    def like(self, value: Array, kinds: str = "biufc") -> Pair:
        """A value that probably broadcasts with another."""
        return self.pick(lambda v, a: a.dtype.kind in kinds and (a.ndim == 0 or a.shape[-1:] == value.shape[-1:]))

    def constant(self, dtype: str, shape: Sequence[int] = ()) -> Pair:
        """A known tensor."""
        value = draw(self.random, dtype, shape, self.wild)
        return phintys.tensor.constant(value), value

    def keep(self, name: str, *operands: Pair, **attrs: Any) -> list[Pair]:
        """Add an operation to the pool, if it is well-typed, its sizes fit and its value is tame; its results."""
        first = op(name, *(v for v, _ in operands), **attrs)
        return self.add(first.node.results, evaluate(first, operands))

    def add(self, results: Sequence[Any], values: Sequence[Array]) -> list[Pair]:
        """Add variables whose values are known."""
        for value in values:
            if value.size > MOST or value.ndim > 4:
                raise LookupError
            untame = value.dtype.kind in "fc" and value.size and not np.max(np.abs(value), initial=0) <= LIMIT
            if untame and not self.wild and self.random.random() < 0.97:
                raise LookupError
        found = list(zip(results, values, strict=True))
        self.pool += [pair for pair in found if pair[1].shape != (628,)]
        return found


def fits(index: Array, size: int) -> bool:
    """Whether an array can index a dimension."""
    return index.dtype.kind in "iu" and bool(((index.astype("O") >= -size) & (index.astype("O") < size)).all())


def edges(dtype: str) -> list[Any]:
    """Values at which implementations differ."""
    if np.dtype(dtype).kind in "iu":
        info = np.iinfo(dtype)
        return [int(info.max), int(info.max) - 1, int(info.min), int(info.min) + 1, int(info.max) // 2 + 1]
    numbers = np.finfo(dtype)
    some = [np.inf, -np.inf, np.nan, numbers.max, numbers.min, numbers.tiny, -numbers.smallest_subnormal, numbers.eps]
    return [*some, -0.0, float(numbers.smallest_subnormal) * 3, float(numbers.max) ** 0.5, 1e300, 88.5, -745.2, 709.5]


def draw(random: Random, dtype: str, shape: Sequence[int], wild: bool = False) -> Array:
    """Values: tame ones, half of them integers, so that equal ones and exact sums occur; `wild` ones among them."""
    count = int(np.prod(shape))
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.array([random.random() < 0.5 for _ in range(count)], dtype).reshape(shape)
    if kind == "c":
        part = {"complex64": "float32", "complex128": "float64"}[dtype]
        return np.asarray(draw(random, part, shape) + 1j * draw(random, part, shape), dtype)
    low = 0 if kind == "u" else -3
    whole = random.random() < 0.5 or kind != "f"
    numbers: list[Any] = [random.randrange(low, 4) if whole else random.randrange(-2999, 3000) / 1000 for _ in range(count)]
    if wild and random.random() < 0.7:
        numbers = [random.choice(edges(dtype)) if random.random() < 0.3 else number for number in numbers]
    with np.errstate(all="ignore"):
        return np.array(numbers, dtype).reshape(shape)


def evaluate(result: Any, operands: Sequence[Pair]) -> list[Array]:
    """The values of one operation on known operands."""
    fresh = [variable(v.dtype, v.type.shape) for v, _ in operands]
    copy = op(result.node.op, *fresh, **result.node.attrs)
    return [np.asarray(value) for value in reference(Graph("one", fresh, list(copy.node.results)), [a for _, a in operands])]


def evaluate_whole(results: Sequence[Any], leaves: Sequence[Pair]) -> list[Array]:
    """The values of expressions, from those of their inputs and states."""
    return [
        np.asarray(value) for value in reference(Graph("whole", [v for v, _ in leaves], list(results)), [a for _, a in leaves])
    ]
