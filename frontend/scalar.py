"""What programs use of `theano.scalar`: the rules of dtypes. Scalars are tensors without dimensions here."""

from __future__ import annotations

from phintys.ir.types import DTYPES, upcast

from .tensor.build import constant

all_types = tuple(DTYPES)
int_types = tuple(name for name, row in DTYPES.items() if row.kind == "i")
uint_types = tuple(name for name, row in DTYPES.items() if row.kind == "u")
integer_types = int_types + uint_types
float_types = tuple(name for name, row in DTYPES.items() if row.kind == "f")
complex_types = tuple(name for name, row in DTYPES.items() if row.kind == "c")
continuous_dtypes = float_types + complex_types
discrete_dtypes = ("bool", *integer_types)

__all__ = [
    "all_types",
    "complex_types",
    "constant",
    "continuous_dtypes",
    "discrete_dtypes",
    "float_types",
    "int_types",
    "integer_types",
    "uint_types",
    "upcast",
]
