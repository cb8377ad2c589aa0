"""Rules that write named functions of matrices in simpler ones; `decompose` applies them once derivatives are taken.

    pinv(x)       v . (1/s, or 0 where s is negligible) . u'
    cofactor(x)   det(u) det(v') u . (products of the other s) . v'      = det(x) times the transposed inverse, of any x

Sources: Penrose (1955); Golub and Van Loan, Matrix Computations, section 5.5.2.
"""

from __future__ import annotations

from phintys.dialects.nd import NdOp
from phintys.ir.types import TensorType

from .decompose_expm import expm
from .matrix_terms import flipped, host, product, require_square, row, thin_svd, where
from .nd_builder import Builder, Term
from .rewriting import attribute

RCOND = 1e-15  # NumPy's: what is smaller, relative to the largest singular value, counts as zero


def _pinv(op: NdOp, b: Builder) -> Term:
    """An optional second operand says what counts as zero; below 0 it is the dtype's precision."""
    x = b.term(op.operands[0])
    dtype = x.type.dtype
    u, s, vt = thin_svd(x)
    first = s.op("concatenate", b.term(b.op("alloc", b.constant(0.0, dtype), sizes=(1,))), axis=0).op("max", axes=(0,))
    limit: Term | float = RCOND
    if len(op.operands) == 2:
        given = b.term(b.cast(op.operands[1], dtype))
        limit = given.op("lt", 0.0).select(b.term(b.constant(_PRECISION[dtype], dtype)), given)
    matters = s.op("gt", first * limit)
    inverses = matters.select(1.0 / matters.select(s, 1.0), 0.0)
    return product(flipped(vt) * row(inverses), flipped(u))


_PRECISION = {"float64": 2.0**-52, "float32": 2.0**-23}


def _cofactor(op: NdOp, b: Builder) -> Term:
    x = b.term(op.operands[0])
    require_square("det", x)
    u, s, vt = thin_svd(x)
    others = where(u, "eq", b.term(b.constant(1.0, s.type.dtype)), row(s)).op("prod", axes=(1,))
    scalar = TensorType(x.type.dtype)
    sign = host("det", [scalar], u)[0] * host("det", [scalar], vt)[0]
    return sign * product(u * row(others), vt)


ROWS = {"pinv": _pinv, "cofactor": _cofactor, "expm": expm}


def named_function(op: NdOp, b: Builder) -> Term | None:
    """The rule of `nd.host`: by the name of its function."""
    rule = ROWS.get(attribute(op, "function"))
    return None if rule is None else rule(op, b)
