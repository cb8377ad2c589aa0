"""`nlinalg` and `slinalg`: values against NumPy, errors, names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.linalg import LinAlgError

import phintys
import phintys.tensor as T
from phintys import function, shared
from phintys.sandbox import linalg
from phintys.tensor import nlinalg as nl
from phintys.tensor import slinalg as sl

SIZES = (0, 1, 2, 5, 7)
Array = np.ndarray[Any, Any]


def sample(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def regular(size: int, dtype: str = "float64") -> Array:
    """A matrix with a well-conditioned inverse."""
    return (sample(size, size) + 3 * np.eye(size)).astype(dtype)


def positive(size: int, dtype: str = "float64") -> Array:
    x = sample(size, size)
    return (x @ x.T + np.eye(size)).astype(dtype)


def symmetric(x: Array, lower: bool = True) -> Array:
    """The matrix of one triangle."""
    part = np.tril(x) if lower else np.triu(x).T
    return part + np.tril(part, -1).T


SQUARE: dict[str, tuple[Callable[[Any], Any], Callable[[Array], Any]]] = {
    "matrix_inverse": (nl.matrix_inverse, np.linalg.inv),
    "det": (nl.det, np.linalg.det),
    "pinv": (nl.pinv, np.linalg.pinv),
    "eigh": (nl.eigh, np.linalg.eigh),
    "eigh upper": (lambda x: nl.eigh(x, "U"), lambda x: np.linalg.eigh(x, "U")),
    "svd": (nl.svd, np.linalg.svd),
    "svd thin": (lambda x: nl.svd(x, full_matrices=0), lambda x: np.linalg.svd(x, full_matrices=False)),
    "svd values": (lambda x: nl.svd(x, compute_uv=0), lambda x: np.linalg.svd(x, compute_uv=False)),
    "qr": (nl.qr, np.linalg.qr),
    "qr r": (lambda x: nl.qr(x, "r"), lambda x: np.linalg.qr(x, "r")),
    "qr complete": (lambda x: nl.qr(x, "complete"), lambda x: np.linalg.qr(x, "complete")),
    "qr raw": (lambda x: nl.qr(x, "raw"), lambda x: np.linalg.qr(x, "raw")),
    "trace": (nl.trace, np.trace),
    "diag": (nl.diag, np.diag),
    "extract_diag": (nl.extract_diag, np.diagonal),
    "matrix_dot": (lambda x: nl.matrix_dot(x, x.T, x), lambda x: x @ x.T @ x),
    "matrix_power": (lambda x: nl.matrix_power(x, 5), lambda x: np.linalg.matrix_power(x, 5)),
    "matrix_power 0": (lambda x: nl.matrix_power(x, 0), lambda x: np.linalg.matrix_power(x, 0)),
    "matrix_power -3": (lambda x: nl.matrix_power(x, -3), lambda x: np.linalg.matrix_power(x, -3)),
    "norm": (nl.norm, np.linalg.norm),
    "solve": (lambda x: sl.solve(x, x[:, 0:]), lambda x: np.linalg.solve(x, x)),
    "solve_symmetric": (lambda x: sl.solve_symmetric(x, x.T), lambda x: np.linalg.solve(x, x.T)),
    "solve lower": (lambda x: sl.solve_lower_triangular(x, x), lambda x: np.linalg.solve(np.tril(x), x)),
    "solve upper": (lambda x: sl.solve_upper_triangular(x, x), lambda x: np.linalg.solve(np.triu(x), x)),
    "kron": (lambda x: sl.kron(x, x.T), lambda x: np.kron(x, x.T)),
    "eigvalsh": (sl.eigvalsh, np.linalg.eigvalsh),
    "eigvalsh upper": (lambda x: sl.eigvalsh(x, lower=False), lambda x: np.linalg.eigvalsh(x, "U")),
}


def assert_all_close(found: Any, wanted: Any, dtype: str) -> None:
    many = isinstance(found, list)
    for have, want in zip(found if many else [found], wanted if many else [wanted], strict=True):
        assert have.dtype == dtype and have.shape == np.shape(want)
        relative, absolute = (1e-9, 1e-9) if dtype == "float64" else (2e-3, 1e-4)
        np.testing.assert_allclose(have, want, rtol=relative, atol=absolute)


def turned(parts: Any) -> list[Any]:
    """Eigenvectors or singular vectors with signs that make the largest element of each positive."""
    *first, last = parts
    if len(parts) == 3:
        return [*turned(first[1::-1])[::-1], turned([0, last.T])[1].T]
    largest = np.take_along_axis(last, np.abs(last).argmax(axis=0, keepdims=True), axis=0) if last.size else last
    return [*first, last * np.sign(largest)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SQUARE)
def test_against_numpy(name: str, dtype: str) -> None:
    ours, numpys = SQUARE[name]
    x = T.matrix("x", dtype=dtype)
    f = function([x], ours(x))
    for size in SIZES:
        value = regular(size, dtype)
        for operand in (value, value.T, np.repeat(value, 2, axis=0)[::2]):
            found, wanted = f(operand), numpys(operand)
            if name in ("eigh", "eigh upper", "svd", "svd thin"):
                found, wanted = turned(found), turned(wanted)
            assert_all_close(found, wanted, dtype)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (5, 2), (2, 5)])
@pytest.mark.parametrize(
    "name", ["pinv", "svd", "svd thin", "svd values", "qr", "qr r", "qr complete", "qr raw", "trace", "diag"]
)
def test_rectangles_against_numpy(name: str, shape: tuple[int, int]) -> None:
    if name == "qr raw" and 0 in shape:
        pytest.skip("NumPy's own result depends on its version")
    ours, numpys = SQUARE[name]
    x = T.dmatrix("x")
    assert_all_close(function([x], ours(x))(sample(*shape)), numpys(sample(*shape)), "float64")


def test_cholesky_reads_one_triangle() -> None:
    x = T.dmatrix("x")
    f = function([x], [sl.cholesky(x), sl.Cholesky(lower=False)(x)])
    for size in SIZES:
        value = positive(size)
        other = sample(size, size)
        lower = f(np.tril(value) + np.triu(other, 1))[0]
        upper = f(np.triu(value) + np.tril(other, -1))[1]
        np.testing.assert_allclose(lower @ lower.T, value, atol=1e-12)
        np.testing.assert_allclose(upper.T @ upper, value, atol=1e-12)
        np.testing.assert_array_equal(lower, np.tril(lower))
        np.testing.assert_array_equal(upper, np.triu(upper))
    assert np.isnan(function([x], sl.Cholesky(on_error="nan")(x))(-np.eye(2))).all()


def test_triangular_systems_of_many_rows() -> None:
    a, b = T.dmatrix("a"), T.dvector("b")
    lower, right = np.tril(sample(101, 101)) + 20 * np.eye(101), sample(101)
    for solve, value in ((sl.solve_lower_triangular, lower), (sl.solve_upper_triangular, lower.T)):
        np.testing.assert_allclose(function([a, b], solve(a, b))(value, right), np.linalg.solve(value, right))


def test_the_exponential() -> None:
    """Against SciPy's over all degrees of the approximant; of a nilpotent matrix the series ends."""
    scipy_linalg = pytest.importorskip("scipy.linalg")
    x = T.dmatrix("x")
    f = function([x], sl.expm(x))
    for size in SIZES:
        for scale in (0.0, 1e-4, 0.02, 0.1, 0.3, 1.0, 5.0):
            value = scale * sample(size, size)
            wanted = scipy_linalg.expm(value) if size else value
            np.testing.assert_allclose(f(value), wanted, rtol=1e-10, atol=1e-12 * np.abs(wanted).max(initial=1))
    step = np.triu(np.ones((3, 3)), 1)
    np.testing.assert_allclose(f(step), np.eye(3) + step + step @ step / 2, rtol=1e-14)
    assert np.isnan(f(np.array([[np.nan, 0.0], [0.0, 1.0]]))).all()
    single = T.fmatrix("x")
    value = sample(4, 4).astype("float32")
    found = function([single], sl.expm(single))(value)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, f(value), rtol=1e-5)


