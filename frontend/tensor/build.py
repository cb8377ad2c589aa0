"""How expressions come into being: Python values to variables, operations to nodes.

Numbers in an expression are *autocast* (Theano's rule, `config.cast_policy="custom"`): an int becomes the smallest of
int8, int16, int32 and int64 that holds it; a float becomes float32 when `floatX` is float32, otherwise float32 if that
is exact and float64 if not. NumPy arrays and scalars keep their dtype.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from phintys.ir.graph import Node, Value
from phintys.ir.types import DTYPES

from ..apply import Apply
from ..config import config
from ..errors import AsTensorError, NotScalarConstantError
from ..location import here
from ..types import Array, check_dtype, native_name
from .var import TensorConstant, TensorVariable

__all__ = [
    "as_tensor_variable",
    "cast",
    "constant",
    "get_scalar_constant_value",
]

_INTS = [(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max), dtype) for dtype in ("int8", "int16", "int32", "int64")]
_LARGEST = float(np.finfo("float32").max)
_FLAGS = vars(config)["_values"]  # read once for each operation: the attribute would cost as much as the operation


def apply(op: str, *operands: Any, **attrs: Any) -> TensorVariable:
    """The result of one operation of the table; operands are converted.

    TypeInferenceError (a TypeError) if they do not fit. Under `config.compute_test_value` it is computed at once.
    """
    node = Node(op, [as_tensor_variable(value) for value in operands], attrs, make=TensorVariable, loc=here())
    result = node.results[0]
    assert isinstance(result, TensorVariable)
    if _FLAGS["compute_test_value"] != "off":
        from ..test_values import compute

        compute(node, _FLAGS["compute_test_value"])
    return result


def autocast_int(value: int) -> Array:
    """The smallest int dtype that holds `value`; uint64 beyond int64. OverflowError beyond that."""
    for least, largest, dtype in _INTS:
        if least <= value <= largest:
            return np.asarray(value, dtype=dtype)
    return np.asarray(value, dtype="uint64")


def autocast_float(value: float) -> Array:
    """float32 under floatX=float32 or when it is exact, otherwise float64."""
    finite = abs(value) <= _LARGEST
    if config.floatX == "float32" or abs(value) == math.inf or (finite and float(np.float32(value)) == value):
        return np.asarray(value, dtype="float32")
    return np.asarray(value, dtype="float64")


def to_array(value: Any, dtype: Any = None) -> Array:
    """A number, a nested list or an array as the array that a constant of it holds. AsTensorError for anything else."""
    if dtype is not None:
        array = np.asarray(value, dtype=check_dtype(dtype))
    elif isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
    elif config.cast_policy == "custom" and isinstance(value, int):
        array = autocast_int(value)
    elif config.cast_policy == "custom" and isinstance(value, float):
        array = autocast_float(value)
    else:
        array = _as_numpy(value)
    if native_name(array.dtype) not in DTYPES:
        raise AsTensorError(f"Cannot convert {value!r} to TensorType: there are no tensors of dtype {array.dtype}")
    return array


def _as_numpy(value: Any) -> Array:
    """NumPy's own reading; floats go to floatX when the policy is `numpy+floatX` or the value is an empty list."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise AsTensorError(f"Cannot convert {value!r} to TensorType: {error}", value.__class__) from None
    empty = array.size == 0
    if empty or (array.dtype.kind == "f" and config.cast_policy == "numpy+floatX"):
        array = array.astype(config.floatX)
    return array


MOST_DIMENSIONS = 64  # NumPy's


def constant(value: Any, name: str | None = None, ndim: int | None = None, dtype: Any = None) -> TensorConstant:
    """A constant of a Python value: see `as_tensor_variable` for the dtype. `ndim` adds leading dimensions of size 1.

    ValueError when the value has more than `ndim` dimensions.
    """
    array = to_array(value, dtype)
    if ndim is not None:
        if array.ndim > ndim:
            raise ValueError(f"ndarray could not be cast to constant with {ndim} dimensions: it has {array.ndim}")
        if ndim > 32:
            raise ValueError(f"a tensor of {ndim} dimensions; there are at most 32")
        array = array.reshape((1,) * (ndim - array.ndim) + array.shape)
    return TensorConstant.of(array, name)


