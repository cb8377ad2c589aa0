"""The drawings of a step, laid out: the graph above the loops, memory and loops below, blocks and branches at the end.

A drawing is plain data: boxes with the number of the operation that each shows, and the points of the arrows. The page turns
it into SVG when it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import func, llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from phintys.dialects.nd import RequireOp
from phintys.ir.diagnostics import DiagnosticError, error
from phintys.ir.draw import Arrow, Box, collect
from phintys.ir.graph import Node
from phintys.ir.layout import arrange
from phintys.passes.convert_nd_to_graph import func_to_graph

from .branches import branch_boxes
from .memory import memory_boxes
from .recorder import Recorder

LARGEST = 1_500  # boxes; beyond it nobody sees anything, and the layout takes seconds


@dataclass
class Picture:
    """Boxes, the operation that each stands for (-1: none), and arrows between them."""

    boxes: list[Box]
    numbers: list[int]
    arrows: list[Arrow]
    back: Sequence[int] = ()  # arrows that lead up again


def draw(module: ModuleOp, level: str, recorder: Recorder) -> list[dict[str, Any]]:
    """A drawing of each function that has a body and is not a helper of the compiler's; none of what has no drawing."""
    shown = [
        op
        for op in module.body.block.ops
        if isinstance(op, func.FuncOp | llvm.FuncOp) and op.body.blocks and not _is_helper(op)
    ]
    try:
        return [laid_out(op.sym_name.data, PICTURES[level](op, recorder)) for op in shown]
    except DiagnosticError:  # operations of other dialects, or several blocks: the text shows them
        return []


def _is_helper(op: func.FuncOp | llvm.FuncOp) -> bool:
    if isinstance(op, llvm.FuncOp):
        return "phi.arguments" not in op.attributes
    return op.sym_visibility is not None and op.sym_visibility.data == "private"


def graph_picture(op: Operation, recorder: Recorder) -> Picture:
    """Whole-tensor operations and fused regions, as `ir.draw` shows them."""
    if not isinstance(op, func.FuncOp):
        raise error(f"{op.name} at the level of whole tensors")
    made: dict[Node, Operation] = {}
    graph = func_to_graph(op, made)
    boxes, arrows = collect(graph)
    arguments = len(graph.inputs) + len(graph.states)
    requires = [inner for inner in op.body.block.ops if isinstance(inner, RequireOp)]
    shown = [*(made[node] for node in graph.nodes()), *requires]
    numbers = [-1] * arguments + [recorder.numbers[inner] for inner in shown]
    return Picture(boxes, numbers + [-1] * (len(boxes) - len(numbers)), arrows)


def memory_picture(op: Operation, recorder: Recorder) -> Picture:
    """Loop nests and calls, and the buffers between them."""
    boxes, ops, arrows = memory_boxes(op)
    return Picture(boxes, [-1 if inner is None else recorder.numbers[inner] for inner in ops], arrows)


def branch_picture(op: Operation, recorder: Recorder) -> Picture:
    """Blocks and branches."""
    boxes, ops, arrows, back = branch_boxes(op)
    return Picture(boxes, [recorder.numbers[inner] for inner in ops], arrows, back)


PICTURES: dict[str, Callable[[Operation, Recorder], Picture]] = {
    "nd": graph_picture,
    "fused": graph_picture,
    "loops": memory_picture,
    "llvm": branch_picture,
    "gpu": memory_picture,  # of the host's function: buffers, and the launches that work on them
    "nvvm": memory_picture,
}


def laid_out(name: str, picture: Picture) -> dict[str, Any]:
    """A drawing with its coordinates; without boxes where there are too many."""
    if len(picture.boxes) > LARGEST:
        return {"name": name, "large": len(picture.boxes), "size": [0, 0], "boxes": [], "arrows": []}
    turned = set(picture.back)
    pairs = [
        (arrow.target, arrow.source) if i in turned else (arrow.source, arrow.target) for i, arrow in enumerate(picture.arrows)
    ]
    layout = arrange([box.size for box in picture.boxes], pairs)
    return {
        "name": name,
        "size": [round(layout.width), round(layout.height)],
        "boxes": [
            [number, box.kind, box.title, list(box.detail), list(box.code), *map(round, (*centre, *box.size))]
            for number, box, centre in zip(picture.numbers, picture.boxes, layout.centres, strict=True)
        ],
        "arrows": [
            [arrow.source, arrow.target, arrow.label, [round(part) for point in path for part in point], int(index in turned)]
            for index, (arrow, path) in enumerate(zip(picture.arrows, layout.paths, strict=True))
        ],
    }
