"""Theano's `tensor.nlinalg`: inverses, determinants, decompositions: LAPACK's, called by compiled code.

    x = T.dmatrix()
    f = function([x], [T.nlinalg.matrix_inverse(x), T.grad(T.nlinalg.det(x), x)])

Operations of one matrix are objects of Theano's class names; `Det()(x)` is `det(x)`. Real matrices of any float dtype;
integers become float64; inverses, systems and exponentials take complex ones too. TypeError for other ranks and other
complex ones when the expression is written; `numpy.linalg.LinAlgError` (a ValueError) when the function runs and a matrix is
singular or not square where it must be. Derivatives: `passes/vjp_linalg.py`; `log(det(x))` is computed without overflow.
"""

from __future__ import annotations

from typing import Any

from phintys.ir.types import TensorType

from ..aliases import names
from ..errors import near
from . import diagonals
from .build import as_tensor_variable, cast, known_scalar
from .decompositions import SVD, Det, Eig, Eigh, MatrixInverse, MatrixPinv, QRFull, QRIncomplete, smaller
from .diagonals import eye
from .elementwise import abs_, neq, sqr, sqrt
from .elementwise import pow as pow_
from .linalg import dot
from .linalg_op import LinalgOp, floating, host_typed, together
from .reduction import max as max_
from .reduction import min as min_
from .reduction import sum as sum_
from .shaping import axis_of, dim, reshape, size_of, transpose
from .var import TensorVariable

__all__ = [
    "SVD",
    "AllocDiag",
    "Det",
    "Eig",
    "Eigh",
    "ExtractDiag",
    "MatrixInverse",
    "MatrixPinv",
    "QRFull",
    "QRIncomplete",
    "TensorInv",
    "TensorSolve",
    "alloc_diag",
    "det",
    "diag",
    "eig",
    "eigh",
    "extract_diag",
    "lstsq",
    "matrix_dot",
    "matrix_inverse",
    "matrix_power",
    "norm",
    "pinv",
    "qr",
    "svd",
    "tensorinv",
    "tensorsolve",
    "trace",
]


class TensorInv(LinalgOp):
    """The inverse of a tensor with respect to `tensordot` over its first `ind` dimensions."""

    __props__ = ("ind",)

    def __init__(self, ind: int = 2) -> None:
        if ind <= 0:
            raise ValueError(f"tensorinv: ind is at least 1, not {ind}")
        self.ind = ind

    def __call__(self, a: Any) -> TensorVariable:
        """The inverse of `a`."""
        x = as_tensor_variable(a)
        first, rest = list(range(self.ind)), list(range(self.ind, x.ndim))
        inverse = matrix_inverse(reshape(x, [size_of(x, first), size_of(x, rest)]))
        return reshape(inverse, [dim(x, axis) for axis in rest + first])


class TensorSolve(LinalgOp):
    """The x with `tensordot(a, x, x.ndim) = b`; `axes` of `a` are first moved to its end."""

    __props__ = ("axes",)

    def __init__(self, axes: Any = None) -> None:
        self.axes = None if axes is None else tuple(axes)

    def __call__(self, a: Any, b: Any) -> TensorVariable:
        """The solution for `b`."""
        from .slinalg import solve

        x, y = as_tensor_variable(a), as_tensor_variable(b)
        moved = [axis_of(x, axis) for axis in self.axes or ()]
        if moved:
            x = transpose(x, [*(axis for axis in range(x.ndim) if axis not in moved), *moved])
        rest = list(range(y.ndim, x.ndim))
        matrix = reshape(x, [size_of(y, list(range(y.ndim))), size_of(x, rest)])
        return reshape(solve(matrix, y.flatten()), [dim(x, axis) for axis in rest])


class ExtractDiag(LinalgOp):
    """The main diagonal of a matrix."""

    def __init__(self, view: bool = False) -> None:
        self.view = view

    def __call__(self, x: Any) -> TensorVariable:
        """The diagonal of `x`. TypeError when it is no matrix."""
        value = as_tensor_variable(x)
        if value.ndim != 2:
            raise TypeError("ExtractDiag only works on matrices", x)
        return diagonals.extract_diag(value)


class AllocDiag(LinalgOp):
    """A square matrix with a vector as its diagonal."""

    def __call__(self, diag: Any) -> TensorVariable:
        """The matrix. TypeError when `diag` is no vector."""
        value = as_tensor_variable(diag)
        if value.ndim != 1:
            raise TypeError("AllocDiag only works on vectors", diag)
        return diagonals.alloc_diag(value)


class lstsq(LinalgOp):  # noqa: N801, RUF100  (Theano's name)
    """Least squares: `lstsq()(a, b, rcond)` is x, the sums of squares, the rank of `a` and its singular values.

    The derivative is that of matrices whose rank does not change nearby; the rank itself has none.
    """

    def __call__(self, x: Any, y: Any, rcond: Any = -1) -> list[TensorVariable]:
        """The solution for the right side `y`, a vector or a matrix; `rcond` as in NumPy."""
        a, b = together(floating("lstsq", x), floating("lstsq", y, (1, 2)))
        rows, columns = a.type.shape
        shapes = [(columns, *b.type.shape[1:]), (None,), (), (smaller(rows, columns),)]
        dtypes = [a.dtype, a.dtype, "int64", a.dtype]
        types = [TensorType(dtype, shape) for dtype, shape in zip(dtypes, shapes, strict=True)]
        return host_typed("lstsq", [a, b, cast(as_tensor_variable(rcond), "float64")], types)


