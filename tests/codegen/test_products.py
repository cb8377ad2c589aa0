"""Products that several threads share have the bits of one thread's: every transposition, parts of every kind."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from native_support import bound
from test_blas import gemm as gemm_module

from phintys.codegen import engine
from phintys.codegen.threads import set_threads

COUNTS = (2, 7)
KINDS = {"d": (np.float64, ctypes.c_double), "s": (np.float32, ctypes.c_float)}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The parts of the runtime that have the products are loaded by the first functions with one."""
    bound(gemm_module("f64"))
    bound(gemm_module("f32"))
    yield
    set_threads(None)


def routine(name: str) -> ctypes._CFuncPointer:
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (13 if name.endswith("gemm") else 11))(engine.start()[name])


def addresses(*values: object) -> list[object]:
    return [ctypes.addressof(v) if isinstance(v, ctypes._SimpleCData) else v.ctypes.data for v in values]  # type: ignore[attr-defined]


def gemm(kind: str, turned: tuple[bool, bool], a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a b by Fortran's rules, all matrices column by column: `a` is m x k, or lies as k x m if it is turned."""
    dtype, number = KINDS[kind]
    (m, k), n = a.shape, b.shape[1]
    left, right = (np.asarray(x, order="C" if t else "F") for x, t in zip((a, b), turned, strict=True))
    leading = (k if turned[0] else m, n if turned[1] else k)
    c = np.zeros((m, n), dtype, order="F")
    letters = [ctypes.c_char(b"T" if t else b"N") for t in turned]
    sizes = [ctypes.c_int64(v) for v in (m, n, k, *leading, m)]
    one, zero = number(1.0), number(0.0)
    values = (*letters, *sizes[:3], one, left, sizes[3], right, sizes[4], zero, c, sizes[5])
    routine(f"phi_{kind}gemm")(*addresses(*values))
    return c


def gemv(kind: str, turned: bool, a: np.ndarray, x: np.ndarray, step: int) -> np.ndarray:
    """a x, or a' x, of a matrix column by column, into every `step`th element."""
    dtype, number = KINDS[kind]
    m, n = a.shape
    y = np.full(((n if turned else m), step), 7, dtype)
    sizes = [ctypes.c_int64(v) for v in (m, n, max(m, 1), 1, step)]
    one, zero = number(1.0), number(0.0)
    values = (ctypes.c_char(b"T" if turned else b"N"), *sizes[:2], one, a, sizes[2], x, sizes[3], zero, y, sizes[4])
    routine(f"phi_{kind}gemv")(*addresses(*values))
    return y


def shapes(rng: np.random.Generator, count: int, low: float, high: float) -> Iterator[tuple[int, int, int]]:
    """Sizes of which the product lies between two numbers."""
    while count:
        m, n, k = (int(v) for v in np.exp(rng.uniform(np.log(3), np.log(900), 3)))
        if low <= m * n * k <= high:
            count -= 1
            yield m, n, k


@pytest.mark.parametrize("kind", KINDS)
def test_bits_of_products(kind: str) -> None:
    rng = np.random.default_rng(5)
    many = [*shapes(rng, 12, 4e6, 3e7), (1024, 1024, 16), (10, 600, 784), (600, 10, 784), (128, 512, 128)]
    for number, (m, n, k) in enumerate(many):
        a, b = rng.normal(size=(m, k)).astype(KINDS[kind][0]), rng.normal(size=(k, n)).astype(KINDS[kind][0])
        turned = (bool(number & 1), bool(number & 2))
        set_threads(1)
        expected = gemm(kind, turned, a, b)
        tolerance = 1e-9 if kind == "d" else 1e-2
        np.testing.assert_allclose(expected, a.astype(float) @ b, rtol=tolerance, atol=tolerance)
        for count in COUNTS:
            set_threads(count)
            assert gemm(kind, turned, a, b).tobytes() == expected.tobytes(), (m, n, k, turned, count)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turned", [False, True])
def test_bits_of_products_with_vectors(kind: str, turned: bool) -> None:
    rng = np.random.default_rng(6)
    for m, n in [(600, 700), (5, 100_000), (100_000, 5), (1, 300_000), (300_000, 1), (513, 3001), (2999, 127)]:
        a = np.asfortranarray(rng.normal(size=(m, n)).astype(KINDS[kind][0]))
        x = rng.normal(size=m if turned else n).astype(a.dtype)
        for step in (1, 3):
            set_threads(1)
            expected = gemv(kind, turned, a, x, step)
            tolerance = 1e-9 if kind == "d" else 1e-1
            np.testing.assert_allclose(expected[:, 0], (a.T if turned else a).astype(float) @ x, rtol=tolerance, atol=tolerance)
            assert (expected[:, 1:] == 7).all()
            for count in COUNTS:
                set_threads(count)
                assert gemv(kind, turned, a, x, step).tobytes() == expected.tobytes(), (m, n, step, count)


def test_infinities_and_accumulation() -> None:
    """A product that is added to what is there, with NaN in it."""
    import phintys
    import phintys.tensor as T

    x, y, z = T.dmatrices("x", "y", "z")
    f = phintys.function([x, y, z], 2 * T.dot(x, y) + 3 * z)
    rng = np.random.default_rng(7)
    a, b, c = rng.normal(size=(300, 200)), rng.normal(size=(200, 400)), rng.normal(size=(300, 400))
    a[7, 9], b[3, 5], c[0, 0] = np.inf, np.nan, -np.inf
    set_threads(1)
    expected = f(a, b, c)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(expected, 2 * (a @ b) + 3 * c, rtol=1e-9, atol=1e-9)
    for count in COUNTS:
        set_threads(count)
        assert f(a, b, c).tobytes() == expected.tobytes()


def test_lapack_has_the_threads_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """And products one afterwards, whatever the library did in between."""
    import phintys
    import phintys.tensor as T
    from phintys.codegen.blas import chosen, library
    from phintys.codegen.blas_libraries import OPENBLAS

    x = T.dmatrix("x")
    f = phintys.function([x], T.slinalg.cholesky(x))
    a = np.eye(200) * 3 + 1
    set_threads(1)
    expected = f(a)
    set_threads(2)
    np.testing.assert_allclose(f(a), expected, rtol=1e-12)
    if chosen() is OPENBLAS:
        assert library().scipy_openblas_get_num_threads64_() == 1
    assert ctypes.c_int32.from_address(engine.start()["phi_lapack_threads"]).value == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turned", [False, True])
def test_a_product_with_few_elements_is_as_blas_defines_it(kind: str, turned: bool) -> None:
    dtype, number = KINDS[kind]
    random = np.random.default_rng(1)
    for m, n in ((1, 1), (1, 32), (32, 1), (5, 6), (4, 8), (7, 5), (3, 0)):  # the library's own are among them
        for alpha, beta, step in ((1, 0, 1), (2, 3, 2), (-0.5, 1, 3)):
            a = np.asfortranarray(random.integers(-9, 9, (m + 2, n)).astype(dtype))  # columns are further apart than m
            x = random.integers(-9, 9, (m if turned else n, 2)).astype(dtype)
            y = np.full((n if turned else m, step), np.nan if beta == 0 else 5, dtype)
            matrix, old = (a[:m].T if turned else a[:m]), y[:, 0].copy()
            expected = alpha * (matrix @ x[:, 0]) + (beta * old if beta else 0)
            sizes = [ctypes.c_int64(v) for v in (m, n, m + 2, 2, step)]
            values = (ctypes.c_char(b"T" if turned else b"N"), *sizes[:2], number(alpha), a, sizes[2], x, sizes[3])
            routine(f"phi_{kind}gemv")(*addresses(*values, number(beta), y, sizes[4]))
            if m * n:
                np.testing.assert_array_equal(y[:, 0], expected)


ONE_FORMAT = """
import phintys, phintys.tensor as T
from phintys.codegen import engine
x, y = T.dmatrices("x", "y")
phintys.function([x, y], T.dot(x, y))
print(sorted(name for name in engine.start() if name.endswith(("gemm", "gemv", "team"))))
"""


def test_a_program_loads_the_products_of_its_formats() -> None:
    done = subprocess.run([sys.executable, "-c", ONE_FORMAT], capture_output=True, text=True)
    assert done.stdout.strip() == "['phi_dgemm', 'phi_dgemv']", done.stdout + done.stderr
