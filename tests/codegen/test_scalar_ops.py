"""Every scalar row of the translation, run on edge values and compared with NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from native_support import bound, parse, scalar_function

from phintys.codegen.rows import CONSTANTS, ROWS

INF, NAN = np.inf, np.nan
FLOATS = [0.0, -0.0, 1.0, -1.5, 2.5, 0.1, 1e-310, -1e308, 1.7976931348623157e308, INF, -INF, NAN, 1e10, -123456.75]
INTS = [0, 1, -1, 2, 7, -8, 63, 100, -100]

BINARY_INTS: dict[str, Callable[[Any, Any], Any]] = {
    "llvm.add": lambda a, b: a + b,
    "llvm.sub": lambda a, b: a - b,
    "llvm.mul": lambda a, b: a * b,
    "llvm.and": lambda a, b: a & b,
    "llvm.or": lambda a, b: a | b,
    "llvm.xor": lambda a, b: a ^ b,
    "llvm.intr.smax": np.maximum,
    "llvm.intr.smin": np.minimum,
    "llvm.sdiv": lambda a, b: np.trunc(a / b),
    "llvm.srem": np.fmod,
}
BINARY_UNSIGNED: dict[str, Callable[[Any, Any], Any]] = {
    "llvm.udiv": lambda a, b: a // b,
    "llvm.urem": lambda a, b: a % b,
    "llvm.intr.umax": np.maximum,
    "llvm.intr.umin": np.minimum,
}
SHIFTS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "llvm.shl": ("i32", lambda a, b: a << b),
    "llvm.ashr": ("i32", lambda a, b: a >> b),
    "llvm.lshr": ("u32", lambda a, b: a >> b),
}
BINARY_FLOATS: dict[str, Callable[[Any, Any], Any]] = {
    "llvm.fadd": lambda a, b: a + b,
    "llvm.fsub": lambda a, b: a - b,
    "llvm.fmul": lambda a, b: a * b,
    "llvm.fdiv": lambda a, b: a / b,
    "llvm.frem": np.fmod,
    "llvm.intr.maximum": np.maximum,
    "llvm.intr.minimum": np.minimum,
    "llvm.intr.maxnum": np.fmax,
    "llvm.intr.minnum": np.fmin,
    "llvm.intr.copysign": np.copysign,
    "llvm.intr.pow": np.power,
}
UNARY_FLOATS: dict[str, Callable[[Any], Any]] = {
    "llvm.intr.fabs": np.abs,
    "llvm.intr.ceil": np.ceil,
    "llvm.intr.floor": np.floor,
    "llvm.intr.trunc": np.trunc,
    "llvm.intr.roundeven": np.round,
    "llvm.intr.round": lambda a: np.copysign(np.floor(np.abs(a) + 0.5), a),
    "llvm.intr.sqrt": np.sqrt,
    "llvm.intr.exp": np.exp,
    "llvm.intr.exp2": np.exp2,
    "llvm.intr.log": np.log,
    "llvm.intr.log2": np.log2,
    "llvm.intr.sin": np.sin,
    "llvm.intr.cos": np.cos,
}


def close(got: Any, expected: Any, exact: bool) -> None:
    if exact:
        np.testing.assert_array_equal(got, expected)
        if got == 0:
            assert np.signbit(got) == np.signbit(expected)
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-6 if got.dtype == "float32" else 1e-15)


def binary_text(name: str, kind: str) -> str:
    parts = f"({{}}) : ({kind}, {kind}) -> {kind}" if ".intr." in name else f" {{}} : {kind}"
    return f"%r = {name}{parts.format('%a, %b')}"


@pytest.mark.parametrize("name", BINARY_INTS)
@pytest.mark.parametrize("short", ["i32", "i64"])
def test_signed(name: str, short: str) -> None:
    run = bound(scalar_function([short, short], short, binary_text(name, short)))
    dtype = np.dtype(short.replace("i", "int"))
    for a in INTS:
        for b in INTS:
            if b or name not in ("llvm.sdiv", "llvm.srem"):
                assert run(a, b) == BINARY_INTS[name](dtype.type(a), dtype.type(b))


@pytest.mark.parametrize("name", BINARY_UNSIGNED)
def test_unsigned(name: str) -> None:
    run = bound(scalar_function(["u32", "u32"], "u32", binary_text(name, "i32")))
    for a in (0, 1, 7, 2**31, 2**32 - 1):
        for b in (1, 3, 2**32 - 1):
            assert run(a, b) == BINARY_UNSIGNED[name](np.uint32(a), np.uint32(b))


@pytest.mark.parametrize("name", SHIFTS)
def test_shifts(name: str) -> None:
    short, expected = SHIFTS[name]
    run = bound(scalar_function([short, short], short, f"%r = {name} %a, %b : i32"))
    kind = np.int32 if short == "i32" else np.uint32
    for a in (1, 5, 2**31 - 1, *([-1, -9] if short == "i32" else [2**32 - 1])):
        for b in (0, 1, 31):
            assert run(a, b) == expected(kind(a), kind(b))


@pytest.mark.parametrize("short", ["f32", "f64"])
@pytest.mark.parametrize("name", BINARY_FLOATS)
def test_binary_floats(name: str, short: str) -> None:
    run = bound(scalar_function([short, short], short, binary_text(name, short)))
    with np.errstate(all="ignore"):
        values = np.array(FLOATS, dtype="float32" if short == "f32" else "float64")
        signed_zero_free = name in ("llvm.intr.maxnum", "llvm.intr.minnum", "llvm.intr.maximum", "llvm.intr.minimum")
        for a in values:
            for b in values:
                if signed_zero_free and a == b == 0:
                    continue  # NumPy takes the first of two zeros
                expected = BINARY_FLOATS[name](a, b)
                close(run(np.array(a), np.array(b)), expected, name not in ("llvm.intr.pow", "llvm.frem"))


@pytest.mark.parametrize("short", ["f32", "f64"])
@pytest.mark.parametrize("name", UNARY_FLOATS)
def test_unary_floats(name: str, short: str) -> None:
    run = bound(scalar_function([short], short, f"%r = {name}(%a) : ({short}) -> {short}"))
    exact = name in list(UNARY_FLOATS)[:7]
    with np.errstate(all="ignore"):
        for a in np.array(FLOATS, dtype="float32" if short == "f32" else "float64"):
            close(run(np.array(a)), UNARY_FLOATS[name](a), exact)


def test_maximum_and_minimum_know_signed_zeros_and_nan() -> None:
    top = bound(scalar_function(["f64", "f64"], "f64", binary_text("llvm.intr.maximum", "f64")))
    low = bound(scalar_function(["f64", "f64"], "f64", binary_text("llvm.intr.minimum", "f64")))
    for pair in [(0.0, -0.0), (-0.0, 0.0)]:
        assert not np.signbit(top(*pair)) and np.signbit(low(*pair))
    assert np.isnan(top(1.0, NAN)) and np.isnan(low(NAN, 1.0))


@pytest.mark.parametrize("short", ["f32", "f64"])
def test_negation_and_fma(short: str) -> None:
    negate = bound(scalar_function([short], short, f"%r = llvm.fneg %a : {short}"))
    for value in (0.0, -0.0, 1.5, INF):
        close(negate(value), -np.float64(value), True)
    fma = bound(scalar_function([short] * 3, short, f"%r = llvm.intr.fma(%a, %b, %c) : ({short}, {short}, {short}) -> {short}"))
    step = 2.0 ** (-20 if short == "f32" else -50)
    assert fma(1 + step, 1 - step, -1.0) == -(step**2)


FLOAT_PREDICATES: dict[str, Callable[[Any, Any], Any]] = {
    "oeq": lambda a, b: a == b,
    "ogt": lambda a, b: a > b,
    "oge": lambda a, b: a >= b,
    "olt": lambda a, b: a < b,
    "ole": lambda a, b: a <= b,
    "one": lambda a, b: a < b or a > b,
    "ord": lambda a, b: a == a and b == b,
    "ueq": lambda a, b: not (a < b or a > b),
    "ugt": lambda a, b: not a <= b,
    "uge": lambda a, b: not a < b,
    "ult": lambda a, b: not a >= b,
    "ule": lambda a, b: not a > b,
    "une": lambda a, b: a != b,
    "uno": lambda a, b: a != a or b != b,
    "_true": lambda a, b: True,
    "_false": lambda a, b: False,
}


@pytest.mark.parametrize("predicate", FLOAT_PREDICATES)
def test_float_comparisons(predicate: str) -> None:
    body = f'%t = llvm.fcmp "{predicate}" %a, %b : f64\n%r = llvm.zext %t : i1 to i8'
    run = bound(scalar_function(["f64", "f64"], "bool", body))
    for a in (0.0, -0.0, 1.0, INF, NAN):
        for b in (0.0, 1.0, -1.0, INF, NAN):
            result = run(a, b)
            assert result.dtype == bool and bool(result) == FLOAT_PREDICATES[predicate](a, b)


@pytest.mark.parametrize("predicate", ["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"])
def test_integer_comparisons(predicate: str) -> None:
    body = f'%t = llvm.icmp "{predicate}" %a, %b : i32\n%r = llvm.zext %t : i1 to i8'
    run = bound(scalar_function(["i32", "i32"], "bool", body))
    compare = {"eq": "__eq__", "ne": "__ne__"}.get(predicate, f"__{predicate[1:]}__")
    for a in (0, 1, -1, 2**31 - 1):
        for b in (0, 1, -1, -(2**31)):
            pair = (a % 2**32, b % 2**32) if predicate[0] == "u" else (a, b)
            assert bool(run(a, b)) == getattr(pair[0], compare)(pair[1])


CASTS = [
    ("llvm.sitofp", "i64", "f64", [0, -3, 2**62, -(2**63)]),
    ("llvm.sitofp", "i32", "f32", [0, -3, 2**30]),
    ("llvm.uitofp", "u64", "f64", [0, 3, 2**63 - 1]),
    ("llvm.fptosi", "f64", "i64", [0.0, -2.9, 2.9, 1e15]),
    ("llvm.fptoui", "f64", "u64", [0.0, 2.9, 1e15]),
    ("llvm.fpext", "f32", "f64", [0.5, INF, NAN]),
    ("llvm.fptrunc", "f64", "f32", [0.1, 1e300, INF, NAN, -0.0]),
    ("llvm.sext", "i8", "i64", [-128, 127]),
    ("llvm.zext", "u8", "u64", [255, 0]),
    ("llvm.trunc", "i64", "i8", [300, -1, 2**40 + 5]),
]


@pytest.mark.parametrize(("name", "source", "target", "values"), CASTS)
def test_casts(name: str, source: str, target: str, values: list[float]) -> None:
    kinds = [short.replace("u", "i") for short in (source, target)]
    run = bound(scalar_function([source], target, f"%r = {name} %a : {kinds[0]} to {kinds[1]}"))
    full = {"f": "float", "i": "int", "u": "uint"}
    dtypes = [np.dtype(full[short[0]] + short[1:]) for short in (source, target)]
    for value in values:
        argument = np.array(value, dtype=dtypes[0])
        with np.errstate(all="ignore"):
            close(run(argument), argument.astype(dtypes[1]), True)


def test_bitcast_select_freeze() -> None:
    bits = bound(scalar_function(["f64"], "i64", "%r = llvm.bitcast %a : f64 to i64"))
    assert bits(-0.0) == np.float64(-0.0).view(np.int64)
    body = """%z = llvm.mlir.constant(0.0 : f64) : f64
    %t = llvm.fcmp "olt" %a, %z : f64
    %s = llvm.select %t, %z, %a : i1, f64
    %r = llvm.freeze %s : f64"""
    relu = bound(scalar_function(["f64"], "f64", body))
    assert [float(relu(x)) for x in (-1.0, 2.0)] == [0.0, 2.0]


def test_fast_math_flags_and_overflow_flags_are_printed() -> None:
    body = """%s = llvm.fadd %a, %a {fastmathFlags = #llvm.fastmath<reassoc,contract>} : f64
    %r = llvm.intr.exp(%s) {fastmathFlags = #llvm.fastmath<fast>} : (f64) -> f64"""
    from phintys.codegen.translate import translate

    text = translate(parse(scalar_function(["f64"], "f64", body)))
    assert "fadd reassoc contract double" in text
    assert "call fast double @llvm.exp.f64(double" in text
    text = translate(parse(scalar_function(["i64"], "i64", "%r = llvm.add %a, %a overflow<nsw, nuw> : i64")))
    assert "add nsw nuw i64" in text


def test_two_widths_of_one_intrinsic_in_one_module() -> None:
    body = """%w = llvm.fpext %a : f32 to f64
    %e = llvm.intr.exp(%w) : (f64) -> f64
    %s = llvm.intr.exp(%a) : (f32) -> f32
    %t = llvm.fpext %s : f32 to f64
    %u = llvm.call_intrinsic "llvm.exp2.f64"(%t) : (f64) -> f64
    %r = llvm.fadd %e, %u : f64"""
    run = bound(scalar_function(["f32"], "f64", body))
    np.testing.assert_allclose(run(0.5), np.exp(0.5) + 2 ** float(np.exp(np.float32(0.5))), rtol=1e-7)


def test_libm_by_its_c_name() -> None:
    text = scalar_function(["f64"], "f64", "%r = llvm.call @erf(%a) : (f64) -> f64")
    run = bound("llvm.func @erf(f64) -> f64\n" + text)
    assert run(0.3) == pytest.approx(math.erf(0.3), rel=1e-15)


def test_tables_do_not_overlap() -> None:
    assert not set(ROWS) & set(CONSTANTS)
