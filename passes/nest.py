"""Loops in loops, of which only the innermost does something."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from .emit import Emitter, Index


class Nest:
    """Loops over sizes, opened one by one; `e` emits into the innermost."""

    def __init__(self, e: Emitter, sizes: Sequence[Index]) -> None:
        self.e = e
        self.loops: list[Emitter] = []
        self.ivs: list[SSAValue] = []
        for size in sizes:
            self.e, op = self.e.loop(0, size)
            self.loops.append(self.e)
            self.ivs.append(op.regions[0].block.args[0])

    def close(self) -> None:
        """End all of them."""
        for loop in reversed(self.loops):
            loop.end_loop()
