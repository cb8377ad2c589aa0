"""Special functions of an order and an argument, compiled, against mpmath: errors in ulp, edges, derivatives."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats

import phintys
from phintys import tensor as T
from phintys.ir.diagnostics import DiagnosticError
from phintys.passes.numpy_rows import ELEMENTWISE
from phintys.types import TensorType

INF, NAN = np.inf, np.nan
rng = np.random.default_rng(5)


def lower(a: Any, x: Any) -> Any:
    return mpmath.gammainc(a, 0, x, regularized=True)


def upper(a: Any, x: Any) -> Any:
    return mpmath.gammainc(a, x, mpmath.inf, regularized=True)


def uniform(*bounds: tuple[float, float]) -> list[Any]:
    return [rng.uniform(low, high, 60) for low, high in bounds]


# name, exact function, orders and arguments, bound in ulp (Bessel functions that oscillate: of their envelope)
CASES: dict[str, tuple[str, Any, list[Any], float]] = {
    "lower, small": ("gammainc", lower, uniform((0.01, 5), (0.01, 10)), 20),
    "upper, small": ("gammaincc", upper, uniform((0.01, 5), (0.01, 10)), 30),
    "lower, tiny order": ("gammainc", lower, [10.0 ** rng.uniform(-12, 0, 60), 10.0 ** rng.uniform(-10, 1.5, 60)], 10),
    "upper, tiny order": ("gammaincc", upper, [10.0 ** rng.uniform(-12, 0, 60), 10.0 ** rng.uniform(-10, 1.5, 60)], 30),
    "lower, tails": ("gammainc", lower, uniform((20, 200), (20, 300)), 1000),
    "upper, tails": ("gammaincc", upper, uniform((20, 200), (20, 300)), 1000),
    "J, fractions": ("jv", mpmath.besselj, uniform((0, 5), (0.01, 20)), 20),
    "J, whole": ("jv", mpmath.besselj, [rng.integers(-20, 20, 60).astype(float), rng.uniform(-40, 40, 60)], 60),
    "J, large": ("jv", mpmath.besselj, uniform((0, 300), (0, 500)), 1000),
    "J, below 0": ("jv", mpmath.besselj, uniform((-1, 0), (0.001, 30)), 60),
    "I, fractions": ("iv", mpmath.besseli, uniform((0, 5), (0.01, 20)), 12),
    "I, whole": ("iv", mpmath.besseli, [rng.integers(-20, 20, 60).astype(float), rng.uniform(-40, 40, 60)], 20),
    "I, large": ("iv", mpmath.besseli, uniform((0, 300), (0, 500)), 1500),
    "I, below 0": ("iv", mpmath.besseli, uniform((-20, 0), (0.001, 30)), 100),
}


def compiled(name: str, dtype: str = "float64") -> Any:
    v, x = (TensorType(dtype, shape=(None,))(letter) for letter in "vx")
    return phintys.function([v, x], getattr(T, name)(v, x))


def errors(found: Any, expected: list[Any], scale: list[Any], eps: float) -> Any:
    with mpmath.workdps(60):
        return np.array(
            [float(abs(mpmath.mpf(float(y)) - e) / s / eps) for y, e, s in zip(found, expected, scale, strict=True)]
        )


@pytest.mark.parametrize("case", CASES)
def test_accuracy(case: str) -> None:
    name, exact, (orders, xs), bound = CASES[case]
    with mpmath.workdps(60):
        expected = [exact(mpmath.mpf(v), mpmath.mpf(x)) for v, x in zip(orders.tolist(), xs.tolist(), strict=True)]
        scale = [abs(e) for e in expected]
        if name == "jv":
            scale = [abs(e) if abs(v) > abs(x) else mpmath.sqrt(2 / mpmath.pi / max(1, abs(x)))
                     for e, v, x in zip(expected, orders.tolist(), xs.tolist(), strict=True)]  # fmt: skip
    usual = np.array([1e-280 < s < 1e300 for s in scale])
    found = compiled(name)(orders, xs)
    error = np.where(usual, errors(np.where(usual, found, 0), expected, scale, 2.0**-52), 0)
    worst = int(np.argmax(error))
    assert error[worst] <= bound, (orders[worst], xs[worst], found[worst], float(expected[worst]))
    narrow = compiled(name, "float32")(orders.astype("f"), xs.astype("f"))
    assert narrow.dtype == "float32"


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "jv", "iv"])
def test_reference_rows_agree(name: str) -> None:
    orders, xs = uniform((0.1, 30), (0.1, 60))
    np.testing.assert_allclose(ELEMENTWISE[name](orders, xs), getattr(scipy.special, name)(orders, xs), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("order", "x"), [(1e4, 1.03e4), (2e6, 2.003e6), (1e8, 99970000.0), (1e12, 1e12 + 4e6)])
def test_large_orders_of_gamma(order: float, x: float) -> None:
    """Against quadrature of the integrand over the tail."""
    with mpmath.workdps(40):
        a, at, width = mpmath.mpf(order), mpmath.mpf(x), mpmath.sqrt(order) * mpmath.sign(x - order)
        height = mpmath.exp((a - 1) * mpmath.log(a) - a - mpmath.loggamma(a))
        density = lambda t: height * mpmath.exp((a - 1) * mpmath.log(t / a) - (t - a))  # noqa: E731
        expected = abs(mpmath.quad(density, [at + width * k for k in range(14)]))
    name = "gammaincc" if x > order else "gammainc"
    found = compiled(name)(np.array([order]), np.array([x]))
    np.testing.assert_allclose(found, float(expected), rtol=1e-13)


EDGES = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN]


@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
def test_edges_are_those_of_scipy(name: str) -> None:
    orders, xs = (grid.ravel().copy() for grid in np.meshgrid(EDGES, EDGES))
    expected = getattr(scipy.special, name)(orders, xs)
    for found in (compiled(name)(orders, xs), ELEMENTWISE[name](orders, xs)):
        np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("name", ["jv", "iv"])
def test_edges_of_bessel_functions(name: str) -> None:
    """SciPy's at finite operands but for the sign of a pole; limits at infinity, where SciPy says NaN."""
    orders, xs = (grid.ravel().copy() for grid in np.meshgrid([0, 1, 2, 0.5, -0.5, -2, -2.5, NAN], [0.0, -0.0, 1, -1, NAN]))
    np.testing.assert_allclose(compiled(name)(orders, xs), getattr(scipy.special, name)(orders, xs), rtol=1e-14)
    np.testing.assert_array_equal(ELEMENTWISE[name](orders, xs), ELEMENTWISE[name](orders, xs))
    at = np.array([INF, -INF, INF, -INF, -INF])
    limits = {"jv": [0, 0, 0, NAN, -0.0], "iv": [INF, INF, INF, NAN, -INF]}[name]
    for function in (compiled(name), ELEMENTWISE[name]):
        np.testing.assert_array_equal(function(np.array([0, 0, 0.5, 0.5, 1.0]), at), limits)


