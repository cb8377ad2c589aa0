"""Types shared by every level: dtypes as a table, and `TensorType` (dtype + per-dimension size where known).

A dtype is named as NumPy names it (`"float64"`); IR and graph text use the short names of the table (`f64`). The rank of a
tensor is always static; a size is a number where it is known (1 is what broadcasts) and `None` where it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class DType:
    """One row of the dtype table: NumPy name, short name, kind (`b i u f c`) and size in bits."""

    name: str
    short: str
    kind: str
    bits: int


DTYPES: dict[str, DType] = {
    row.name: row
    for row in (
        DType("bool", "bool", "b", 8),
        DType("int8", "i8", "i", 8),
        DType("int16", "i16", "i", 16),
        DType("int32", "i32", "i", 32),
        DType("int64", "i64", "i", 64),
        DType("uint8", "u8", "u", 8),
        DType("uint16", "u16", "u", 16),
        DType("uint32", "u32", "u", 32),
        DType("uint64", "u64", "u", 64),
        DType("float32", "f32", "f", 32),
        DType("float64", "f64", "f", 64),
        DType("complex64", "c64", "c", 64),
        DType("complex128", "c128", "c", 128),
    )
}
BY_SHORT: dict[str, str] = {row.short: row.name for row in DTYPES.values()}


class TypeInferenceError(TypeError):
    """Operands that an operation does not accept: the message says what was found and what was expected."""


@dataclass(frozen=True)
class TensorType:
    """dtype and per-dimension sizes of a tensor; `shape` holds an int where the size is known, else `None`."""

    dtype: str
    shape: tuple[int | None, ...] = ()

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def kind(self) -> str:
        """`b`, `i`, `u`, `f` or `c`: bool, signed, unsigned, floating, complex."""
        return DTYPES[self.dtype].kind

    def with_dtype(self, dtype: str) -> TensorType:
        """The same shape with another dtype."""
        return TensorType(dtype, self.shape)

    @property
    def text(self) -> str:
        """`f64[?, 784]`: what `parse_type` reads, whatever a derived class prints."""
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{DTYPES[self.dtype].short}[{sizes}]"

    def __str__(self) -> str:
        return self.text


def parse_type(text: str) -> TensorType:
    """Read what `TensorType.text` gives: `f64[?, 784]`, `i32[]`; a bare `f64` is a scalar."""
    short, _, rest = text.strip().partition("[")
    sizes = [size.strip() for size in rest.rstrip("]").split(",") if size.strip()]
    if short not in BY_SHORT:
        raise TypeInferenceError(f"unknown dtype '{short}'; expected one of {', '.join(BY_SHORT)}")
    return TensorType(BY_SHORT[short], tuple(None if size == "?" else int(size) for size in sizes))


@cache
def upcast(*dtypes: str) -> str:
    """Common dtype of several, by NumPy's promotion of arrays (Theano's `scalar.upcast`): int64 with float32 is float64."""
    return str(np.result_type(*(np.dtype(dtype) for dtype in dtypes)))


@cache
def upcast_to_float(dtype: str) -> str:
    """dtype of `exp`, `sqrt`, ... of a value: floats and complex keep theirs, small ints give float32, others float64."""
    row = DTYPES[dtype]
    if row.kind in "fc":
        return dtype
    return "float32" if row.bits <= 16 else "float64"


@cache
def accumulator_dtype(dtype: str) -> str:
    """dtype of `sum` and `prod`: bool and ints accumulate in 64 bits (NumPy's and Theano's rule), others in their own."""
    kind = DTYPES[dtype].kind
    return {"b": "int64", "i": "int64", "u": "uint64"}.get(kind, dtype)