matrix_inverse = MatrixInverse()
pinv = MatrixPinv()
det = Det()
eig = Eig()
extract_diag = ExtractDiag()
alloc_diag = AllocDiag()
_MODES = {"reduced": "reduced", "full": "reduced", "complete": "complete", "raw": "raw", "r": "r"}


def eigh(a: Any, UPLO: str = "L") -> list[TensorVariable]:
    """Eigenvalues and eigenvectors of a symmetric matrix, see `Eigh`."""
    return Eigh(UPLO)(a)


def qr(a: Any, mode: str = "reduced") -> Any:
    """The QR decomposition; `mode` "reduced" (or "full"), "complete", "r" for r alone, "raw" for LAPACK's h and tau."""
    if mode not in _MODES:
        raise ValueError(f"qr: the mode is one of {', '.join(_MODES)}, not {mode!r}{near(mode, _MODES)}")
    return QRIncomplete()(a) if mode == "r" else QRFull(_MODES[mode])(a)


def svd(a: Any, full_matrices: Any = 1, compute_uv: Any = 1) -> Any:
    """The singular value decomposition, see `SVD`."""
    return SVD(full_matrices, compute_uv)(a)


def diag(x: Any) -> TensorVariable:
    """The diagonal of a matrix, or the matrix with a vector as its diagonal. TypeError for other ranks."""
    value = as_tensor_variable(x)
    if value.ndim not in (1, 2):
        raise TypeError("diag requires vector or matrix argument", x)
    return alloc_diag(value) if value.ndim == 1 else extract_diag(value)


def trace(X: Any) -> TensorVariable:
    """The sum of the diagonal of a matrix."""
    return sum_(extract_diag(X))


def matrix_dot(*args: Any) -> TensorVariable:
    """The product of several matrices in their order."""
    product = as_tensor_variable(args[0])
    for other in args[1:]:
        product = dot(product, other)
    return product


def matrix_power(M: Any, n: Any) -> TensorVariable:
    """The product of `n` factors M, by squaring; the identity for 0, a power of the inverse for a negative `n`.

    TypeError when `n` is no integer that is known when the expression is written.
    """
    x, count = as_tensor_variable(M), known_scalar(n)
    if not isinstance(count, int):
        raise TypeError(f"matrix_power takes a known integer as exponent, got {n!r}")
    if x.ndim != 2:
        raise TypeError(f"matrix_power takes a matrix, got {x} of {x.type}")
    if count < 0:
        x, count = matrix_inverse(x), -count
    if not count:
        return eye(dim(x, 0), dtype=x.dtype)
    result: TensorVariable | None = None
    while count:
        if count & 1:
            result = x if result is None else dot(result, x)
        count >>= 1
        if count:
            x = dot(x, x)
    assert result is not None
    return result


def norm(x: Any, ord: Any = None) -> TensorVariable:
    """The norm of a vector or a matrix, of NumPy's orders; "inf" and "-inf" may be words. ValueError for other orders."""
    value = as_tensor_variable(x)
    order = float(ord) if ord in ("inf", "-inf") else ord
    if not value.ndim:
        raise ValueError("'axis' entry is out of bounds.")
    if value.ndim > 2:
        raise NotImplementedError(f"norm takes a vector or a matrix, got {value} of {value.type}")
    return _vector_norm(value, order) if value.ndim == 1 else _matrix_norm(value, order)


def _euclidean(x: TensorVariable) -> TensorVariable:
    return sqrt(sum_(sqr(x)))


def _vector_norm(x: TensorVariable, order: Any) -> TensorVariable:
    if order is None or order == 2:
        return _euclidean(x)
    if isinstance(order, str):
        raise ValueError(f"Invalid norm order for vectors: {order!r}")
    if abs(order) == float("inf"):
        return (max_ if order > 0 else min_)(abs_(x))
    if order == 0:
        return sum_(neq(x, 0))
    return pow_(sum_(pow_(abs_(x), order)), 1.0 / order)


def _matrix_norm(x: TensorVariable, order: Any) -> TensorVariable:
    if order is None or order == "fro":
        return _euclidean(x)
    if order in ("nuc", 2, -2):
        values = svd(x, compute_uv=0)
        return sum_(values) if order == "nuc" else max_(values) if order == 2 else min_(values)
    if order not in (1, -1, float("inf"), float("-inf")):
        raise ValueError(f"Invalid norm order for matrices: {order!r}; expected None, 'fro', 'nuc', ±inf, ±1 or ±2")
    sums = sum_(abs_(x), axis=0 if abs(order) == 1 else 1)
    return max_(sums) if order > 0 else min_(sums)


def tensorinv(a: Any, ind: int = 2) -> TensorVariable:
    """The inverse of a tensor, see `TensorInv`."""
    return TensorInv(ind)(a)


def tensorsolve(a: Any, b: Any, axes: Any = None) -> TensorVariable:
    """The solution of a tensor equation, see `TensorSolve`."""
    return TensorSolve(axes)(a, b)


__getattr__ = names(__name__)