def test_general_eigenvalues() -> None:
    x = T.dmatrix("x")
    f = function([x], nl.eig(x))
    for size in SIZES:
        value = positive(size) @ np.diag(np.arange(1.0, size + 1))  # similar to a symmetric one
        values, vectors = f(value)
        np.testing.assert_allclose(value @ vectors, vectors * values, atol=1e-9)
    with pytest.raises(ValueError, match=r"eig: the 2 by 2 matrix has complex eigenvalues"):
        f(np.array([[0.0, 1.0], [-1.0, 0.0]]))


@pytest.mark.parametrize("lower", [True, False])
def test_eigenvalues_of_a_pencil(lower: bool) -> None:
    a, b = T.dmatrix("a"), T.dmatrix("b")
    f = function([a, b], sl.eigvalsh(a, b, lower))
    for size in SIZES:
        left, right = sample(size, size), positive(size)
        wanted = np.sort(np.linalg.eigvals(np.linalg.solve(right, symmetric(left, lower))).real)
        mask = np.tri(size, dtype=bool) if lower else np.tri(size, dtype=bool).T
        np.testing.assert_allclose(f(left, np.where(mask, right, 9.0)), wanted, atol=1e-9)


def test_tensor_equations() -> None:
    a, b = T.tensor3("a", "float64"), T.dmatrix("b")
    value, right = sample(2, 3, 6), sample(2, 3)
    np.testing.assert_allclose(function([a], nl.tensorinv(a))(value), np.linalg.tensorinv(value))
    np.testing.assert_allclose(function([a, b], nl.tensorsolve(a, b))(value, right), np.linalg.tensorsolve(value, right))
    found = function([a, b], nl.tensorsolve(a, b, axes=(0,)))(np.moveaxis(value, 2, 0), right)
    np.testing.assert_allclose(found, np.linalg.tensorsolve(np.moveaxis(value, 2, 0), right, axes=(0,)))


