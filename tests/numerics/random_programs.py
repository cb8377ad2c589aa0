"""Random `nd` functions of floats for tests of rewrites: many of the patterns that rules look for, odd constants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phintys.passes.nd_builder import Term

TYPES = ["f64[]", "f64[?]", "f64[?]", "f64[1]", "f64[2, ?]", "f64[1, ?]", "f64[2, 1]"]
CONSTANTS = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -4.0, 3.0, 0.1, np.inf, -np.inf, np.nan]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -0.3, 1e-310, 1e308, -1e308, np.inf, -np.inf, np.nan]
UNARY = ["neg", "neg", "abs", "sign", "sqrt", "exp", "log", "tanh", "floor", "ceil", "sigmoid", "softplus"]
BINARY = ["add", "sub", "mul", "div", "maximum", "minimum", "add", "mul"]
COMPARE = ["lt", "ge", "eq", "ne"]
REDUCE = ["sum", "max", "min", "prod"]

Make = Callable[[np.random.Generator, list[Term]], Term]


def _pick(rng: np.random.Generator, pool: Sequence[Any]) -> Any:
    return pool[rng.integers(len(pool))]


def _partner(rng: np.random.Generator, pool: list[Term], x: Term) -> Term:
    """Another value whose shape broadcasts with that of `x`, or a constant."""
    if rng.random() < 0.4:
        return x.b.term(x.b.constant(_pick(rng, CONSTANTS), "float64"))
    fits = [y for y in pool if y.type.shape == x.type.shape or not y.type.shape]
    return _pick(rng, fits)


def _unary(rng: np.random.Generator, pool: list[Term]) -> Term:
    return _pick(rng, pool).op(_pick(rng, UNARY))


def _binary(rng: np.random.Generator, pool: list[Term]) -> Term:
    x = _pick(rng, pool)
    pair = [x, _partner(rng, pool, x)]
    rng.shuffle(pair)  # type: ignore[arg-type]
    return pair[0].op(_pick(rng, BINARY), pair[1])


def _select(rng: np.random.Generator, pool: list[Term]) -> Term:
    x = _pick(rng, pool)
    condition = x.op(_pick(rng, COMPARE), _partner(rng, pool, x))
    if rng.random() < 0.5:
        condition = condition.op("invert")
    return condition.select(_partner(rng, pool, x), _partner(rng, pool, x))


def _reduce(rng: np.random.Generator, pool: list[Term]) -> Term:
    x = _pick(rng, pool)
    axes = [axis for axis in range(x.type.ndim) if rng.random() < 0.6]
    return x.op(_pick(rng, REDUCE), axes=axes)


def _shuffle(rng: np.random.Generator, pool: list[Term]) -> Term:
    x = _pick(rng, [value for value in pool if value.type.ndim < 3])
    order = list(range(x.type.ndim))
    rng.shuffle(order)
    order = [axis for axis in order if x.type.shape[axis] != 1 or rng.random() < 0.5]
    if rng.random() < 0.4:
        order.insert(int(rng.integers(len(order) + 1)), -1)
    return x.op("dimshuffle", order=order)


def _broadcast(rng: np.random.Generator, pool: list[Term]) -> Term:
    x, like = _pick(rng, [value for value in pool if not value.type.shape]), _pick(rng, pool)
    value = x.b.constant(_pick(rng, [1.0, 2.0, -0.0]), "float64") if rng.random() < 0.3 else x.value
    return x.b.term(x.b.broadcast_to(value, like.value))


def _cast(rng: np.random.Generator, pool: list[Term]) -> Term:
    return _pick(rng, pool).op("cast", dtype=_pick(rng, ["float32", "float64"])).op("cast", dtype="float64")


def _slice(rng: np.random.Generator, pool: list[Term]) -> Term:
    x = _pick(rng, [value for value in pool if value.type.ndim] or pool)
    if not x.type.ndim:
        return -x
    if rng.random() < 0.5:
        return x.op("subtensor", index=_pick(rng, ["0", ":", "::-1", "0:"]))
    zero = x.b.term(x.b.full_like(x.value, 0.0)) if rng.random() < 0.5 else x
    part = x.op("subtensor", index="0")
    return x + zero.op(_pick(rng, ["inc_subtensor", "set_subtensor"]), part, index="0")


MAKERS: list[Make] = [_unary, _unary, _binary, _binary, _binary, _select, _reduce, _shuffle, _broadcast, _cast, _slice]


def random_body(seed: int, size: int = 12) -> Callable[..., list[Term]]:
    """A function of terms of the types `TYPES`; it returns all values that nothing uses."""

    def body(*inputs: Term) -> list[Term]:
        rng = np.random.default_rng(seed)
        pool = list(inputs)
        for _ in range(size):
            pool.append(_pick(rng, MAKERS)(rng, pool[-8:] + list(inputs[:1])))
        return [value for value in pool[len(inputs) :] if value.value.first_use is None]

    return body


def arguments(seed: int, special: bool, unknown: int = 3) -> list[Any]:
    """Arguments for `TYPES`: special values, or tame ones."""
    rng = np.random.default_rng(seed + 1000)
    shapes: list[tuple[int, ...]] = [(), (unknown,), (unknown,), (1,), (2, unknown), (1, unknown), (2, 1)]
    if special:
        return [rng.choice(SPECIAL, shape) for shape in shapes]
    return [rng.uniform(0.2, 2.0, shape) * rng.choice([-1, 1], shape) for shape in shapes]
