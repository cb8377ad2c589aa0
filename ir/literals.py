"""Numbers in graph text: which dtype an untyped literal has. The parser and the printer follow the same rule.

    x * 2       2 has x's dtype
    x * 2.5     x's dtype where that is floating or complex; next to ints, the dtype that `exp` of them has
    2.5, 2      float64, int64 where nothing stands next to it (next to bool, too)
    f32(2.5)    exactly this dtype; so are i8(2), c64(1+2j), f64([1, 2, 3]) and the splat f64[3, 4](0)

A neighbour is another operand of the same operation that is not a literal itself.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .types import DTYPES, TensorType, upcast, upcast_to_float

Number = bool | int | float | complex
Nested = Number | list[Any]
Array = np.ndarray[Any, Any]

RANK = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}  # a literal needs a dtype of at least its kind's rank
ALONE = {"b": "bool", "i": "int64", "f": "float64", "c": "complex128"}


class LiteralError(ValueError):
    """A literal that cannot have the dtype or shape it needs."""


def literal_kind(value: Nested) -> str:
    """`b`, `i`, `f` or `c`: the widest kind of number inside."""
    if isinstance(value, list):
        return max((literal_kind(item) for item in value), key="bifc".index, default="f")
    return "b" if isinstance(value, bool) else "i" if isinstance(value, int) else "f" if isinstance(value, float) else "c"


def literal_dtype(kind: str, neighbours: Sequence[str]) -> str:
    """dtype of an untyped literal next to operands of these dtypes."""
    if kind == "b" or not neighbours:
        return ALONE[kind]
    dtype = upcast(*neighbours)
    found = DTYPES[dtype].kind
    if found == "b":
        return ALONE[kind]
    if kind == "c":
        return "complex64" if dtype in ("float32", "complex64") else "complex128"
    return dtype if kind == "i" else upcast_to_float(dtype)


def literal_array(value: Nested, dtype: str) -> Array:
    """The constant; LiteralError when it does not fit into the dtype or its rows differ in length."""
    kind = literal_kind(value)
    target = DTYPES[dtype]
    if RANK[kind] > RANK[target.kind]:
        raise LiteralError(f"{show(value)} is not {target.short}")
    try:
        exact = np.array(value, dtype=object if kind == "i" else None)
    except ValueError:
        raise LiteralError("the rows of this list differ in length") from None
    if exact.dtype == object and any(isinstance(item, list) for item in exact.flat):
        raise LiteralError("the rows of this list differ in length")
    if target.kind in "iu" and kind == "i" and exact.size:
        info = np.iinfo(dtype)
        for item in exact.flat:
            if not info.min <= item <= info.max:
                raise LiteralError(f"{item} does not fit into {target.short} ({info.min} to {info.max})")
    try:
        return np.asarray(exact.astype(dtype))
    except OverflowError:
        raise LiteralError(f"{show(value)} does not fit into {target.short}") from None


def typed_array(value: Nested | str, type: TensorType) -> Array:
    """`f64[2, 3](0)`, a nested list, or the elements' bytes in base64."""
    shape = tuple(size or 0 for size in type.shape)
    if isinstance(value, str):
        return decode_array(value, type.dtype, shape)
    if value == [] and 0 in shape:
        return np.empty(shape, type.dtype)
    array = literal_array(value, type.dtype)
    if array.ndim == 0:
        return np.full(shape, array)
    if array.shape != shape:
        raise LiteralError(f"a list of shape {list(array.shape)} for {type}")
    return array.reshape(shape)


def encode_array(array: Array) -> str:
    """The elements of a constant, little-endian, as base64."""
    return base64.b64encode(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def decode_array(text: str, dtype: str, shape: tuple[int, ...]) -> Array:
    """What `encode_array` was given."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise LiteralError("the string is not base64") from None
    flat = np.frombuffer(data, np.dtype(dtype).newbyteorder("<")) if len(data) % np.dtype(dtype).itemsize == 0 else None
    if flat is None or flat.size != int(np.prod(shape)):
        raise LiteralError(f"{len(data)} bytes for {int(np.prod(shape))} elements of {DTYPES[dtype].short}")
    return flat.astype(dtype).reshape(shape)


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def quote(text: str) -> str:
    """A string in double quotes; `unquote` reads it back."""
    for char, letter in (("\\", "\\"), ('"', '"'), ("\n", "n"), ("\r", "r")):
        text = text.replace(char, f"\\{letter}")
    return f'"{text}"'


def unquote(token: str) -> str:
    """What a STRING token holds: a backslash takes the next character as it is, but for `n`, `r` and `t`."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token[1:-1])


def show(value: Any) -> str:
    """A number, list or NumPy scalar as graph text, without its dtype."""
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value) + "]"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, complex | np.complexfloating):
        return _show_complex(value)
    if isinstance(value, np.floating):
        return str(value)
    return str(value)


def _show_complex(value: Any) -> str:
    imaginary = show(value.imag)
    if imaginary in ("inf", "-inf", "nan"):
        imaginary = f"{imaginary}j" if imaginary == "nan" else imaginary.replace("inf", "infj")
    else:
        imaginary += "j"
    return f"{show(value.real)}{'' if imaginary.startswith('-') else '+'}{imaginary}"


# --- which operands are neighbours ----------------------------------------------------------------------------------

_ALONE: dict[str, int] = {"alloc": 1, "reshape": 1, "specify_shape": 1, "subtensor": 1, "gather": 1, "nonzero": 1}
_TWO = {"set_subtensor", "inc_subtensor", "scatter_add", "scatter_set"}


def literal_groups(op: str, count: int) -> list[int]:
    """A group for each operand: literals take the dtype of their group; sizes and indices are groups of their own."""
    if op == "select":
        return [-1, *[0] * (count - 1)]
    tensors = 2 if op in _TWO else _ALONE.get(op, count)
    return [0] * min(tensors, count) + [-(index + 1) for index in range(count - tensors)]