def test_least_squares() -> None:
    a, b = T.dmatrix("a"), T.dmatrix("b")
    f = function([a, b], nl.lstsq()(a, b, -1))
    for found, wanted in zip(f(sample(7, 3), sample(7, 2)), np.linalg.lstsq(sample(7, 3), sample(7, 2), rcond=-1), strict=True):
        np.testing.assert_allclose(found, wanted)
    v = T.dvector("v")
    found = function([a, v], nl.lstsq()(a, v))(sample(3, 3), sample(3))
    assert found[0].shape == (3,) and found[1].shape == (0,) and found[2] == 3


def test_logarithms_of_determinants_do_not_overflow() -> None:
    x = T.dmatrix("x")
    logs = T.log(nl.det(x)), T.log(abs(nl.det(x)))
    f = function([x], [*logs, *(T.grad(log, x) for log in logs)])
    for size in SIZES:
        value = positive(size)
        inverse = np.linalg.inv(value).T
        for found, wanted in zip(f(value), [np.linalg.slogdet(value)[1]] * 2 + [inverse] * 2, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)
    value = 100 * positive(300)
    assert function([x], nl.det(x))(value) == np.inf
    np.testing.assert_allclose(f(value)[0], np.linalg.slogdet(value)[1], rtol=1e-12)
    np.testing.assert_allclose(f(value)[2], np.linalg.inv(value), rtol=1e-8, atol=1e-10)
    swapped = value[[1, 0, *range(2, 300)]]
    assert np.isnan(f(swapped)[0]) and np.isclose(f(swapped)[1], np.linalg.slogdet(value)[1])
    g = function([x], logs)
    assert [float(log) for log in g(np.ones((2, 2)))] == [-np.inf, -np.inf]
    assert all(np.isnan(log) for log in g(np.full((2, 2), np.nan)))
    single = T.fmatrix("y")
    found = function([single], T.log(nl.det(single)))(value.astype("float32"))
    assert found.dtype == "float32" and np.isclose(found, np.linalg.slogdet(value)[1], rtol=1e-6)


@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, 0.5, "inf", "-inf", float("inf"), -1])
def test_norms_of_vectors(order: Any) -> None:
    x = T.dvector("x")
    value = sample(6)
    numpys = float(order) if isinstance(order, str) else order
    np.testing.assert_allclose(function([x], nl.norm(x, order))(value), np.linalg.norm(value, numpys))


@pytest.mark.parametrize("order", [None, "fro", "nuc", 1, -1, 2, -2, "inf", "-inf"])
def test_norms_of_matrices(order: Any) -> None:
    x = T.dmatrix("x")
    value = sample(3, 4)
    numpys: Any = float(order) if order in ("inf", "-inf") else order
    np.testing.assert_allclose(function([x], nl.norm(x, order))(value), np.linalg.norm(value, numpys))


def test_kron_of_other_ranks() -> None:
    x, y, z = T.dvector("x"), T.dmatrix("y"), T.dtensor3("z")
    f = function([x, y, z], [sl.kron(x, y), sl.kron(y, x), sl.kron(z, y)])
    values = sample(3), sample(2, 4), sample(2, 3, 2)
    for found, (a, b) in zip(f(*values), ((0, 1), (1, 0), (2, 1)), strict=True):
        np.testing.assert_allclose(found, np.kron(values[a], values[b]))
    with pytest.raises(TypeError, match="sum to 3 or more"):
        sl.kron(x, x)


@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
def test_complex_matrices(dtype: str) -> None:
    z, w, m = T.matrix("z", dtype=dtype), T.vector("w", dtype=dtype), T.matrix("m", dtype=dtype)
    outputs = [nl.matrix_inverse(z), sl.solve(z, w), sl.solve(z, m), sl.solve_lower_triangular(z, w), nl.pinv(z[:, 1:])]
    f = function([z, w, m], [*outputs, sl.expm(z), sl.solve(T.real(z), w)])
    for size in SIZES:
        a = (regular(size) + 1j * sample(size, size, seed=1)).astype(dtype)
        b, c = (sample(size, seed=2) * 1j + 1).astype(dtype), sample(size, 3).astype(dtype)
        found = f(a, b, c)
        inverse = np.linalg.inv(a)
        wanted = [inverse, inverse @ b, inverse @ c, np.linalg.solve(np.tril(a), b), np.linalg.pinv(a[:, 1:])]
        for have, want in zip(found, wanted, strict=False):
            assert have.dtype == dtype
            np.testing.assert_allclose(have, want, rtol=1e-3 if dtype == "complex64" else 1e-9, atol=1e-4)
        np.testing.assert_allclose(found[6], np.linalg.solve(a.real, b), rtol=1e-3, atol=1e-4)
        values, vectors = np.linalg.eig(a.astype("complex128"))
        power = vectors @ np.diag(np.exp(values)) @ np.linalg.inv(vectors) if size else a
        np.testing.assert_allclose(found[5], power, rtol=1e-4, atol=1e-4 * np.abs(power).max(initial=1))


