"""Scalar operations below `nd` as Python expressions on NumPy scalars or arrays: what they mean, one row each.

`{0}`, `{1}` are the operands, `{T}` is the result's NumPy type. Integers are signed NumPy numbers, which wrap around; rows of
unsigned operations look at them as `unsigned`. Truth values are `bool`. Values of type `index` are Python's integers and have
rows of their own. `interpreter_loops.py` and `interpreter_fused.py` write programs of these rows.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from phintys.passes.elementwise import ROWS as SCALAR_ROWS
from phintys.passes.numpy_rows import ELEMENTWISE, cast

Value = Any  # a NumPy scalar or an array
M64 = 2**64 - 1

_UNSIGNED = {np.dtype(f"int{bits}"): np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)}
_SIGNED = {wide: own for own, wide in _UNSIGNED.items()}


def unsigned(x: Value) -> Value:
    """The same bits as an unsigned number."""
    return x.view(_UNSIGNED[x.dtype]) if getattr(x, "dtype", None) in _UNSIGNED else x


def signed(x: Value) -> Value:
    """The same bits as a signed number."""
    return x.view(_SIGNED[x.dtype]) if getattr(x, "dtype", None) in _SIGNED else x


def quotient(a: Value, b: Value) -> Value:
    """Division that rounds toward 0; 0 for a divisor of 0, which no program divides by."""
    floor = a // b
    return floor + ((a != b * floor) & ((a < 0) != (b < 0)))


def convert(x: Value, dtype: Any) -> Value:
    """NumPy's `astype`, of truth values that are Python's too."""
    return np.asarray(x).astype(dtype)[()]


def to_int(x: Value, dtype: str) -> Value:
    """A float cut to an integer: the nearest one outside of its range, 0 for NaN; unsigned ones by their bits."""
    return signed(cast(x, dtype)[()])


@cache
def library() -> ctypes.CDLL:
    """The C library's mathematics."""
    return ctypes.CDLL(ctypes.util.find_library("m"))


@cache
def outside(name: str, single: bool, arity: int) -> Callable[..., Value]:
    """A function of the C library on NumPy numbers of 32 (`single`) or 64 bits."""
    function = getattr(library(), name)
    kind, own = (ctypes.c_float, np.float32) if single else (ctypes.c_double, np.float64)
    function.restype, function.argtypes = kind, [kind] * arity
    return lambda *xs: own(function(*xs))


def fma(a: Value, b: Value, c: Value) -> Value:
    """`a * b + c`, rounded once; of arrays, in the next wider type."""
    if not isinstance(a, np.ndarray) and not isinstance(c, np.ndarray) and not isinstance(b, np.ndarray):
        single = a.dtype == np.float32
        return outside("fmaf" if single else "fma", single, 3)(a, b, c)
    wide = np.float64 if c.dtype == np.float32 else np.longdouble
    return (np.asarray(a, wide) * b + c).astype(c.dtype)


