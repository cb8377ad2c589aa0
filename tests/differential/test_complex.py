"""Complex numbers compiled as pairs: NumPy's values for arithmetic, functions, views, products, states; gradients of parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import ULPS, check, op, variable

import phintys
import phintys.tensor as T
from phintys.ir.diagnostics import DiagnosticError

COMPLEX = ["complex64", "complex128"]
PART = {"complex64": "float32", "complex128": "float64"}


def numbers(dtype: str, shape: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return np.asarray((rng.uniform(-3, 3, shape) + 1j * rng.uniform(-3, 3, shape)).astype(dtype))


def agree(inputs: Any, outputs: list[Any], arrays: Any, expected: list[Any], ulps: float = 16) -> Any:
    f = phintys.function(inputs, outputs, on_unused_input="ignore")
    for number, (found, wanted) in enumerate(zip(f(*arrays), expected, strict=True)):
        assert found.dtype == np.asarray(wanted).dtype, number
        assert found.shape == np.shape(wanted), number
        size = np.max(np.abs(wanted), initial=0)
        eps = ULPS["float32" if found.dtype in ("complex64", "float32") else "float64"]
        np.testing.assert_allclose(found, wanted, rtol=ulps * eps, atol=ulps * eps * size, err_msg=str(number))
    return f


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("shape", [(), (7,), (3, 5), (0, 2)])
def test_elementwise(dtype: str, shape: Any) -> None:
    z, w = (variable(dtype, [None] * len(shape), name) for name in "zw")
    a, b = numbers(dtype, shape), numbers(dtype, shape, 1)
    outputs = [z + w, z - w, z * w, z / w, -z, abs(z), z.real, z.imag, z.conj(), T.angle(z), T.eq(z, w), T.neq(z, z), T.sqr(z),
               z**w, z**2, T.complex(z.real, w.imag), T.switch(z.real > 0, z, w), z * 2 + 1, 1j * z]  # fmt: skip
    expected = [a + b, a - b, a * b, a / b, -a, abs(a), a.real, a.imag, a.conj(), np.angle(a), a == b, a != a, a * a,
                a**b, a**2, (a.real + 1j * b.imag).astype(dtype), np.where(a.real > 0, a, b), a * 2 + 1]  # fmt: skip
    agree([z, w], outputs, [a, b], [*expected, 1j * a.astype("complex128")])


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"])
def test_functions(dtype: str, name: str) -> None:
    z = variable(dtype, [None], "z")
    a = np.concatenate([numbers(dtype, 50), [0.3, -0.7, 2j, -1j, 1, 1 + 1e-5j]]).astype(dtype)
    agree([z], [op(name, z)], [a], [getattr(np, name)(a)], ulps=32)


def test_extremes() -> None:
    z, w = variable("complex128", [None], "z"), variable("complex128", [None], "w")
    a = np.array([1e300 + 1e300j, 3e-320j, np.inf, 1 + 0j, 1e200 - 1e200j, complex(np.inf, 1)])
    b = np.array([1e300 - 1e300j, 1e-310, 1, 1e-200j, 1e300 + 1e200j, 2])
    f = phintys.function([z, w], [z / w, abs(z), op("sqrt", z)])
    quotient, modulus, root = f(a, b)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(quotient[[0, 3, 4]], (a / b)[[0, 3, 4]])
    np.testing.assert_allclose(modulus, abs(a))
    np.testing.assert_allclose(root[[0, 3, 4]], np.sqrt(a)[[0, 3, 4]])


@pytest.mark.parametrize("dtype", COMPLEX)
def test_shapes_and_products(dtype: str) -> None:
    z, w, v = variable(dtype, [None, None], "z"), variable(dtype, [None, None], "w"), variable(dtype, [None], "v")
    i = variable("int64", [None], "i")
    a, b, c, k = numbers(dtype, (3, 4)), numbers(dtype, (4, 2), 1), numbers(dtype, 4, 2), np.array([2, 0, 2])
    outputs = [z.T, z[::-1, 1:], z[0], z[1, 2], z.reshape((2, 6)), z.flatten(), z[None], T.concatenate([z, z * 2], 1), z[i],
               z.sum(), z.sum(0), z.mean(1), T.dot(z, w), T.dot(z, v), T.dot(v, w), T.dot(v, v), T.set_subtensor(z[0], v),
               T.inc_subtensor(z[:, 1], 1j), T.set_subtensor(z[i], v), T.inc_subtensor(z[i], v), T.stack([v, v]), z.shape,
               T.cumsum(v), T.alloc(v, 2, 4), T.zeros_like(z), T.batched_dot(z[None], w[None]), z, z[z.real > 0]]  # fmt: skip
    set_, added = a.copy(), a.copy()
    set_[k] = c
    np.add.at(added, k, c)
    first, second = a.copy(), a.copy()
    first[0], second[:, 1] = c, second[:, 1] + dtype_one(dtype)
    expected = [a.T, a[::-1, 1:], a[0], a[1, 2], a.reshape(2, 6), a.ravel(), a[None], np.concatenate([a, a * 2], 1), a[k],
                a.sum(), a.sum(0), a.mean(1), a @ b, a @ c, c @ b, c @ c, first, second, set_, added, np.stack([c, c]),
                np.array(a.shape), c.cumsum(), np.broadcast_to(c, (2, 4)), a * 0, (a @ b)[None], a, a[a.real > 0]]  # fmt: skip
    agree([z, w, v, i], outputs, [a, b, c, k], expected, ulps=64)


def dtype_one(dtype: str) -> Any:
    return np.array(1j, dtype)


@pytest.mark.parametrize("dtype", COMPLEX)
def test_against_the_evaluator(dtype: str) -> None:
    z, w, s = variable(dtype, [None, 1], "z"), variable(dtype, [1, None], "w"), variable(dtype, [], "s")
    outputs = [z + w, (z + w).sum(), op("cast", z, dtype="complex128"), z + s, op("make_vector", s, s), s, op("real", s)]
    few_bits = [np.round(numbers(dtype, shape) * 8) / 8 for shape in ((3, 1), (1, 4), ())]  # sums are exact
    check([z, w, s], outputs, few_bits, ulps=0)


def test_states_and_constants() -> None:
    state = phintys.shared(np.array([1j, 2]))
    x = T.dvector("x")
    f = phintys.function([x], [state * x, state], updates=[(state, state * 1j + x)])
    first = f(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(first[0], [1j, 4])
    np.testing.assert_array_equal(state.get_value(), [0, 2 + 2j])
    assert f(np.array([0.0, 0.0]))[1].tolist() == [0, 2 + 2j]
    constant = T.constant(np.array([1 + 2j, 3]))
    np.testing.assert_array_equal(phintys.function([x], constant * x)(np.array([1.0, 2])), [1 + 2j, 6])
    assert phintys.function([], T.constant(2j))() == 2j


def test_gradients_of_parts() -> None:
    x, y = T.dvector("x"), T.dvector("y")
    z = T.complex(x, y)
    costs = [abs(z).sum(), abs(z * z.conj() / (z + 2)).sum(), op("exp", z * 1j).real.sum(), T.angle(z).sum(),
             op("log", z).imag.sum() + op("sqrt", z).real.sum(), T.dot(z, z).imag, (z**3).real.sum(),
             z[::-1].cumsum().imag[0]]  # fmt: skip
    a, b = np.array([0.5, -1.2, 2.0]), np.array([1.5, 0.3, -0.7])
    f = phintys.function([x, y], costs + [g for cost in costs for g in T.grad(cost, [x, y])])
    values = f(a, b)
    for number in range(len(costs)):
        for place in range(2):
            expected = np.zeros(3)
            for k in range(3):
                sides = []
                for step in (1e-6, -1e-6):
                    moved = [a.copy(), b.copy()]
                    moved[place][k] += step
                    sides.append(f(*moved)[number])
                expected[k] = (sides[0] - sides[1]) / 2e-6
            np.testing.assert_allclose(values[len(costs) + 2 * number + place], expected, rtol=1e-6, atol=1e-8)


def test_polar_and_real_tensors() -> None:
    x, y = T.dvector("x"), T.dvector("y")
    f = phintys.function([x, y], [T.complex_from_polar(x, y), T.real(x), T.imag(x), T.conj(x), T.angle(x)])
    a, b = np.array([1.0, -2.0]), np.array([0.5, 2.0])
    for found, wanted in zip(f(a, b), [a * np.exp(1j * b), a, a * 0, a, np.angle(a)], strict=True):
        np.testing.assert_allclose(found, wanted)


def test_refused() -> None:
    z = variable("complex128", [None], "z")
    with pytest.raises(DiagnosticError, match="grad_clip: not available for complex numbers"):
        phintys.function([z], phintys.gradient.grad_clip(z, -1, 1))
    with pytest.raises(TypeError, match="not ordered"):
        z < z  # noqa: B015


PRODUCTS: dict[str, tuple[Any, Any]] = {
    "prod": (T.prod, np.prod),
    "prod, rows": (lambda z: T.prod(z, axis=1), lambda a: np.prod(a, axis=1)),
    "prod, kept": (lambda z: T.prod(z, axis=0, keepdims=True), lambda a: np.prod(a, axis=0, keepdims=True)),
    "cumprod": (T.cumprod, np.cumprod),
    "cumprod, rows": (lambda z: T.cumprod(z, axis=1), lambda a: np.cumprod(a, axis=1)),
    "cumprod, columns": (lambda z: T.cumprod(z, axis=0), lambda a: np.cumprod(a, axis=0)),
    "var": (lambda z: T.var(z, axis=0), lambda a: np.var(a, axis=0)),
    "std": (lambda z: T.std(z, ddof=1, corrected=True), lambda a: np.std(a, ddof=1)),
    "cov": (T.cov, np.cov),
}


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("sizes", [(3, 4), (1, 5), (4, 0)])
def test_products_and_moments(name: str, dtype: str, sizes: tuple[int, int]) -> None:
    function, expected = PRODUCTS[name]
    if name in ("var", "std", "cov") and sizes != (3, 4):
        pytest.skip("NaN with a warning in NumPy")
    z = variable(dtype, [None, None], "z")
    a = numbers(dtype, sizes)
    found, wanted = phintys.function([z], function(z))(a), expected(a)
    assert found.dtype == wanted.dtype or name == "cov"  # NumPy's cov computes in complex128
    np.testing.assert_allclose(found, wanted, rtol=1e-4 if dtype == "complex64" else 1e-13)


def test_gradients_of_products() -> None:
    """Against central differences, with no zero, one and two."""
    x, y = variable("float64", [None, None], "x"), variable("float64", [None, None], "y")
    z = T.complex(x, y)
    cost = T.real(T.prod(z, axis=1)).sum() + 2 * T.imag(T.cumprod(z, axis=0)).sum() + T.var(z)
    f, g = phintys.function([x, y], cost), phintys.function([x, y], T.grad(cost, [x, y]))
    rng = np.random.default_rng(1)
    for zeros in ([], [(1, 1)], [(1, 1), (1, 2), (0, 2)]):
        point = rng.uniform(-1.5, 1.5, (2, 3, 4))
        for place in zeros:
            point[:, *place] = 0
        expected = np.zeros_like(point)
        for index in np.ndindex(point.shape):
            step = np.zeros_like(point)
            step[index] = 1e-6
            expected[index] = (f(*(point + step)) - f(*(point - step))) / 2e-6
        np.testing.assert_allclose(np.array(g(*point)), expected, rtol=1e-7, atol=1e-8)


def test_powers_of_zero() -> None:
    """0 where the exponent's real part is positive, 1 for the exponent 0, else NaN: NumPy's rule."""
    z, w = T.zvector("z"), T.zvector("w")
    exponents = np.array([1 + 2j, 0, -1, 2, 0.5 - 1j, 1j, -1 + 1j])
    with np.errstate(all="ignore"):
        expected = np.zeros(7, complex) ** exponents
    np.testing.assert_array_equal(phintys.function([z, w], z**w)(np.zeros(7, complex), exponents), expected)
