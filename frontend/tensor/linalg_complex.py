"""Inverses, systems and exponentials of complex matrices, by real ones of twice the size.

A + iB is the real matrix [[A, -B], [B, A]]: sums, products, and with them inverses, pseudo-inverses and exponentials of such
matrices are such matrices again. Errors tell the size of the real matrix.
Source: G. W. Stewart, Matrix Algorithms I (1998), section 1.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .build import as_tensor_variable
from .complex_numbers import complex, imag, real
from .diagonals import tril, triu
from .joining import concatenate
from .shaping import dim
from .var import TensorVariable

RealOf = Callable[[TensorVariable], TensorVariable]


def is_complex(*values: Any) -> bool:
    """Whether a value is complex: matrices and vectors only, other ranks are refused as real ones are."""
    return any(x.type.kind == "c" and x.ndim in (1, 2) for x in map(as_tensor_variable, values))


def _doubled(a: TensorVariable, b: TensorVariable) -> TensorVariable:
    return concatenate([concatenate([a, -b], axis=1), concatenate([b, a], axis=1)], axis=0)


def _halved(x: TensorVariable, rows: TensorVariable, columns: TensorVariable) -> TensorVariable:
    return complex(x[:rows, :columns], x[rows:, :columns])


def by_real(function: RealOf, z: Any, turned: bool = False) -> TensorVariable:
    """A function of a complex matrix by the same of a real one; `turned` when the result has the shape of the transpose."""
    x = as_tensor_variable(z)
    rows, columns = dim(x, 0), dim(x, 1)
    found = function(_doubled(real(x), imag(x)))
    return _halved(found, columns, rows) if turned else _halved(found, rows, columns)


def solve(real_solve: Callable[[Any, Any], TensorVariable], a: Any, b: Any, structure: str = "general") -> TensorVariable:
    """The solution of a complex system by that of a real one, in which a triangle is a matrix like any other."""
    matrix, right = as_tensor_variable(a), as_tensor_variable(b)
    part = {"lower_triangular": tril, "upper_triangular": triu}.get(structure, as_tensor_variable)
    both = concatenate([real(right), imag(right)], axis=0)
    found = real_solve(_doubled(part(real(matrix)), part(imag(matrix))), both)
    columns = dim(matrix, 1)
    return complex(found[:columns], found[columns:])
