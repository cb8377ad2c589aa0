"""Values that pass through unchanged, with a derivative of their own: `disconnected_grad(x)`, `grad_clip(x, -1, 1)`."""

from __future__ import annotations

from typing import Any

from ..tensor.build import apply, as_tensor_variable, constant
from ..tensor.var import TensorVariable

__all__ = ["consider_constant", "disconnected_grad", "grad_clip", "grad_scale", "zero_grad"]


def zero_grad(x: Any) -> TensorVariable:
    """`x`, with a gradient of zeros: an expression of it counts as depending on `x`."""
    return apply("zero_grad", x)


consider_constant = zero_grad


def disconnected_grad(x: Any) -> TensorVariable:
    """`x` as a constant: for `grad`, what depends on it only does not depend on `x`."""
    return apply("stop_grad", x)


def grad_clip(x: Any, lower_bound: Any, upper_bound: Any) -> TensorVariable:
    """`x`, whose gradient is kept between two numbers. ValueError when they are in the wrong order."""
    value = as_tensor_variable(x)
    if isinstance(lower_bound, int | float) and isinstance(upper_bound, int | float) and lower_bound > upper_bound:
        raise ValueError(f"grad_clip: the lower bound {lower_bound} is above the upper one, {upper_bound}")
    return apply("grad_clip", value, _scalar(lower_bound, value), _scalar(upper_bound, value))


def grad_scale(x: Any, multiplier: Any) -> TensorVariable:
    """`x`, whose gradient is multiplied by a number (-1 reverses it)."""
    value = as_tensor_variable(x)
    return apply("grad_scale", value, _scalar(multiplier, value))


def _scalar(number: Any, like: TensorVariable) -> Any:
    return constant(number, dtype=like.dtype) if isinstance(number, int | float) else number
