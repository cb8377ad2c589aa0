"""Merge operations that compute the same value: same name, attributes, operands and result types.

Expects `nd` functions of one block. Leaves each value computed once; operands of commutative operations may have come
in either order. A function that still holds `nd.grad` or `nd.jacobian` is left alone: two values that are
equal now may be told apart by a gradient with respect to one of them.

    %1 = nd.mul %x, %y                  %1 = nd.mul %x, %y
    %2 = nd.mul %y, %x           ->     %3 = nd.add %1, %1
    %3 = nd.add %1, %2
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from phintys.dialects.nd import NdOp

from .provenance import replace_uses
from .rewriting import erase, functions


@dataclass(frozen=True)
class Cse(ModulePass):
    """Merge equal operations."""

    name = "cse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Merge within each block of each function, in one walk."""
        for func in functions(op):
            merge(func)


def merge(func: FuncOp) -> int:
    """Merge equal operations of a function; the number of operations removed."""
    count = 0
    for block in func.body.blocks:
        ops = [op for op in block.ops if isinstance(op, NdOp)]
        if any(op.row.family == "derivative" for op in ops):
            continue
        seen: dict[Hashable, NdOp] = {}
        for op in ops:
            first = seen.setdefault(_key(op), op)
            if first is not op:
                for old, new in zip(op.results, first.results, strict=True):
                    replace_uses(old, new)
                erase(op)
                count += 1
    return count


def _key(op: NdOp) -> Hashable:
    """Equal for operations that compute the same; the types count, since they may know different sizes."""
    operands = [id(value) for value in op._operands]
    if op.row.commutative:
        operands.sort()
    # Attributes come in the order of the operation table or of a text: by name, so that both agree.
    attributes = tuple(sorted(op.attributes.items(), key=lambda item: item[0])) if op.attributes else ()
    return op.row.name, tuple(operands), attributes, op.results[0].type
