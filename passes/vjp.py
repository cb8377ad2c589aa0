"""What a derivative row is given: `Adjoint`, the operation with its operands as terms and the gradient of its result.

A row maps an operation name to one function for each operand, or to one function `(c, i)` for all of them. Each returns
the gradient with respect to that operand in the operand's shape or the result's (it is then summed over what was
broadcast), or `None` where the derivative is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term, type_of
from .rewriting import attribute

Partial = Callable[["Adjoint"], "Term | None"]
EachOperand = Callable[["Adjoint", int], "Term | None"]
Row = tuple[Partial, ...] | EachOperand


class Adjoint:
    """One operation in the backward sweep: operands `x`, `y`, ..., result `out`, `g` the gradient of the result."""

    __slots__ = ("b", "g", "op")

    def __init__(self, op: NdOp, b: Builder, g: SSAValue) -> None:
        self.op = op
        self.b = b
        self.g = Term(b, g)

    def operand(self, index: int) -> Term:
        """Operand `index`."""
        return Term(self.b, self.op.operands[index])

    @property
    def x(self) -> Term:
        """The first operand."""
        return self.operand(0)

    @property
    def y(self) -> Term:
        """The second operand."""
        return self.operand(1)

    @property
    def out(self) -> Term:
        """The result."""
        return Term(self.b, self.op.results[0])

    def attr(self, key: str) -> Any:
        """An attribute of the operation."""
        return attribute(self.op, key)

    def number(self, value: float) -> Term:
        """A scalar constant of the gradient's dtype."""
        return Term(self.b, self.b.constant(value, self.g.type.dtype))


def unbroadcast(b: Builder, gradient: SSAValue, operand: SSAValue) -> SSAValue:
    """Sum `gradient` over the axes along which `operand` was repeated, and give it the operand's type."""
    found, wanted = type_of(gradient), type_of(operand)
    gradient = b.cast(gradient, wanted.dtype)
    lead = found.ndim - wanted.ndim
    repeated = [axis for axis, size in enumerate(wanted.shape) if size == 1 and found.shape[axis + lead] != 1]
    if lead or repeated:
        gradient = b.op("sum", gradient, axes=(*range(lead), *(axis + lead for axis in repeated)))
        gradient = b.keep_axes(gradient, repeated, wanted.ndim)
    if any(size is not None and size != have for size, have in zip(wanted.shape, type_of(gradient).shape, strict=True)):
        return b.with_sizes_of(gradient, operand)
    return gradient
