"""LAPACK by symbol: the table of routines, numbers that NumPy has too, what stands in for it where it is absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import phintys.tensor as T
from phintys import function, shared
from phintys.codegen import blas
from phintys.codegen.host import HOST, LINALG, WRITTEN
from phintys.dialects.lapack import ROUTINES
from phintys.passes import loops_lapack, loops_spectral
from phintys.passes.decompose_linalg import ROWS as DECOMPOSED
from phintys.tensor import nlinalg as nl
from phintys.tensor import slinalg as sl


def regular(size: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(size, size)) + 3 * np.eye(size)


def test_the_library_has_every_routine_of_the_dialect() -> None:
    assert set(ROUTINES) == {*blas.LAPACK, "trsm"}
    assert blas.lacks() == ()


def test_every_function_has_native_code_and_a_substitute() -> None:
    assert set(loops_lapack.ROWS) | set(loops_spectral.ROWS) == set(LINALG) < set(HOST)
    assert set(DECOMPOSED) == set(WRITTEN) < set(HOST)


def test_no_python_runs_in_a_call() -> None:
    x = T.dmatrix("x")
    outputs = [
        nl.matrix_inverse(x),
        nl.det(x),
        nl.pinv(x),
        sl.expm(x),
        *nl.svd(x),
        *nl.qr(x),
        *nl.eigh(x),
        sl.cholesky(T.dot(x, x.T)),
    ]
    f = function([x], [*outputs, T.grad(nl.det(x), x), sl.solve(x, x), sl.solve_lower_triangular(x, x)])
    assert f.executable.interface.hosts == ()
    assert all(np.isfinite(value).all() for value in f(regular(4)))


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A library without one routine."""
    monkeypatch.setattr(blas, "lacks", lambda: ("gesdd",))
    yield


