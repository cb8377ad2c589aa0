"""Accuracy of the rows of expand-math: the bounds in `ulp.MEASURED`, special values, symmetries.

`python -m tests.numerics.ulp` measures more points than these tests.
"""

from __future__ import annotations

import re
from math import inf, nan

import numpy as np
import pytest
from ulp import DTYPES, FORMATS, MEASURED, WIDE, arguments, compiled, loop_text, points, worst, worst_exactly
from xdsl.dialects import math
from xdsl.ir import Operation

from phintys.codegen.engine import optimize
from phintys.dialects import xmath
from phintys.dialects.xmath_special import SPECIAL as special
from phintys.passes.math_rows.table import INTEGER, KEPT, LIBM, ROWS

CASES = [
    pytest.param(name, format_name, row.bounds[column], id=f"{name}-{format_name}")
    for name, row in MEASURED.items()
    for column, format_name in enumerate(FORMATS)
]


@pytest.mark.parametrize(("name", "format_name", "bound"), CASES)
def test_many_points(name: str, format_name: str, bound: float) -> None:
    """Against extended precision, or f64 functions of f32's."""
    row = MEASURED[name]
    reference = row.wide if WIDE else None
    if format_name == "f32":
        reference = reference or row.double
    if reference is None:
        pytest.skip("no reference of higher precision but mpmath")
    error, where = worst(name, format_name, arguments(name, FORMATS[format_name], 3_000), reference)
    assert error <= bound, f"at {where}"


@pytest.mark.parametrize(("name", "format_name", "bound"), CASES)
def test_few_points_exactly(name: str, format_name: str, bound: float) -> None:
    """Against mpmath."""
    xs = arguments(name, FORMATS[format_name], 50)
    keep = np.zeros(xs[0].size, bool)
    keep[:600], keep[600::23] = True, True
    error, where = worst_exactly(name, format_name, tuple(x[keep] for x in xs))
    assert error <= bound, f"at {where}"


ODD_ZERO = [(0.0, 0.0), (-0.0, -0.0)]
SPECIAL = {
    math.SinOp: [*ODD_ZERO, (inf, nan), (-inf, nan), (5e-324, 5e-324)],
    math.CosOp: [(0.0, 1.0), (-0.0, 1.0), (inf, nan), (-inf, nan)],
    math.TanOp: [*ODD_ZERO, (inf, nan), (-inf, nan), (5e-324, 5e-324)],
    math.AsinOp: [*ODD_ZERO, (1.0, np.pi / 2), (-1.0, -np.pi / 2), (1.5, nan), (-inf, nan)],
    math.AcosOp: [(1.0, 0.0), (0.0, np.pi / 2), (-0.0, np.pi / 2), (-1.0, np.pi), (1.5, nan), (inf, nan)],
    math.AtanOp: [*ODD_ZERO, (inf, np.pi / 2), (-inf, -np.pi / 2), (1.0, np.pi / 4)],
    math.AsinhOp: [*ODD_ZERO, (inf, inf), (-inf, -inf), (5e-324, 5e-324)],
    math.AcoshOp: [(1.0, 0.0), (0.5, nan), (-2.0, nan), (inf, inf), (-inf, nan), (-1e30, nan)],
    math.AtanhOp: [*ODD_ZERO, (1.0, inf), (-1.0, -inf), (1.5, nan), (-inf, nan)],
    math.Exp2Op: [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0), (1e30, inf), (-1e30, 0.0), (3.0, 8.0), (-2.0, 0.25)],
    math.Log2Op: [(0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf), (-1.0, nan), (8.0, 3.0), (2.0**-126, -126.0)],
    math.Log10Op: [(0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf), (-inf, nan), (1000.0, 3.0)],
    math.ErfOp: [*ODD_ZERO, (inf, 1.0), (-inf, -1.0), (1e30, 1.0)],
    special["erfc"]: [(0.0, 1.0), (-0.0, 1.0), (inf, 0.0), (-inf, 2.0), (1e30, 0.0), (-1e30, 2.0)],
    special["gamma"]: [(0.0, inf), (-0.0, -inf), (5.0, 24.0), (-3.0, nan), (-inf, nan), (inf, inf), (1e30, inf)],
    math.RsqrtOp: [(0.0, inf), (-0.0, -inf), (inf, 0.0), (4.0, 0.5), (-1.0, nan)],
    special["psi"]: [(0.0, -inf), (-0.0, inf), (-1.0, nan), (inf, inf), (-inf, nan)],
    special["gammaln"]: [(0.0, inf), (-0.0, inf), (1.0, 0.0), (2.0, 0.0), (-3.0, inf), (-inf, inf), (inf, inf)],
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


