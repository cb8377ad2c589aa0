"""Names of dtypes and types, small facts about variables, and Theano's older names of indexing functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from phintys.ir.infer import normalize_axes
from phintys.ir.types import DTYPES

from .assignment import inc_subtensor, set_subtensor
from .build import as_tensor_variable, get_scalar_constant_value, known_scalar
from .constructors import TYPES
from .indexing import index
from .shaping import dimshuffle
from .var import TensorConstant, TensorVariable

__all__ = [
    "advanced_inc_subtensor",
    "advanced_inc_subtensor1",
    "advanced_set_subtensor",
    "advanced_set_subtensor1",
    "advanced_subtensor",
    "advanced_subtensor1",
    "all_dtypes",
    "as_index_variable",
    "check_and_normalize_axes",
    "complex_dtypes",
    "complex_matrix_types",
    "complex_scalar_types",
    "complex_types",
    "complex_vector_types",
    "continuous_dtypes",
    "discrete_dtypes",
    "extract_constant",
    "float_dtypes",
    "float_matrix_types",
    "float_scalar_types",
    "float_types",
    "float_vector_types",
    "get_vector_length",
    "int_dtypes",
    "int_matrix_types",
    "int_scalar_types",
    "int_types",
    "int_vector_types",
    "integer_dtypes",
    "makeKeepDims",
    "scalar_from_tensor",
    "tensor_from_scalar",
    "transfer",
    "uint_dtypes",
]


def _dtypes(kinds: str) -> list[str]:
    return [name for name, row in DTYPES.items() if row.kind in kinds]


int_dtypes, uint_dtypes, float_dtypes, complex_dtypes = (_dtypes(kind) for kind in "iufc")
integer_dtypes, discrete_dtypes, continuous_dtypes = _dtypes("iu"), _dtypes("biu"), _dtypes("fc")
all_dtypes = _dtypes("biufc")

int_scalar_types, int_vector_types, int_matrix_types = (
    [TYPES[letter + kind] for letter in "bwil"] for kind in ("scalar", "vector", "matrix")
)
float_scalar_types, float_vector_types, float_matrix_types = (
    [TYPES[letter + kind] for letter in "fd"] for kind in ("scalar", "vector", "matrix")
)
complex_scalar_types, complex_vector_types, complex_matrix_types = (
    [TYPES[letter + kind] for letter in "cz"] for kind in ("scalar", "vector", "matrix")
)
int_types, float_types, complex_types = int_scalar_types, float_scalar_types, complex_scalar_types


def get_vector_length(v: Any) -> int:
    """The length of a vector, when it is known as the expression is written. ValueError otherwise."""
    value = as_tensor_variable(v)
    if value.ndim != 1:
        raise TypeError(f"argument must be symbolic vector, got '{value}'")
    length = value.type.shape[0]
    if length is None:
        raise ValueError(f"length not known: {value}")
    return length


def extract_constant(x: Any, elemwise: bool = True, only_process_constants: bool = False) -> Any:
    """The number that `x` is known to be, or `x` itself."""
    try:
        return get_scalar_constant_value(x)
    except Exception:  # whatever is not a known number is handed back
        return x


def as_index_variable(idx: Any) -> TensorVariable:
    """An integer scalar as a variable. TypeError for anything else."""
    value = as_tensor_variable(idx)
    if value.ndim or value.type.kind not in "iu":
        raise TypeError(f"an index is an integer scalar, got {value.type}")
    return value


def check_and_normalize_axes(x: Any, axis: Any) -> list[int]:
    """Axes as a list of non-negative numbers, empty for `None`. TypeError for one that is not an integer."""
    value = as_tensor_variable(x)
    if axis is None:
        return []
    if isinstance(axis, TensorConstant):
        axis = axis.data
    given = axis.tolist() if isinstance(axis, np.ndarray) else axis
    numbers = [known_scalar(entry) for entry in (given if isinstance(given, list | tuple) else [given])]
    if any(number is None or number != int(number) for number in numbers):
        raise TypeError(f"Axes must be integers, got {axis!r}")
    return list(normalize_axes([int(number) for number in numbers if number is not None], value.ndim))


def makeKeepDims(x: Any, y: Any, axis: Any) -> TensorVariable:  # noqa: N802, RUF100  (Theano's name)
    """A reduction `y` of `x` over `axis` with the reduced dimensions back, of size 1."""
    value, reduced = as_tensor_variable(x), as_tensor_variable(y)
    axes = list(range(value.ndim)) if axis is None else check_and_normalize_axes(value, axis)
    if reduced.ndim != value.ndim - len(axes):
        raise ValueError(f"makeKeepDims: {reduced.type} is no reduction of {value.type} over {axis!r}")
    kept = iter(range(reduced.ndim))
    return dimshuffle(reduced, *["x" if place in axes else next(kept) for place in range(value.ndim)])


def tensor_from_scalar(s: Any) -> TensorVariable:
    """A number as a tensor of rank 0: there are no other scalars here."""
    return as_tensor_variable(s)


def scalar_from_tensor(t: Any) -> TensorVariable:
    """A tensor of rank 0, as it is. TypeError for another rank."""
    value = as_tensor_variable(t)
    if value.ndim:
        raise TypeError(f"expected a tensor of rank 0, got {value.type}")
    return value


def advanced_subtensor(x: Any, *args: Any) -> TensorVariable:
    """`x[args]`."""
    return index(as_tensor_variable(x), args)


def advanced_subtensor1(x: Any, ilist: Any) -> TensorVariable:
    """`x[ilist]`, the slices that an integer vector numbers."""
    return index(as_tensor_variable(x), (as_tensor_variable(ilist),))


def advanced_inc_subtensor(x: Any, y: Any, *args: Any) -> TensorVariable:
    """`x` with `y` added to `x[args]`."""
    return inc_subtensor(index(as_tensor_variable(x), args), y)


def advanced_inc_subtensor1(x: Any, y: Any, ilist: Any) -> TensorVariable:
    """`x` with `y` added to `x[ilist]`."""
    return inc_subtensor(advanced_subtensor1(x, ilist), y)


def advanced_set_subtensor(x: Any, y: Any, *args: Any) -> TensorVariable:
    """`x` with `y` at `x[args]`."""
    return set_subtensor(index(as_tensor_variable(x), args), y)


def advanced_set_subtensor1(x: Any, y: Any, ilist: Any) -> TensorVariable:
    """`x` with `y` at `x[ilist]`."""
    return set_subtensor(advanced_subtensor1(x, ilist), y)


def transfer(var: Any, target: str) -> TensorVariable:
    """A tensor on another device, see `TensorVariable.transfer`."""
    return as_tensor_variable(var).transfer(target)
