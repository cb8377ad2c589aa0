"""Derivatives of marks (`ir/ops_marks.py`), which is all that these are for."""

from __future__ import annotations

from .nd_builder import Term
from .vjp import Adjoint, Row


def _nothing(c: Adjoint) -> None:
    return None


def _clip(c: Adjoint) -> Term:
    """Between the bounds; a NaN stays one."""
    low, high = c.operand(1), c.operand(2)
    above = c.g.op("lt", low).select(low, c.g)
    return c.g.op("gt", high).select(high, above)


MARKS: dict[str, Row] = {
    "zero_grad": (_nothing,),
    "stop_grad": (_nothing,),
    "grad_clip": (_clip, _nothing, _nothing),
    "grad_scale": (lambda c: c.g * c.y, _nothing),
    "transfer": (lambda c: c.g,),
}
