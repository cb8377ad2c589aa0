"""Rows of the operation table between complex tensors and real ones."""

from __future__ import annotations

from collections.abc import Sequence

from . import infer as i
from .op_row import OpRow, binary, unary
from .types import DTYPES, TypeInferenceError, upcast, upcast_to_float

PARTS = {"complex64": "float32", "complex128": "float64"}  # of a complex number: the dtype of its two parts
WHOLE = {part: name for name, part in PARTS.items()}


def _complex_only(dtypes: Sequence[str]) -> str:
    dtype = upcast(*dtypes)
    if DTYPES[dtype].kind != "c":
        raise TypeInferenceError(f"expected a complex operand, got {dtype}")
    return dtype


def _part(dtypes: Sequence[str]) -> str:
    return PARTS[_complex_only(dtypes)]


def _joined(dtypes: Sequence[str]) -> str:
    return WHOLE[upcast(*map(upcast_to_float, dtypes))]


COMPLEX: tuple[OpRow, ...] = (
    unary("real", i.elementwise(_part), "The real part of a complex number."),
    unary("imag", i.elementwise(_part), "The imaginary part of a complex number."),
    unary("conj", i.elementwise(_complex_only), "The conjugate of a complex number: the sign of its imaginary part turned."),
    unary("angle", i.elementwise(_part), "The angle of a complex number, in radians between -pi and pi."),
    binary("complex", i.refuse_complex(i.elementwise(_joined)), None, "The complex number of a real and an imaginary part."),
)
