"""Tensors joined along a dimension, old or new."""

from __future__ import annotations

from typing import Any

import numpy as np

from phintys.ir.types import upcast

from .build import apply, as_tensor_variable, cast, constant, known_scalar
from .shaping import shape_padaxis
from .var import TensorConstant, TensorVariable

__all__ = [
    "concatenate",
    "horizontal_stack",
    "join",
    "stack",
    "stacklists",
    "vertical_stack",
]


def concatenate(tensor_list: Any, axis: Any = 0) -> TensorVariable:
    """Tensors of one rank joined along `axis`; the dtype is the promoted one.

    TypeError for anything but a list of tensors.
    """
    if not isinstance(tensor_list, list | tuple):
        raise TypeError(
            "The 'tensors' argument must be either a tuple or a list, make sure you did not forget () or [] around "
            f"arguments of concatenate. {tensor_list}"
        )
    number = known_scalar(axis)
    if number is None:
        raise TypeError("concatenate needs an axis that is known when the expression is written")
    operands = [as_tensor_variable(value) for value in tensor_list]
    return operands[0] if len(operands) == 1 else apply("concatenate", *operands, axis=int(number))


def join(axis: Any, *tensors: Any) -> TensorVariable:
    """`concatenate` with the axis first."""
    return concatenate(list(tensors), axis)


def stack(*tensors: Any, axis: int = 0) -> TensorVariable:
    """Tensors of one rank as the slices of a new dimension `axis`; a list, or several arguments."""
    listed = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    if len(tensors) == 2 and isinstance(tensors[0], list | tuple) and isinstance(tensors[1], int):
        listed, axis = tensors
    operands = [as_tensor_variable(value) for value in listed]
    if not operands:
        raise ValueError("No tensor arguments provided")
    if not any(value.ndim for value in operands) and axis in (0, -1):
        return _make_vector(operands)
    return concatenate([shape_padaxis(value, axis) for value in operands], axis)


def _make_vector(scalars: list[TensorVariable]) -> TensorVariable:
    dtype = upcast(*(value.dtype for value in scalars))
    if all(isinstance(value, TensorConstant) for value in scalars):
        return constant(np.array([value.data.item() for value in scalars], dtype=dtype))
    return apply("make_vector", *[cast(value, dtype) for value in scalars])


def stacklists(values: Any) -> TensorVariable:
    """A nested list of tensors stacked along as many new dimensions."""
    if isinstance(values, list | tuple):
        return stack([stacklists(value) for value in values])
    return as_tensor_variable(values)


def horizontal_stack(*matrices: Any) -> TensorVariable:
    """Matrices side by side."""
    return concatenate(list(matrices), axis=1)


def vertical_stack(*matrices: Any) -> TensorVariable:
    """Matrices on top of each other."""
    return concatenate(list(matrices), axis=0)