def test_numpy_stands_in_where_a_routine_is_absent(absent: None) -> None:
    x, b = T.dmatrix("x"), T.dvector("b")
    f = function([x, b], [sl.solve(x, b), nl.svd(x)[1], nl.pinv(x), T.grad(nl.det(x), x)])
    power = function([x], sl.expm(x))
    value, right = regular(4), np.arange(4.0)
    inverse = np.linalg.inv(value)
    wanted = [inverse @ right, np.linalg.svd(value)[1], inverse, np.linalg.det(value) * inverse.T]
    for found, other in zip(f(value, right), wanted, strict=True):
        np.testing.assert_allclose(found, other, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(power(np.diag([0.0, 1.0, 30.0])), np.diag(np.exp([0.0, 1.0, 30.0])), rtol=1e-13)
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        f(np.ones((4, 4)), right)


def test_doctor_tells(absent: None) -> None:
    from phintys.tools.doctor import LACKS, check_lapack

    (finding,) = check_lapack()
    assert finding.status == LACKS and "gesdd" in finding.text


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_determinants_overflow_only_in_the_result(dtype: str) -> None:
    """NumPy goes by logarithms; the product of the pivots keeps a scale apart."""
    x = T.matrix("x", dtype=dtype)
    f = function([x], nl.det(x))
    large, small = (1e200, 1e-200) if dtype == "float64" else (1e25, 1e-25)
    for diagonal, wanted in (
        ([large, large, small, small], 1.0),
        ([small, small, large, -large], -1.0),
        ([large] * 3, np.inf),
        ([-large] * 3, -np.inf),
        ([small] * 3, 0.0),
        ([2.0, 0.0, np.inf], 0.0),
        ([2.0, np.nan], np.nan),
    ):
        np.testing.assert_allclose(f(np.diag(diagonal).astype(dtype)), wanted, rtol=1e-5)
    many = np.diag(np.full(3000, 4.0)).astype(dtype)
    assert f(many) == np.inf and f(many / 16) == 0.0


Pair = tuple[Callable[[Any], Any], Callable[[Any], Any]]
PAIRS: dict[str, Pair] = {
    "inverse": (nl.matrix_inverse, np.linalg.inv),
    "det": (nl.det, np.linalg.det),
    "svd": (nl.svd, np.linalg.svd),
    "svd values": (lambda x: nl.svd(x, compute_uv=0), lambda x: np.linalg.svd(x, compute_uv=False)),
    "qr": (nl.qr, np.linalg.qr),
    "eig": (nl.eig, np.linalg.eig),
    "eigh": (nl.eigh, np.linalg.eigh),
    "cholesky": (sl.cholesky, np.linalg.cholesky),
    "solve": (lambda x: sl.solve(x, x), lambda x: np.linalg.solve(x, x)),
}


def outcome(function: Callable[[Any], Any], value: Any) -> str:
    """What becomes of a matrix."""
    try:
        with np.errstate(all="ignore"):
            found = function(value)
    except np.linalg.LinAlgError:
        return "LinAlgError"
    parts = found if isinstance(found, (list, tuple)) else [found]
    return "finite" if all(np.isfinite(part).all() for part in parts) else "not finite"


@pytest.mark.parametrize("name", PAIRS)
def test_nan_and_infinities_are_what_numpy_makes_of_them(name: str) -> None:
    """Of triangular factors with infinities: what NumPy makes of the transpose."""
    x = T.dmatrix("x")
    ours, numpys = PAIRS[name]
    f = function([x], ours(x))
    for bad in (np.nan, np.inf):
        for value in (np.array([[1.0, bad], [0.0, 2.0]]), np.array([[1.0, 0.0], [bad, 2.0]])):
            turned = name in ("inverse", "det", "solve")
            assert outcome(f, value) == outcome(numpys, value.T if turned else value)


@pytest.mark.parametrize("size", [1, 3, 40, 150])
def test_roots_of_matrices_with_nan(size: int) -> None:
    """Whatever the library calls them: no error, the rows above are as they should be, those below begin a NaN somewhere."""
    x = T.dmatrix("x")
    f, g = function([x], sl.cholesky(x)), function([x], sl.Cholesky(on_error="nan")(x))
    value = regular(size)
    value = value @ value.T + size * np.eye(size)
    for place in {0, size // 2, size - 1}:
        broken = value.copy()
        broken[place, : place + 1] = np.nan
        for found in (f(broken), g(broken)):
            np.testing.assert_allclose(found[:place], np.linalg.cholesky(value)[:place], rtol=1e-10, atol=1e-12)
            assert np.isnan(np.diag(found)[place:]).all() and not np.triu(found, 1).any()
    broken[0, 0] = -1.0
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        f(broken)
    assert np.isnan(g(broken)).all()


@pytest.mark.parametrize("size", [1, 2, 17, 130])
def test_systems_in_every_order_of_memory(size: int) -> None:
    """General and triangular, for vectors and matrices, of a matrix, its transpose and a strided view."""
    x, v, m = T.dmatrix("x"), T.dvector("v"), T.dmatrix("m")
    outputs = []
    for a in (x, x.T, x[::-1, ::-1]):
        for solve in (sl.solve, sl.solve_lower_triangular, sl.solve_upper_triangular):
            outputs += [solve(a, v), solve(a, v[::-1]), solve(a, m), solve(a, m.T[:, ::2].T.T), T.dot(solve(a, m).T, a)]
    value = regular(size) + size * np.eye(size)
    right, sides = np.arange(float(size)), np.random.default_rng(2).normal(size=(size, size))
    found = iter(function([x, v, m], outputs)(value, right, sides))
    for a in (value, value.T, value[::-1, ::-1]):
        for part in (a, np.tril(a), np.triu(a)):
            for b in (right, right[::-1], sides, sides.T[:, ::2]):
                np.testing.assert_allclose(next(found), np.linalg.solve(part, b), rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(next(found), np.linalg.solve(part, sides).T @ a, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (4, 2), (2, 4), (3, 3)])
@pytest.mark.parametrize("sides", [None, 0, 1, 3])
def test_least_squares_of_every_shape(shape: tuple[int, int], sides: int | None) -> None:
    a = T.dmatrix("a")
    b = T.dvector("b") if sides is None else T.dmatrix("b")
    rng = np.random.default_rng(3)
    left, right = rng.normal(size=shape), rng.normal(size=shape[:1] if sides is None else (shape[0], sides))
    found = function([a, b], nl.lstsq()(a, b, -1))(left, right)
    for have, want in zip(found, np.linalg.lstsq(left, right, rcond=-1), strict=True):
        assert have.shape == np.shape(want)
        np.testing.assert_allclose(have, want, rtol=1e-10, atol=1e-12)
    deficient = np.outer(np.arange(1.0, 5), [1.0, 2.0])
    assert function([a], nl.lstsq()(a, np.ones(4))[2])(deficient) == 1


def test_threads_call_at_the_same_time() -> None:
    """The GIL is free in calls on large matrices; work memory belongs to each call."""
    x = T.dmatrix("x")
    f = function([x], [nl.matrix_inverse(x), nl.svd(x, compute_uv=0), nl.qr(x)[1]])
    values = [regular(200) + shift * np.eye(200) for shift in range(4)]
    wanted = [f(value) for value in values]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            for have, want in zip(pool.map(f, values), wanted, strict=True):
                for a, b in zip(have, want, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def test_factors_are_shared_by_what_needs_them() -> None:
    """In every order, of a matrix and its transpose; the state that is the matrix may change meanwhile."""
    x, b = T.dmatrix("x"), T.dvector("b")
    value, right = regular(5), np.arange(5.0)
    inverse = np.linalg.inv(value)
    parts = {
        "inverse": (nl.matrix_inverse(x), inverse),
        "turned": (nl.matrix_inverse(x.T), inverse.T),
        "solve": (sl.solve(x, b), inverse @ right),
        "back": (sl.solve(x.T, b), inverse.T @ right),
        "det": (nl.det(x.T), np.linalg.det(value)),
        "log": (T.log(abs(nl.det(x))), np.linalg.slogdet(value)[1]),
    }
    for order in (list(parts), list(parts)[::-1], ["back", "solve", "det"], ["turned", "inverse"], ["log", "turned"]):
        found = function([x, b], [parts[name][0] for name in order], on_unused_input="ignore")(value, right)
        for name, have in zip(order, found, strict=True):
            np.testing.assert_allclose(have, parts[name][1], rtol=1e-10, atol=1e-12, err_msg=f"{name} of {order}")
    state = shared(value)
    following = state + np.eye(5)
    f = function([], [sl.solve(state, right), sl.solve(following, right), nl.det(state)], updates=[(state, following)])
    for step in range(2):
        now = value + step * np.eye(5)
        wanted = [np.linalg.solve(now, right), np.linalg.solve(now + np.eye(5), right), np.linalg.det(now)]
        for have, want in zip(f(), wanted, strict=True):
            np.testing.assert_allclose(have, want, rtol=1e-10)


@pytest.mark.parametrize("name", ["inverse", "solve", "expm", "det", "pinv", "qr", "svd"])
def test_sizes_that_are_known_in_part(name: str) -> None:
    """A matrix with one known size, or two; the check of a square one is made when the function runs in any case."""
    ours = {**{key: pair[0] for key, pair in PAIRS.items()}, "expm": sl.expm, "pinv": nl.pinv}[name]
    for known in ((3, 3), (3, None), (None, 3), (3, 2), (None, 2)):
        x, free = T.tensor("float64", shape=known), T.dmatrix("x")
        f, wanted = function([x], ours(x)), function([free], ours(free))
        shape = tuple(3 if size is None else size for size in known)
        value = np.random.default_rng(1).normal(size=shape)
        if shape == (3, 3) or name in ("pinv", "qr", "svd"):
            found, other = (value if isinstance(value, list) else [value] for value in (f(value), wanted(value)))
            for have, want in zip(found, other, strict=True):
                np.testing.assert_allclose(have, want, rtol=1e-12, atol=1e-14)
        else:
            with pytest.raises(np.linalg.LinAlgError, match="expected a square matrix, got one of 3 by 2"):
                f(value)
