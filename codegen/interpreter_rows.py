"""What the operations of `nd` compute, as NumPy functions: `(attrs, *operands)` to an array, or a tuple of several.

These rows say what an operation means; where they and native code differ, one of them is wrong. `interpreter.py` runs them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phintys.ir.host import parse_options
from phintys.ir.subscript import parse_index
from phintys.ir.types import accumulator_dtype
from phintys.passes.numpy_rows import ELEMENTWISE, cast

from .host import find
from .host_random import pack, unpack

Array = np.ndarray[Any, Any]
Attrs = dict[str, Any]
Row = Callable[..., Any]


def _reduced_last(x: Array, axes: Sequence[int]) -> Array:
    """`x` with the reduced axes flattened into the last one."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    return x.transpose([*kept, *axes]).reshape([x.shape[axis] for axis in kept] + [-1])


def _accumulate(ufunc: Any) -> Row:
    return lambda attrs, x: ufunc.reduce(x, axis=attrs["axes"], dtype=accumulator_dtype(str(x.dtype)))


def _softmax(attrs: Attrs, x: Array) -> Array:
    e = np.exp(x - x.max(attrs["axis"], keepdims=True, initial=-np.inf))
    result: Array = e / e.sum(attrs["axis"], keepdims=True)
    return result


def _log_softmax(attrs: Attrs, x: Array) -> Array:
    d = x - x.max(attrs["axis"], keepdims=True, initial=-np.inf)
    result: Array = d - np.log(np.exp(d).sum(attrs["axis"], keepdims=True))
    return result


def _sizes(attrs: Attrs, dims: Sequence[Array]) -> list[int]:
    given = iter(dims)
    return [int(next(given)) if size is None else size for size in attrs["sizes"]]


def _dimshuffle(attrs: Attrs, x: Array) -> Array:
    order = attrs["order"]
    kept = [axis for axis in order if axis != -1]
    dropped = [axis for axis in range(x.ndim) if axis not in kept]
    sizes = [1 if axis == -1 else x.shape[axis] for axis in order]
    return x.transpose(kept + dropped).reshape(sizes)


def index_of(text: str, operands: Sequence[Array]) -> tuple[Any, ...]:
    """NumPy's index of an index text, its `?` being the operands in turn."""
    given = iter(operands)

    def bound(value: Any) -> Any:
        return int(next(given)) if value == "?" else value

    result: list[Any] = []
    for entry in parse_index(text):
        start, stop, step = bound(entry.start), bound(entry.stop), bound(entry.step)
        result.append(slice(start, stop, step) if entry.is_slice else start)
    return tuple(result)


def _set_subtensor(attrs: Attrs, x: Array, y: Array, *index: Array) -> Array:
    result = x.copy()
    result[index_of(attrs["index"], index)] = y
    return result


def _inc_subtensor(attrs: Attrs, x: Array, y: Array, *index: Array) -> Array:
    result = x.copy()
    result[index_of(attrs["index"], index)] += y
    return result


def _specify_shape(attrs: Attrs, x: Array, *dims: Array) -> Array:
    if any(size not in (-1, have) for size, have in zip(_sizes(attrs, dims), x.shape, strict=True)):
        raise ValueError(f"shape {x.shape} is not {_sizes(attrs, dims)}")
    return x


def _parts(z: Array) -> Array:
    return np.stack([z.real, z.imag], -1)


def _nonzero(attrs: Attrs, x: Array, *sizes: Array) -> Array:
    if sizes and x.shape != tuple(map(int, sizes)):
        raise IndexError(f"truth values of shape {x.shape} for {sizes}")
    return np.flatnonzero(x)


def _scatter_set(attrs: Attrs, x: Array, y: Array, *index: Array) -> Array:
    result = x.copy()
    result[index] = y
    return result


def _scatter_add(attrs: Attrs, x: Array, y: Array, *index: Array) -> Array:
    result = x.copy()
    np.add.at(result, index, y)
    return result


def _host(attrs: Attrs, *operands: Array) -> Any:
    return find(attrs["function"])(*(np.array(x) for x in operands), **parse_options(attrs["options"]))


def _draw(method: str) -> Row:
    """Numbers of NumPy's legacy generator."""

    def row(attrs: Attrs, state: Array, *dims: Array) -> tuple[Array, Array]:
        generator = unpack(state)
        sample = getattr(generator, method)(_sizes(attrs, dims))
        return pack(generator), np.asarray(sample)

    return row