def test_what_is_out_of_reach_is_nan() -> None:
    np.testing.assert_array_equal(compiled("jv")(np.array([1e7, -2000.5]), np.array([1e7, 1.0])), [NAN, NAN])
    np.testing.assert_array_equal(compiled("iv")(np.array([0.0, 5.0]), np.array([1e300, 2e5])), [INF, INF])


def test_survival_function() -> None:
    x, k = T.dvectors("x", "k")
    xs = np.array([-1, 0, 0.5, 3, 60, 700, INF, -INF, NAN, 3, 3, 3])
    ks = np.array([1, 1, 2, 3.5, 12, 7, 1, 1, 1, 0, -1, INF])
    expected = scipy.stats.chi2.sf(xs, ks)
    np.testing.assert_allclose(phintys.function([x, k], T.chi2sf(x, k))(xs, ks), expected, rtol=1e-13)


def test_unnormalized_gamma_functions() -> None:
    k, x = T.dvectors("k", "x")
    ks, xs = uniform((0.1, 20), (0.1, 30))
    f = phintys.function([k, x], [T.gammal(k, x), T.gammau(k, x), T.gammal(k, x) + T.gammau(k, x) - T.gamma(k)])
    below, above, rest = f(ks, xs)
    np.testing.assert_allclose(below, scipy.special.gammainc(ks, xs) * scipy.special.gamma(ks), rtol=1e-12)
    np.testing.assert_allclose(above, scipy.special.gammaincc(ks, xs) * scipy.special.gamma(ks), rtol=1e-12)
    np.testing.assert_allclose(rest / scipy.special.gamma(ks), 0, atol=1e-14)


DERIVATIVES: dict[str, tuple[Any, Any]] = {
    "j0": (T.j0, lambda x: -scipy.special.j1(x)),
    "j1": (T.j1, lambda x: scipy.special.jvp(1, x)),
    "jv": (lambda x: T.jv(0.3, x), lambda x: scipy.special.jvp(0.3, x)),
    "jv, 0": (lambda x: T.jv(0, x), lambda x: -scipy.special.j1(x)),
    "i0": (T.i0, scipy.special.i1),
    "i1": (T.i1, lambda x: scipy.special.ivp(1, x)),
    "iv": (lambda x: T.iv(2.5, x), lambda x: scipy.special.ivp(2.5, x)),
    "tri_gamma": (T.tri_gamma, lambda x: scipy.special.polygamma(2, x)),
    "gammainc": (lambda x: T.gammainc(2.5, x), lambda x: scipy.stats.gamma.pdf(x, 2.5)),
    "gammaincc": (lambda x: T.gammaincc(0.5, x), lambda x: -scipy.stats.gamma.pdf(x, 0.5)),
    "chi2sf": (lambda x: T.chi2sf(x, 3), lambda x: -scipy.stats.chi2.pdf(x, 3)),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives(name: str) -> None:
    function, derivative = DERIVATIVES[name]
    x = T.dvector("x")
    xs = np.array([0.1, 0.7, 2.0, 5.5, 11.0, 30.0])
    found = phintys.function([x], T.grad(function(x).sum(), x))(xs)
    np.testing.assert_allclose(found, derivative(xs), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["jv", "iv", "gammainc", "gammaincc"])
def test_no_derivative_by_the_order(name: str) -> None:
    v = T.dscalar("v")
    with pytest.raises(DiagnosticError, match="no derivative with respect to the order"):
        phintys.function([v], T.grad(getattr(T, name)(v, 2.0), v))