def as_tensor_variable(value: Any, name: str | None = None, ndim: int | None = None) -> TensorVariable:
    """A variable for a number, an array, a (nested) list of numbers and variables, or a variable itself.

    Numbers are autocast (see the module), arrays keep their dtype. `ndim` adds leading dimensions of size 1, or drops
    leading ones that are known to be 1. AsTensorError (a TypeError) for values without a meaning as a tensor, `True`
    and `False` among them: they are mostly the result of a mistaken `==`.
    """
    if isinstance(value, Apply):
        value = value.default_output()
    if isinstance(value, TensorVariable):
        return value if ndim is None else _with_ndim(value, ndim)
    if isinstance(value, Value):
        raise AsTensorError(f"Variable type field must be a TensorType: {value}", value.__class__)
    if isinstance(value, bool):
        raise AsTensorError(
            "Cannot cast True or False as a tensor variable. Please use np.array(True) or np.array(False) if you need "
            "these constants. This error might be caused by using the == operator on Variables. v == w does not do "
            "what you think it does, use theano.tensor.eq(v, w) instead."
        )
    if isinstance(value, list | tuple) and has_symbol(value):
        from .joining import stack

        return as_tensor_variable(stack([as_tensor_variable(item) for item in value]), ndim=ndim)
    return constant(value, name, ndim)


def has_symbol(values: Sequence[Any], depth: int = 0) -> bool:
    """Whether variables are in a list, or in lists in it. ValueError for one that has no end."""
    if depth > MOST_DIMENSIONS:
        raise ValueError(f"a list that is in itself, or lists in more than {MOST_DIMENSIONS} others, as a tensor variable")
    return any(
        isinstance(value, Value) or (isinstance(value, list | tuple) and has_symbol(value, depth + 1)) for value in values
    )


def _with_ndim(value: TensorVariable, ndim: int) -> TensorVariable:
    extra = value.ndim - ndim
    if ndim > 32:
        raise ValueError(f"a tensor of {ndim} dimensions; there are at most 32")
    if extra <= 0:
        return value if not extra else value.dimshuffle(["x"] * -extra + list(range(value.ndim)))
    if not all(value.broadcastable[:extra]):
        raise ValueError(f"TensorType could not be cast to have {ndim} dimensions: {value.type}")
    return value.dimshuffle(list(range(extra, value.ndim)))


def known_scalar(value: Any) -> int | float | None:
    """The number that a Python scalar or a 0-d constant is; `None` for an unknown (symbolic) one."""
    if isinstance(value, TensorConstant) and value.ndim == 0:
        value = value.data.item()
    if isinstance(value, Value):
        return None
    number = value.item() if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 else value
    if not isinstance(number, int | float):
        raise TypeError(f"expected a number or a symbolic scalar, got {value!r}")
    return number


def get_scalar_constant_value(value: Any) -> Array:
    """The 0-d array of a constant, whatever its rank, if all its elements are equal.

    NotScalarConstantError otherwise.
    """
    if not isinstance(value, Value):
        value = constant(value)
    if isinstance(value, TensorConstant) and value.data.size and (value.data == value.data.flat[0]).all():
        return np.array(value.data.flat[0])
    raise NotScalarConstantError(value)


def cast(x: Any, dtype: Any) -> TensorVariable:
    """`x` with another dtype (`"floatX"`: the configured one); `x` itself when it has it.

    TypeError for complex to real.
    """
    value = as_tensor_variable(x)
    name = check_dtype(dtype)
    if value.dtype == name:
        return value
    if value.type.kind == "c" and DTYPES[name].kind != "c":
        raise TypeError("Casting from complex to real is ambiguous: consider real(), imag(), angle() or abs()")
    return apply("cast", value, dtype=name)
