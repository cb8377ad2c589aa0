"""Steps that arrange elements: shapes, indices, parts written into other parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from harness import op
from maker import Maker, Pair

import phintys.tensor as T
from phintys.codegen.interpreter_rows import index_of

SYMBOLIC = ["?:", ":?", "?::-1", ":?:2", "?:?", "?", "?:?:-1"]


def dimshuffle(m: Maker) -> None:
    """Dimensions in another order, some of size 1 dropped, some added."""
    x = m.tensor(0)
    order = list(range(x[1].ndim))
    m.random.shuffle(order)
    order = [axis for axis in order if x[0].type.shape[axis] != 1 or m.random.random() < 0.6]
    while len(order) < 4 and m.random.random() < 0.3:
        order.insert(m.random.randrange(len(order) + 1), -1)
    m.keep("dimshuffle", x, order=order)


def placed(m: Maker, shape: Sequence[int]) -> str:
    """A basic index of the leading dimensions, in bounds."""
    entries = []
    for size in shape[: m.random.randrange(1, len(shape) + 1)]:
        kind = m.random.random()
        if kind < 0.3 and size:
            entries.append(str(m.random.randrange(-size, size)))
        elif kind < 0.5:
            entries.append(":")
        else:
            bounds = [str(m.random.randrange(-4, 5)) if m.random.random() < 0.5 else "" for _ in range(2)]
            entries.append(":".join(bounds) + m.random.choice(["", "", ":1", ":2", ":-1", ":-2", ":3", ":-3"]))
    return ", ".join(entries)


def subtensor(m: Maker) -> None:
    """A part; bounds are numbers, or come from scalars of the program."""
    x = m.tensor(1)
    if m.random.random() < 0.7:
        m.keep("subtensor", x, index=placed(m, x[1].shape))
        return
    n = m.pick(lambda v, a: a.ndim == 0 and a.dtype.kind in "iu" and abs(int(a)) < 50)
    index = m.random.choice(SYMBOLIC)
    if index == "?" and not -x[1].shape[0] <= int(n[1]) < x[1].shape[0]:
        raise LookupError
    m.keep("subtensor", x, *[n] * index.count("?"), index=index)


def write(name: str) -> Callable[[Maker], Any]:
    """A value, or a part of the tensor itself, written into a part or added to it."""

    def step(m: Maker) -> None:
        x = m.tensor(1)
        if m.random.random() < 0.4:
            here, there = m.random.sample(["1:", ":-1", "::-1", "0:1", "-1:", ":", "::2"], 2)
            value = x[1][index_of(there, [])]
            if value.shape != x[1][index_of(here, [])].shape:
                raise LookupError
            m.keep(name, x, (op("subtensor", x[0], index=there), value), index=here)
            return
        index = placed(m, x[1].shape)
        part = x[1][index_of(index, [])]
        y = m.pick(lambda v, a: a.dtype == part.dtype and (a.ndim == 0 or a.shape == part.shape))
        m.keep(name, x, y, index=index)

    return step


def concatenate(m: Maker) -> None:
    """Two or three tensors joined."""
    x = m.tensor(1)
    axis = m.random.randrange(x[1].ndim)
    rest = np.delete(x[1].shape, axis)
    y = m.pick(lambda v, a: a.ndim == x[1].ndim and (np.delete(a.shape, axis) == rest).all())
    m.keep("concatenate", x, y, *([x] if m.random.random() < 0.3 else []), axis=axis)


def reshape(m: Maker) -> None:
    """The elements in another shape, one size inferred or taken from another tensor."""
    x = m.tensor(0)
    if m.random.random() < 0.25:
        like = m.pick(lambda v, a: a.size == x[1].size and a.ndim < 4)
        m.keep("reshape", x, *_sizes(like), sizes=(None,) * like[1].ndim)
        return
    sizes = m.random.choice([(-1,), (-1, 1), (1, -1), (2, -1), (-1, 3), (-1, 2, 1)])
    known = abs(int(np.prod(sizes)))
    if not x[1].size or x[1].size % known or known > x[1].size:
        raise LookupError
    m.keep("reshape", x, sizes=sizes)


def _sizes(like: Pair) -> list[Pair]:
    return [(op("dim", like[0], axis=k), np.int64(n)) for k, n in enumerate(like[1].shape)]  # type: ignore[misc]


def dim(m: Maker) -> None:
    """The size of a dimension."""
    x = m.tensor(1)
    m.keep("dim", x, axis=m.random.randrange(x[1].ndim))


def alloc(m: Maker) -> None:
    """A value repeated in the shape of another."""
    x, like = m.tensor(0), m.tensor(1)
    if x[1].ndim and (x[0].type.shape != (1,) * x[1].ndim or x[1].ndim > like[1].ndim):
        raise LookupError
    m.keep("alloc", x, *_sizes(like), sizes=(None,) * like[1].ndim)


def specify_shape(m: Maker) -> None:
    """A shape that a tensor has."""
    x = m.tensor(1)
    sizes = [m.random.choice([-1, size, None]) for size in x[1].shape]
    given = [pair for pair, size in zip(_sizes(x), sizes, strict=True) if size is None]
    m.keep("specify_shape", x, *given, sizes=tuple(sizes))


def arange(m: Maker) -> None:
    """Numbers from one to another: a scalar of the program, or constants of any sign."""
    if m.random.random() < 0.5:
        n = m.pick(lambda v, a: a.ndim == 0 and a.dtype.kind in "iu" and 0 <= int(a) < 20)
        numbers = [np.int8(0), n, np.int8(1)]
    else:
        dtype = m.random.choice(["int64", "int32", "float64"])
        step = m.random.choice([1, 2, -1, -2, 3]) * (0.5 if dtype == "float64" else 1)
        numbers = [np.asarray(x, dtype) for x in (m.random.randrange(-4, 5), m.random.randrange(-4, 9), step)]
    operands = [x if isinstance(x, tuple) else (T.constant(np.asarray(x)), np.asarray(x)) for x in numbers]
    m.keep("arange", *operands)


def make_vector(m: Maker) -> None:
    """Scalars side by side."""
    m.keep("make_vector", *(m.pick(lambda v, a: a.ndim == 0) for _ in range(m.random.randrange(1, 4))))


def constant(m: Maker) -> None:
    """A known tensor."""
    m.pool.append(m.constant(m.random.choice(m.dtypes), m.random.choices([3, 2, 1, 4, 5, 0], k=m.random.randrange(3))))


SHAPE: dict[str, Callable[[Maker], Any]] = {
    "dimshuffle": dimshuffle, "subtensor": subtensor, "set_subtensor": write("set_subtensor"),
    "inc_subtensor": write("inc_subtensor"), "concatenate": concatenate, "reshape": reshape, "dim": dim, "alloc": alloc,
    "specify_shape": specify_shape, "arange": arange, "make_vector": make_vector, "constant": constant,
}  # fmt: skip
