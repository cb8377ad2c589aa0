"""Stable forms of linear algebra: the rule of `stabilize` for logarithms of determinants, which soon overflow."""

from __future__ import annotations

from phintys.dialects.nd import NdOp
from phintys.ir.types import TensorType

from .matrix_terms import host
from .nd_builder import Builder, Term
from .rewriting import attribute, producer


def log_of_det(op: NdOp, b: Builder) -> Term | None:
    """`log(det(x)) -> logarithm of slogdet(x)`, NaN where the sign is negative; `log(abs(det(x)))` for any sign."""
    value = op.operands[0]
    magnitude = producer(value, "abs")
    det = producer(value if magnitude is None else magnitude.operands[0], "host")
    if det is None or attribute(det, "function") != "det":
        return None
    x = b.term(det.operands[0])
    scalar = TensorType(x.type.dtype)
    sign, logarithm = host("slogdet", [scalar, scalar], x)
    return logarithm if magnitude is not None else sign.op("lt", 0.0).select(sign.op("log"), logarithm)