_M1, _M2 = 2**31 - 1, 2**31 - 21069


def _draw_mrg(attrs: Attrs, state: Array, *dims: Array) -> tuple[Array, Array]:
    """MRG31k3p as its recurrences read: element i of the sample comes from stream i modulo their number."""
    sizes, streams = _sizes(attrs, dims), len(state)
    x1, x2, x3, y1, y2, y3 = state.astype("int64").T.copy()
    count = math.prod(sizes)
    out = np.empty(-(-count // streams) * streams, "int32")
    for start in range(0, len(out), streams):
        last = min(streams, count - start)  # the streams that have a number to give go on
        x = (2**22 * x2[:last] + (2**7 + 1) * x3[:last]) % _M1
        y = (2**15 * y1[:last] + (2**15 + 1) * y3[:last]) % _M2
        x3[:last], x2[:last], x1[:last] = x2[:last], x1[:last], x
        y3[:last], y2[:last], y1[:last] = y2[:last], y1[:last], y
        out[start : start + last] = np.where(x <= y, x - y + _M1, x - y)
    return np.stack([x1, x2, x3, y1, y2, y3], 1).astype("int32"), out[:count].reshape(sizes)


ROWS: dict[str, Row] = {
    **{name: lambda attrs, *xs, f=row: f(*xs) for name, row in ELEMENTWISE.items()},
    "cast": lambda attrs, x: cast(x, attrs["dtype"]),
    "sum": _accumulate(np.add),
    "prod": _accumulate(np.multiply),
    "max": lambda attrs, x: x.max(attrs["axes"]),
    "min": lambda attrs, x: x.min(attrs["axes"]),
    "all": lambda attrs, x: x.all(attrs["axes"]),
    "any": lambda attrs, x: x.any(attrs["axes"]),
    "argmax": lambda attrs, x: _reduced_last(x, attrs["axes"]).argmax(-1),
    "argmin": lambda attrs, x: _reduced_last(x, attrs["axes"]).argmin(-1),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "dot": lambda attrs, x, y: np.dot(x, y),
    "gemm": lambda attrs, c, alpha, x, y, beta: beta * c + alpha * np.dot(x, y),
    "constant": lambda attrs: attrs["value"],
    "dim": lambda attrs, x: np.int64(x.shape[attrs["axis"]]),
    "make_vector": lambda attrs, *xs: np.array(xs, np.result_type(*xs)),
    "arange": lambda attrs, start, stop, step: np.arange(
        start, stop, step, dtype=attrs["dtype"] or np.result_type(np.int8, start, stop, step)
    ),
    "alloc": lambda attrs, x, *dims: np.broadcast_to(x, _sizes(attrs, dims)),
    "reshape": lambda attrs, x, *dims: x.reshape(_sizes(attrs, dims)),
    "dimshuffle": _dimshuffle,
    "concatenate": lambda attrs, *xs: np.concatenate(xs, axis=attrs["axis"]),
    "subtensor": lambda attrs, x, *index: x[index_of(attrs["index"], index)],
    "set_subtensor": _set_subtensor,
    "inc_subtensor": _inc_subtensor,
    "gather": lambda attrs, x, *index: x[index],
    "scatter_add": _scatter_add,
    "scatter_set": _scatter_set,
    "cumsum": lambda attrs, x: np.cumsum(x, attrs["axis"], dtype=x.dtype),
    "cumprod_pairs": lambda attrs, x: _parts(np.cumprod(x[..., 0] + 1j * x[..., 1], attrs["axis"])),
    "cumprod": lambda attrs, x: np.cumprod(x, attrs["axis"], dtype=x.dtype),
    "sort": lambda attrs, x: np.sort(x, attrs["axis"]),
    "argsort": lambda attrs, x: np.argsort(x, attrs["axis"], kind="stable"),
    "searchsorted": lambda attrs, x, y: np.asarray(np.searchsorted(x, y, attrs["side"])),
    "nonzero": _nonzero,
    "specify_shape": _specify_shape,
    "batched_dot": lambda attrs, x, y: x @ y,
    "grad_clip": lambda attrs, x, low, high: x,
    "random_uniform": _draw("random_sample"),
    "random_normal": _draw("standard_normal"),
    "random_mrg": _draw_mrg,
    "host": _host,
    **dict.fromkeys(("zero_grad", "stop_grad", "grad_scale", "transfer"), lambda attrs, x, *others: x),
}
