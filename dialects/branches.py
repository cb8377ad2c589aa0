"""Branches: what one hands to a block fits the block's arguments. xDSL's verifier does not check it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.ir import Block, Operation, SSAValue

from .dominance import DominanceProblem

# names of the operands that go to each successor, in their order
HANDED: dict[str, tuple[str, ...]] = {
    "cf.br": ("arguments",),
    "cf.cond_br": ("then_arguments", "else_arguments"),
    "llvm.br": ("arguments",),
    "llvm.cond_br": ("then_arguments", "else_arguments"),
}


def check_branches(op: Operation) -> DominanceProblem | None:
    """The first branch within `op` whose values do not fit the block they go to, or `None`."""
    for inner in op.walk():
        if inner.successors:
            for block, values in _edges(inner):
                expected = [str(argument.type) for argument in block.args]
                found = [str(value.type) for value in values]
                if found != expected:
                    message = f"{inner.name}: hands over ({', '.join(found)}), the block takes ({', '.join(expected)})"
                    return DominanceProblem(inner, message)
    return None


def _edges(op: Operation) -> Iterator[tuple[Block, Sequence[SSAValue]]]:
    for block, name in zip(op.successors, HANDED.get(op.name, ()), strict=False):
        yield block, getattr(op, name)
