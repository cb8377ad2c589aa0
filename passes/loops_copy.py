"""Loops that copy a buffer, or fill one with a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.ir import SSAValue

from .buffers import Buffer
from .emit import Index

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering


def copy(low: Lowering, source: Buffer, target: Buffer, value: SSAValue | None = None) -> None:
    """Copy a buffer into another of the same sizes; or fill `target` with a scalar. Axes that allow it are collapsed."""
    e = low.body
    buffers = [target] if value is not None else [source, target]
    if all(buffer.dense for buffer in buffers):
        total = low.at(*low.dims(target)).product(target.sizes)
        sizes: list[Index] = [total]
        views = [e.reinterpret(b.storage.memref, b.offset, sizes, [1]) for b in buffers]
    else:
        sizes = target.sizes
        views = [buffer.view(e) for buffer in buffers]
    loops = []
    ivs: list[SSAValue] = []
    for size in sizes:
        inner, op = e.loop(0, size)
        ivs.append(op.regions[0].block.args[0])
        loops.append(inner)
        e = inner
    e.store(e.load(views[0], ivs) if value is None else value, views[-1], ivs)
    for inner in reversed(loops):
        inner.end_loop()
