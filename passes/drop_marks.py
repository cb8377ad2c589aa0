"""drop-marks: every mark of `ir/ops_marks.py` becomes its first operand.

Expects `nd` functions without `nd.grad`. Leaves no marks.

    %1 = nd.zero_grad %0    func.return %1          ->      func.return %0
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from phintys.dialects.nd import NdOp

from .provenance import replace_uses
from .rewriting import erase, erase_dead, functions, operations


@dataclass(frozen=True)
class DropMarks(ModulePass):
    """Remove marks."""

    name = "drop-marks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Work on every function."""
        for func in functions(op):
            marks = [mark for mark in operations(func) if isinstance(mark, NdOp) and mark.row.family == "mark"]
            for mark in marks:
                replace_uses(mark.results[0], mark.operands[0])
                erase(mark)
            if marks:
                erase_dead(func)
