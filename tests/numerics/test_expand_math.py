"""Accuracy of the rows of expand-math, in units in the last place of the correctly rounded result.

Each function is compiled in a loop over an array. References are mpmath's (about a thousand
points) and extended precision (many points; skipped where `np.longdouble` is no wider than a double).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf, nan

import mpmath
import numpy as np
import pytest
from xdsl.dialects import math
from xdsl.ir import Operation

from phintys.codegen.assemble import assemble
from phintys.codegen.engine import compile_object
from phintys.codegen.executable import Executable
from phintys.dialects import xmath
from phintys.dialects.context import make_context
from phintys.dialects.text import parse_module, verify_module
from phintys.dialects.xmath_special import SPECIAL as special
from phintys.passes.convert_loops_to_llvm import ConvertLoopsToLlvm
from phintys.passes.expand_math import ExpandMath
from phintys.passes.math_rows.table import KEPT, LIBM, ROWS
from phintys.passes.scalar_builder import F32, F64, FloatFormat

FORMATS = {"f64": F64, "f32": F32}
DTYPES = {"f64": np.dtype(np.float64), "f32": np.dtype(np.float32)}
WIDE = np.finfo(np.longdouble).nmant >= 63
Function = Callable[[np.ndarray], np.ndarray]

# Bounds in ulp: (f64, f32); measured maxima (f32: of all numbers in steps of 11) are 1 to 8 % below.
BOUNDS = {
    math.ExpOp: (0.92, 0.92),
    math.ExpM1Op: (0.85, 0.83),
    math.LogOp: (0.74, 0.74),
    math.Log1pOp: (0.82, 0.82),
    math.SinhOp: (0.98, 0.98),
    math.CoshOp: (0.92, 0.92),
    math.TanhOp: (0.77, 0.77),
    xmath.SigmoidOp: (0.92, 0.92),
    xmath.SoftplusOp: (0.92, 0.92),
}
CASES = [
    pytest.param(op, name, bounds[column], id=f"{op.name}-{name}")
    for op, bounds in BOUNDS.items()
    for column, name in enumerate(FORMATS)
]

# Compiling


LOOP = """
func.func @loop(%x: memref<?x{type}> {{nd.name = "x"}}) -> memref<?x{type}> {{
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = memref.dim %x, %zero : memref<?x{type}>
  %y = memref.alloc(%n) : memref<?x{type}>
  scf.for %i = %zero to %n step %one {{
    %a = memref.load %x[%i] : memref<?x{type}>
    %r = {name} %a : {type}
    memref.store %r, %y[%i] : memref<?x{type}>
  }}
  func.return %y : memref<?x{type}>
}}
"""


def failed(number: int, values: tuple[int, ...]) -> None:
    raise AssertionError(f"check {number} failed: {values}")


@cache
def compiled(op: type[Operation], name: str) -> Function:
    """The operation as a native function of an array."""
    context = make_context()
    module = parse_module(LOOP.format(name=op.name, type=name), context=context)
    ExpandMath().apply(context, module)
    verify_module(module)
    ConvertLoopsToLlvm().apply(context, module)
    text, interface = assemble(module)
    return Executable(compile_object(text), interface).bind_strict([], failed, unpack=True)


# Points and references


def points(shape: FloatFormat, count: int) -> np.ndarray:
    """Arguments of every magnitude, and many where something changes over."""
    dtype = DTYPES[shape.name]
    rng = np.random.default_rng(7)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    top = shape.bias * 0.6931471805599453
    ranges = [(-s, s) for s in (1e-3, 0.36, 1, 3, 20, 100)]
    ranges += [
        (-top * 1.1, top * 1.1),
        (top - 1, top + 1),
        (-top - 1, -top + 1),
        (-top - 40, -top),
        (0.5, 2),
        (-1, -0.99),
    ]
    tiny = 4 * shape.min_normal
    parts = [rng.integers(0, np.iinfo(unsigned).max, count, unsigned, endpoint=True).view(dtype)]
    parts += [rng.uniform(low, high, count).astype(dtype) for low, high in [*ranges, (-tiny, tiny)]]
    steps = np.arange(-2 * shape.bias, 2 * shape.bias) * (np.log(2) / 2)
    parts += [(steps * (1 + k * np.finfo(dtype).eps)).astype(dtype) for k in range(-3, 4)]
    return np.concatenate(parts)


def wide_softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def wide_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


WIDE_REFERENCES = {
    math.ExpOp: np.exp,
    math.ExpM1Op: np.expm1,
    math.LogOp: np.log,
    math.Log1pOp: np.log1p,
    math.SinhOp: np.sinh,
    math.CoshOp: np.cosh,
    math.TanhOp: np.tanh,
    xmath.SigmoidOp: wide_sigmoid,
    xmath.SoftplusOp: wide_softplus,
}
MP_REFERENCES = {
    math.ExpOp: mpmath.exp,
    math.ExpM1Op: mpmath.expm1,
    math.LogOp: mpmath.log,
    math.Log1pOp: mpmath.log1p,
    math.SinhOp: mpmath.sinh,
    math.CoshOp: mpmath.cosh,
    math.TanhOp: mpmath.tanh,
    xmath.SigmoidOp: lambda x: 1 / (1 + mpmath.exp(-x)),
    xmath.SoftplusOp: lambda x: mpmath.log1p(mpmath.exp(x)),
}


def wide_error(y: np.ndarray, reference: np.ndarray, shape: FloatFormat) -> np.ndarray:
    """|y - reference| in ulp of the reference; infinite where special results differ."""
    exponent = np.maximum(np.frexp(np.abs(reference))[1] - 1, 1 - shape.bias)
    error = np.abs(y - reference) / np.ldexp(np.longdouble(1), exponent - shape.mantissa)
    limit = np.longdouble(np.finfo(y.dtype).max) * (1 + np.ldexp(np.longdouble(1), -shape.mantissa - 2))
    overflow = np.abs(reference) > limit
    error = np.where(overflow, np.where(y == np.sign(reference) * np.longdouble(inf), 0, inf), error)
    same = (y == reference) | (np.isnan(y) & np.isnan(reference))
    return np.where(same, 0, np.where(np.isnan(error), inf, error))


def mp_error(y: float, reference: mpmath.mpf, shape: FloatFormat) -> float:
    exponent = max(int(mpmath.frexp(reference)[1]) - 1, 1 - shape.bias)
    return float(abs(mpmath.mpf(y) - reference) * mpmath.mpf(2) ** (shape.mantissa - exponent))


# Tests


@pytest.mark.skipif(not WIDE, reason="np.longdouble is no wider than a double")
@pytest.mark.parametrize(("op", "name", "bound"), CASES)
def test_many_points(op: type[Operation], name: str, bound: float) -> None:
    x = points(FORMATS[name], 20_000)
    with np.errstate(all="ignore"):
        error = wide_error(compiled(op, name)(x), WIDE_REFERENCES[op](x.astype(np.longdouble)), FORMATS[name])
    worst = int(np.argmax(error))
    assert error[worst] <= bound, f"at {x[worst]!r}"


@pytest.mark.parametrize(("op", "name", "bound"), CASES)
def test_few_points_exactly(op: type[Operation], name: str, bound: float) -> None:
    x = points(FORMATS[name], 50)
    x = np.concatenate([x[:600], x[600::47]])
    if op in (math.LogOp, math.Log1pOp):
        x = x[x > (0 if op is math.LogOp else -1)]
    x = x[np.isfinite(x) & (x != 0)]
    y = compiled(op, name)(x)
    with mpmath.workprec(300):
        for argument, result in zip(x.tolist(), y.tolist(), strict=True):
            if not np.isinf(result):
                reference = MP_REFERENCES[op](mpmath.mpf(argument))
                assert mp_error(result, reference, FORMATS[name]) <= bound, argument


SPECIAL = {
    math.ExpOp: [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0), (1e30, inf), (-1e30, 0.0)],
    math.ExpM1Op: [(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -1.0), (1e30, inf), (-1e30, -1.0)],
    math.LogOp: [(0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf), (-inf, nan), (-1.0, nan), (-1e-40, nan)],
    math.Log1pOp: [(0.0, 0.0), (-0.0, -0.0), (-1.0, -inf), (inf, inf), (-inf, nan), (-1.5, nan)],
    math.SinhOp: [(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -inf), (1e30, inf), (-1e30, -inf)],
    math.CoshOp: [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, inf), (1e30, inf), (-1e30, inf)],
    math.TanhOp: [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (1e30, 1.0), (-1e30, -1.0)],
    xmath.SigmoidOp: [(0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (-inf, 0.0), (1e30, 1.0), (-1e30, 0.0)],
    xmath.SoftplusOp: [(inf, inf), (-inf, 0.0), (1e30, 1e30), (-1e30, 0.0)],
    xmath.SignOp: [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (3.0, 1.0), (-1e-40, -1.0)],
    math.RoundOp: [
        (0.0, 0.0),
        (-0.0, -0.0),
        (inf, inf),
        (-inf, -inf),
        (0.5, 1.0),
        (-0.25, -0.0),
        (-2.5, -3.0),
        (1e30, 1e30),
    ],
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("op", SPECIAL, ids=lambda op: op.name)
def test_special_values(op: type[Operation], name: str) -> None:
    arguments, expected = np.array([*SPECIAL[op], (nan, nan)], DTYPES[name]).T.copy()
    found = compiled(op, name)(arguments)
    np.testing.assert_array_equal(found, expected)
    numbers = ~np.isnan(found)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("op", [math.SinhOp, math.TanhOp, xmath.SignOp, math.RoundOp], ids=lambda op: op.name)
def test_odd(op: type[Operation], name: str) -> None:
    x = points(FORMATS[name], 1000)
    x = x[~np.isnan(x)]
    np.testing.assert_array_equal(compiled(op, name)(-x), -compiled(op, name)(x))


@pytest.mark.parametrize("name", FORMATS)
def test_round_is_exact(name: str) -> None:
    x = points(FORMATS[name], 1000)
    x = np.concatenate([x, np.arange(-50, 50, 0.5, DTYPES[name]), np.nextafter(DTYPES[name].type(0.5), [0, 1], dtype=x.dtype)])
    with np.errstate(all="ignore"):
        truncated = np.trunc(x)
        expected = np.where(np.abs(x - truncated) >= 0.5, truncated + np.copysign(1, x), truncated)
    np.testing.assert_array_equal(compiled(math.RoundOp, name)(x), expected)


def test_every_math_operation_is_in_one_table() -> None:
    """What xDSL's dialect offers on floats has a row, a libm function or an instruction; integer powers do not."""
    tables = [set(ROWS), set(LIBM), set(KEPT)]
    assert sum(map(len, tables)) == len(set.union(*tables))
    missing = set(math.Math.operations) | set(xmath.XMath.operations)
    assert missing - set.union(*tables) == {math.FPowIOp, math.IPowIOp, math.RsqrtOp}
    assert set(SPECIAL) == set(ROWS) - set(special.values())  # these are in test_special.py
