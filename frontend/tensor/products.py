"""Products of stacks of matrices, and small functions of numbers and statistics."""

from __future__ import annotations

from typing import Any

from .build import apply, as_tensor_variable, cast, known_scalar
from .elementwise import exp, int_div, log, maximum, minimum, mod, switch
from .joining import concatenate
from .linalg import dot
from .reduction import max as max_
from .reduction import mean
from .reduction import sum as sum_
from .shaping import dim, dimshuffle, reshape, size_of
from .var import TensorVariable

__all__ = [
    "batched_dot",
    "batched_tensordot",
    "ceil_intdiv",
    "cov",
    "default",
    "divmod",
    "floor_div",
    "largest",
    "logsumexp",
    "second",
    "smallest",
]


def batched_dot(a: Any, b: Any) -> TensorVariable:
    """`dot` of each pair of slices along the first dimension, whose sizes have to be equal.

    Of two stacks of matrices a stack of matrices; a stack of vectors (a matrix) goes with either; a vector multiplies.
    """
    x, y = as_tensor_variable(a), as_tensor_variable(b)
    for name, value in (("a", x), ("b", y)):
        if not value.ndim:
            raise TypeError(f"{name} must have at least one (batch) axis")
    if x.ndim == 1:
        return dimshuffle(x, 0, *["x"] * (y.ndim - 1)) * y
    if y.ndim == 1:
        return x * dimshuffle(y, 0, *["x"] * (x.ndim - 1))
    if x.ndim > 3 or y.ndim > 3:
        return batched_tensordot(x, y, [[x.ndim - 1], [max(1, y.ndim - 2)]])
    left = x if x.ndim == 3 else dimshuffle(x, 0, "x", 1)
    right = y if y.ndim == 3 else dimshuffle(y, 0, 1, "x")
    product = apply("batched_dot", left, right)
    kept = [0] + [1] * (x.ndim == 3) + [2] * (y.ndim == 3)
    return dimshuffle(product, *kept)


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> TensorVariable:
    """`tensordot` of each pair of slices along the first dimension; `axes` are counted with that dimension."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    if isinstance(axes, int):
        if not 0 <= axes < min(x.ndim, y.ndim):
            raise ValueError(f"batched_tensordot: {axes} dimensions besides the first of {x.type} and {y.type}")
        left, right = list(range(x.ndim - axes, x.ndim)), list(range(1, axes + 1))
    else:
        left, right = ([side] if isinstance(side, int) else list(side) for side in axes)
    for value, side in ((x, left), (y, right)):
        if any(not -value.ndim <= axis < value.ndim for axis in side):
            raise ValueError(f"batched_tensordot: {value.type} has no dimensions {side}")
    left, right = [axis % x.ndim for axis in left], [axis % y.ndim for axis in right]
    if len(left) != len(right) or 0 in left or 0 in right:
        raise ValueError(f"batched_tensordot: the dimensions {left} of {x.type} do not pair up with {right} of {y.type}")
    rows = [axis for axis in range(1, x.ndim) if axis not in left]
    columns = [axis for axis in range(1, y.ndim) if axis not in right]
    first = reshape(dimshuffle(x, 0, *rows, *left), [dim(x, 0), size_of(x, rows), size_of(x, left)])
    second = reshape(dimshuffle(y, 0, *right, *columns), [dim(y, 0), size_of(y, right), size_of(y, columns)])
    sizes = [dim(x, 0), *(dim(x, axis) for axis in rows), *(dim(y, axis) for axis in columns)]
    return reshape(apply("batched_dot", first, second), sizes)


def floor_div(x: Any, y: Any) -> TensorVariable:
    """`x // y`, rounded towards minus infinity."""
    return int_div(x, y)


def divmod(x: Any, y: Any) -> tuple[TensorVariable, TensorVariable]:
    """`x // y` and `x % y`."""
    return int_div(x, y), mod(x, y)


def ceil_intdiv(a: Any, b: Any) -> TensorVariable:
    """`ceil(a / b)` of ints, exact."""
    quotient = int_div(a, b)
    return quotient + cast(apply("ne", mod(a, b), 0), quotient.dtype)


def _extreme(args: tuple[Any, ...], pick: Any) -> TensorVariable:
    result = as_tensor_variable(args[0])
    for other in args[1:]:
        result = pick(result, other)
    return result


def largest(*args: Any) -> TensorVariable:
    """The largest of several tensors, element by element."""
    return _extreme(args, maximum)


def smallest(*args: Any) -> TensorVariable:
    """The smallest of several tensors, element by element."""
    return _extreme(args, minimum)


def second(a: Any, b: Any) -> TensorVariable:
    """`b` in the shape of `a` (`fill` by another name)."""
    from .filling import fill

    return fill(a, b)


def default(x: Any, default: Any) -> TensorVariable:
    """`x`, or `default` where it is `None`."""
    return as_tensor_variable(default if x is None else x)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """`log(sum(exp(x)))` over `axis`, without overflow; infinite where the largest element is."""
    value = as_tensor_variable(x)
    largest_ = max_(value, axis, keepdims=True)
    shift = switch(apply("lt", apply("abs", largest_), float("inf")), largest_, 0)
    total = log(sum_(exp(value - shift), axis, keepdims=True)) + shift
    if keepdims:
        return total
    axes = range(value.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    gone = {int(place) % value.ndim for place in axes}
    return dimshuffle(total, *[place for place in range(value.ndim) if place not in gone])


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> TensorVariable:
    """The covariance matrix of variables, one for each row (column, without `rowvar`) of `m` and `y`: NumPy's `cov`.

    Sums are divided by the number of observations less `ddof`, which is 1, or 0 with `bias`. `fweights` says how often each
    observation occurs (a vector of ints), `aweights` how much it counts. ValueError for a `ddof` that is not an integer,
    TypeError and RuntimeError for weights of other dtypes and ranks.
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    x = _observations(m, rowvar)
    if y is not None:
        x = concatenate([x, _observations(y, rowvar)], axis=0)
    lost = int(known_scalar(ddof) or 0) if ddof is not None else 0 if bias else 1
    part = "float32" if x.dtype in ("float32", "complex64") else "float64"
    weights = _observation_weights(fweights, aweights, part)
    if weights is None:
        centered = x - mean(x, axis=1, keepdims=True)
        return dot(centered, _conjugate(centered).T) / cast(dim(x, 1) - lost, part)
    total = sum_(weights)
    centered = x - sum_(x * weights, axis=1, keepdims=True) / total
    excess = lost if aweights is None else lost * sum_(weights * cast(aweights, part)) / total
    return dot(centered, _conjugate(centered * weights).T) / (total - excess)


def _observation_weights(fweights: Any, aweights: Any, dtype: str) -> TensorVariable | None:
    """The product of both, checked."""
    found: TensorVariable | None = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        value = as_tensor_variable(given)
        if name == "fweights" and value.type.kind not in "iu":
            raise TypeError("fweights must be integer")
        if value.ndim != 1:
            raise RuntimeError(f"cannot handle multidimensional {name}")
        found = cast(value, dtype) if found is None else found * cast(value, dtype)
    return found


def _conjugate(x: TensorVariable) -> TensorVariable:
    return apply("conj", x) if x.type.kind == "c" else x


def _observations(m: Any, rowvar: bool) -> TensorVariable:
    x = as_tensor_variable(m)
    x = cast(x, "float64") if x.type.kind in "biu" else x
    if x.ndim == 1:
        return dimshuffle(x, "x", 0)
    return x if rowvar else x.T
