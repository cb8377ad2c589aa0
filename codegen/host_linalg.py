"""Linear algebra that NumPy carries out, where LAPACK is absent and for batches: decompositions, inverses, systems.

Operands are matrices of one float dtype, results have that dtype too. What is wrong with a matrix is said in a sentence
that begins with the operation: LinAlgError (a ValueError of `numpy.linalg`) for one that is not square, singular, not
positive definite or without convergence. Sources: `numpy.linalg`, which calls LAPACK; substitution by blocks, Golub and
Van Loan, Matrix Computations, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

import numpy as np
from numpy.linalg import LinAlgError

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]
_BLOCK = 32  # rows that substitution takes one by one; larger systems are cut in halves


def shape_text(x: Array) -> str:
    """`3 by 4`."""
    return " by ".join(map(str, x.shape))


def square(name: str, x: Array) -> None:
    """LinAlgError for a matrix that is not square."""
    if x.shape[0] != x.shape[1]:
        raise LinAlgError(f"{name}: expected a square matrix, got one of {shape_text(x)}")


def _reported(name: str, trouble: str, square_only: bool = True) -> Callable[[Function], Function]:
    """A host function whose errors begin with `name`, and say `trouble` where LAPACK gives up."""

    def decorate(function: Function) -> Function:
        @wraps(function)
        def call(x: Array, *others: Array, **options: Any) -> Any:
            if square_only:
                square(name, x)
            try:
                return function(x, *others, **options)
            except LinAlgError as error:
                if str(error).startswith(name):
                    raise
                raise LinAlgError(f"{name}: the {shape_text(x)} matrix {trouble} ({error})") from None

        return call

    return decorate


@_reported("matrix_inverse", "is singular")
def matrix_inverse(x: Array) -> Array:
    """The inverse."""
    return np.linalg.inv(x)


@_reported("det", "has no determinant")
def det(x: Array) -> Array:
    """The determinant; 1 for a matrix without rows."""
    return np.asarray(np.linalg.det(x), x.dtype)


@_reported("slogdet", "has no determinant")
def slogdet(x: Array) -> tuple[Array, Array]:
    """The sign of the determinant and the logarithm of its absolute value."""
    sign, logarithm = np.linalg.slogdet(x)
    return np.asarray(sign, x.dtype), np.asarray(logarithm, x.dtype)


@_reported("det", "has no cofactors")
def cofactor(x: Array) -> Array:
    """The matrix of cofactors, det(x) times the transposed inverse where there is one: the derivative of the determinant."""
    if not x.size:
        return x.copy()
    u, s, vt = np.linalg.svd(x)
    others = np.array([np.prod(np.delete(s, i)) for i in range(len(s))], x.dtype)
    return np.asarray(np.linalg.det(u) * np.linalg.det(vt) * (u * others) @ vt, x.dtype)


@_reported("pinv", "has no singular value decomposition", square_only=False)
def pinv(x: Array, rcond: Array | None = None) -> Array:
    """The pseudo-inverse of Moore and Penrose; `rcond` is what counts as zero, below 0 the dtype's precision."""
    if rcond is None:
        return np.linalg.pinv(x)
    return np.linalg.pinv(x, float(rcond) if rcond >= 0 else float(np.finfo(x.dtype).eps))


@_reported("svd", "has no singular value decomposition", square_only=False)
def svd(x: Array, full: bool = False) -> tuple[Array, ...]:
    """u, s, vt with `x = (u * s) @ vt`; `full` makes u and vt square."""
    return tuple(np.linalg.svd(x, full_matrices=full))


@_reported("svd", "has no singular value decomposition", square_only=False)
def svdvals(x: Array) -> Array:
    """Singular values, the largest first."""
    return np.linalg.svd(x, compute_uv=False)


@_reported("qr", "has no QR decomposition", square_only=False)
def qr(x: Array, mode: str = "reduced") -> Any:
    """q with orthonormal columns and r upper triangular, `x = q @ r`; `mode` as in NumPy."""
    found: Any = np.linalg.qr(x, mode)  # type: ignore[call-overload]
    return tuple(found) if isinstance(found, tuple) else found


@_reported("eig", "has no eigenvalues")
def eig(x: Array) -> tuple[Array, Array]:
    """Eigenvalues and, as columns, eigenvectors; ValueError when they are complex."""
    values, vectors = np.linalg.eig(x)
    if np.iscomplexobj(values):
        raise ValueError(f"eig: the {shape_text(x)} matrix has complex eigenvalues; this operation gives real ones")
    return values, vectors


@_reported("eigh", "has no eigenvalues")
def eigh(x: Array, uplo: Literal["L", "U"] = "L") -> tuple[Array, Array]:
    """Eigenvalues, the smallest first, and eigenvectors of the symmetric matrix of which one triangle is read."""
    values, vectors = np.linalg.eigh(x, uplo)
    return values, vectors


@_reported("cholesky", "is not positive definite")
def cholesky(x: Array, on_error: str = "raise") -> Array:
    """The lower triangular root of the symmetric matrix whose lower triangle is read; `on_error` "nan" never raises."""
    try:
        return np.linalg.cholesky(x)
    except LinAlgError:
        if on_error == "nan":
            return np.full_like(x, np.nan)
        raise


def _fits(name: str, a: Array, b: Array) -> None:
    if a.shape[0] != b.shape[0]:
        raise ValueError(f"{name}: the matrix has {a.shape[0]} rows but the right side has {b.shape[0]}")


@_reported("solve", "is singular")
def solve(a: Array, b: Array) -> Array:
    """x with `a @ x = b`, of a vector or a matrix b."""
    _fits("solve", a, b)
    column = b if b.ndim == 2 else b[:, None]
    return np.linalg.solve(a, column).reshape(b.shape)


@_reported("solve", "is singular")
def solve_triangular(a: Array, b: Array, lower: bool) -> Array:
    """x with `t @ x = b`, where t is the lower or the upper triangle of a; nothing else of a is read."""
    _fits("solve", a, b)
    zero = np.flatnonzero(np.diagonal(a) == 0)
    if zero.size:
        raise LinAlgError(f"solve: the {shape_text(a)} triangular matrix is singular, element {zero[0]} of its diagonal is 0")
    x = b.copy() if b.ndim == 2 else b[:, None].copy()
    if lower:
        _substitute(a, x)
    else:
        _substitute(a[::-1, ::-1], x[::-1])
    return x.reshape(b.shape)


def _substitute(a: Array, x: Array) -> None:
    """Solve a lower triangular system in place."""
    if len(a) <= _BLOCK:
        for i in range(len(a)):
            x[i] = (x[i] - a[i, :i] @ x[:i]) / a[i, i]
        return
    half = len(a) // 2
    _substitute(a[:half, :half], x[:half])
    x[half:] -= a[half:, :half] @ x[:half]
    _substitute(a[half:, half:], x[half:])


@_reported("lstsq", "has no singular value decomposition", square_only=False)
def lstsq(a: Array, b: Array, rcond: Array) -> tuple[Array, ...]:
    """The x of least squares of `a @ x - b`, the sums of squares, the rank of a, its singular values."""
    _fits("lstsq", a, b)
    x, residues, rank, singular = np.linalg.lstsq(a, b, rcond=float(rcond))
    return x, residues, np.asarray(rank, "int64"), singular


@_reported("expm", "has no exponential")
def squared(x: Array, times: Array) -> Array:
    """The matrix squared so many times."""
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(int(times)):
            x = x @ x
    return x.copy()