def _plain(function: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *xs: function(*xs)[()]


def _on_bits(function: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *xs: signed(function(*map(unsigned, xs))[()])


def _functions() -> dict[str, Callable[..., Value]]:
    """Functions of `math` and `xmath`: those that the elementwise operations of `nd` are, and a few more."""
    found: dict[str, Callable[..., Value]] = {}
    for name, kinds in SCALAR_ROWS.items():
        for kind, wrap in (("f", _plain), ("u", _on_bits)):
            row = getattr(kinds.get(kind), "name", "")
            if row.startswith(("math.", "xmath.")):
                found[row] = wrap(ELEMENTWISE[name])
    more: dict[str, Any] = {
        "math.rsqrt": lambda x: 1 / np.sqrt(x),
        "math.cbrt": np.cbrt,
        "math.absf": np.abs,
        "math.copysign": np.copysign,
        "xmath.fmod": np.fmod,
    }
    return {**found, **{name: _plain(function) for name, function in more.items()}, "math.fma": fma}


FUNCTIONS = _functions()


def python_name(name: str) -> str:
    """What a function is called in a program: `math.exp` is `math_exp`."""
    return "".join(character if character.isalnum() else "_" for character in name)


NAMESPACE: dict[str, Any] = {
    "np": np,
    "unsigned": unsigned,
    "signed": signed,
    "quotient": quotient,
    "convert": convert,
    "to_int": to_int,
    **{python_name(name): function for name, function in FUNCTIONS.items()},
}

# Predicates of arith.cmpi and arith.cmpf, by number. NaN is unordered, and equal to nothing.
COMPARED = (
    *("{0} == {1}", "{0} != {1}", "{0} < {1}", "{0} <= {1}", "{0} > {1}", "{0} >= {1}"),
    *(f"unsigned({{0}}) {sign} unsigned({{1}})" for sign in ("<", "<=", ">", ">=")),
)
_NAN = "({0} != {0}) | ({1} != {1})"
COMPARED_FLOATS = (
    *("False", "{0} == {1}", "{0} > {1}", "{0} >= {1}", "{0} < {1}", "{0} <= {1}", "({0} < {1}) | ({0} > {1})"),
    *("({0} == {0}) & ({1} == {1})", f"({{0}} == {{1}}) | {_NAN}", f"({{0}} > {{1}}) | {_NAN}", f"({{0}} >= {{1}}) | {_NAN}"),
    *(f"({{0}} < {{1}}) | {_NAN}", f"({{0}} <= {{1}}) | {_NAN}", "{0} != {1}", _NAN, "True"),
)

TEMPLATES: dict[str, str] = {
    "arith.addf": "{0} + {1}",
    "arith.subf": "{0} - {1}",
    "arith.mulf": "{0} * {1}",
    "arith.divf": "{0} / {1}",
    "arith.negf": "-{0}",
    "arith.maximumf": "np.maximum({0}, {1})",
    "arith.minimumf": "np.minimum({0}, {1})",
    "arith.maxnumf": "np.fmax({0}, {1})",
    "arith.minnumf": "np.fmin({0}, {1})",
    "arith.addi": "{0} + {1}",
    "arith.subi": "{0} - {1}",
    "arith.muli": "{0} * {1}",
    "arith.divsi": "quotient({0}, {1})",
    "arith.remsi": "{0} - {1} * quotient({0}, {1})",
    "arith.divui": "signed(unsigned({0}) // unsigned({1}))",
    "arith.remui": "signed(unsigned({0}) % unsigned({1}))",
    "arith.andi": "{0} & {1}",
    "arith.ori": "{0} | {1}",
    "arith.xori": "{0} ^ {1}",
    "arith.shli": "{0} << {1}",
    "arith.shrsi": "{0} >> {1}",
    "arith.shrui": "signed(unsigned({0}) >> unsigned({1}))",
    "arith.minsi": "np.minimum({0}, {1})",
    "arith.maxsi": "np.maximum({0}, {1})",
    "arith.minui": "signed(np.minimum(unsigned({0}), unsigned({1})))",
    "arith.maxui": "signed(np.maximum(unsigned({0}), unsigned({1})))",
    "arith.bitcast": "{0}.view({T})",
    "arith.sitofp": "convert({0}, {T})",
    "arith.uitofp": "convert(unsigned({0}), {T})",
    "arith.extf": "{0}.astype({T})",
    "arith.truncf": "{0}.astype({T})",
    "arith.trunci": "{0}.astype({T})",
    "arith.extsi": "{0}.astype({T})",
    "arith.extui": "convert(unsigned({0}), {T})",
    "arith.fptosi": "to_int({0}, '{T.__name__}')",
    "arith.fptoui": "to_int({0}, 'u{T.__name__}')",
}
_HIGH = f"({{0}} & {M64}) {{sign}} ({{1}} & {M64})"
INDEX: dict[str, str] = {
    **{name: TEMPLATES[name] for name in ("arith.addi", "arith.subi", "arith.muli", "arith.divsi", "arith.remsi")},
    **{name: TEMPLATES[name] for name in ("arith.andi", "arith.ori", "arith.xori", "arith.shli", "arith.shrsi")},
    "arith.divui": _HIGH.replace("{sign}", "//"),
    "arith.remui": _HIGH.replace("{sign}", "%"),
    "arith.shrui": _HIGH.replace("{sign}", ">>"),
    "arith.minsi": "min({0}, {1})",
    "arith.maxsi": "max({0}, {1})",
    "arith.minui": f"min({{0}} & {M64}, {{1}} & {M64})",
    "arith.maxui": f"max({{0}} & {M64}, {{1}} & {M64})",
}
INDEX_COMPARED = (*COMPARED[:6], *(_HIGH.replace("{sign}", sign) for sign in ("<", "<=", ">", ">=")))
TRUTH: dict[str, str] = {  # of i1
    "arith.addi": "{0} ^ {1}",
    "arith.muli": "{0} & {1}",
    "arith.trunci": "({0} & 1) != 0",
}
