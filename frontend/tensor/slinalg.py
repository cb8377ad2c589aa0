"""Theano's `tensor.slinalg`: Cholesky's factor, systems of equations, the matrix exponential, Kronecker's product.

    x = T.slinalg.solve_lower_triangular(T.slinalg.cholesky(a), b)

LAPACK's, called by compiled code; what is said in `nlinalg.py` of dtypes and errors holds here too.
"""

from __future__ import annotations

from typing import Any

from ..aliases import names
from .build import as_tensor_variable
from .diagonals import tril, triu
from .elementwise import mul
from .linalg_complex import by_real, is_complex
from .linalg_complex import solve as complex_solve
from .linalg_op import LinalgOp, floating, host, square_shape, together
from .nlinalg import Eigh
from .shaping import dim, dimshuffle, reshape, transpose
from .var import TensorVariable

__all__ = [
    "MATRIX_STRUCTURES",
    "Cholesky",
    "Eigvalsh",
    "Expm",
    "Solve",
    "cholesky",
    "eigvalsh",
    "expm",
    "kron",
    "solve",
    "solve_lower_triangular",
    "solve_symmetric",
    "solve_upper_triangular",
]

MATRIX_STRUCTURES = (
    "general",
    "symmetric",
    "lower_triangular",
    "upper_triangular",
    "hermitian",
    "banded",
    "diagonal",
    "toeplitz",
)
imported_scipy = True  # programs ask; everything here works without SciPy


class Cholesky(LinalgOp):
    """The triangular root of a symmetric, positive definite matrix, of which the same triangle is read.

    `dot(L, L.T)` is the matrix, `dot(L.T, L)` with `lower=False`. LinAlgError when it is not positive definite, or NaN
    everywhere with `on_error="nan"`.
    """

    __props__ = ("lower", "destructive", "on_error")

    def __init__(self, lower: bool = True, on_error: str = "raise") -> None:
        if on_error not in ("raise", "nan"):
            raise ValueError(f"cholesky: on_error is 'raise' or 'nan', not {on_error!r}")
        self.lower, self.destructive, self.on_error = lower, False, on_error

    def __call__(self, x: Any) -> TensorVariable:
        """The root of `x`."""
        value = floating("cholesky", x)
        read = value if self.lower else transpose(value)
        root = host("cholesky", [read], [square_shape(read)], on_error=self.on_error)[0]
        return root if self.lower else transpose(root)


class Solve(LinalgOp):
    """The x with `dot(A, x) = b`, for a vector or a matrix b.

    Of an `A_structure` "lower_triangular" or "upper_triangular" that triangle is read; the others make no difference, and
    their gradient is that of all elements. LinAlgError for a singular matrix, ValueError when the sizes differ.
    """

    __props__ = ("A_structure", "lower", "overwrite_A", "overwrite_b")

    def __init__(
        self, A_structure: str = "general", lower: bool = False, overwrite_A: bool = False, overwrite_b: bool = False
    ) -> None:
        if A_structure not in MATRIX_STRUCTURES:
            raise ValueError("Invalid matrix structure argument", A_structure)
        self.A_structure, self.lower, self.overwrite_A, self.overwrite_b = A_structure, lower, overwrite_A, overwrite_b

    def __call__(self, A: Any, b: Any) -> TensorVariable:
        """The solution; A and b may be complex."""
        if is_complex(A, b):
            return complex_solve(solve, A, b, self.A_structure)
        a, right = together(floating("solve", A), floating("solve", b, (1, 2)))
        shapes = [(a.type.shape[1], *right.type.shape[1:])]
        if self.A_structure.endswith("_triangular"):
            return host("solve_triangular", [a, right], shapes, lower=self.A_structure == "lower_triangular")[0]
        return host("solve", [a, right], shapes)[0]


class Eigvalsh(LinalgOp):
    """Eigenvalues, ascending, of a symmetric matrix a, or of the pencil of a and a positive definite b: `a v = w b v`.

    One triangle of each is read.
    """

    __props__ = ("lower",)

    def __init__(self, lower: bool = True) -> None:
        self.lower = bool(lower)

    def __call__(self, a: Any, b: Any = None) -> TensorVariable:
        """The values."""
        matrix = floating("eigvalsh", a)
        if b is None or getattr(b, "data", b) is None:
            return Eigh("L" if self.lower else "U")(matrix)[0]
        matrix, other = together(matrix, floating("eigvalsh", b))
        root = cholesky(other if self.lower else transpose(other))
        whole = self._whole(matrix)
        half = transpose(solve_lower_triangular(root, whole))
        return Eigh()(solve_lower_triangular(root, half))[0]

    def _whole(self, x: TensorVariable) -> TensorVariable:
        """The symmetric matrix of the triangle that is read."""
        return tril(x) + transpose(tril(x, -1)) if self.lower else triu(x) + transpose(triu(x, 1))


class Expm(LinalgOp):
    """The exponential of a square matrix: scaling and squaring, in double precision."""

    def __call__(self, A: Any) -> TensorVariable:
        """The exponential of `A`, which may be complex."""
        if is_complex(A):
            return by_real(self, A)
        x = floating("expm", A)
        return host("expm", [x], [square_shape(x)])[0]


cholesky = Cholesky()
solve = Solve()
solve_lower_triangular = Solve(A_structure="lower_triangular", lower=True)
solve_upper_triangular = Solve(A_structure="upper_triangular", lower=False)
solve_symmetric = Solve(A_structure="symmetric", lower=True)
expm = Expm()


def eigvalsh(a: Any, b: Any = None, lower: bool = True) -> TensorVariable:
    """Eigenvalues of a symmetric matrix or of a pencil, see `Eigvalsh`."""
    return Eigvalsh(lower)(a, b)


def kron(a: Any, b: Any) -> TensorVariable:
    """Kronecker's product: each element of `a` times all of `b`. Of different ranks, the smaller gets leading sizes 1.

    TypeError unless the ranks sum to 3 or more.
    """
    x, y = as_tensor_variable(a), as_tensor_variable(b)
    if x.ndim + y.ndim <= 2:
        raise TypeError(f"kron: inputs dimensions must sum to 3 or more. You passed {x.ndim} and {y.ndim}.")
    rank = max(x.ndim, y.ndim)
    x, y = (dimshuffle(value, *["x"] * (rank - value.ndim), *range(value.ndim)) for value in (x, y))
    first: list[Any] = [item for axis in range(rank) for item in (axis, "x")]
    second: list[Any] = [item for axis in range(rank) for item in ("x", axis)]
    product = mul(dimshuffle(x, *first), dimshuffle(y, *second))
    return reshape(product, [mul(dim(x, axis), dim(y, axis)) for axis in range(rank)])


__getattr__ = names(__name__)
