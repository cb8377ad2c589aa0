"""`scf.if` and `scf.while`, written with functions for their regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import scf
from xdsl.ir import Block, Region, SSAValue

from .emit import Emitter

Body = Callable[[Emitter, Sequence[SSAValue]], Sequence[SSAValue]]
Test = Callable[[Emitter, Sequence[SSAValue]], SSAValue]


def branch(e: Emitter, condition: SSAValue, then: Body, otherwise: Sequence[SSAValue]) -> list[SSAValue]:
    """Values of `then` where the condition holds, else the other ones."""
    blocks = Block(), Block()
    inner = Emitter(blocks[0], e.location, e)
    inner.end_loop(list(then(inner, otherwise)))
    Emitter(blocks[1], e.location, e).end_loop(list(otherwise))
    regions = [Region(blocks[0]), Region(blocks[1])]
    types = [value.type for value in otherwise]
    op = scf.IfOp.create(operands=[condition], result_types=types, regions=regions, location=e.location)
    e.insert(op)
    return list(op.results)


def either(e: Emitter, condition: SSAValue, then: Callable[[Emitter], None], otherwise: Callable[[Emitter], None]) -> None:
    """What one of two functions writes; no values."""
    blocks = Block(), Block()
    for block, body in zip(blocks, (then, otherwise), strict=True):
        inner = Emitter(block, e.location, e)
        body(inner)
        inner.end_loop()
    regions = [Region(block) for block in blocks]
    e.insert(scf.IfOp.create(operands=[condition], result_types=[], regions=regions, location=e.location))


def repeat(e: Emitter, start: Sequence[SSAValue], condition: Test, body: Body) -> list[SSAValue]:
    """`scf.while`: values after the last round."""
    types = [value.type for value in start]
    before, after = Block(arg_types=types), Block(arg_types=types)
    test = Emitter(before, e.location, e)
    found = condition(test, before.args)
    test.insert(scf.ConditionOp.create(operands=[found, *before.args], location=e.location))
    inner = Emitter(after, e.location, e)
    inner.end_loop(list(body(inner, after.args)))
    op = scf.WhileOp.create(
        operands=list(start), result_types=types, regions=[Region(before), Region(after)], location=e.location
    )
    e.insert(op)
    return list(op.results)
