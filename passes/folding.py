"""Constant folding: an operation on constants becomes the constant that the compiled function would compute.

Rows are NumPy functions by operation name; elementwise ones are those of `numpy_rows`. Results stay small: at most
`LIMIT` elements, or `SPLAT_LIMIT` where all are the same number. Sums of floats are left to the compiled function,
whose order of additions is its own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from phintys.dialects.nd import CLASSES, NdOp
from phintys.ir.subscript import parse_index

from .nd_builder import Array, Builder, type_of
from .rewriting import constant_value

LIMIT = 1024
SPLAT_LIMIT = 65536
CONSTANT = CLASSES["constant"]

Attrs = dict[str, Any]


def cast(attrs: Attrs, x: Array) -> Array:
    """As the compiled function casts."""
    from .numpy_rows import cast

    result: Array = cast(x, attrs["dtype"])
    return result


def dimshuffle(attrs: Attrs, x: Array) -> Array:
    """Permute, insert and drop dimensions."""
    kept = [axis for axis in attrs["order"] if axis != -1]
    sizes = [1 if axis == -1 else x.shape[axis] for axis in attrs["order"]]
    return x.transpose(kept + [axis for axis in range(x.ndim) if axis not in kept]).reshape(sizes)


def reshape(attrs: Attrs, x: Array, *dims: Array) -> Array:
    """Same elements, other sizes."""
    given = iter(dims)
    return x.reshape([int(next(given)) if size is None else size for size in attrs["sizes"]])


def subtensor(attrs: Attrs, x: Array, *bounds: Array) -> Array:
    """Basic indexing."""
    given = iter(bounds)
    index: list[Any] = []
    for entry in parse_index(attrs["index"]):
        start, stop, step = (int(next(given)) if bound == "?" else bound for bound in (entry.start, entry.stop, entry.step))
        index.append(slice(start, stop, step) if entry.is_slice else start)
    return np.asarray(x[tuple(index)])


def arange(attrs: Attrs, start: Array, stop: Array, step: Array) -> Array:
    """Evenly spaced ints; of floats the compiled function computes each element its own way."""
    numbers = [int(bound) for bound in (start, stop, step) if bound.dtype.kind in "iu"]
    if len(numbers) < 3 or abs(numbers[1] - numbers[0]) > LIMIT:
        raise ValueError("left to the compiled function")
    return np.arange(*numbers)


SHAPE: dict[str, Callable[..., Array]] = {
    "cast": cast,
    "dimshuffle": dimshuffle,
    "reshape": reshape,
    "subtensor": subtensor,
    "make_vector": lambda attrs, *xs: np.stack(xs),
    "concatenate": lambda attrs, *xs: np.concatenate(xs, attrs["axis"]),
    "gather": lambda attrs, x, *indices: np.asarray(x[indices]),
    "arange": arange,
}


def fold_constants(op: NdOp, b: Builder) -> SSAValue | None:
    """Compute an operation whose operands are all constants; not where the compiled function is faster and reaches further."""
    if not op._operands or any(type(value.owner) is not CONSTANT for value in op._operands):
        return None
    from .numpy_decimal import DECIMAL  # few programs have anything to fold
    from .numpy_rows import ELEMENTWISE

    arrays = [constant_value(value) for value in op._operands]
    row = SHAPE.get(op.row.name) or ELEMENTWISE.get(op.row.name)
    if row is None or op.row.name in DECIMAL or not _is_small(op, arrays):
        return None
    try:
        with np.errstate(all="ignore"):
            result = row(op.attrs, *arrays) if op.row.name in SHAPE else row(*arrays)
    except (ValueError, IndexError):  # what the compiled function refuses, it refuses when it runs
        return None
    return b.constant(result, type_of(op.results[0]).dtype)


def _is_small(op: NdOp, arrays: list[Array | None]) -> bool:
    if any(array is None for array in arrays):
        return False
    size = prod(size or 0 for size in type_of(op.results[0]).shape)
    splats = all(array.size == 1 or not any(array.strides) for array in arrays if array is not None)
    return size <= (SPLAT_LIMIT if splats else LIMIT)
