"""Result types: one short function per family of operations, shared by expressions, graph text and the `nd` verifier.

Every function takes the operand types and the attributes and returns the result types, or raises `TypeInferenceError` with a
sentence that says what was found and what was expected. Shapes broadcast as NumPy's do, aligned on the right, but only a
dimension *known* to be 1 broadcasts (Theano's rule): two sizes of which one is unknown are checked when the function runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from .types import DTYPES, TensorType, TypeInferenceError, accumulator_dtype, upcast, upcast_to_float

Attrs = dict[str, Any]
Types = Sequence[TensorType]
Infer = Callable[[Types, Attrs], list[TensorType]]
DTypeRule = Callable[[Sequence[str]], str]


# --- dtype rules of elementwise operations ------------------------------------------------------------------------------------


def same(dtypes: Sequence[str]) -> str:
    """The common dtype of all operands."""
    return upcast(*dtypes)


def floating(dtypes: Sequence[str]) -> str:
    """Floating dtype for functions such as exp: ints become floats (int8 and int16 float32, wider ones float64)."""
    return upcast(*(upcast_to_float(dtype) for dtype in dtypes))


def quotient(dtypes: Sequence[str]) -> str:
    """True division: two ints give float64 (floatX is applied where expressions are written)."""
    dtype = upcast(*dtypes)
    return dtype if DTYPES[dtype].kind in "fc" else "float64"


def boolean(dtypes: Sequence[str]) -> str:
    """Truth values, whatever the operands are."""
    return "bool"


def real(dtypes: Sequence[str]) -> str:
    """`abs`: complex operands give their real dtype."""
    dtype = upcast(*dtypes)
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def selected(dtypes: Sequence[str]) -> str:
    """`select(condition, a, b)`: the common dtype of the two branches."""
    return upcast(*dtypes[1:])


def words(dtypes: Sequence[str]) -> str:
    """uint64 of uint64 operands; TypeInferenceError for others."""
    if {*dtypes} != {"uint64"}:
        raise TypeInferenceError(f"random bits take uint64 operands, got {' and '.join(dtypes)}: cast them")
    return "uint64"


# --- shapes -------------------------------------------------------------------------------------------------------------------


def broadcast_shapes(shapes: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
    """Right-aligned broadcast of static shapes; TypeInferenceError where two known sizes differ and neither is 1."""
    return _broadcast(tuple(shapes))


@lru_cache(4096)
def _broadcast(shapes: tuple[tuple[int | None, ...], ...]) -> tuple[int | None, ...]:
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[int | None] = []
    for axis in range(rank):
        sizes = [shape[axis - rank + len(shape)] for shape in shapes if axis - rank + len(shape) >= 0]
        known = {size for size in sizes if size is not None and size != 1}
        if len(known) > 1:
            found = " and ".join(str(size) for size in sorted(known))
            raise TypeInferenceError(f"dimension {axis} has sizes {found}, which do not broadcast together")
        unknown = any(size is None for size in sizes)
        result.append(known.pop() if known else None if unknown else 1)
    return tuple(result)


def fits_into(value: TensorType, region: TensorType) -> bool:
    """Whether a value may be written into a region: its known sizes agree or are 1, unknown ones are checked when it runs."""
    places = region.shape[region.ndim - value.ndim :]
    return value.ndim <= region.ndim and all(
        size in (None, 1) or place in (None, size) for size, place in zip(value.shape, places, strict=True)
    )


def elementwise(rule: DTypeRule) -> Infer:
    """Inference of an elementwise operation whose dtype follows `rule`."""

    def infer(types: Types, attrs: Attrs) -> list[TensorType]:
        shape = broadcast_shapes([type.shape for type in types])
        return [TensorType(rule([type.dtype for type in types]), shape)]

    return infer


def refuse_complex(infer: Infer) -> Infer:
    """`infer` for operations that have no meaning on complex operands."""

    def checked(types: Types, attrs: Attrs) -> list[TensorType]:
        for type in types:
            if type.kind == "c":
                raise TypeInferenceError(f"complex operands are not ordered: got {type}, expected a real dtype")
        return infer(types, attrs)

    return checked


def truth(infer: Infer) -> Infer:
    """`infer` for operations that take their first operand as truth values, which complex numbers are not."""

    def checked(types: Types, attrs: Attrs) -> list[TensorType]:
        if types[0].kind == "c":
            raise TypeInferenceError(f"complex numbers are neither true nor false: got {types[0]}; compare them, as in x != 0")
        return infer(types, attrs)

    return checked


def refuse_bool(infer: Infer) -> Infer:
    """`infer` for operations that have no meaning on truth values (NumPy's and Theano's rule)."""

    def checked(types: Types, attrs: Attrs) -> list[TensorType]:
        if all(type.kind == "b" for type in types):
            raise TypeInferenceError("not defined on bool operands: cast to an int type, or use invert, xor, and, or")
        return infer(types, attrs)

    return checked


def integral(infer: Infer) -> Infer:
    """`infer` for bitwise operations: bool and ints only, of a common dtype (int64 and uint64 have none)."""

    def checked(types: Types, attrs: Attrs) -> list[TensorType]:
        results = infer(types, attrs)
        for type in [*types, *results]:
            if type.kind not in "biu":
                given = " and ".join(map(str, types))
                raise TypeInferenceError(f"bitwise operations take bool or int operands of a common dtype, got {given}")
        return results

    return checked


def normalize_axes(axes: Sequence[int], ndim: int) -> tuple[int, ...]:
    """Sorted non-negative axes; TypeInferenceError for one out of range or given twice."""
    result = []
    for axis in axes:
        if not -ndim <= axis < ndim:
            raise TypeInferenceError(f"axis {axis} is out of range for a tensor of {ndim} dimensions")
        result.append(axis % ndim)
    if len(set(result)) != len(result):
        raise TypeInferenceError(f"axes {tuple(axes)} name a dimension twice")
    return tuple(sorted(result))


def reduction(rule: Callable[[str], str]) -> Infer:
    """Inference of a reduction over `attrs['axes']`; the reduced dimensions disappear."""

    def infer(types: Types, attrs: Attrs) -> list[TensorType]:
        (type,) = types
        attrs["axes"] = axes = normalize_axes(attrs["axes"], type.ndim)
        shape = tuple(size for axis, size in enumerate(type.shape) if axis not in axes)
        return [TensorType(rule(type.dtype), shape)]

    return infer


def keep_dtype(dtype: str) -> str:
    """A reduction whose result has the operand's dtype."""
    return dtype


def sum_dtype(dtype: str) -> str:
    """A reduction that accumulates: see `accumulator_dtype`."""
    return accumulator_dtype(dtype)


def to_bool(dtype: str) -> str:
    """A reduction to truth values."""
    return "bool"


def to_int64(dtype: str) -> str:
    """A reduction to positions."""
    return "int64"
