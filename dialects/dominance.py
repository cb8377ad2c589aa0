"""Dominance: every operand is defined before it is used, on every path. xDSL's verifier does not check it.

One walk with the set of values in scope: blocks are visited along the dominator tree, and what a block defines leaves
the scope with the last block it dominates. Blocks that cannot be reached are not looked at, as in MLIR.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.ir import Block, Operation, Region, SSAValue


@dataclass(frozen=True)
class DominanceProblem:
    """The first operation that uses a value which is not defined there, and the sentence that says so."""

    op: Operation
    message: str


def check_dominance(op: Operation) -> DominanceProblem | None:
    """The first violation in the regions of `op`, or `None`."""
    scope: set[SSAValue] = set(op.operands)
    for region in op.regions:
        problem = _check_region(region, scope)
        if problem is not None:
            return problem
    return None


def _check_region(region: Region, scope: set[SSAValue]) -> DominanceProblem | None:
    for block, enter in _dominator_walk(region):
        if not enter:
            scope.difference_update(block.args)
            for op in block.ops:
                scope.difference_update(op.results)
            continue
        problem = _check_block(block, scope)
        if problem is not None:
            return problem
    return None


def _check_block(block: Block, scope: set[SSAValue]) -> DominanceProblem | None:
    scope.update(block.args)
    for op in block.ops:
        for index, operand in enumerate(op.operands):
            if operand not in scope:
                name = f"%{operand.name_hint}" if operand.name_hint else f"operand {index}"
                return DominanceProblem(op, f"{op.name}: {name} is used before it is defined")
        for region in op.regions:
            problem = _check_region(region, scope)
            if problem is not None:
                return problem
        scope.update(op.results)
    return None


def _dominator_walk(region: Region) -> Iterator[tuple[Block, bool]]:
    """Reachable blocks along the dominator tree: (block, True) on the way down, (block, False) on the way up."""
    entry = region.first_block
    if entry is None:
        return
    children = _dominator_children(entry) if entry.next_block is not None else {}
    stack = [(entry, True)]
    while stack:
        block, enter = stack.pop()
        yield block, enter
        if enter:
            stack.append((block, False))
            stack.extend((child, True) for child in reversed(children.get(block, [])))


def _postorder(entry: Block) -> list[Block]:
    order: list[Block] = []
    seen = {entry}
    stack: list[tuple[Block, Iterator[Block]]] = [(entry, iter(_successors(entry)))]
    while stack:
        block, successors = stack[-1]
        for successor in successors:
            if successor not in seen:
                seen.add(successor)
                stack.append((successor, iter(_successors(successor))))
                break
        else:
            order.append(block)
            stack.pop()
    return order


def _successors(block: Block) -> list[Block]:
    return [] if block.last_op is None else list(block.last_op.successors)


def _dominator_children(entry: Block) -> dict[Block, list[Block]]:
    """The dominator tree (Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", 2001)."""
    order = _postorder(entry)
    number = {block: index for index, block in enumerate(order)}
    predecessors: dict[Block, list[Block]] = {block: [] for block in order}
    for block in order:
        for successor in _successors(block):
            predecessors[successor].append(block)
    above: dict[Block, Block] = {entry: entry}
    changed = True
    while changed:
        changed = False
        for block in reversed(order[:-1]):
            known = [other for other in predecessors[block] if other in above]
            found = known[0]
            for other in known[1:]:
                found = _common_dominator(found, other, above, number)
            if above.get(block) is not found:
                above[block] = found
                changed = True
    children: dict[Block, list[Block]] = {}
    for block in reversed(order[:-1]):
        children.setdefault(above[block], []).append(block)
    return children


def _common_dominator(a: Block, b: Block, above: dict[Block, Block], number: dict[Block, int]) -> Block:
    while a is not b:
        while number[a] < number[b]:
            a = above[a]
        while number[b] < number[a]:
            b = above[b]
    return a
