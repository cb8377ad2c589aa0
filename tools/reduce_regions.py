"""What an operation with a body takes, carries and gives, made smaller: results and operands of `nd.fused`, values that
`scf.for` carries. Body, terminator, results and attributes change together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from xdsl.dialects import builtin as bi
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation

from phintys.dialects.nd import FusedOp

Change = Callable[[], None]
BOUNDS = 3  # operands of scf.for before those that it carries


def droppable_parts(module: ModuleOp) -> list[Change]:
    """One change for each result of an `nd.fused` that nothing reads, each operand that its body does not read, and each
    value that a loop carries: what the loop began with takes its place.
    """
    found: list[Change] = []
    for op in module.walk():
        if isinstance(op, FusedOp):
            unread = [number for number, result in enumerate(op.results) if result.first_use is None]
            found += [partial(_drop_fused_result, op, number) for number in unread]
            unread = [number for number, argument in enumerate(op.block.args) if argument.first_use is None]
            found += [partial(_drop_fused_operand, op, number) for number in unread]
        elif isinstance(op, scf.ForOp):
            found += [partial(_drop_carried, op, number) for number in range(len(op.results))]
    return found


def _current(op: Operation) -> Operation:
    """An operation that an earlier change of the same list has replaced is gone: its other parts are for the next round."""
    if op.parent is None:
        raise ValueError("replaced meanwhile")
    return op


def _rebuild(op: Operation, dropped: int | None, operands: Sequence[int], attributes: dict[str, Attribute]) -> None:
    """Put an operation with fewer operands and without result `dropped` in the place of `op`, with the same body."""
    kept = [number for number in range(len(op.results)) if number != dropped]
    new = type(op).create(
        operands=[op.operands[number] for number in operands],
        result_types=[op.results[number].type for number in kept],
        properties=dict(op.properties),
        attributes=attributes,
        regions=[op.detach_region(region) for region in list(op.regions)],
        location=op.location,
    )
    assert op.parent is not None
    op.parent.insert_op_before(new, op)
    for number, result in zip(kept, new.results, strict=True):
        op.results[number].replace_all_uses_with(result)
    op.detach()
    op.erase()


def _shorten_last(op: Operation, number: int) -> None:
    last = op.regions[0].block.last_op
    assert last is not None
    last.operands = [value for place, value in enumerate(last.operands) if place != number]


def _drop_fused_result(op: FusedOp, number: int) -> None:
    _current(op)
    if len(op.results) == 1:
        raise ValueError("the last one")
    combine = [bi.StringAttr(name) for place, name in enumerate(op.combine) if place != number]
    _shorten_last(op, number)
    _rebuild(op, number, range(len(op.operands)), {**op.attributes, "combine": bi.ArrayAttr(combine)})


def _drop_fused_operand(op: FusedOp, number: int) -> None:
    _current(op)
    op.block.erase_arg(op.block.args[number])
    _rebuild(op, None, [place for place in range(len(op.operands)) if place != number], dict(op.attributes))


def _drop_carried(op: scf.ForOp, number: int) -> None:
    _current(op)
    before = op.operands[BOUNDS + number]
    op.results[number].replace_all_uses_with(before)
    inside = op.body.block.args[1 + number]
    inside.replace_all_uses_with(before)
    op.body.block.erase_arg(inside)
    _shorten_last(op, number)
    _rebuild(op, number, [place for place in range(len(op.operands)) if place != BOUNDS + number], dict(op.attributes))
