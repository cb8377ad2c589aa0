"""Functions that combine the elements along dimensions: `axis` is a number, several, or `None` for all.

Over no dimensions (`axis=[]`) each element is combined with nothing else, as in NumPy. Extremes and their positions read
an empty list as `None`, as Theano's do.

`keepdims` leaves the reduced dimensions with size 1. dtypes: sums and products of ints accumulate in 64 bits; means are
floats (float64 of ints); positions are int64.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from phintys.ir.infer import normalize_axes
from phintys.ir.types import DTYPES

from .build import apply, as_tensor_variable, cast, known_scalar
from .elementwise import abs_, neq, pow, sqr, sqrt, true_div
from .shaping import dimshuffle, size_of
from .var import TensorConstant, TensorVariable

__all__ = [
    "all",
    "any",
    "argmax",
    "argmin",
    "max",
    "max_and_argmax",
    "mean",
    "min",
    "norm",
    "prod",
    "ptp",
    "std",
    "sum",
    "var",
]


def _axes(x: TensorVariable, axis: Any) -> tuple[int, ...]:
    """Sorted axes; a symbolic one has to be a constant. TypeInferenceError for one that does not exist."""
    if axis is None:
        return tuple(range(x.ndim))
    if isinstance(axis, TensorConstant):
        axis = axis.data
    if isinstance(axis, np.ndarray):
        axis = axis.tolist()
    given = axis if isinstance(axis, list | tuple) else [axis]
    numbers = [known_scalar(value) for value in given]
    if builtins.any(number is None or number != int(number) for number in numbers):
        raise TypeError(f"axis must be an integer, several, or None; got {axis!r}")
    return normalize_axes([int(number) for number in numbers if number is not None], x.ndim)


def _restore(result: TensorVariable, axes: tuple[int, ...], keepdims: bool) -> TensorVariable:
    """With the reduced dimensions put back, of size 1."""
    if not keepdims:
        return result
    kept = iter(range(result.ndim))
    rank = result.ndim + len(axes)
    return dimshuffle(result, *["x" if axis in axes else next(kept) for axis in range(rank)])


def _reduce(op: str, x: Any, axis: Any, keepdims: bool) -> TensorVariable:
    x = as_tensor_variable(x)
    axes = _axes(x, axis)
    return _restore(apply(op, x, axes=axes), axes, keepdims)


def _extreme(op: str, x: Any, axis: Any, keepdims: bool) -> TensorVariable:
    """An extreme or its position; over all dimensions if `axis` names none (Theano's rule)."""
    x = as_tensor_variable(x)
    return _reduce(op, x, _axes(x, axis) or None, keepdims)


def _accumulate(op: str, x: Any, axis: Any, dtype: Any, keepdims: bool, acc_dtype: Any) -> TensorVariable:
    x = as_tensor_variable(x)
    for wanted in (acc_dtype, dtype):
        if wanted is not None:
            x = cast(x, wanted)
            break
    result = _reduce(op, x, axis, keepdims)
    return result if dtype is None else cast(result, dtype)


def sum(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> TensorVariable:
    """Sum. Ints give int64 (uint64), other dtypes their own.

    `dtype` names another, `acc_dtype` that of the addition.
    """
    return _accumulate("sum", x, axis, dtype, keepdims, acc_dtype)


def prod(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    acc_dtype: Any = None,
    no_zeros_in_input: bool = False,
) -> TensorVariable:
    """Product, with the dtypes of `sum`; its derivative is right with zeros too, told or not."""
    return _accumulate("prod", x, axis, dtype, keepdims, acc_dtype)


def mean(
    x: Any, axis: Any = None, dtype: Any = None, op: bool = False, keepdims: bool = False, acc_dtype: Any = None
) -> TensorVariable:
    """Arithmetic mean: the sum divided by the number of elements. Ints give float64, floats their own dtype."""
    x = as_tensor_variable(x)
    axes = _axes(x, axis)
    wanted = dtype if dtype is not None else None if DTYPES[x.dtype].kind in "fc" else "float64"
    total = _accumulate("sum", x, axes, wanted, False, acc_dtype) if axes else cast(x, wanted or x.dtype)
    count = cast(size_of(x, axes), "float32" if total.dtype in ("float32", "complex64") else "float64")
    return _restore(true_div(total, count), axes, keepdims)


def var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> TensorVariable:
    """Variance: the mean square of the deviations (of complex numbers of their modulus), divided by `n - ddof`.

    `corrected` subtracts the square of the mean deviation, which rounding leaves (the two-pass formula of Chan, Golub
    and LeVeque 1983).
    """
    x = as_tensor_variable(x)
    if not isinstance(ddof, int):
        raise ValueError(f"Parameter keepdims/ddof must be an int, got {ddof!r}")
    axes = _axes(x, axis)
    centered = x - mean(x, axes, keepdims=True)
    count = cast(size_of(x, axes) - ddof, "float32" if centered.dtype in ("float32", "complex64") else "float64")
    result = true_div(sum(_squared_size(centered), axes), count)
    if corrected:
        result = result - true_div(_squared_size(sum(centered, axes)), count * count)
    return _restore(result, axes, keepdims)


def _squared_size(x: TensorVariable) -> TensorVariable:
    """`x ** 2`, of complex numbers the square of the modulus."""
    return sqr(apply("real", x)) + sqr(apply("imag", x)) if x.type.kind == "c" else sqr(x)


def std(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> TensorVariable:
    """Standard deviation, the square root of `var`."""
    return sqrt(var(x, axis, ddof, keepdims, corrected))


def max(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Maximum; nan when there is one."""
    return _extreme("max", x, axis, keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Minimum; nan when there is one."""
    return _extreme("min", x, axis, keepdims)


def ptp(x: Any, axis: Any = None) -> TensorVariable:
    """Maximum minus minimum."""
    return max(x, axis) - min(x, axis)


def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Position of the (first) maximum, int64; over several dimensions, in them flattened."""
    return _extreme("argmax", x, axis, keepdims)


def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Position of the (first) minimum."""
    return _extreme("argmin", x, axis, keepdims)


def max_and_argmax(x: Any, axis: Any = None, keepdims: bool = False) -> list[TensorVariable]:
    """The maximum and its position."""
    return [max(x, axis, keepdims), argmax(x, axis, keepdims)]


def all(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Whether all elements are not zero."""
    return _reduce("all", _truth(x), axis, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Whether any element is not zero."""
    return _reduce("any", _truth(x), axis, keepdims)


def _truth(x: Any) -> TensorVariable:
    x = as_tensor_variable(x)
    return x if x.dtype == "bool" else neq(x, 0)


def norm(x: Any, L: float | str | None, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Norm of order `L`: 0 counts what is not zero, `inf` and `-inf` take the extreme of `abs(x)`."""
    x = as_tensor_variable(x)
    if isinstance(L, str):
        L = float(L)
    if L is None:
        L = 2
    if L == 0:
        return sum(neq(x, 0), axis, keepdims=keepdims)
    if L in (float("inf"), float("-inf")):
        return (max if L > 0 else min)(abs_(x), axis, keepdims)
    return pow(sum(pow(abs_(x), L), axis, keepdims=keepdims), 1.0 / L)
