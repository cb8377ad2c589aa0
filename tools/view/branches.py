"""Blocks of the `llvm` dialect as a picture: what is in each, and where control goes."""

from __future__ import annotations

from collections import Counter

from xdsl.dialects import llvm
from xdsl.ir import Block, Operation

from phintys.ir.diagnostics import error
from phintys.ir.draw import Arrow, Box, shorten

MOST_KINDS = 3
UNSAID = ("mlir.constant", "br", "cond_br")


def branch_boxes(function: Operation) -> tuple[list[Box], list[Operation], list[Arrow], list[int]]:
    """Boxes of a function's blocks, the first operation of each, arrows, and which arrows lead back up."""
    if not isinstance(function, llvm.FuncOp):
        raise error(f"no picture of {function.name} at this level")
    blocks = [block for block in function.body.blocks if block.first_op is not None]
    place = {block: number for number, block in enumerate(blocks)}
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    back: list[int] = []
    for number, block in enumerate(blocks):
        last = block.last_op
        targets = [place[target] for target in dict.fromkeys(last.successors)] if last is not None else []
        boxes.append(_box(number, block, loops=number in targets, leaves=not targets))
        for target in targets:
            if target < number:
                back.append(len(arrows))
            if target != number:
                arrows.append(Arrow(number, target))
    return boxes, [op for block in blocks if (op := block.first_op) is not None], arrows, back


def _box(number: int, block: Block, *, loops: bool, leaves: bool) -> Box:
    ops = list(block.ops)
    counts = Counter(_word(op) for op in ops)
    calls = [word for word in counts if word.startswith("@")]
    rest = [word for word in counts if not word.startswith("@") and word not in UNSAID]
    rest.sort(key=lambda word: -counts[word])
    words = [word if counts[word] == 1 else f"{word} ×{counts[word]}" for word in [*calls, *rest[:MOST_KINDS]]]
    kind = "output" if leaves else "fused" if loops else "input" if number == 0 else "operation"
    title = "entry" if number == 0 else f"^bb{number}"
    return Box(kind, f"{title} ↺" if loops else title, tuple(filter(None, [shorten(", ".join(words))])))


def _word(op: Operation) -> str:
    callee = op.properties.get("callee")
    if callee is not None:
        return str(callee).replace('"', "")
    return op.name.removeprefix("llvm.")