def test_integers_become_float64_and_dtypes_mix() -> None:
    x, y = T.imatrix("x"), T.fmatrix("y")
    value = np.array([[2, 1], [1, 1]], "int32")
    assert_all_close(function([x], nl.matrix_inverse(x))(value), np.linalg.inv(value), "float64")
    assert_all_close(function([x, y], sl.solve(x, y))(value, np.eye(2, dtype="float32")), np.linalg.inv(value), "float64")


@pytest.mark.parametrize(
    ("fun", "value", "match"),
    [
        (nl.matrix_inverse, np.ones((2, 2)), r"matrix_inverse: the 2 by 2 matrix is singular"),
        (nl.matrix_inverse, np.ones((2, 3)), r"matrix_inverse: expected a square matrix, got one of 2 by 3"),
        (nl.det, np.ones((2, 3)), r"det: expected a square matrix"),
        (lambda x: nl.eigh(x)[0], np.ones((2, 3)), r"eigh: expected a square matrix"),
        (sl.expm, np.ones((2, 3)), r"expm: expected a square matrix"),
        (sl.cholesky, -np.eye(3), r"cholesky: the 3 by 3 matrix is not positive definite"),
        (lambda x: sl.solve(x, x), np.ones((3, 3)), r"solve: the 3 by 3 matrix is singular"),
        (lambda x: sl.solve_lower_triangular(x, x), np.diag([1.0, 0.0]), r"solve: .* singular, element 1 of its diagonal is 0"),
        (lambda x: sl.solve(x, x[1:]), np.eye(3), r"solve: the matrix has 3 rows but the right side has 2"),
    ],
)
def test_errors_leave_states_alone(fun: Callable[[Any], Any], value: Array, match: str) -> None:
    x, state = T.dmatrix("x"), shared(1.0)
    f = function([x], fun(x), updates=[(state, state + 1)])
    with pytest.raises(ValueError, match=match) as raised:
        f(value)
    assert isinstance(raised.value, LinAlgError) or "rows but" in match
    assert state.get_value() == 1.0
    said = "\n".join([str(raised.value), *getattr(raised.value, "__notes__", ())])
    assert "test_linalg.py" in said and "Apply node that caused the error" in said


def test_errors_when_the_expression_is_written() -> None:
    v, z, t = T.dvector("v"), T.zmatrix("z"), T.dtensor3("t")
    for wrong in (
        lambda: nl.det(v),
        lambda: sl.cholesky(z),
        lambda: sl.solve(T.dmatrix(), t),
        lambda: nl.matrix_inverse(T.ztensor3()),
        lambda: nl.diag(t),
        lambda: nl.matrix_power(T.dmatrix(), T.iscalar()),
        lambda: nl.alloc_diag(t),
    ):
        with pytest.raises(TypeError):
            wrong()
    for wrong in (
        lambda: nl.qr(T.dmatrix(), "ful"),
        lambda: sl.Solve(A_structure="odd"),
        lambda: nl.norm(T.dscalar(), 2),
        lambda: nl.norm(T.dmatrix(), 3),
        lambda: nl.eigh(T.dmatrix(), "X"),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_the_sandbox() -> None:
    x = T.dmatrix("x")
    value = positive(5)
    found = function([x], linalg.spectral_radius_bound(linalg.psd(x), 5))(value)
    largest = np.linalg.eigvalsh(value)[-1]
    assert largest <= found < 1.05 * largest
    with pytest.raises(TypeError):
        linalg.spectral_radius_bound(T.dvector(), 5)
    with pytest.raises(ValueError):
        linalg.spectral_radius_bound(x, 0)


def test_names_and_equality() -> None:
    x = T.dmatrix("x")
    assert phintys.pp(nl.det(x)) == "Det(x)"
    assert sl.Solve() == sl.solve != sl.solve_lower_triangular
    assert repr(sl.Cholesky()) == "Cholesky{lower=True, destructive=False, on_error='raise'}"
    assert T.nlinalg is nl and T.slinalg is sl
