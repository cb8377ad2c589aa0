"""Complex tensors: their parts, and made of parts.

Arithmetic, powers, exponentials, trigonometric functions, sums and products of matrices take complex operands as they are.
A real cost may be differentiated through complex values, with respect to real ones.
"""

from __future__ import annotations

from typing import Any

from .build import apply, as_tensor_variable
from .elementwise import arctan2, cos, sin
from .filling import zeros_like
from .var import TensorVariable

__all__ = ["angle", "complex", "complex_from_polar", "conj", "imag", "real"]


def _is_complex(x: TensorVariable) -> bool:
    return x.type.kind == "c"


def real(z: Any) -> TensorVariable:
    """The real part; a real tensor is its own."""
    x = as_tensor_variable(z)
    return apply("real", x) if _is_complex(x) else x


def imag(z: Any) -> TensorVariable:
    """The imaginary part; zeros for a real tensor."""
    x = as_tensor_variable(z)
    return apply("imag", x) if _is_complex(x) else zeros_like(x)


def conj(z: Any) -> TensorVariable:
    """The conjugate; a real tensor is its own."""
    x = as_tensor_variable(z)
    return apply("conj", x) if _is_complex(x) else x


def angle(z: Any) -> TensorVariable:
    """The angle in the complex plane, in radians between -pi and pi: 0 or pi for real numbers."""
    x = as_tensor_variable(z)
    return apply("angle", x) if _is_complex(x) else arctan2(zeros_like(x), x)


def complex(real: Any, imag: Any) -> TensorVariable:
    """The complex numbers of two real tensors, their parts: complex64 of two float32, else complex128."""
    return apply("complex", real, imag)


def complex_from_polar(abs: Any, angle: Any) -> TensorVariable:
    """The complex numbers of two real tensors, their moduli and angles."""
    size, direction = as_tensor_variable(abs), as_tensor_variable(angle)
    return complex(size * cos(direction), size * sin(direction))
