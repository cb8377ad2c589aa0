"""Arithmetic that launch plans call by name, where Python's own differs from the machine's."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from typing import Any

import numpy as np


def wrapping(width: int) -> Callable[[int], int]:
    """Numbers modulo 2^width, as signed ones."""
    half, whole = 1 << (width - 1), 1 << width

    def wrap(value: int) -> int:
        return (value + half) % whole - half

    return wrap


def unsigned(width: int) -> Callable[[int], int]:
    """Signed numbers as unsigned ones of the same bits."""
    mask = (1 << width) - 1

    def read(value: int) -> int:
        return value & mask

    return read


def f32(value: float) -> float:
    """The nearest f32."""
    return ctypes.c_float(value).value


def divide(a: float, b: float) -> float:
    """IEEE's quotient, which Python does not give of a zero divisor."""
    if b:
        return a / b
    return math.nan if not a or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def quotient(a: int, b: int) -> int:
    """The quotient without its fraction."""
    return -(-a // b) if (a < 0) != (b < 0) else a // b


def remainder(a: int, b: int) -> int:
    """What `quotient` leaves, with the sign of `a`."""
    return a - b * quotient(a, b)


def to_signed(value: float, width: int) -> int:
    """The whole part of a number, the nearest that a signed number of this width can have; 0 of NaN."""
    return _whole(value, -(1 << (width - 1)), (1 << (width - 1)) - 1)


def to_unsigned(value: float, width: int) -> int:
    """The same for unsigned numbers."""
    return _whole(value, 0, (1 << width) - 1)


def _whole(value: float, low: int, high: int) -> int:
    if value != value:
        return 0
    return int(value) if low <= value <= high else low if value < low else high


def numpy_float(name: str) -> Callable[..., float]:
    """A function of NumPy's on floats, without warnings."""
    function = getattr(np, name)

    def call(*values: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(*values))

    return call


NUMPY = (
    "minimum",
    "maximum",
    "fmin",
    "fmax",
    "copysign",
    "fabs",
    "sqrt",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "exp",
    "log",
    "power",
)
# What plans find beside the operations of a driver.
FUNCTIONS: dict[str, Any] = {
    **{f"i{width}": wrapping(width) for width in (8, 16, 32, 64)},
    **{f"u{width}": unsigned(width) for width in (8, 16, 32, 64)},
    **{name: numpy_float(name) for name in NUMPY},
    **{"f32": f32, "divide": divide, "quotient": quotient, "remainder": remainder},
    **{"to_signed": to_signed, "to_unsigned": to_unsigned, "inf": math.inf, "nan": math.nan},
}