INVERSES = (math.AsinOp, math.AtanOp, math.AsinhOp, math.AtanhOp)
ODD = (math.SinOp, math.TanOp, math.SinhOp, math.TanhOp, math.ErfOp, xmath.SignOp, math.RoundOp, *INVERSES)
EDGES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 2.0**53 - 1, 1e30, 1e-40, 3e38, inf, nan)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize(("name", "reference"), [("pow", np.power), ("atan2", np.arctan2)])
def test_edges_of_two(name: str, reference: np.ufunc, format_name: str) -> None:
    """Every zero, infinity, NaN, odd and even number with every other, as C99 has it."""
    edges = np.array([sign * edge for edge in EDGES for sign in (1, -1)], DTYPES[format_name])
    x, y = (grid.ravel().copy() for grid in np.meshgrid(edges, edges))
    found = compiled(MEASURED[name].op, format_name, 2)(x, y)
    with np.errstate(all="ignore"):
        expected = reference(x.astype(np.longdouble), y.astype(np.longdouble)).astype(x.dtype)
    np.testing.assert_allclose(found, expected, rtol=2 * np.finfo(x.dtype).eps)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


# Multiples of pi / 2 that are as near to a number as any.
@pytest.mark.parametrize("x", [1.5707963267948966, 1e22, 710.0, 2.0**30, 5.319372648326541e255])
@pytest.mark.skipif(not WIDE, reason="the C library's own sine for these")
def test_angles_near_an_axis(x: float) -> None:
    xs = np.array([x, -x])
    for name in ("sin", "cos", "tan"):
        error, where = worst_exactly(name, "f64", (xs,))
        assert error <= 1, (name, where)


def test_rare_arguments_in_every_lane() -> None:
    """A vector's lanes are told apart, and the rest of a loop that fills no vector is right too."""
    for format_name, dtype in DTYPES.items():
        x = np.linspace(0, 3, 101, dtype=dtype)
        for k in range(101):
            y = x.copy()
            y[k] = 1e20
            found = compiled(math.SinOp, format_name)(y)
            np.testing.assert_allclose(found, np.sin(y), rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_vector_is_computed_again_for(name: str) -> None:
    """Each special base, and each result at an end of the range, in each lane beside ordinary ones."""
    dtype = DTYPES[name].type
    smallest = np.finfo(dtype).smallest_subnormal
    specials = [
        (-2.5, 3),
        (0, 2),
        (-0.0, -3),
        (inf, 0.5),
        (nan, 0),
        (smallest, 0.5),
        (9, 1e30),
        (0.5, inf),
        (3, nan),
        (2, -1060),
    ]
    for k in range(17):
        for base, exponent in specials:
            x, y = np.linspace(0.5, 3, 37, dtype=dtype), np.linspace(-4, 5, 37, dtype=dtype)
            x[[k, k + 16]], y[[k, k + 16]] = base, exponent
            with np.errstate(all="ignore"):
                expected = np.power(x.astype(np.longdouble), y.astype(np.longdouble)).astype(dtype)
            np.testing.assert_allclose(compiled(math.PowFOp, name, 2)(x, y), expected, rtol=2 * np.finfo(dtype).eps)
        z = np.linspace(-9, 9, 37, dtype=dtype)
        z[[k, k + 16]] = 1e9, -20000.5
        wide = np.tan(z.astype(np.longdouble)).astype(dtype)
        np.testing.assert_allclose(compiled(math.TanOp, name)(z), wide, rtol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", FORMATS)
def test_powers_of_whole_numbers_are_exact(name: str) -> None:
    most = 2 ** (FORMATS[name].mantissa + 1)
    pairs = [(x, y) for x in range(1, 400) for y in range(53) if x**y <= most]
    x, y = np.array(pairs, DTYPES[name]).T.copy()
    np.testing.assert_array_equal(compiled(math.PowFOp, name, 2)(x, y), [float(a**b) for a, b in pairs])
    np.testing.assert_array_equal(compiled(math.PowFOp, name, 2)(x * x, np.full_like(x, 0.5)), x)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("op", SPECIAL, ids=lambda op: op.name)
def test_special_values(op: type[Operation], name: str) -> None:
    arguments, expected = np.array([*SPECIAL[op], (nan, nan)], DTYPES[name]).T.copy()
    found = compiled(op, name)(arguments)
    np.testing.assert_array_equal(found, expected)
    numbers = ~np.isnan(found)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("op", ODD, ids=lambda op: op.name)
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


@pytest.mark.parametrize("name", MEASURED)
def test_loops_are_vectorized(name: str) -> None:
    """Also those that hand rare arguments to the C library."""
    text, _ = loop_text(MEASURED[name].op, "f64", MEASURED[name].arity)
    stores = re.findall(r"store <\d+ x double>", optimize(text))
    assert stores


def test_every_math_operation_is_in_one_table() -> None:
    """What xDSL's dialect offers on floats has a row, a libm function or an instruction; integer powers do not."""
    tables = [set(ROWS), set(INTEGER), set(LIBM), set(KEPT)]
    assert sum(map(len, tables)) == len(set.union(*tables))
    missing = set(math.Math.operations) | set(xmath.XMath.operations)
    assert missing - set.union(*tables) == {math.FPowIOp, math.IPowIOp}
    here = {row.op for row in MEASURED.values()} | {xmath.SignOp, math.RoundOp}
    assert set(SPECIAL) == here - {math.PowFOp, math.Atan2Op}
    assert set(ROWS) - here <= set(special.values())  # these are in test_special.py
