"""Between Python types and attributes and their xDSL forms: `f64[?, 4]` <-> `tensor<?x4xf64>`, `(1,)` <-> `array<i64: 1>`.

All results are interned: types and small attributes are created once, since an attribute costs more than a dictionary look-up.
Sizes, names and lines are the user's, without end in a long process: only so many are kept.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, cast

import numpy as np
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import VerifyException

from phintys.ir.types import BY_SHORT, DTYPES, TensorType

KEPT = 4096  # entries of a table; a large model has some hundred
DYNAMIC = -(2**63)  # stands for "unknown" in integer arrays and shapes, as in MLIR
_ELEMENTS: dict[str, Attribute] = {
    "bool": bi.i1,
    **{f"int{bits}": bi.IntegerType(bits) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": bi.IntegerType(bits, bi.Signedness.UNSIGNED) for bits in (8, 16, 32, 64)},
    "float32": bi.f32,
    "float64": bi.f64,
    "complex64": bi.ComplexType(bi.f32),
    "complex128": bi.ComplexType(bi.f64),
}
BY_ELEMENT = {element: dtype for dtype, element in _ELEMENTS.items()}


def element_type(dtype: str) -> Attribute:
    """Element type of a tensor of `dtype`: unsigned ints keep their sign here (`ui8`), bool is `i1`."""
    return _ELEMENTS[dtype]


@cache
def scalar_type(dtype: str) -> Attribute:
    """Type of one element in scalar code: signless ints, as `arith` wants them."""
    row = DTYPES[dtype]
    return bi.IntegerType(row.bits) if row.kind == "u" else _ELEMENTS[dtype]


@lru_cache(KEPT)
def to_xdsl(type: TensorType) -> bi.TensorType[Attribute]:
    """`f64[?, 4]` -> `tensor<?x4xf64>`."""
    made = bi.TensorType(_ELEMENTS[type.dtype], [DYNAMIC if size is None else size for size in type.shape])
    if len(_INTERNED) >= KEPT:
        _INTERNED.clear()
    _INTERNED[id(made)] = made, type
    return made


# By identity of what `to_xdsl` made, which an entry keeps: hashing a type takes 5 µs.
_INTERNED: dict[int, tuple[bi.TensorType[Attribute], TensorType]] = {}
_FROM: dict[Attribute, TensorType] = {}


def from_xdsl(type: Attribute) -> TensorType:
    """`tensor<?x4xf64>` -> `f64[?, 4]`; VerifyException for another type or element type."""
    interned = _INTERNED.get(id(type))
    if interned is not None:
        return interned[1]
    found = _FROM.get(type)
    if found is None:
        if not isinstance(type, bi.TensorType) or type.element_type not in BY_ELEMENT:
            raise VerifyException(f"expected a tensor of {', '.join(BY_SHORT)} elements, got {type}")
        shape = tuple(None if size == DYNAMIC else size for size in type.get_shape())
        if len(_FROM) >= KEPT:
            _FROM.clear()
        found = _FROM[type] = TensorType(BY_ELEMENT[type.element_type], shape)
    return found


@lru_cache(KEPT)
def integers(values: tuple[int | None, ...]) -> Attribute:
    """`(1, None)` -> `array<i64: 1, -9223372036854775808>`."""
    return bi.DenseArrayBase.from_list(bi.i64, [DYNAMIC if value is None else value for value in values])


@lru_cache(KEPT)
def integer(value: int) -> Attribute:
    """`1` -> `1 : i64`."""
    return bi.IntegerAttr(value, bi.i64)


@lru_cache(KEPT)
def string(value: str) -> Attribute:
    """A string attribute."""
    return bi.StringAttr(value)


def dense(array: np.ndarray[Any, Any]) -> Attribute:
    """A constant's elements; splats stay short."""
    type = to_xdsl(TensorType(str(array.dtype), array.shape))
    flat = array.ravel()
    if array.size > 1 and flat.tobytes() == flat[:1].tobytes() * flat.size:
        flat = flat[:1]
    return elements(type, flat)


def elements(type: Attribute, array: np.ndarray[Any, Any]) -> bi.DenseIntOrFPElementsAttr[Any]:
    """`dense<...> : type` of the array's elements in row-major order."""
    data: Any = bi.BytesAttr(np.ascontiguousarray(array).tobytes())
    return bi.DenseIntOrFPElementsAttr(cast("Any", type), data)


def undense(attr: Attribute) -> np.ndarray[Any, Any]:
    """The array of a `dense<...>` attribute (read-only)."""
    if not isinstance(attr, bi.DenseIntOrFPElementsAttr):
        raise VerifyException(f"expected dense<...> elements, got {attr}")
    type = from_xdsl(attr.type)
    flat = np.frombuffer(attr.data.data, dtype=type.dtype)
    shape = tuple(size or 0 for size in type.shape)
    if flat.size == 1 and type.shape:
        return np.broadcast_to(flat.reshape((1,) * len(shape)), shape)
    return flat.reshape(shape)


def encode_attrs(attrs: dict[str, Any]) -> dict[str, Attribute]:
    """Python attributes of an operation as xDSL attributes; those that are `None` are left out."""
    result: dict[str, Attribute] = {}
    for key, value in attrs.items():
        if value is None:
            continue
        if key == "dtype":
            result[key] = string(DTYPES[value].short)
        elif isinstance(value, str):
            result[key] = string(str(value))  # what a token holds must not live as long as the table of attributes
        elif isinstance(value, int):
            result[key] = integer(value)
        elif isinstance(value, np.ndarray):
            result[key] = dense(value)
        else:
            result[key] = integers(tuple(value))
    return result


def decode_attr(key: str, attr: Attribute) -> Any:
    """One xDSL attribute as the Python value that `encode_attrs` was given."""
    if isinstance(attr, bi.StringAttr):
        return BY_SHORT.get(attr.data, attr.data) if key == "dtype" else attr.data
    if isinstance(attr, bi.IntegerAttr):
        return attr.value.data
    if isinstance(attr, bi.DenseArrayBase):
        return tuple(None if value == DYNAMIC else int(value) for value in attr.get_values())
    return undense(attr)


def decode_attrs(op: Operation) -> dict[str, Any]:
    """The Python attributes of an `nd` operation (discardable ones, with a dot in their name, left out)."""
    return {key: decode_attr(key, attr) for key, attr in op.attributes.items() if "." not in key}


@lru_cache(KEPT)
def location(text: str | None) -> Any:
    """A source location: `train.py:12` (or `train.phi:3:7`) as a file-line-column location, anything else as a file name."""
    if text is None:
        return bi.UnknownLoc()
    file, *numbers = text.split(":")
    numbers = [number for number in numbers if number.isdigit()]
    line, column = (int(number) for number in [*numbers, "0", "0"][:2])
    return bi.FileLineColLoc(bi.StringAttr(file), bi.IntAttr(line), bi.IntAttr(column))


def location_text(op: Operation) -> str:
    """What `location` was given, or an empty string."""
    loc = op.location
    if not isinstance(loc, bi.FileLineColLoc):
        return ""
    numbers = [str(number.data) for number in (loc.line, loc.column) if number.data]
    return ":".join([loc.filename.data, *numbers])
