"""LLVM spelling of types, constants, symbols and attributes: what the rows of `rows.py` put their sentences together
from.

In: xDSL types and attributes. Out: text. Every floating constant is written as its bits in hexadecimal (an f32 as the
double of the same value, which is LLVM's form), so that nothing is rounded twice and inf and NaN need no words of
their own.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    BFloat16Type,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    VectorType,
)
from xdsl.ir import Attribute


class TranslationError(Exception):
    """The module holds something that has no LLVM text: the message names the op, type or attribute."""


PLAIN_SYMBOL = re.compile(r"[A-Za-z_$.][A-Za-z0-9_$.]*\Z")


def symbol(name: str) -> str:
    """A global name as LLVM writes it, quoted where it holds anything but letters, digits, `_`, `$` and `.`."""
    return f"@{name}" if PLAIN_SYMBOL.match(name) else f"@{quoted(name.encode())}"


def quoted(data: bytes) -> str:
    """A string literal: printable ASCII as is, other bytes as a backslash and two hex digits."""
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:02X}" for byte in data)
    return f'"{"".join(plain)}"'


def _pointer(kind: Attribute) -> str:
    space = kind.addr_space if isinstance(kind, llvm.LLVMPointerType) else None
    return f"ptr addrspace({space.data})" if isinstance(space, IntAttr) and space.data else "ptr"


def _struct(kind: Attribute) -> str:
    assert isinstance(kind, llvm.LLVMStructType)
    return "{ " + ", ".join(type_text(member) for member in kind.types.data) + " }" if kind.types.data else "{}"


def _array(kind: Attribute) -> str:
    assert isinstance(kind, llvm.LLVMArrayType)
    return f"[{kind.size.data} x {type_text(kind.type)}]"


def _vector(kind: Attribute) -> str:
    assert isinstance(kind, VectorType)
    if len(kind.get_shape()) != 1 or kind.get_num_scalable_dims():
        raise TranslationError(f"vector type {kind}: LLVM has vectors of one fixed dimension only")
    return f"<{kind.get_shape()[0]} x {type_text(kind.element_type)}>"


def _function(kind: Attribute) -> str:
    assert isinstance(kind, llvm.LLVMFunctionType)
    inputs = [type_text(member) for member in kind.inputs.data] + ["..."] * kind.is_variadic
    return f"{type_text(kind.output)} ({', '.join(inputs)})"


TYPES: dict[type[Attribute], str | Callable[[Attribute], str]] = {
    IntegerType: lambda kind: f"i{kind.width.data}",  # type: ignore[attr-defined]
    Float64Type: "double",
    Float32Type: "float",
    Float16Type: "half",
    BFloat16Type: "bfloat",
    llvm.LLVMVoidType: "void",
    llvm.LLVMPointerType: _pointer,
    llvm.LLVMStructType: _struct,
    llvm.LLVMArrayType: _array,
    VectorType: _vector,
    llvm.LLVMFunctionType: _function,
}


@lru_cache(4096)
def type_text(kind: Attribute) -> str:
    """LLVM's spelling of a type of the llvm dialect."""
    row = TYPES.get(type(kind))
    if row is None:
        raise TranslationError(f"type {kind} has no LLVM spelling; lower it to llvm types first")
    return row if isinstance(row, str) else row(kind)


def _double(value: float) -> str:
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def _single(value: float) -> str:
    with np.errstate(over="ignore"):
        return _double(float(np.float32(value)))


def _half(value: float) -> str:
    with np.errstate(over="ignore"):
        return f"0xH{np.float16(value).view(np.uint16):04X}"


def _brain(value: float) -> str:
    with np.errstate(over="ignore"):
        bits = int(np.float32(value).view(np.uint32))
    if value != value:
        return f"0xR{(bits >> 16) | 0x40:04X}"
    return f"0xR{((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) & 0xFFFF:04X}"  # to nearest, ties to even


FLOATS: dict[type[Attribute], Callable[[float], str]] = {
    Float64Type: _double,
    Float32Type: _single,
    Float16Type: _half,
    BFloat16Type: _brain,
}


def scalar_text(value: float | int, kind: Attribute) -> str:
    """A number as a constant of a scalar type."""
    if isinstance(kind, IntegerType):
        width = kind.width.data
        bits = int(value) & ((1 << width) - 1)
        if width == 1:
            return "true" if bits else "false"
        return str(bits - (1 << width) if bits >> (width - 1) else bits)
    row = FLOATS.get(type(kind))
    if row is None:
        raise TranslationError(f"a constant of type {kind} has no LLVM spelling")
    return row(float(value))


