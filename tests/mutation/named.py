"""Programs that meet the mistakes of `rows.py`, and the pass that mode debug has to name for each.

    python -m tests.mutation --named          make each mistake, run its program in mode debug: which pass is named?

Not here: derivatives, which `autodiff` defines; the runtime and the cache, which are no pass; sizes that are not compared,
which the interpreter of `nd` compares itself; sums that are merely less exact than they were; conditions of passes on
loops that only loops written by hand meet (tests/ir has them); and loads before stores, which the lowering refuses.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import phintys
import phintys.tensor as T
from phintys.compile.debugmode import BadOptimization, BadThunkOutput, DebugMode

x, y = T.dvectors("x", "y")
m, a, b = T.dmatrices("m", "a", "b")
u, small, z, w = T.TensorType("uint8", (False,))("u"), T.TensorType("int8", (False,))("small"), T.zvector("z"), T.zvector("w")
WILD = np.array([1.0, np.nan, -np.inf, np.inf, 0.0, 7.0])
known = T.TensorType("float64", shape=(6,))("known")
LINE = np.linspace(-2.0, 3.0, 6)
SQUARE = np.arange(9.0).reshape(3, 3) / 5 - 1
LONG = np.linspace(0.1, 1.0, 100_003)
Updates = Sequence[tuple[Any, Any]]


def run(inputs: Sequence[Any], outputs: Any, *values: Any, updates: Updates = ()) -> None:
    """One call in mode debug."""
    phintys.function(list(inputs), outputs, updates=list(updates), mode=DebugMode(check_isfinite=False))(*values)


def state(value: Any) -> Any:
    """A new state."""
    return phintys.shared(np.array(value), "state")


def failing_update() -> None:
    """A check fails after a state could have been written."""
    s, i = state(np.zeros(3)), T.lvector("i")
    try:
        run([i], T.exp(s + 1)[i], [9], updates=[(s, s + 1)])
    except IndexError as error:
        print(f"the program's own error: {error}")


def shifted_state() -> None:
    """A state's new value is made of another order of the old one."""
    s = state(np.arange(4.0))
    run([], [], updates=[(s, s * 2 - s[::-1])])


def read_after_update() -> None:
    """An output needs the old value, and the new one."""
    s = state(np.arange(4.0))
    new = s - x
    run([x, a], T.dot(a * new, s), np.ones(4), np.arange(16.0).reshape(4, 4), updates=[(s, new)])


def rows() -> None:
    """Kernels of several passes over each row, and others that read or write these rows."""
    values, table = np.random.default_rng(1).uniform(0.5, 2, (5, 13)), state(np.arange(12.0).reshape(4, 3))
    e, p, i = T.exp(m - m.max(axis=1, keepdims=True)), T.nnet.softmax(m), T.lvector("i")
    d = m - m.mean(1, keepdims=True)
    run([m], [e / e.sum(1, keepdims=True), p.sum(0)], values)
    run([m], [d / T.sqrt(m.var(1, keepdims=True) + 1e-5), p[::-1] * p], values)
    run([m], [m / m.max(1, keepdims=True) + (m - m.max(1, keepdims=True)).sum(0), p[1:] - p[:-1], T.cumsum(p, 0)], values)
    cost = -T.mean(T.log(p)[T.arange(i.shape[0]), i])
    run([m, i], [cost, T.grad(cost, m)], values, np.array([0, 12, -1, 5, 5]))
    outputs = [table.sum(axis=0), T.nnet.softmax(table).sum(axis=1)]
    run([m], outputs, np.ones((4, 3)), updates=[(table, table - table.mean(axis=1, keepdims=True) + m)])
    cost = T.sum((table[i] - m) ** 2)
    run([i, m], cost, [2, 0, 2], np.ones((3, 3)), updates=[(table, table - 0.5 * T.grad(cost, table))])


CASES: Mapping[str, tuple[str, Callable[[], None]]] = {
    "x * 0 is 0, NaN or not": ("canonicalize", lambda: run([x], x * 0.0, WILD)),
    "inf - inf is 0": ("canonicalize", lambda: run([x], x - x, WILD)),
    "-(x * c) is x * c": ("canonicalize", lambda: run([x], -(x * 3.0), LINE)),
    "cse does not look at attributes": ("cse", lambda: run([m], T.exp(m).sum(0) - T.exp(m).sum(1), SQUARE)),
    "a shift by an infinite maximum": ("stabilize", lambda: run([x], T.log(T.exp(x).sum()), WILD[3:])),
    "a quotient by sums along another axis is a softmax": (
        "stabilize",
        lambda: run([m], T.exp(m) / T.exp(m).sum(1), SQUARE),
    ),
    "powers skip a factor": ("pow-by-squaring", lambda: run([x], [x**7, x**11, x**15], LINE)),
    "gemm adds what was subtracted": ("fuse-gemm", lambda: run([a, b, m], m - T.dot(a, b), SQUARE, SQUARE, SQUARE)),
    "complex quotients divide by the smaller part": (
        "expand-complex",
        lambda: run([z, w], z / w, np.array([1e200 + 1e200j]), np.array([1e-150 + 1e200j])),
    ),
    "a reduction is fused with what needs its result": ("fuse", rows),
    "reductions over different axes in one loop": ("fuse", lambda: run([m], [T.exp(m).sum(0), T.exp(m).sum(1)], SQUARE)),
    "a state is overwritten before the last check": ("convert-nd-to-loops", failing_update),
    "a state is overwritten before its last reader": ("convert-nd-to-loops", read_after_update),
    "a state is overwritten by a loop that reads it shifted": ("convert-nd-to-loops", shifted_state),
    "a loop moves behind one that writes what it reads": ("fuse-loops", rows),
    "two maxima become one without their NaN": ("parallelize", lambda: run([x], x.max(), np.r_[np.nan, LONG])),
    "the last chunk goes beyond the end": ("parallelize", lambda: run([x], T.exp(x), LINE)),
    "the maximum of unsigned numbers compares signs": (
        "convert-nd-to-loops",
        lambda: run([u], u.max(), np.array([3, 200, 7], "uint8")),
    ),
    "argmax passes by NaN": ("convert-nd-to-loops", lambda: run([x], x.argmax(), WILD)),
    "a slice is one step too short": ("convert-nd-to-loops", lambda: run([known], known[0:4:3] * 2, LINE)),
    "a dynamic slice is one step too short": ("convert-nd-to-loops", lambda: run([x], x[: x.shape[0] - 1 : 2], LINE)),
    "a coefficient of exp is off in its eighth digit": ("expand-math", lambda: run([x], T.exp(x), LINE)),
    "unsigned quotients are signed": (
        "convert-loops-to-llvm",
        lambda: run([u], u // np.uint8(3), np.array([3, 200, 7], "uint8")),
    ),
    "integers that overflow are undefined": (
        "native code",
        lambda: run([small], T.switch(small + np.int8(1) > small, np.int8(1), np.int8(0)), np.array([127, 0], "int8")),
    ),
}


def main(name: str) -> int:
    """Run one case: print what mode debug names."""
    warnings.simplefilter("ignore")
    try:
        CASES[name][1]()
    except BadOptimization as error:
        print(error.reason)
    except BadThunkOutput:
        print("native code")
    else:
        print("nothing")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
