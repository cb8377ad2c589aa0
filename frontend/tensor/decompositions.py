"""Operations of one matrix, as objects of Theano's class names; `nlinalg.py` gives the functions."""

from __future__ import annotations

from typing import Any

from .linalg_complex import by_real, is_complex
from .linalg_op import LinalgOp, Shape, floating, host, square_shape
from .var import TensorVariable

__all__ = ["SVD", "Det", "Eig", "Eigh", "MatrixInverse", "MatrixPinv", "QRFull", "QRIncomplete"]


class MatrixInverse(LinalgOp):
    """The inverse of a square matrix. LinAlgError when it is singular."""

    def __call__(self, x: Any) -> TensorVariable:
        """The inverse of `x`, which may be complex."""
        if is_complex(x):
            return by_real(self, x)
        value = floating("matrix_inverse", x)
        return host("matrix_inverse", [value], [square_shape(value)])[0]


class MatrixPinv(LinalgOp):
    """The pseudo-inverse of Moore and Penrose; its derivative is that of matrices whose rank does not change nearby."""

    def __call__(self, x: Any) -> TensorVariable:
        """The pseudo-inverse of `x`, which may be complex."""
        if is_complex(x):
            return by_real(self, x, turned=True)
        value = floating("pinv", x)
        return host("pinv", [value], [value.type.shape[::-1]])[0]


class Det(LinalgOp):
    """The determinant of a square matrix."""

    def __call__(self, x: Any) -> TensorVariable:
        """The determinant of `x`."""
        return host("det", [floating("det", x)], [()])[0]


class Eig(LinalgOp):
    """Eigenvalues and eigenvectors (columns, of length 1) of a square matrix.

    ValueError when the function runs and they are complex: Theano cut their imaginary parts off. The derivative of the
    vectors is infinite where two values are equal.
    """

    def __call__(self, x: Any) -> list[TensorVariable]:
        """Values and vectors of `x`."""
        value = floating("eig", x)
        shape = square_shape(value)
        return host("eig", [value], [shape[:1], shape])


class Eigh(LinalgOp):
    """Eigenvalues, ascending, and eigenvectors (columns) of a symmetric matrix, of which the triangle `UPLO` is read.

    The derivative of the vectors is infinite where two values are equal.
    """

    __props__ = ("UPLO",)

    def __init__(self, UPLO: str = "L") -> None:
        if UPLO not in ("L", "U"):
            raise ValueError(f"eigh: UPLO is 'L' or 'U', not {UPLO!r}")
        self.UPLO = UPLO

    def __call__(self, x: Any) -> list[TensorVariable]:
        """Values and vectors of `x`."""
        value = floating("eigh", x)
        shape = square_shape(value)
        return host("eigh", [value], [shape[:1], shape], uplo=self.UPLO)


class SVD(LinalgOp):
    """The singular value decomposition: u, s and the transposed v with `x = (u * s) . v'`, or only s.

    `full_matrices` makes u and v square. The derivative of the vectors is infinite where two singular values are equal or one
    is zero; that of several vectors without a singular value is right for what depends on the space they span.
    """

    __props__ = ("compute_uv", "full_matrices")

    def __init__(self, full_matrices: bool = True, compute_uv: bool = True) -> None:
        self.full_matrices, self.compute_uv = bool(full_matrices), bool(compute_uv)

    def __call__(self, x: Any) -> Any:
        """The list of u, s, v', or s."""
        value = floating("svd", x)
        rows, columns = value.type.shape
        count = smaller(rows, columns)
        if not self.compute_uv:
            return host("svdvals", [value], [(count,)])[0]
        if self.full_matrices:
            return host("svd", [value], [(rows, rows), (count,), (columns, columns)], full=True)
        return host("svd", [value], [(rows, count), (count,), (count, columns)])


def smaller(rows: int | None, columns: int | None) -> int | None:
    """The smaller size of a matrix, where both are known."""
    return None if rows is None or columns is None else min(rows, columns)


class QRFull(LinalgOp):
    """The QR decomposition: q with orthonormal columns and r upper triangular; in the mode "raw", LAPACK's h and tau.

    The derivative is that of matrices whose first columns are independent; "raw" has none.
    """

    __props__ = ("mode",)

    def __init__(self, mode: str = "reduced") -> None:
        self.mode = mode

    def __call__(self, x: Any) -> list[TensorVariable]:
        """The two parts of `x`."""
        value = floating("qr", x)
        rows, columns = value.type.shape
        count = smaller(rows, columns)
        shapes: dict[str, list[Shape]] = {
            "reduced": [(rows, count), (count, columns)],
            "complete": [(rows, rows), (rows, columns)],
            "raw": [(columns, rows), (count,)],
        }
        return host("qr", [value], shapes[self.mode], mode=self.mode)


class QRIncomplete(LinalgOp):
    """The part r of the QR decomposition."""

    __props__ = ("mode",)

    def __init__(self, mode: str = "r") -> None:
        self.mode = mode

    def __call__(self, x: Any) -> TensorVariable:
        """r of `x`."""
        return QRFull()(x)[1]
