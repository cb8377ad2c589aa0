"""Derivatives of `nlinalg` and `slinalg`, first and second, against differences."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import phintys.tensor as T
from phintys import function
from phintys.gradient import NullTypeGradError
from phintys.ir.diagnostics import DiagnosticError
from phintys.ir.graph import Graph
from phintys.passes.vjp_linalg import LINALG
from phintys.tensor import nlinalg as nl
from phintys.tensor import slinalg as sl
from phintys.tensor.linalg_op import host

SIZES = (0, 1, 2, 5, 7)
Array = np.ndarray[Any, Any]


def sample(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape)


def regular(size: int) -> Array:
    """A matrix with a well-conditioned inverse."""
    return sample(size, size) + 3 * np.eye(size)


def positive(size: int) -> Array:
    x = sample(size, size)
    return x @ x.T + np.eye(size)


def real_spectrum(size: int) -> Array:
    """A matrix that is not symmetric, with different real eigenvalues."""
    x = regular(size)
    return x @ np.diag(np.arange(1.0, size + 1)) @ np.linalg.inv(x)


DERIVED: dict[str, tuple[Callable[..., Any], list[Array]]] = {
    "matrix_inverse": (nl.matrix_inverse, [regular(4)]),
    "det": (nl.det, [regular(4)]),
    "slogdet": (lambda x: host("slogdet", [x], [(), ()])[1], [regular(4)]),
    "log det": (lambda x: T.log(nl.det(x)) + T.log(abs(nl.det(-x))), [positive(5)]),
    "pinv": (nl.pinv, [regular(4)]),
    "pinv high": (nl.pinv, [sample(5, 3)]),
    "pinv wide": (nl.pinv, [sample(3, 5)]),
    "cholesky": (sl.cholesky, [positive(4)]),
    "cholesky upper": (sl.Cholesky(lower=False), [positive(4)]),
    "solve vector": (sl.solve, [regular(4), sample(4)]),
    "solve matrix": (sl.solve, [regular(4), sample(4, 3)]),
    "solve_symmetric": (sl.solve_symmetric, [positive(4), sample(4, 3)]),
    "solve lower": (sl.solve_lower_triangular, [regular(4), sample(4)]),
    "solve lower matrix": (sl.solve_lower_triangular, [regular(4), sample(4, 3)]),
    "solve upper": (sl.solve_upper_triangular, [regular(4), sample(4)]),
    "solve upper matrix": (sl.solve_upper_triangular, [regular(4), sample(4, 3)]),
    "cofactor": (lambda x: host("cofactor", [x], [(3, 3)])[0], [regular(3) / 3]),
    "eigh values": (lambda x: nl.eigh(x)[0], [sample(4, 4)]),
    "eigh vectors": (lambda x: nl.eigh(x)[1], [sample(4, 4)]),
    "eigh upper": (lambda x: T.dot(nl.eigh(x, "U")[1], T.exp(nl.eigh(x, "U")[0])), [sample(4, 4)]),
    "eigvalsh": (lambda x, y: sl.eigvalsh(x, T.dot(y, y.T)), [sample(4, 4), regular(4)]),
    "eigvalsh upper": (lambda x, y: sl.eigvalsh(x, T.dot(y, y.T), lower=False), [sample(4, 4), regular(4)]),
    "svd values": (lambda x: nl.svd(x, compute_uv=0), [sample(3, 5)]),
    "svd full values": (lambda x: nl.svd(x)[1], [sample(5, 3)]),
    "svd full u": (lambda x: nl.svd(x)[0], [sample(4, 3)]),
    "svd full v": (lambda x: nl.svd(x)[2], [sample(3, 4)]),
    "svd full square": (lambda x: T.dot(nl.svd(x)[0], T.exp(nl.svd(x)[2])), [sample(4, 4)]),
    "svd null space": (lambda x: T.dot(nl.svd(x)[0][:, 2:], nl.svd(x)[0][:, 2:].T), [sample(5, 2)]),
    "svd u high": (lambda x: nl.svd(x, 0)[0], [sample(5, 3)]),
    "svd v high": (lambda x: nl.svd(x, 0)[2], [sample(5, 3)]),
    "svd u wide": (lambda x: nl.svd(x, 0)[0], [sample(3, 5)]),
    "svd v wide": (lambda x: nl.svd(x, 0)[2], [sample(3, 5)]),
    "qr q": (lambda x: nl.qr(x)[0], [regular(4)]),
    "qr r": (lambda x: nl.qr(x, "r"), [regular(4)]),
    "qr q high": (lambda x: nl.qr(x)[0], [sample(5, 3)]),
    "qr r high": (lambda x: nl.qr(x)[1], [sample(5, 3)]),
    "qr q wide": (lambda x: nl.qr(x)[0], [sample(3, 5)]),
    "qr r wide": (lambda x: nl.qr(x)[1], [sample(3, 5)]),
    "qr complete q": (lambda x: nl.qr(x, "complete")[0], [sample(4, 3)]),
    "qr complete r": (lambda x: nl.qr(x, "complete")[1], [sample(5, 3)]),
    "qr complete wide": (lambda x: T.dot(*nl.qr(x, "complete")) ** 2 + nl.qr(x, "complete")[1], [sample(3, 5)]),
    "eig values": (lambda x: nl.eig(x)[0], [real_spectrum(4)]),
    "eig vectors": (lambda x: nl.eig(x)[1], [real_spectrum(4)]),
    "lstsq": (lambda x, y: nl.lstsq()(x, y)[0], [sample(5, 3), sample(5, 2)]),
    "lstsq vector": (lambda x, y: nl.lstsq()(x, y)[0], [sample(5, 3), sample(5)]),
    "lstsq wide": (lambda x, y: nl.lstsq()(x, y)[0], [sample(3, 5), sample(3)]),
    "lstsq residues": (lambda x, y: nl.lstsq()(x, y)[1], [sample(5, 3), sample(5, 2)]),
    "lstsq residue": (lambda x, y: nl.lstsq()(x, y)[1].sum(), [sample(5, 3), sample(5)]),
    "lstsq values": (lambda x, y: nl.lstsq()(x, y)[3] + 0 * y.sum(), [sample(5, 3), sample(5)]),
    "complex inverse": (lambda x, y: abs(nl.matrix_inverse(T.complex(x, y))), [regular(3), sample(3, 3)]),
    "svdvals": (lambda x: host("svdvals", [x], [(3,)])[0], [sample(3, 5)]),
    "solve_triangular": (lambda x, y: host("solve_triangular", [x, y], [(4,)], lower=True)[0], [regular(4), sample(4)]),
    "expm": (sl.expm, [sample(4, 4)]),
    "trace": (nl.trace, [sample(3, 4)]),
    "matrix_power": (lambda x: nl.matrix_power(x, -3), [regular(4)]),
    "kron": (sl.kron, [sample(2, 3), sample(3, 2)]),
    "norm": (lambda x: nl.norm(x, None), [sample(4, 3)]),
    "norm 2": (lambda x: nl.norm(x, 2), [sample(4, 3)]),
    "norm inf": (lambda x: nl.norm(x, "inf"), [sample(4, 3)]),
    "norm 3": (lambda x: nl.norm(x, 3), [sample(4)]),
    "tensorinv": (nl.tensorinv, [sample(2, 3, 6)]),
    "tensorsolve": (nl.tensorsolve, [sample(2, 3, 6), sample(2, 3)]),
}


@pytest.mark.parametrize("name", DERIVED)
def test_derivatives_against_differences(name: str) -> None:
    fun, points = DERIVED[name]
    T.verify_grad(fun, points, rng=np.random.RandomState(3))


def functions_of(build: Callable[..., Any], count: int) -> set[str]:
    """Names of the functions of matrices in an expression of `count` matrices, vectors or other tensors."""
    for ranks in product((2, 1, 3), repeat=count):
        with contextlib.suppress(TypeError, ValueError, DiagnosticError):
            result = build(*(T.TensorType("float64", [False] * rank)() for rank in ranks))
            nodes = Graph("one", [], [result]).nodes()
            return {str(node.attrs["function"]) for node in nodes if node.op == "host"}
    raise AssertionError("takes no tensors")


def test_every_row_is_tested() -> None:
    found = {name for build, points in DERIVED.values() for name in functions_of(build, len(points))}
    assert {*LINALG} <= found


# Derivatives made of the same expressions as one that is tested: their second derivatives say nothing new.
ALIKE = {
    *("svd full u", "svd full v", "svd full values", "qr complete r", "lstsq vector", "lstsq wide", "lstsq residue"),
    *("lstsq values", "complex inverse", "norm inf", "solve lower", "solve upper", "tensorinv"),
}


@pytest.mark.parametrize("name", [name for name in DERIVED if name not in ALIKE])
def test_second_derivatives_against_differences(name: str) -> None:
    fun, points = DERIVED[name]
    T.verify_grad(lambda *xs: T.grad(T.exp(-fun(*xs)).sum(), xs[0]), points, rng=np.random.RandomState(3), rel_tol=1e-3)


@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_derivatives_of_norms(shape: tuple[int, ...]) -> None:
    """Of every order that there is, where they are smooth."""
    of_vectors, of_matrices = (None, 1, 2, 3, 0.5, -1, "inf", "-inf"), (None, "fro", "nuc", 1, -1, 2, -2, "inf", "-inf")
    for order in of_vectors if len(shape) == 1 else of_matrices:
        T.verify_grad(lambda x, order=order: nl.norm(x, order), [sample(*shape)], rng=np.random.RandomState(3))


def test_derivatives_in_single_precision() -> None:
    def gradients(dtype: str) -> list[Array]:
        x, y = T.matrix("x", dtype=dtype), T.vector("y", dtype=dtype)
        square = T.dot(x.T, x)
        solution, _, _, singular = nl.lstsq()(x, y)
        values, vectors = nl.eig(square)
        cost = (solution**2).sum() + singular.sum() + (values**2).sum() + (vectors**4).sum() + sl.expm(square / 9).sum()
        return function([x, y], T.grad(cost, [x, y]))(sample(5, 3).astype(dtype), sample(5).astype(dtype))  # type: ignore[no-any-return]

    for found, wanted in zip(gradients("float32"), gradients("float64"), strict=True):
        assert found.dtype == "float32"
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", SIZES)
def test_derivatives_at_every_size(size: int) -> None:
    """All of them exist; those of a sum of logarithms are known."""
    x = T.dmatrix("x")
    cost = sl.expm(x).sum() + nl.pinv(x).sum() + nl.qr(x)[1].sum() + nl.svd(x, 0)[1].sum() + nl.eigh(x)[0].sum()
    value = positive(size)
    assert np.isfinite(function([x], T.grad(cost, x))(value)).all()
    logs = 2 * T.log(nl.diag(sl.cholesky(x))).sum()
    of_logs, of_det = function([x], [T.grad(logs, x), T.grad(T.log(nl.det(x)), x)])(value)
    np.testing.assert_allclose(of_det, np.linalg.inv(value), atol=1e-10)
    np.testing.assert_allclose(of_logs, np.tril(2 * of_det) - np.diag(np.diag(of_det)), atol=1e-10)


def test_derivative_of_the_determinant_of_a_singular_matrix() -> None:
    x = T.dmatrix("x")
    found = function([x], T.grad(nl.det(x), x))(np.array([[1.0, 2.0], [2.0, 4.0]]))
    np.testing.assert_allclose(found, [[4.0, -2.0], [-2.0, 1.0]], atol=1e-12)


def test_what_has_no_derivative_says_so() -> None:
    x = T.dmatrix("x")
    for number in (0, 1):
        with pytest.raises(NullTypeGradError, match=r"QRFull.*not implemented.*'reduced' or 'complete'"):
            T.grad(nl.qr(x, "raw")[number].sum(), x)
