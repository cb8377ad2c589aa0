"""Derivatives of the linear algebra that NumPy carries out, as expressions of the same functions.

A row maps the name of a host function to what makes the gradients of its operands from those of its results, `None` for
a result that the cost does not depend on. They are made of operations that have derivatives themselves, so gradients of
gradients need nothing more. Sources: M. Giles, Collected Matrix Derivative Results for Forward and Reverse Mode
Algorithmic Differentiation (2008); Murray, Differentiation of the Cholesky decomposition (2016); Golub and Pereyra (1973)
for the pseudo-inverse; Townsend, Differentiating the Singular Value Decomposition (2016); Higham, Functions of Matrices,
theorem 3.6, for the exponential; Liao et al., Differentiable Programming Tensor Networks (2019) for QR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp, create
from phintys.ir.host import options_text, parse_options, types_text
from phintys.ir.types import TensorType

from .nd_builder import Builder, Term
from .rewriting import attribute, refusal

Gradients = Sequence[Term | None]


class HostAdjoint:
    """A host operation in the backward sweep: operands, results, options, and the gradients of the results."""

    __slots__ = ("b", "found", "op", "options")

    def __init__(self, op: NdOp, at: NdOp, found: Mapping[SSAValue, SSAValue]) -> None:
        self.op, self.found = op, found
        self.b = Builder(at, op.location)
        self.options = parse_options(attribute(op, "options"))

    def operand(self, number: int) -> Term:
        """Operand `number`."""
        return Term(self.b, self.op.operands[number])

    def result(self, number: int) -> Term:
        """Result `number`."""
        return Term(self.b, self.op.results[number])

    def has(self, number: int) -> bool:
        """Whether the cost depends on a result."""
        return self.op.results[number] in self.found

    def g(self, number: int) -> Term:
        """The gradient of a result, zeros where the cost does not depend on it."""
        result = self.op.results[number]
        return Term(self.b, self.found[result] if self.has(number) else self.b.full_like(result, 0.0))


def host(function: str, results: Sequence[TensorType], *operands: Term, **options: object) -> list[Term]:
    """The results of a host function, of the types `results`."""
    b = operands[0].b
    attrs = {"function": function, "results": types_text(results), "options": options_text(dict(options))}
    op = create("host", [operand.value for operand in operands], attrs, b.location)
    b.block.insert_op_before(op, b.anchor)
    b.created.append(op)
    return [Term(b, result) for result in op.results]


def flipped(x: Term) -> Term:
    """The transposed matrix."""
    return x.op("dimshuffle", order=(1, 0))


def product(x: Term, *others: Term) -> Term:
    """The matrix product of all."""
    for other in others:
        x = x.op("dot", other)
    return x


def numbers(x: Term, axis: int) -> Term:
    """Row numbers of a matrix as a column, or column numbers as a row."""
    count = Term(x.b, x.b.op("dim", x.value, axis=axis))
    zero, one = (Term(x.b, x.b.constant(number, "int64")) for number in (0, 1))
    return zero.op("arange", count, one, dtype="int64").op("dimshuffle", order=(0, -1) if axis == 0 else (-1, 0))


def where(x: Term, comparison: str, yes: Term | None = None, no: Term | float = 0.0) -> Term:
    """`yes` (x itself) where a row number compares so with the column number, else `no`."""
    return numbers(x, 0).op(comparison, numbers(x, 1)).select(x if yes is None else yes, no)


def column(x: Term) -> Term:
    """A vector as a column."""
    return x.op("dimshuffle", order=(0, -1))


def row(x: Term) -> Term:
    """A vector as a row."""
    return x.op("dimshuffle", order=(-1, 0))


def one_minus(x: Term) -> Term:
    """The identity matrix minus a square one."""
    return where(x, "eq", 1.0 - x, -x)


def _inverse(c: HostAdjoint) -> Gradients:
    inverse = flipped(c.result(0))
    return [-product(inverse, c.g(0), inverse)]


def _det(c: HostAdjoint) -> Gradients:
    x = c.operand(0)
    return [c.g(0) * host("cofactor", [x.type], x)[0]]


def _cofactor(c: HostAdjoint) -> Gradients:
    """Through the inverse, so of regular matrices only."""
    x, g = c.operand(0), c.g(0)
    inverse = flipped(host("matrix_inverse", [x.type], x)[0])
    cofactor = c.result(0)
    return [(g * inverse).sum((0, 1)) * cofactor - product(cofactor, flipped(g), inverse)]


def _pinv(c: HostAdjoint) -> Gradients:
    """Of matrices whose rank does not change nearby."""
    x, p, g = c.operand(0), c.result(0), flipped(c.g(0))
    t = flipped(p)
    first = product(one_minus(product(x, p)), g, p, t)
    second = product(t, p, g, one_minus(product(p, x)))
    return [first + second - product(t, flipped(g), t)]


def _cholesky(c: HostAdjoint) -> Gradients:
    """The gradient is that of the lower triangle, which alone is read."""
    root, g = c.result(0), where(c.g(0), "ge")
    inner = product(flipped(root), g)
    inner = where(inner, "gt", no=where(inner, "eq", inner * 0.5))
    half = flipped(_triangular(flipped(root), inner, lower=False))
    full = flipped(_triangular(flipped(root), half, lower=False))
    return [where(full, "gt", full + flipped(full), where(full, "eq"))]


def _triangular(a: Term, b: Term, lower: bool) -> Term:
    return host("solve_triangular", [b.type], a, b, lower=lower)[0]


def _outer(x: Term, y: Term) -> Term:
    """x y' of two matrices, or of two vectors."""
    return product(x, flipped(y)) if x.type.ndim == 2 else column(x) * row(y)


