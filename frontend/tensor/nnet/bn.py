"""Batch normalization (Ioffe and Szegedy 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..build import as_tensor_variable, cast
from ..elementwise import sqrt
from ..reduction import mean as mean_
from ..reduction import var as var_
from ..shaping import addbroadcast, dimshuffle, size_of
from ..var import TensorVariable

__all__ = ["batch_normalization", "batch_normalization_test", "batch_normalization_train"]


def batch_normalization(inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem") -> TensorVariable:
    """`(inputs - mean) * gamma / std + beta`; all broadcast. `mode` makes no difference."""
    if mode not in ("low_mem", "high_mem"):
        raise ValueError('mode must be either "low_mem", "high_mem"')
    x, scale, offset, center, deviation = map(as_tensor_variable, (inputs, gamma, beta, mean, std))
    return (x - center) * (scale / deviation) + offset


def _reduced(axes: Any, ndim: int) -> tuple[list[int], list[int]]:
    """Dimensions that are averaged over, and the others."""
    if axes == "per-activation":
        axes = (0,)
    elif axes == "spatial":
        axes = (0, *range(2, ndim))
    given = sorted(int(axis) for axis in ([axes] if isinstance(axes, int) else axes))
    if not given or given[0] < 0 or given[-1] >= ndim or len(set(given)) != len(given):
        raise ValueError(f"axes should be less than the number of dimensions, without repetition; got {axes} for {ndim}")
    return given, [axis for axis in range(ndim) if axis not in given]


def _spread(inputs: TensorVariable, axes: list[int], kept: list[int], *values: Any) -> list[TensorVariable]:
    """Parameters with the dimensions of the inputs, of size 1 where these are averaged over."""
    result = []
    for value in map(as_tensor_variable, values):
        if value.ndim == inputs.ndim:
            result.append(addbroadcast(value, *axes))
        elif value.ndim == len(kept):
            pattern: list[Any] = ["x"] * inputs.ndim
            for place, axis in enumerate(kept):
                pattern[axis] = place
            result.append(dimshuffle(value, *pattern))
        else:
            raise ValueError(
                "gamma, beta, means and variances have as many dimensions as are not normalized, or as many as the inputs; "
                f"got {value.type} for {inputs.type} normalized over {axes}"
            )
    return result


def _narrow(value: TensorVariable, like: Any, kept: Sequence[int]) -> TensorVariable:
    """A statistic with the rank of a parameter."""
    return value if as_tensor_variable(like).ndim == value.ndim else dimshuffle(value, *kept)


def batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    axes: Any = "per-activation",
    epsilon: float = 1e-4,
    running_average_factor: Any = 0.1,
    running_mean: Any = None,
    running_var: Any = None,
) -> tuple[TensorVariable, ...]:
    """`(inputs - mean) / sqrt(var + epsilon) * gamma + beta` with mean and variance over `axes`.

    `axes`: dimensions, "per-activation" (the first) or "spatial" (all but the second). Gives the result, the mean and
    `1 / sqrt(var + epsilon)`, and, where they are given, the running mean and variance moved towards the new ones by
    `running_average_factor` (the variance without bias).
    """
    x = as_tensor_variable(inputs)
    reduced, kept = _reduced(axes, x.ndim)
    scale, offset = _spread(x, reduced, kept, gamma, beta)
    mean, variance = mean_(x, reduced, keepdims=True), var_(x, reduced, keepdims=True)
    inverse = 1 / sqrt(variance + cast(epsilon, x.dtype))
    results = [(x - mean) * (scale * inverse) + offset, _narrow(mean, gamma, kept), _narrow(inverse, gamma, kept)]
    count = cast(size_of(x, reduced), x.dtype)
    factor = cast(running_average_factor, x.dtype)
    for running, new in ((running_mean, mean), (running_var, variance * (count / (count - 1)))):
        if running is not None:
            (old,) = _spread(x, reduced, kept, running)
            results.append(_narrow(old * (1 - factor) + new * factor, running, kept))
    return tuple(results)


def batch_normalization_test(
    inputs: Any, gamma: Any, beta: Any, mean: Any, var: Any, axes: Any = "per-activation", epsilon: float = 1e-4
) -> TensorVariable:
    """`(inputs - mean) / sqrt(var + epsilon) * gamma + beta` with a mean and a variance that are known."""
    x = as_tensor_variable(inputs)
    reduced, kept = _reduced(axes, x.ndim)
    scale, offset, center, variance = _spread(x, reduced, kept, gamma, beta, mean, var)
    return (x - center) * (scale / sqrt(variance + cast(epsilon, x.dtype))) + offset
