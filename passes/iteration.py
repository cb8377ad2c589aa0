"""The geometry of a loop nest: which axes of an iteration space become which loop, and how each buffer is walked through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xdsl.ir import SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import FusedOp

from .buffers import Buffer, Scalar
from .emit import Index

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering

Moving = dict[int, int]  # axes of the iteration space along which a buffer moves -> its own axes


@dataclass(eq=False)
class Loop:
    """One loop: neighbouring axes of the iteration space taken together."""

    axes: list[int]
    size: Index
    reduced: bool


@dataclass(eq=False)
class Access:
    """How a buffer is visited: which loops move in it, and the memref to index with them."""

    memref: SSAValue
    loops: list[int]


def space_sizes(low: Lowering, op: FusedOp) -> list[Index]:
    """Size of each axis of the iteration space, a number where one is known."""
    rank = max(rank_of(value) for value in op.operands)
    sizes: list[Index] = [1] * rank
    for value in op.operands:
        tensor = low.tensors[value]
        if isinstance(tensor, Scalar):
            continue
        static = from_xdsl(value.type).shape
        for own, size in enumerate(tensor.sizes):
            axis = own + rank - tensor.ndim
            if static[own] != 1 and not (isinstance(sizes[axis], int) and sizes[axis] != 1):
                sizes[axis] = size if sizes[axis] == 1 or isinstance(size, int) else sizes[axis]
    return sizes


def rank_of(value: SSAValue) -> int:
    """Rank of a tensor."""
    return from_xdsl(value.type).ndim


def moving(buffer: Buffer, axes: Sequence[int], sizes: Sequence[Index]) -> Moving:
    """Where a buffer moves; axes of size 1 stand still."""
    return {axis: own for own, axis in enumerate(axes) if buffer.sizes[own] != 1 and sizes[axis] != 1}


def memory_order(sizes: Sequence[Index], accessed: Sequence[tuple[Buffer, Moving]]) -> list[int]:
    """Axes from the outermost loop to the innermost: in order, but the one along which most memory is contiguous is last.

    A buffer's vote counts by the number of axes it moves along: a matrix that is reduced outweighs its row of results.
    """
    votes = [0] * len(sizes)
    for buffer, own in accessed:
        for axis, at in own.items():
            votes[axis] += len(own) if buffer.strides[at] == 1 else 0
    innermost = max(range(len(sizes)), key=lambda axis: (votes[axis], axis), default=0)
    return [axis for axis in range(len(sizes)) if axis != innermost] + [innermost][: len(sizes)]


def collapse(
    low: Lowering,
    sizes: Sequence[Index],
    order: Sequence[int],
    reduced: Sequence[int],
    accessed: Sequence[tuple[Buffer, Moving]],
) -> list[Loop]:
    """Loops over the axes in `order`, those taken together that every buffer walks through without a gap."""
    loops: list[Loop] = []
    for axis in order:
        size = sizes[axis]
        if size == 1:
            continue
        last = loops[-1] if loops else None
        if (
            last is not None
            and last.reduced == (axis in reduced)
            and all(_joins(b, own, last.axes[-1], axis) for b, own in accessed)
        ):
            last.axes.append(axis)
            last.size = low.at(last.size, size).mul(last.size, size)
        else:
            loops.append(Loop([axis], size, axis in reduced))
    return loops


def _joins(buffer: Buffer, own: Moving, a: int, b: int) -> bool:
    """Whether axis b can go on in the loop of axis a for this buffer."""
    if (a in own) != (b in own):
        return False
    if a not in own:
        return True
    between = buffer.sizes[own[a] + 1 : own[b]]
    return buffer.dense and own[a] < own[b] and all(size == 1 for size in between)


def access(low: Lowering, loops: Sequence[Loop], buffer: Buffer, own: Moving) -> Access:
    """The memref of a buffer that has one dimension for each loop that moves in it."""
    used = [number for number, loop in enumerate(loops) if loop.axes[-1] in own]
    key = tuple(tuple(own[axis] for axis in loops[number].axes) for number in used)
    if buffer.whole and key == tuple((axis,) for axis in range(buffer.ndim)):
        return Access(buffer.storage.memref, used)
    view = buffer.views.get(key)
    if view is None:
        strides = [buffer.strides[own[loops[number].axes[-1]]] for number in used]
        view = low.body.reinterpret(buffer.storage.memref, buffer.offset, [loops[n].size for n in used], strides)
        buffer.views[key] = view
    return Access(view, used)


def tiled(loops: Sequence[Loop], accessed: Sequence[tuple[Buffer, Moving]]) -> tuple[int, int] | None:
    """Two loops of which a buffer is contiguous along the first, while the second is the innermost; None if there are none."""
    innermost = len(loops) - 1
    for buffer, own in accessed:
        steps = {n: buffer.strides[own[loop.axes[-1]]] for n, loop in enumerate(loops) if loop.axes[-1] in own}
        along = [number for number, step in steps.items() if step == 1]
        if along and along[0] != innermost and innermost in steps:
            return along[0], innermost
    return None
