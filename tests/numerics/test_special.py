"""Special functions compiled, against mpmath at 60 digits: errors in ulp, edge values, ints; and their NumPy rows."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import phintys
from phintys.passes.numpy_rows import ELEMENTWISE
from phintys.tensor.build import apply
from phintys.types import TensorType

mpmath.mp.dps = 60
INF, NAN = np.inf, np.nan

# name: exact function, interval, bound in ulp, roots near which the error is absolute
ROWS: dict[str, tuple[Any, tuple[float, float], float]] = {
    "exp2": (lambda x: mpmath.mpf(2) ** x, (-100, 100), 1.5),
    "log2": (lambda x: mpmath.log(x, 2), (0, 100), 2),
    "log10": (mpmath.log10, (0, 100), 2),
    "arcsin": (mpmath.asin, (-1, 1), 3),
    "arccos": (mpmath.acos, (-1, 1), 3),
    "arcsinh": (mpmath.asinh, (-100, 100), 3),
    "arccosh": (mpmath.acosh, (1, 100), 3),
    "arctanh": (mpmath.atanh, (-1, 1), 3),
    "erf": (mpmath.erf, (-6, 6), 1.5),
    "erfc": (mpmath.erfc, (-6, 9), 3),
    "erfcx": (lambda x: mpmath.exp(x * x) * mpmath.erfc(x), (-8, 60), 3),
    "erfinv": (mpmath.erfinv, (-1, 1), 3),
    "erfcinv": (lambda x: mpmath.erfinv(1 - x), (0, 2), 3),
    "gamma": (mpmath.gamma, (-8, 30), 5),
    "gammaln": (lambda x: mpmath.log(abs(mpmath.gamma(x))), (3, 500), 4),
    "psi": (mpmath.digamma, (0.0, 60), 5),
    "tri_gamma": (lambda x: mpmath.psi(1, x), (-0.99, 60), 4),
    "tetra_gamma": (lambda x: mpmath.psi(2, x), (0, 60), 6),
    "penta_gamma": (lambda x: mpmath.psi(3, x), (-0.99, 60), 8),
    "j0": (lambda x: mpmath.besselj(0, x), (-7.5, 7.5), 8),
    "j1": (lambda x: mpmath.besselj(1, x), (-7.5, 7.5), 6),
    "i0": (lambda x: mpmath.besseli(0, x), (-80, 80), 4),
    "i1": (lambda x: mpmath.besseli(1, x), (-80, 80), 4),
}
# around the roots
ABSOLUTE = {"gammaln": (-6, 3), "psi": (-6, 0), "tetra_gamma": (-3, 0), "j0": (-300, 300), "j1": (-300, 300)}


def compiled(name: str, dtype: str) -> Any:
    x = TensorType(dtype, shape=(None,))("x")
    return phintys.function([x], apply(name, x))


def points(low: float, high: float, dtype: str) -> Any:
    rng = np.random.default_rng(1)
    near = 10.0 ** rng.uniform(-12 if dtype == "float64" else -6, -1, 100)
    found = np.concatenate([rng.uniform(low, high, 300), low + near, high - near]).astype(dtype)
    return found[(found > low) & (found < high)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ROWS)
def test_accuracy(name: str, dtype: str) -> None:
    exact, (low, high), bound = ROWS[name]
    xs = points(low, high, dtype)
    expected = [exact(mpmath.mpf(float(x))) for x in xs]
    for found in (compiled(name, dtype)(xs), ELEMENTWISE[name](xs)):
        assert found.dtype == dtype
        errors = [abs((mpmath.mpf(float(y)) - e) / e) for y, e in zip(found, expected, strict=True)]
        worst = int(np.argmax([float(error) for error in errors]))
        assert errors[worst] <= bound * np.finfo(dtype).eps, (xs[worst], found[worst], expected[worst])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ABSOLUTE)
def test_accuracy_around_roots(name: str, dtype: str) -> None:
    xs = points(*ABSOLUTE[name], dtype)
    xs = xs[np.abs(xs - np.round(xs)) > 1e-3]
    expected = np.array([float(ROWS[name][0](mpmath.mpf(float(x)))) for x in xs])
    np.testing.assert_allclose(compiled(name, dtype)(xs), expected, rtol=8 * np.finfo(dtype).eps, atol=40 * np.finfo(dtype).eps)


EDGES: dict[str, list[tuple[float, float]]] = {
    "exp2": [(-INF, 0), (INF, INF), (NAN, NAN), (3, 8), (-1074, 5e-324)],
    "arcsin": [(1, np.pi / 2), (2, NAN), (NAN, NAN)],
    "arccosh": [(1, 0), (0.5, NAN), (INF, INF)],
    "arctanh": [(1, INF), (-1, -INF), (2, NAN)],
    "round": [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, -0.0), (-2.5, -2), (INF, INF), (NAN, NAN), (1e300, 1e300)],
    "round_half_away": [(0.5, 1), (2.5, 3), (-2.5, -3), (0.49999999999999994, 0), (-0.2, -0.0), (INF, INF)],
    "trunc": [(2.7, 2), (-2.7, -2), (-0.5, -0.0), (NAN, NAN)],
    "erf": [(0, 0), (-0.0, -0.0), (INF, 1), (-INF, -1), (NAN, NAN)],
    "erfc": [(INF, 0), (-INF, 2), (0, 1)],
    "erfcx": [(INF, 0), (-INF, INF), (0, 1), (1e200, 1 / 1e200 / np.sqrt(np.pi)), (NAN, NAN)],
    "erfinv": [(0, 0), (-0.0, -0.0), (1, INF), (-1, -INF), (1.5, NAN), (NAN, NAN), (1e-300, 1e-300 * np.sqrt(np.pi) / 2)],
    "erfcinv": [(1, 0), (0, INF), (2, -INF), (-0.1, NAN), (NAN, NAN), (1e-300, 26.209469960516123)],
    "gamma": [(0, INF), (-0.0, -INF), (-1, NAN), (5, 24), (172, INF), (INF, INF), (NAN, NAN)],
    "gammaln": [(0, INF), (-1, INF), (1, 0), (2, 0), (INF, INF), (NAN, NAN)],
    "psi": [(0, -INF), (-0.0, INF), (-1, NAN), (INF, INF), (NAN, NAN), (1e-310, -INF), (1, -0.5772156649015329)],
    "tri_gamma": [(0, INF), (INF, 0), (NAN, NAN), (1, np.pi**2 / 6), (-3, INF)],
    "tetra_gamma": [(0, -INF), (-0.0, INF), (1e200, -0.0), (INF, -0.0), (NAN, NAN), (-3, NAN), (1, -2.4041138063191886)],
    "penta_gamma": [(0, INF), (INF, 0), (NAN, NAN), (1, np.pi**4 / 15), (-3, INF)],
    "j0": [(0, 1), (-0.0, 1), (INF, 0), (-INF, 0), (NAN, NAN)],
    "j1": [(0, 0), (-0.0, -0.0), (INF, 0), (NAN, NAN), (1e-300, 5e-301)],
    "i0": [(0, 1), (-0.0, 1), (INF, INF), (-INF, INF), (NAN, NAN)],
    "i1": [(0, 0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN), (1e-300, 5e-301)],
}


@pytest.mark.parametrize("name", EDGES)
def test_edges(name: str) -> None:
    xs, expected = np.array(EDGES[name]).T
    with np.errstate(all="ignore"):
        both = compiled(name, "float64")(xs.copy()), ELEMENTWISE[name](xs)
    for found in both:
        np.testing.assert_allclose(found, expected, rtol=1e-15)
        zero = expected == 0
        np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("name", ["round", "round_half_away", "trunc"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64"])
def test_ints_are_rounded(name: str, dtype: str) -> None:
    xs = np.array([0, 1, 1], dtype)
    found = compiled(name, dtype)(xs)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, xs)


FLOATS_OF = [("int8", "float32"), ("uint16", "float32"), ("int32", "float64"), ("bool", "float32")]


@pytest.mark.parametrize(("dtype", "result"), FLOATS_OF)
def test_ints_become_floats(dtype: str, result: str) -> None:
    xs = np.array([0, 1, 1, 0], dtype)
    for name in ("erf", "exp2", "gamma", "arcsin", "psi"):
        found = compiled(name, dtype)(xs)
        assert found.dtype == result
        np.testing.assert_allclose(found, ELEMENTWISE[name](xs.astype(result)), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_arctan2(dtype: str) -> None:
    edge = np.array([0, 1, -1, 2, -3]) if dtype == "int32" else np.array([0.0, -0.0, 1, -1, INF, -INF, NAN, 2.5])
    y, x = (grid.ravel().astype(dtype) for grid in np.meshgrid(edge, edge))
    v, w = (TensorType(dtype, shape=(None,))(name) for name in "vw")
    found = phintys.function([v, w], apply("arctan2", v, w))(y, x)
    expected = np.arctan2(y, x)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == expected.dtype
