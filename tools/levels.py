"""The dump of every level of a compiled function, and its graph as drawings, written into a folder.

In: what `phintys.function` returns. Out: files. This is the one place where the tools ask the compiler for its levels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .report import write_whole

# level, suffix, what it is
LEVELS = (
    ("phi", "phi", "the graph as written"),
    ("opt.phi", "opt.phi", "the graph after optimization"),
    ("nd", "nd.mlir", "tensor operations"),
    ("fused", "fused.mlir", "fused regions and library calls"),
    ("loops", "loops.mlir", "loops over memory"),
    ("llvm", "llvm.mlir", "the llvm dialect"),
    ("ll", "ll", "LLVM IR"),
)
DRAWINGS = (("phi", "graph_before.svg"), ("opt.phi", "graph_after.svg"))


def dump(function: Any, level: str) -> str:
    """Text of `function` at `level`."""
    import phintys

    return str(phintys.dump(function, level=level))


def write_levels(function: Any, folder: Path, stem: str) -> list[tuple[Path, str]]:
    """Write `stem.SUFFIX` for each level; returns the files and what they are."""
    written: list[tuple[Path, str]] = []
    for level, suffix, meaning in LEVELS:
        path = folder / f"{stem}.{suffix}"
        write_whole(path, dump(function, level).encode())
        written.append((path, meaning))
    return written


def write_drawings(function: Any, folder: Path) -> list[tuple[Path, str]]:
    """Draw the graph before and after optimization, from the text of those levels."""
    from phintys.ir.parser import parse

    from .draw import draw_svg

    written: list[tuple[Path, str]] = []
    for level, name in DRAWINGS:
        path = folder / name
        write_whole(path, draw_svg(parse(dump(function, level))).encode())
        meaning = next(meaning for other, _, meaning in LEVELS if other == level)
        written.append((path, f"drawing: {meaning}"))
    return written
