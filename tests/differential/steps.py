"""One way to add each operation of the table to a random program: `STEPS` by the operation's name.

A step takes values that fit from the maker's pool; LookupError where there are none. `COMMON` are those that make programs
interesting, drawn as often as all others together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from harness import op
from maker import Maker, Pair, evaluate, evaluate_whole, fits
from steps_host import host
from steps_shape import SHAPE

import phintys.tensor as T
from phintys.codegen.host_random import pack
from phintys.ir.ops import OPS

Step = Callable[[Maker], Any]
NUMBERS = [0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -0.25, -2.0]


def elementwise(name: str, m: Maker) -> None:
    """Any operation from element to element."""
    count = OPS[name].operands
    x = m.tensor(0)
    operands = [x, *(m.like(x[1]) for _ in range(count - 1))]
    if count > 1 and x[1].dtype.kind in "fc" and m.random.random() < 0.4:
        number = np.asarray(m.random.choice(NUMBERS), x[1].dtype)
        operands[-1] = (T.constant(number), number) if m.random.random() < 0.8 else m.constant(str(x[1].dtype))
    m.random.shuffle(operands)
    m.keep(name, *operands)


def select(m: Maker) -> None:
    """A choice by truth values."""
    x = m.tensor(0)
    m.keep("select", m.like(x[1], "b"), x, m.like(x[1]))


def threefry(m: Maker) -> None:
    """Random bits of two words."""
    m.keep("threefry", m.pick(lambda v, a: a.dtype == "u8"), m.pick(lambda v, a: a.dtype == "u8"))


def cast(m: Maker) -> None:
    """Another dtype."""
    m.keep("cast", m.tensor(0), dtype=m.random.choice(m.dtypes))


def reduction(name: str, m: Maker) -> None:
    """Over some of the axes, rarely over none."""
    x = m.tensor(1)
    axes = [axis for axis in range(x[1].ndim) if m.random.random() < 0.5]
    if not axes and m.random.random() < 0.8:
        axes = [m.random.randrange(x[1].ndim)]
    if 0 in (x[1].shape[axis] for axis in axes) and name in ("max", "min", "argmax", "argmin"):
        raise LookupError
    m.keep(name, x, axes=axes)


def along(name: str, m: Maker) -> None:
    """Along one axis."""
    x = m.tensor(1)
    m.keep(name, x, axis=m.random.randrange(x[1].ndim))


def dot(m: Maker) -> None:
    """Matrices and vectors."""
    x = m.pick(lambda v, a: 1 <= a.ndim <= 2)
    m.keep("dot", x, m.pick(lambda v, a: 1 <= a.ndim <= 2 and a.shape[0] == x[1].shape[-1]))


def batched_dot(m: Maker) -> None:
    """Stacks of matrices, mostly one made of a matrix."""
    x = m.pick(lambda v, a: a.ndim == 3)
    if m.random.random() < 0.5:
        x, y = m.keep("dimshuffle", x, order=(0, 2, 1))[0], x
    else:
        y = m.pick(lambda v, a: a.ndim == 3 and a.shape[0] == x[1].shape[0] and a.shape[1] == x[1].shape[2])
    m.keep("batched_dot", x, y)


def gemm(m: Maker) -> None:
    """A product added to a matrix, of one dtype."""
    x = m.pick(lambda v, a: a.ndim == 2 and a.dtype.kind == "f")
    y = m.pick(lambda v, a: a.ndim == 2 and a.dtype == x[1].dtype and a.shape[0] == x[1].shape[1])
    c = m.pick(lambda v, a: a.dtype == x[1].dtype and a.shape == (len(x[1]), y[1].shape[1]))
    alpha, beta = (np.asarray(m.random.choice(NUMBERS), x[1].dtype) for _ in range(2))
    m.keep("gemm", c, (T.constant(alpha), alpha), x, y, (T.constant(beta), beta))


def searchsorted(m: Maker) -> None:
    """In a vector that is sorted first."""
    x = m.pick(lambda v, a: a.ndim == 1 and a.dtype.kind != "c")
    y = m.pick(lambda v, a: a.dtype == x[1].dtype)
    (ordered,) = m.keep("sort", x)
    m.keep("searchsorted", ordered, y, side=m.random.choice(["left", "right"]))


def gather(m: Maker) -> None:
    """Index tensors for some leading dimensions."""
    x = m.tensor(1)
    count = m.random.randrange(1, x[1].ndim + 1)
    m.keep("gather", x, *(m.pick(lambda v, a, n=n: fits(a, n)) for n in x[1].shape[:count]))


def scatter(name: str, m: Maker) -> None:
    """Values for places, of which several may be one."""
    x = m.tensor(1)
    i = m.pick(lambda v, a: fits(a, x[1].shape[0]))
    shape = x[1][i[1]].shape
    m.keep(name, x, m.pick(lambda v, a: a.dtype == x[1].dtype and (a.ndim == 0 or a.shape == shape)), i)


def nonzero(m: Maker) -> None:
    """Places of true elements; of a comparison, where there is no other."""
    found = [pair for pair in m.pool if pair[1].dtype.kind == "b" and pair[1].ndim]
    x = m.random.choice(found) if found else m.keep("gt", m.tensor(1, "iuf"), (T.constant(np.int8(0)), np.int8(0)))[0]
    m.keep("nonzero", x)


def stream(name: str, m: Maker) -> None:
    """The next numbers of a generator."""
    states = m.streams["random_mrg" if name == "random_mrg" else "mersenne"]
    if not states:
        if name == "random_mrg":
            words = np.array(
                [[m.random.randrange(1, 2**31 - 21070) for _ in range(6)] for _ in range(m.random.randrange(1, 6))]
            )
            start = words.astype("int32")
        else:
            start = pack(np.random.RandomState(m.random.randrange(1000)))
        states.append((T.constant(start), start))
    sizes = tuple(m.random.randrange(6) for _ in range(m.random.randrange(1, 3)))
    first = op(name, states[-1][0], sizes=sizes)
    results, values = first.node.results, evaluate(first, [states[-1]])
    states.append((results[0], values[0]))
    m.add(results[1:], values[1:])


def pairs(m: Maker) -> None:
    """Running products of pairs, as of complex numbers."""
    x = m.pick(lambda v, a: a.ndim >= 2 and a.dtype.kind == "f" and a.shape[-1] == 2)
    (known,) = m.keep("specify_shape", x, sizes=(-1,) * (x[1].ndim - 1) + (2,))
    m.keep("cumprod_pairs", known, axis=m.random.randrange(x[1].ndim - 1))


def mark(name: str, m: Maker) -> None:
    """A mark for gradients, or of where a value is wanted."""
    x = m.tensor(0, "f")
    numbers = [np.asarray(m.random.choice(NUMBERS), x[1].dtype) for _ in range(OPS[name].operands - 1)]
    attrs = {"target": "cpu"} if name == "transfer" else {}
    m.keep(name, x, *((T.constant(number), number) for number in numbers), **attrs)


def cost_of(m: Maker) -> Any:
    """A scalar made of a value."""
    x = m.tensor(0, "f")
    return T.sum(x[0] * m.random.choice([1.0, 0.5, 2.0])).astype(x[0].dtype) if m.random.random() < 0.8 else T.mean(x[0] * x[0])


def leaves(m: Maker) -> list[Pair]:
    """Inputs and states."""
    return [pair for pair in m.pool if pair[0].node is None]


def grad(m: Maker) -> None:
    """Gradients of a scalar with respect to inputs, states or values on the way."""
    wrt = [m.tensor(0, "f") for _ in range(m.random.randrange(1, 3))]
    slopes = T.grad(cost_of(m), [v for v, _ in wrt], disconnected_inputs="ignore")
    m.add(slopes, evaluate_whole(slopes, leaves(m)))


def jacobian(m: Maker) -> None:
    """The Jacobian of a short vector."""
    y, x = m.pick(lambda v, a: a.ndim == 1 and a.dtype.kind == "f"), m.tensor(0, "f")
    if y[1].size * x[1].size > 400:
        raise LookupError
    found = T.jacobian(y[0], x[0], disconnected_inputs="ignore")
    m.add([found], evaluate_whole([found], leaves(m)))


STEPS: dict[str, Step] = {
    **{name: partial(elementwise, name) for name, row in OPS.items() if row.family == "elementwise"},
    **{name: partial(reduction, name) for name, row in OPS.items() if row.family == "reduction"},
    **{name: partial(mark, name) for name, row in OPS.items() if row.family == "mark"},
    **{name: partial(along, name) for name in ("softmax", "log_softmax", "cumsum", "cumprod", "sort", "argsort")},
    **{name: partial(scatter, name) for name in ("scatter_add", "scatter_set")},
    **{name: partial(stream, name) for name in ("random_uniform", "random_normal", "random_mrg")},
    **SHAPE,
    "select": select, "threefry": threefry, "cast": cast, "dot": dot, "batched_dot": batched_dot, "gemm": gemm,
    "searchsorted": searchsorted, "gather": gather, "nonzero": nonzero, "cumprod_pairs": pairs,
    "host": host, "grad": grad, "jacobian": jacobian,
}  # fmt: skip

COMMON = [
    *(
        "neg",
        "exp",
        "tanh",
        "log",
        "sqrt",
        "abs",
        "add",
        "add",
        "add",
        "sub",
        "sub",
        "mul",
        "mul",
        "mul",
        "div",
        "maximum",
        "pow",
    ),
    *("lt", "eq", "select", "cast", "sum", "sum", "prod", "max", "argmin", "argmax", "softmax", "dimshuffle", "dimshuffle"),
    *("dimshuffle", "subtensor", "subtensor", "subtensor", "set_subtensor", "inc_subtensor", "gather", "scatter_add"),
    *("concatenate", "reshape", "alloc", "dot", "dot", "gemm", "grad", "grad", "constant"),
]


def step(m: Maker) -> None:
    """Try to add an operation. LookupError, TypeError or ValueError where the pool has nothing for it."""
    name = m.random.choice(COMMON if m.random.random() < 0.6 else ALL)
    if m.wild and name in TAME_ONLY:
        raise LookupError
    STEPS[name](m)


ALL = list(STEPS)
TAME_ONLY = {"host", "jacobian"}  # where an infinity or NaN takes other ways through LAPACK; products of zero rows
