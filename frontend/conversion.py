"""Python values to arrays of an exact type, with Theano's rules of what is accepted."""

from __future__ import annotations

from typing import Any

import numpy as np

import phintys.ir.types as core
from phintys.ir.graph import Value

from .config import config
from .types import Array, TensorType, native_name


def convert(type: TensorType, value: Any, strict: bool, allow_downcast: bool | None) -> Array:
    """See `TensorType.filter`."""
    if isinstance(value, Value):
        raise TypeError(
            "Expected an array-like object, but found a Variable: maybe you are trying to call a function on a "
            "(possibly shared) variable instead of a numeric array?"
        )
    if strict:
        _refuse_conversion(type, value)
    if allow_downcast:
        array = _cast(value, type.dtype)
    elif isinstance(value, np.ndarray):
        array = _widen(type, value)
    else:
        array = _lossless(type, value, float_literals=allow_downcast is None)
    check_shape(type, array)
    return exact(array)


def exact(array: Any) -> Array:
    """The array as an exact ndarray of NumPy's own dtype object, C-contiguous and aligned; itself when it is one."""
    own = np.dtype(native_name(array.dtype))
    result = np.require(np.asarray(array, dtype=own), requirements=["C", "A"])
    return result if result.dtype is own else result.view(own)


def _refuse_conversion(type: TensorType, value: Any) -> None:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type} expected a ndarray object.", value, value.__class__)
    if value.dtype != type.numpy_dtype:
        raise TypeError(f"{type} expected a ndarray object with dtype = {type.dtype} (got {value.dtype}).")


def _cast(value: Any, dtype: str) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(dtype, copy=False)


def _widen(type: TensorType, value: Array) -> Array:
    """An array whose dtype the type's can hold."""
    if value.dtype == type.numpy_dtype:
        return value
    source = native_name(value.dtype)
    if source not in core.DTYPES and source != "float16":
        raise TypeError(f"{type} cannot hold an array of dtype {value.dtype}.")
    if np.result_type(type.dtype, source) != type.numpy_dtype:
        raise TypeError(
            f"{type} cannot store a value of dtype {value.dtype} without risking loss of precision. "
            f"If you do not mind this loss, you can: 1) explicitly cast your data to {type.dtype}, or "
            f'2) set "allow_input_downcast=True" when calling "function". Value: "{value!r}"'
        )
    return value.astype(type.dtype)


def _lossless(type: TensorType, value: Any, float_literals: bool) -> Array:
    """A number or nested list, when the dtype represents it exactly."""
    if float_literals and value.__class__ is float and type.dtype == config.floatX:
        return np.asarray(value, dtype=type.dtype)
    source = np.asarray(value)
    if source.dtype.kind not in "biufc":
        raise TypeError(f"{type} expects numbers, got {_short(value)} of type {value.__class__.__name__}.")
    array = _cast(source, type.dtype)
    same = np.array_equal(source, array, equal_nan=source.dtype.kind in "fc" and array.dtype.kind in "fc")
    if not same:
        raise TypeError(
            f"{type} cannot store accurately value {_short(value)}, it would be represented as {array}. "
            "If you do not mind this precision loss, you can: 1) explicitly convert your data to a numpy array of "
            f'dtype {type.dtype}, or 2) set "allow_input_downcast=True" when calling "function".',
            value,
        )
    return array


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:75] + "(...)"


def check_shape(type: TensorType, array: Array) -> None:
    """TypeError when rank or a known size do not agree with the array's."""
    if array.ndim != type.ndim:
        raise TypeError(f"Wrong number of dimensions: expected {type.ndim}, got {array.ndim} with shape {array.shape}.")
    for axis, (size, found) in enumerate(zip(type.shape, array.shape, strict=True)):
        if size == 1 and found != 1:
            raise TypeError("Non-unit value on shape on a broadcastable dimension.", array.shape, type.broadcastable)
        if size not in (None, found):
            raise TypeError(f"Dimension {axis} has size {found}, expected {size}, for {type}; the shape is {array.shape}.")


def asarray(value: Any, dtype: Any = None, order: Any = None) -> Array:
    """`numpy.asarray`, where `dtype="floatX"` is the configured one (Theano's `_asarray`)."""
    from .types import check_dtype

    return np.asarray(value, dtype=None if dtype is None else check_dtype(dtype), order=order)
