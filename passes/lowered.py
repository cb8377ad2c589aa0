"""What is left to do when a function consists of loops: temporaries are freed, arithmetic that nothing needs goes."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import builtin as bi
from xdsl.dialects import func, memref
from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.ir.types import DTYPES


def erase_unused_arithmetic(block: Block) -> None:
    """Sizes and strides that no access needed."""
    for op in reversed(list(block.ops)):
        if op.name.startswith(("arith.", "memref.dim")) and not any(value.uses for value in op.results):
            op.detach()
            op.erase()


def touches(op: Operation, targets: set[SSAValue]) -> bool:
    """Whether an operation, or one nested in it, may write to one of these buffers."""
    return any(value in targets for inner in op.walk() if not isinstance(inner, memref.LoadOp) for value in inner.operands)


def note_unsigned(function: func.FuncOp, name: str, values: Sequence[SSAValue]) -> None:
    """Memrefs have signless elements: say where they are unsigned."""
    if not any(from_xdsl(value.type).kind == "u" for value in values):
        return
    present = function.properties.get(name)
    rows = [dict(row.data) for row in present.data] if isinstance(present, bi.ArrayAttr) else [{} for _ in values]
    for row, value in zip(rows, values, strict=True):
        type = from_xdsl(value.type)
        if type.kind == "u":
            row["nd.dtype"] = bi.StringAttr(DTYPES[type.dtype].short)
    function.properties[name] = bi.ArrayAttr([bi.DictionaryAttr(row) for row in rows])


def free_temporaries(block: Block) -> None:
    """Deallocate every buffer that is not returned after its last use."""
    position = {op: number for number, op in enumerate(block.ops)}
    for op in list(block.ops):
        if not isinstance(op, memref.AllocOp):
            continue
        last = max((last_use(value, block, position) for value in op.results), key=lambda pair: pair[0], default=(0, op))
        if isinstance(last[1], func.ReturnOp):
            continue
        block.insert_op_after(memref.DeallocOp.create(operands=[op.results[0]], location=op.location), last[1])


def last_use(value: SSAValue, block: Block, position: dict[Operation, int]) -> tuple[int, Operation]:
    """Position and operation of the last use of a buffer, by itself or through views, in a function's block."""
    owner = value.owner
    assert isinstance(owner, Operation)
    best = (position[owner], owner)
    for use in value.uses:
        user: Operation | None = use.operation
        while user is not None and user.parent is not block:
            user = user.parent_op()
        if user is None:
            continue
        best = max(best, (position[user], user), key=lambda pair: pair[0])
        if isinstance(user, memref.ReinterpretCastOp):
            best = max(best, last_use(user.results[0], block, position), key=lambda pair: pair[0])
    return best
