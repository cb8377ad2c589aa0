"""Steps that call functions of matrices, of which the results are unique, and sorts."""

from __future__ import annotations

from typing import Any

import numpy as np
from harness import op
from maker import Maker, evaluate

import phintys.tensor as T
from phintys.ir.host import options_text, types_text
from phintys.ir.types import TensorType

# Ranks of the results of functions of a matrix, and of those of a matrix and what stands on the right of an equation.
OF_ONE = {"det": (0,), "slogdet": (0, 0), "svdvals": (1,), "eigh": (1,), "matrix_inverse": (2,), "cholesky": (2,), "pinv": (2,)}
OF_TWO = {"solve": {}, "solve_triangular": {"lower": True}, "solve_triangular ": {"lower": False}}
GROWS = 4.0  # larger numbers make the exponential of a matrix too large


def host(m: Maker) -> None:
    """Linear algebra of a symmetric matrix with eigenvalues above one, or a sort."""
    x = m.pick(lambda v, a: a.ndim == 2 and a.dtype.kind == "f" and 0 < a.size < 40)
    if m.random.random() < 0.2:
        m.keep("host", x, function=m.random.choice(["sort", "sort"]), results=x[0].type.text, options="{'axis': 0}")
        return
    if not np.max(np.abs(x[1]), initial=0) < 100:
        raise LookupError
    (turned,) = m.keep("dimshuffle", x, order=(1, 0))
    (square,) = m.keep("dot", x, turned)
    one = np.eye(len(square[1]), dtype=square[1].dtype) * 2
    (a,) = m.keep("add", square, (T.constant(one), one))
    dtype, n = str(a[1].dtype), len(one)
    if np.max(np.abs(a[1])) < GROWS and m.random.random() < 0.5:
        call(m, "expm", [a], dtype, [(n, n)])
    elif m.random.random() < 0.35:
        name = m.random.choice([*OF_TWO])
        call(m, name.strip(), [a, x], dtype, [(n, x[1].shape[1])], OF_TWO[name])
    else:
        name = m.random.choice([*OF_ONE])
        call(m, name, [a], dtype, [(n,) * rank for rank in OF_ONE[name]])


def call(m: Maker, name: str, operands: list[Any], dtype: str, shapes: list[Any], options: Any = None) -> None:
    """Add the results of a function; of eigenvectors, which have any sign, nothing is looked at."""
    known = m.random.random() < 0.5
    types = [TensorType(dtype, shape if known else (None,) * len(shape)) for shape in shapes]
    types += [TensorType(dtype, shapes[0] * 2)] if name == "eigh" else []
    attrs = {"function": name, "results": types_text(types), "options": options_text(options or {})}
    first = op("host", *(v for v, _ in operands), **attrs)
    m.add(first.node.results[: len(shapes)], evaluate(first, operands)[: len(shapes)])
