"""Rules of all elementwise operations: where constants stand, and broadcasts that need not be written.

%a = nd.alloc %s, %n                 ->   %r = nd.mul %x, %s
%r = nd.mul %x, %a
"""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.dialects.nd import CLASSES, NdOp
from phintys.ir.infer import broadcast_shapes

from .nd_builder import Builder, type_of
from .rewriting import Rules, attribute, is_part, producer

CONSTANT = CLASSES["constant"]
ALLOC, PART = CLASSES["alloc"], CLASSES["subtensor"]
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def constants_right(op: NdOp, b: Builder) -> SSAValue | None:
    """`c + x -> x + c` for commutative operations, `c < x -> x > c` for comparisons."""
    name = op.row.name if op.row.commutative else MIRRORED.get(op.row.name)
    if name is None:
        return None
    x, y = op._operands
    if type(x.owner) is not CONSTANT or type(y.owner) is CONSTANT:
        return None
    return b.op(name, y, x)


def _reads_broadcast(op: NdOp) -> bool:
    """Whether an operand of an elementwise operation is an `alloc`, or a part of something."""
    return op.row.family == "elementwise" and any(type(value.owner) in (ALLOC, PART) for value in op._operands)


def _broadcast(value: SSAValue) -> tuple[NdOp | None, NdOp | None]:
    """The `alloc` that a value is, and the slices that are taken of it, if there are any: of a scalar's alone."""
    alloc, part = producer(value, "alloc"), producer(value, "subtensor")
    if part is None or not is_part(part):
        return alloc, None
    alloc = producer(part.operands[0], "alloc")
    return (None, None) if alloc is None or type_of(alloc.operands[0]).shape else (alloc, part)


def use_unbroadcast(op: NdOp, b: Builder) -> SSAValue | None:
    """`x + alloc(s, sizes) -> x + s` where the other operands have the result's shape anyway."""
    if not _reads_broadcast(op) or len(op._operands) < 2:
        return None
    operands = list(op._operands)
    shape = type_of(op.results[0]).shape
    for index, value in enumerate(operands):
        alloc, _ = _broadcast(value)
        if alloc is None:
            continue
        small = alloc.operands[0]
        shapes = [type_of(small if i == index else other).shape for i, other in enumerate(operands)]
        # Another operand must have all the unknown sizes: a size of 1 does not stand for them.
        if broadcast_shapes(shapes) == shape:
            operands[index] = small
            return b.op(op.row.name, *operands, **op.attrs)
    return None


def update_with_small(op: NdOp, b: Builder) -> SSAValue | None:
    """`x[i] += alloc(s, sizes) -> x[i] += s` for scalars s, and so for `=` and `scatter_add`: updates broadcast."""
    alloc, _ = _broadcast(op._operands[1])
    if alloc is None or type_of(alloc.operands[0]).shape:
        return None
    operands = list(op._operands)
    operands[1] = alloc.operands[0]
    return b.op(op.row.name, *operands, **op.attrs)


UPDATES: Rules = {name: (update_with_small,) for name in ("set_subtensor", "inc_subtensor", "scatter_add", "scatter_set")}


def lift_broadcast(op: NdOp, b: Builder) -> SSAValue | None:
    """`f(alloc(s, sizes), t) -> alloc(f(s, t), sizes)` for scalars s and t, and so for a part of the `alloc`."""
    if not _reads_broadcast(op):
        return None
    scalars: list[SSAValue] = []
    broadcast: tuple[NdOp, NdOp | None] | None = None
    shape = type_of(op.results[0]).shape
    for value in op._operands:
        alloc, part = _broadcast(value)
        if alloc is not None and type_of(value).shape == shape:
            broadcast = broadcast or (alloc, part)
            value = alloc.operands[0]
        if type_of(value).shape:
            return None
        scalars.append(value)
    if broadcast is None:
        return None
    scalar = b.op(op.row.name, *scalars, **op.attrs)
    alloc, part = broadcast
    result = b.op("alloc", scalar, *list(alloc.operands)[1:], sizes=attribute(alloc, "sizes"))
    return result if part is None else b.op("subtensor", result, *list(part.operands)[1:], index=attribute(part, "index"))