def _solve(c: HostAdjoint) -> Gradients:
    a, g = flipped(c.operand(0)), c.g(0)
    of_b = host("solve", [c.operand(1).type], a, g)[0]
    return [-_outer(of_b, c.result(0)), of_b]


def _solve_triangular(c: HostAdjoint) -> Gradients:
    """The gradient is that of the triangle that is read."""
    lower = bool(c.options["lower"])
    of_b = _triangular(flipped(c.operand(0)), c.g(0), not lower)
    return [where(-_outer(of_b, c.result(0)), "ge" if lower else "le"), of_b]


def _differences(values: Term, like: Term) -> Term:
    """1 / (v_j - v_i), and 0 on the diagonal."""
    return where(like, "ne", 1.0 / where(like, "ne", row(values) - column(values), 1.0))


def _eigh(c: HostAdjoint) -> Gradients:
    """The gradient is that of the triangle that is read. That of the vectors is infinite where two values are equal."""
    v, gw = c.result(1), c.g(0)
    middle = column(gw) * flipped(v)
    if c.has(1):
        inner = product(flipped(v), c.g(1))
        middle = middle + product(inner * _differences(c.result(0), inner), flipped(v))
    full = product(v, middle)
    return [where(full, "gt" if c.options.get("uplo", "L") == "L" else "lt", full + flipped(full), where(full, "eq"))]


def _svdvals(c: HostAdjoint) -> Gradients:
    u, _, vt = _thin(c.operand(0))
    return [product(u * row(c.g(0)), vt)]


def _thin(x: Term) -> list[Term]:
    """The decomposition without the columns that go with no singular value."""
    rows, columns = x.type.shape
    count = None if rows is None or columns is None else min(rows, columns)
    shapes = ((rows, count), (count,), (count, columns))
    return host("svd", [TensorType(x.type.dtype, shape) for shape in shapes], x)


def _svd(c: HostAdjoint) -> Gradients:
    """That of the vectors is infinite where two singular values are equal or one is zero."""
    if not (c.has(0) or c.has(2)):
        u, _, vt = _thin(c.operand(0)) if c.options.get("full") else (c.result(number) for number in range(3))
        return [product(u * row(c.g(1)), vt)]
    if c.options.get("full"):
        raise refusal(c.op, "the vectors of svd have a derivative with full_matrices=False only")
    u, s, vt = (c.result(number) for number in range(3))
    gu, gv = c.g(0), flipped(c.g(2))
    left, right = product(flipped(u), gu), product(vt, gv)
    over = _differences(s * s, left)
    inner = ((left - flipped(left)) * over) * row(s) + column(s) * ((right - flipped(right)) * over)
    inner = inner + where(inner, "eq", row(c.g(1)), 0.0)
    outside = product(gu / row(s) - product(u, left / row(s)), vt)
    below = product(u, flipped(gv / row(s)) - product(flipped(right / row(s)), vt))
    return [product(u, inner, vt) + outside + below]


def _qr(c: HostAdjoint) -> Gradients:
    """Of matrices whose first columns are independent; those that make r wider than high hang on the others."""
    mode = c.options.get("mode", "reduced")
    if mode != "reduced":
        raise refusal(c.op, f"qr has a derivative in the modes 'reduced' and 'r', not in '{mode}'")
    x, q, r, gq, gr = c.operand(0), c.result(0), c.result(1), c.g(0), c.g(1)
    count = Term(c.b, c.b.op("dim", r.value, axis=0))
    first, rest = ":, :?", ":, ?:"
    gr_rest = gr.op("subtensor", count, index=rest)
    gq = gq + product(x.op("subtensor", count, index=rest), flipped(gr_rest))
    r = r.op("subtensor", count, index=first)
    m = product(r, flipped(gr.op("subtensor", count, index=first))) - product(flipped(gq), q)
    m = where(m, "ge", m, flipped(m))
    of_first = flipped(_triangular(r, flipped(gq + product(q, m)), lower=False))
    return [of_first.op("concatenate", product(q, gr_rest), axis=1)]


def _expm(c: HostAdjoint) -> Gradients:
    """The upper right part of the exponential of [[x', g], [0, x']]."""
    x, g = flipped(c.operand(0)), c.g(0)
    zero = Term(c.b, c.b.full_like(x.value, 0.0))
    above, below = x.op("concatenate", g, axis=1), zero.op("concatenate", x, axis=1)
    both = above.op("concatenate", below, axis=0)
    count = Term(c.b, c.b.op("dim", x.value, axis=0))
    return [host("expm", [both.type], both)[0].op("subtensor", count, count, index=":?, ?:")]


LINALG: Mapping[str, Callable[[HostAdjoint], Gradients]] = {
    "cholesky": _cholesky,
    "cofactor": _cofactor,
    "det": _det,
    "eigh": _eigh,
    "expm": _expm,
    "matrix_inverse": _inverse,
    "pinv": _pinv,
    "qr": _qr,
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "svd": _svd,
    "svdvals": _svdvals,
}
