"""Derivatives of named functions of matrices, as expressions of the same functions.

A row maps the name of a host function to what makes the gradients of its operands from those of its results, `None` for
a result that the cost does not depend on. They are made of operations that have derivatives themselves, so gradients of
gradients need nothing more. Sources: M. Giles, Collected Matrix Derivative Results for Forward and Reverse Mode
Algorithmic Differentiation (2008); Murray, Differentiation of the Cholesky decomposition (2016); Golub and Pereyra (1973)
for the pseudo-inverse; Townsend, Differentiating the Singular Value Decomposition (2016); Higham, Functions of Matrices,
theorem 3.6, for the exponential; Liao et al., Differentiable Programming Tensor Networks (2019) for QR; Golub and Pereyra's
variable projection for least squares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.ir import Operation, SSAValue

from phintys.dialects.nd import NdOp
from phintys.ir.host import parse_options

from .matrix_terms import column, flipped, host, one_minus, product, row, thin_svd, where
from .nd_builder import Builder, Term
from .rewriting import attribute, refusal

Gradients = Sequence[Term | None]


class HostAdjoint:
    """A host operation in the backward sweep: operands, results, options, and the gradients of the results."""

    __slots__ = ("b", "found", "op", "options")

    def __init__(self, op: NdOp, at: Operation, found: Mapping[SSAValue, SSAValue]) -> None:
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


def _inverse(c: HostAdjoint) -> Gradients:
    inverse = flipped(c.result(0))
    return [-product(inverse, c.g(0), inverse)]


def _det(c: HostAdjoint) -> Gradients:
    x = c.operand(0)
    return [c.g(0) * host("cofactor", [x.type], x)[0]]


def _slogdet(c: HostAdjoint) -> Gradients:
    """That of the sign is zero."""
    x = c.operand(0)
    return [c.g(1) * flipped(host("matrix_inverse", [x.type], x)[0])]


def _cofactor(c: HostAdjoint) -> Gradients:
    """Through the inverse, so of regular matrices only."""
    x, g = c.operand(0), c.g(0)
    inverse = flipped(host("matrix_inverse", [x.type], x)[0])
    cofactor = c.result(0)
    return [(g * inverse).sum((0, 1)) * cofactor - product(cofactor, flipped(g), inverse)]


def _pinv(c: HostAdjoint) -> Gradients:
    """Of matrices whose rank does not change nearby; what counts as zero has none."""
    return [_through_pinv(c.operand(0), c.result(0), c.g(0)), *[None] * (len(c.op.operands) - 1)]


def _through_pinv(x: Term, p: Term, g: Term) -> Term:
    t, g = flipped(p), flipped(g)
    first = product(one_minus(product(x, p)), g, p, t)
    second = product(t, p, g, one_minus(product(p, x)))
    return first + second - product(t, flipped(g), t)


def _lstsq(c: HostAdjoint) -> Gradients:
    """x is the pseudo-inverse times b; of the sums of squares only b and a directly matter, since x minimizes them."""
    a, b, x = c.operand(0), c.operand(1), c.result(0)
    inverse = host("pinv", [flipped(a).type], a, c.operand(2))[0]
    of_a = _through_pinv(a, inverse, _outer(c.g(0), b))
    of_b = product(flipped(inverse), c.g(0))
    if c.has(1):
        left = (b - product(a, x)) * _for_each_side(b, c.g(1)) * 2.0
        of_a, of_b = of_a - _outer(left, x), of_b + left
    if c.has(3):
        u, _, vt = thin_svd(a)
        of_a = of_a + product(u * row(c.g(3)), vt)
    return [of_a, of_b, None]


def _for_each_side(b: Term, g: Term) -> Term:
    """The gradient of the sums of squares, of which there may be none, as one number a column of b."""
    if b.type.ndim == 1:
        return g.sum((0,))
    sides = Term(b.b, b.b.op("dim", b.value, axis=1))
    none = Term(b.b, b.b.op("alloc", b.b.constant(0.0, g.type.dtype), sides.value, sizes=(None,)))
    return row(g.op("concatenate", none, axis=0).op("subtensor", sides, index=":?"))


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


def _eig(c: HostAdjoint) -> Gradients:
    """That of the vectors keeps their lengths of 1, and is infinite where two values are equal."""
    v = c.result(1)
    inner = where(v, "eq", row(c.g(0)))
    if c.has(1):
        across = c.g(1) - v * row((v * c.g(1)).sum((0,)))
        mixed = product(flipped(v), across)
        inner = inner + mixed * _differences(c.result(0), mixed)
    return [host("solve", [v.type], flipped(v), product(inner, flipped(v)))[0]]


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
    u, _, vt = thin_svd(c.operand(0))
    return [product(u * row(c.g(0)), vt)]


def _completed(q: Term, g: Term, count: Term) -> tuple[Term, Term]:
    """The first `count` of orthonormal columns that span everything, and the gradient of them.

    The others turn as little as they can when the first do: `dQ2 = -Q1 dQ1' Q2`. That is the only way a single one can
    turn; of several it is one of the ways, all the same to a cost that depends on what they span and not on the basis.
    """
    first, rest = ":, :?", ":, ?:"
    q1, q2 = (q.op("subtensor", count, index=index) for index in (first, rest))
    g1, g2 = (g.op("subtensor", count, index=index) for index in (first, rest))
    return q1, g1 - product(q2, flipped(g2), q1)


def _svd(c: HostAdjoint) -> Gradients:
    """That of the vectors is infinite where two singular values are equal or one is zero."""
    full = c.options.get("full")
    if not (c.has(0) or c.has(2)):
        u, _, vt = thin_svd(c.operand(0)) if full else (c.result(number) for number in range(3))
        return [product(u * row(c.g(1)), vt)]
    (u, gu), s, (v, gv) = (c.result(0), c.g(0)), c.result(1), (flipped(c.result(2)), flipped(c.g(2)))
    if full:
        count = Term(c.b, c.b.op("dim", s.value, axis=0))
        (u, gu), (v, gv) = _completed(u, gu, count), _completed(v, gv, count)
    vt = flipped(v)
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
    if mode == "raw":
        raise refusal(c.op, "qr has no derivative in the mode 'raw', of LAPACK's reflectors; 'reduced' and 'complete' have")
    x, q, r, gq, gr = c.operand(0), c.result(0), c.result(1), c.g(0), c.g(1)
    if mode == "complete":
        rows, columns = (Term(c.b, c.b.op("dim", x.value, axis=axis)) for axis in (0, 1))
        count = rows.op("minimum", columns)
        q, gq = _completed(q, gq, count)
        r, gr = (value.op("subtensor", count, index=":?") for value in (r, gr))
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
    "eig": _eig,
    "eigh": _eigh,
    "expm": _expm,
    "lstsq": _lstsq,
    "matrix_inverse": _inverse,
    "pinv": _pinv,
    "qr": _qr,
    "slogdet": _slogdet,
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "svd": _svd,
    "svdvals": _svdvals,
}