def constant_text(value: Attribute, kind: Attribute) -> str:
    """An attribute as a constant of a type: a number, a string as an i8 array, dense elements as vector or array."""
    if isinstance(value, IntegerAttr):
        return scalar_text(value.value.data, kind)
    if isinstance(value, FloatAttr):
        return scalar_text(value.value.data, kind)
    if isinstance(value, StringAttr):
        return "c" + quoted(value.data.encode())
    if isinstance(value, DenseIntOrFPElementsAttr):
        return _dense(value, kind)
    raise TranslationError(f"constant {value} has no LLVM spelling; expected a number, a string or dense elements")


def _dense(value: DenseIntOrFPElementsAttr, kind: Attribute) -> str:
    if not any(value.data.data):
        return "zeroinitializer"
    values: tuple[Any, ...] = tuple(value.get_values())
    if len(values) == 1:  # equal elements are stored as one
        values = values * math.prod(value.get_shape())
    elements = iter(values)
    text = _aggregate(kind, elements)
    if next(elements, None) is not None:
        raise TranslationError(f"a dense constant of type {value.type} has more elements than its type {kind}")
    return text


def _aggregate(kind: Attribute, elements: Iterator[float | int]) -> str:
    if isinstance(kind, llvm.LLVMArrayType):
        size, member, brackets = kind.size.data, kind.type, "[]"
    elif isinstance(kind, VectorType):
        size, member, brackets = kind.get_shape()[0], kind.element_type, "<>"
    else:
        try:
            return scalar_text(next(elements), kind)
        except StopIteration:
            raise TranslationError("a dense constant has fewer elements than its type") from None
    prefix = type_text(member)
    return brackets[0] + ", ".join(f"{prefix} {_aggregate(member, elements)}" for _ in range(size)) + brackets[1]


# Argument attributes: `llvm.NAME` or NAME on the left, LLVM's word on the right ({} takes the integer).
ARGUMENT_ATTRIBUTES = {
    "noalias": "noalias",
    "nonnull": "nonnull",
    "noundef": "noundef",
    "readonly": "readonly",
    "writeonly": "writeonly",
    "nocapture": "captures(none)",
    "align": "align {}",
    "dereferenceable": "dereferenceable({})",
    "signext": "signext",
    "zeroext": "zeroext",
}


def argument_attributes(attributes: dict[str, Attribute]) -> str:
    """Attributes of a function argument, each with a space before it; those of other dialects say nothing to LLVM."""
    words = []
    for name, value in attributes.items():
        row = ARGUMENT_ATTRIBUTES.get(name.removeprefix("llvm."))
        if row is not None:
            words.append(" " + row.format(value.value.data if isinstance(value, IntegerAttr) else ""))
        elif name.startswith("llvm."):
            known = ", ".join(ARGUMENT_ATTRIBUTES)
            raise TranslationError(f"argument attribute {name} has no LLVM spelling here; known are {known}")
    return "".join(words)


# `vectorize` says that the loop may be vectorized as it stands, which LLVM finds out by itself; forcing it
# (`vectorize.enable`) prints a warning to the user's terminal wherever a call in the loop has no vector form.
LOOP_HINTS: dict[str, str] = {
    "vectorize": "",
    "novectorize": '!"llvm.loop.vectorize.enable", i1 false',
    "width": '!"llvm.loop.vectorize.width", i32 {}',
    "interleave": '!"llvm.loop.interleave.count", i32 {}',
    "unroll": '!"llvm.loop.unroll.count", i32 {}',
    "nounroll": '!"llvm.loop.unroll.disable"',
    "mustprogress": '!"llvm.loop.mustprogress"',
}


def loop_hints(text: str) -> list[str]:
    """The metadata nodes that `phi.loop = "vectorize,interleave=4"` stands for."""
    nodes = []
    for hint in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = hint.partition("=")
        row = LOOP_HINTS.get(name)
        if row is None or ("{}" in row) != number.isdigit():
            raise TranslationError(f"phi.loop hint '{hint}' is not known; expected some of {', '.join(LOOP_HINTS)}")
        if row:
            nodes.append("!{" + row.format(number) + "}")
    return nodes
