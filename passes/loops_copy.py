"""Loops that copy a buffer, or fill one with a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.ir import SSAValue

from .buffers import Buffer
from .emit import Emitter
from .iteration import access, collapse, memory_order, moving, tiled
from .nests import Point, nest, tiles

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering


def copy(low: Lowering, source: Buffer, target: Buffer, value: SSAValue | None = None) -> None:
    """Copy a buffer into another of the same sizes; or fill `target` with a scalar. Axes that allow it are collapsed."""
    buffers = [target] if value is not None else [source, target]
    walks = [(buffer, moving(buffer, range(buffer.ndim), target.sizes)) for buffer in buffers]
    loops = collapse(low, target.sizes, memory_order(target.sizes, walks), (), walks)
    views = [access(low, loops, buffer, own) for buffer, own in walks]

    def leaf(e: Emitter, points: list[Point]) -> None:
        places = [[points[0][number] for number in view.loops] for view in views]
        scalar = e.load(views[0].memref, places[0]) if value is None else value
        e.store(scalar, views[-1].memref, places[-1])

    pair = None if low.device else tiled(loops, walks)
    if pair is not None:
        tiles(low.body, loops, pair, leaf)
    else:
        nest(low.body, loops, range(len(loops)), leaf)
