"""Batching of elementwise operations, reductions, and what goes along an axis or changes the shape: dense rows.

The new axis stands in front, so axes move up by one; operands of fewer dimensions get theirs in between.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .batch_context import Batching
from .rewriting import refusal

Dense = Callable[[Batching], SSAValue]


def same_rank(c: Batching) -> SSAValue:
    """Elementwise operations, and marks."""
    operands = [c.aligned(number, c.out.ndim).value for number in range(len(c.op.operands))]
    return c.b.op(c.op.op, *operands, **c.op.attrs)


def _reduction(c: Batching) -> SSAValue:
    return c.own(0).op(c.op.op, axes=tuple(axis + 1 for axis in c.attr("axes"))).value


def _along(c: Batching) -> SSAValue:
    return c.own(0).op(c.op.op, axis=c.attr("axis") + 1).value


def _dimshuffle(c: Batching) -> SSAValue:
    order = (axis if axis == -1 else axis + 1 for axis in c.attr("order"))
    return c.own(0).op("dimshuffle", order=(0, *order)).value


def _sized(c: Batching) -> SSAValue:
    """`reshape`, `alloc` and `specify_shape`, whose sizes are the same in all rows."""
    if c.batched != (0,):
        raise refusal(c.op, "sizes that depend on the row of a batch would give rows of different shapes")
    sizes, dims = c.batches.sized(c.b, c.op.results[0])
    x = c.aligned(0, c.out.ndim) if c.op.op == "alloc" else c.own(0)
    return c.b.op(c.op.op, x.value, *dims, sizes=sizes)


def _concatenate(c: Batching) -> SSAValue:
    parts = [c.full(number).value for number in range(len(c.op.operands))]
    return c.b.op("concatenate", *parts, axis=c.attr("axis") + 1)


def _make_vector(c: Batching) -> SSAValue:
    parts = [c.full(number).op("cast", dtype=c.out.dtype) for number in range(len(c.op.operands))]
    return c.b.op("concatenate", *(part.op("dimshuffle", order=(0, -1)).value for part in parts), axis=1)


SHAPE: dict[str, Dense] = {
    **dict.fromkeys(("softmax", "log_softmax", "cumsum", "cumprod", "cumprod_pairs", "sort", "argsort"), _along),
    **dict.fromkeys(("reshape", "alloc", "specify_shape"), _sized),
    "dimshuffle": _dimshuffle,
    "concatenate": _concatenate,
    "make_vector": _make_vector,
}

FAMILIES: dict[str, Dense] = {"elementwise": same_rank, "mark": same_rank, "reduction": _reduction}


def family_row(op: NdOp) -> Dense | None:
    """The row of all operations of a family."""
    return FAMILIES.get(op.row.family)
