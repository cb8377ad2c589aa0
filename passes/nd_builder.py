"""Building `nd` operations: `Builder` inserts them before an anchor, `Term` lets rules be written as mathematics.

    Builder(op).op("mul", x, y)             ->  %0 = nd.mul %x, %y : (...) -> ...      before op, with op's location
    (1.0 - Term(b, s)) * s                  ->  a constant, nd.sub, nd.mul

Result types are inferred; a Python number in a `Term` expression becomes a scalar constant of the other side's dtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import MAY_BE_EMPTY, create
from phintys.ir.types import TensorType

Array = np.ndarray[Any, Any]


def type_of(value: SSAValue) -> TensorType:
    """The Python-level type of an `nd` value."""
    return from_xdsl(value.type)


class Builder:
    """Inserts operations before `anchor`; `created` lists them, so that a rule that gives up can be undone."""

    __slots__ = ("anchor", "block", "created", "location")

    def __init__(self, anchor: Operation, location: Any = None) -> None:
        if anchor.parent is None:
            raise ValueError(f"cannot build before '{anchor.name}': it is not in a block")
        self.anchor = anchor
        self.block: Block = anchor.parent
        self.location = anchor.location if location is None else location
        self.created: list[Operation] = []

    def op(self, name: str, *operands: SSAValue, **attrs: Any) -> SSAValue:
        """The result of a new `nd.name`."""
        op = create(name, operands, attrs, self.location)
        self.block.insert_op_before(op, self.anchor)
        self.created.append(op)
        return op.results[0]

    def constant(self, value: Any, dtype: str) -> SSAValue:
        """A constant: a number gives a scalar, an array keeps its shape."""
        return self.op("constant", value=np.asarray(value, dtype))

    def cast(self, value: SSAValue, dtype: str) -> SSAValue:
        """`value` in another dtype; itself when it has it."""
        return value if type_of(value).dtype == dtype else self.op("cast", value, dtype=dtype)

    def sizes(self, value: SSAValue) -> tuple[tuple[int | None, ...], list[SSAValue]]:
        """The shape of `value` as `alloc` and `reshape` take it: static sizes, and an `nd.dim` for each unknown one."""
        shape = type_of(value).shape
        return shape, [self.op("dim", value, axis=axis) for axis, size in enumerate(shape) if size is None]

    def broadcast_to(self, value: SSAValue, like: SSAValue) -> SSAValue:
        """`value` broadcast to the shape of `like`."""
        if type_of(value).shape == () == type_of(like).shape:
            return value
        sizes, dims = self.sizes(like)
        return self.op("alloc", value, *dims, sizes=sizes)

    def full_like(self, like: SSAValue, number: float) -> SSAValue:
        """A tensor of one number, of the type of `like`."""
        return self.broadcast_to(self.constant(number, type_of(like).dtype), like)

    def with_sizes_of(self, value: SSAValue, like: SSAValue) -> SSAValue:
        """`value`, whose shape equals that of `like`, with the static sizes of `like` in its type (an `nd.reshape`)."""
        if type_of(value).shape == type_of(like).shape:
            return value
        sizes, dims = self.sizes(like)
        return self.op("reshape", value, *dims, sizes=sizes)

    def keep_axes(self, value: SSAValue, axes: Sequence[int], ndim: int) -> SSAValue:
        """A reduction's result with the reduced `axes` back as size 1 (NumPy's `keepdims`)."""
        if not axes:
            return value
        kept = iter(range(ndim))
        return self.op("dimshuffle", value, order=tuple(-1 if axis in axes else next(kept) for axis in range(ndim)))

    def term(self, value: SSAValue) -> Term:
        """`value` as a term."""
        return Term(self, value)


class Term:
    """A value with arithmetic: `x * y`, `1.0 - x`, `-x`, `x.op("exp")`, each building one operation."""

    __slots__ = ("b", "value")

    def __init__(self, b: Builder, value: SSAValue) -> None:
        self.b = b
        self.value = value

    @property
    def type(self) -> TensorType:
        """Its type."""
        return type_of(self.value)

    def _lift(self, other: Term | float) -> SSAValue:
        return other.value if isinstance(other, Term) else self.b.constant(other, self.type.dtype)

    def op(self, name: str, *others: Term | float, **attrs: Any) -> Term:
        """`name(self, *others)`."""
        return Term(self.b, self.b.op(name, self.value, *(self._lift(other) for other in others), **attrs))

    def shift(self, axes: Sequence[int]) -> Term:
        """The maximum over axes, for results that are empty, or sums of nothing, where it has no elements."""
        found = self.op("max", axes=axes)
        self.b.created[-1].attributes[MAY_BE_EMPTY] = UnitAttr()
        return found

    def __add__(self, other: Term | float) -> Term:
        return self.op("add", other)

    def __radd__(self, other: float) -> Term:
        return self + other

    def __rmul__(self, other: float) -> Term:
        return self * other

    def __sub__(self, other: Term | float) -> Term:
        return self.op("sub", other)

    def __rsub__(self, other: float) -> Term:
        return Term(self.b, self.b.op("sub", self._lift(other), self.value))

    def __mul__(self, other: Term | float) -> Term:
        return self.op("mul", other)

    def __truediv__(self, other: Term | float) -> Term:
        return self.op("div", other)

    def __rtruediv__(self, other: float) -> Term:
        return Term(self.b, self.b.op("div", self._lift(other), self.value))

    def __neg__(self) -> Term:
        return self.op("neg")

    def select(self, yes: Term, no: Term | float) -> Term:
        """`yes` where this truth value holds, else `no`."""
        return Term(self.b, self.b.op("select", self.value, yes.value, yes._lift(no)))

    def keep(self, axes: Sequence[int], ndim: int) -> Term:
        """See `Builder.keep_axes`."""
        return Term(self.b, self.b.keep_axes(self.value, axes, ndim))

    def sum(self, axes: Sequence[int]) -> Term:
        """Sum over axes, which are dropped."""
        return self.op("sum", axes=tuple(axes))
