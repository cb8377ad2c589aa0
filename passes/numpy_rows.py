"""What the elementwise operations compute, as NumPy functions: constant folding and the reference evaluator use them.

Rows take arrays (or NumPy scalars) of the operand dtypes; where NumPy leaves a result open, the row says what ours is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .numpy_special import SPECIAL

Array = Any


def sigmoid(x: Array) -> Array:
    """`1 / (1 + exp(-x))` without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def softplus(x: Array) -> Array:
    """`log(1 + exp(x))` without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def floor(x: Array) -> Array:
    """Ints are their own floor, in their own dtype."""
    return np.floor(x) if x.dtype.kind == "f" else x


def ceil(x: Array) -> Array:
    """Ints are their own ceiling, in their own dtype."""
    return np.ceil(x) if x.dtype.kind == "f" else x


def cast(x: Array, dtype: str) -> Array:
    """NumPy's `astype`; floats outside of an int dtype's range saturate and NaN gives 0."""
    x = np.asarray(x)
    if x.dtype.kind != "f" or np.dtype(dtype).kind not in "iu":
        return x.astype(dtype)
    limits = np.iinfo(dtype)
    inside = np.where((x > float(limits.min)) & (x < float(limits.max)), x, 0).astype(dtype)
    outside = np.where(x >= float(limits.max), limits.max, np.where(x <= float(limits.min), limits.min, inside))
    return outside.astype(dtype)


ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "neg": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "floor": floor,
    "ceil": ceil,
    "invert": np.invert,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.true_divide,
    "floordiv": np.floor_divide,  # ints: 0 for a zero divisor
    "mod": np.mod,  # ints: 0 for a zero divisor
    "pow": np.power,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "select": np.where,
    **SPECIAL,
}
