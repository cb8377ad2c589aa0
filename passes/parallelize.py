"""parallelize: loops whose iterations do not touch each other's data, cut into chunks that several threads may run at once.

Expects: loops after `reuse-buffers`. Leaves: loops. A loop at the top of a function is cut if it carries no value, cannot
stop the program, and each buffer that it writes is touched by every iteration in its own row only. A temporary that
is used nowhere else belongs to the chunk. Chunks have a size that depends on the work in an iteration and never on the number
of threads, so that neither do results.

    scf.for %i = %lo to %hi step %1 {        ->      scf.for %c = %lo to %hi step %grain {
      ...                                              %sum = arith.addi %c, %grain : index
    }                                                  %end = arith.minsi %sum, %hi : index
                                                       scf.for %i = %c to %end step %1 { ... }
                                                     } {phi.parallel}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from .emit import Emitter, Index
from .loop_facts import Access, Memory, SizeFacts, blocks, root_of

CHUNK = 1 << 17  # cost of a chunk: ten to thirty microseconds
ALIGNED = 64  # chunks of elements begin where lines of the cache do
GUESS = 16  # iterations of a loop whose bounds are not known before
COSTS = {"memref.load": 2, "memref.store": 2, "arith.divf": 4, "math.sqrt": 4, "arith.constant": 0, "scf.yield": 0}
FAMILY_COSTS = {"math": 12, "xmath": 12, "func": 12}


def _cost(op: Operation) -> int:
    """What one operation costs, in additions."""
    return COSTS.get(op.name, FAMILY_COSTS.get(op.name.partition(".")[0], 1))


def _constant(value: SSAValue) -> int | None:
    """The number that a constant of type index is."""
    op = value.owner
    if isinstance(op, arith.ConstantOp) and isinstance(op.value, bi.IntegerAttr):
        return op.value.value.data
    return None


class _Work:
    """Writes the cost of an iteration of `loop`, in terms of what is known before the loop."""

    def __init__(self, e: Emitter, loop: scf.ForOp) -> None:
        self.e = e
        self.loop = loop

    def block(self, block: Block, step: int) -> Index:
        """The cost of a block of a loop that advances by `step`."""
        plain, nested = 1, list[Index]()
        for op in block.ops:
            plain += _cost(op)
            for region in op.regions:
                for inner in region.blocks:
                    if isinstance(op, scf.ForOp):
                        nested.append(self._inner(op, inner, step))
                    else:
                        nested.append(self.block(inner, step))
        total: Index = plain
        for part in nested:
            total = self.e.add(total, part)
        return total

    def _inner(self, op: scf.ForOp, body: Block, around: int) -> Index:
        """The cost of a loop inside; one that runs from a variable of the loop around it fills that one's step."""
        step = _constant(op.step) or 1
        cost = self.block(body, step)
        low, high = self._before(op.lb), self._before(op.ub)
        if low is None or high is None:
            return self.e.mul(cost, around if around > 1 else GUESS)
        span = self.e.sub(high, low)
        if step == 1:
            return self.e.mul(cost, span)
        whole = self.e.mul(cost, span)
        return -(-whole // step) if isinstance(whole, int) else self.e.op(arith.DivUIOp, [whole, self.e.index(step)])

    def _before(self, value: SSAValue) -> Index | None:
        """A value that is known before the loop; None for others."""
        number = _constant(value)
        if number is not None:
            return number
        at = value.owner if isinstance(value.owner, Block) else value.owner.parent
        return value if at is self.loop.parent else None


def _grain(e: Emitter, cost: Index) -> Index:
    """How many iterations make a chunk."""
    if isinstance(cost, int):
        return -(-max(1, CHUNK // cost) // ALIGNED) * ALIGNED if cost < CHUNK // ALIGNED else max(1, CHUNK // cost)
    return e.maximum(e.op(arith.DivUIOp, [e.index(CHUNK), cost]), 1)


def _private(root: SSAValue, loop: scf.ForOp) -> bool:
    """Whether a buffer is a temporary of the loop's iterations: made before it, freed after it, and filled in each anew."""
    if not isinstance(root.owner, memref.AllocOp) or root.owner.parent is not loop.parent:
        return False
    for use in root.uses:
        op = use.operation
        if isinstance(op, memref.DeallocOp) and op.parent is loop.parent:
            continue
        stored = isinstance(op, memref.StoreOp)
        if not isinstance(op, memref.LoadOp | memref.StoreOp) or (stored and use.index != 1) or not _always(op, loop):
            return False
    return True


def _always(op: Operation, loop: scf.ForOp) -> bool:
    """Whether an operation is in the loop, under loops only."""
    parent = op.parent_op()
    while isinstance(parent, scf.ForOp) and parent is not loop:
        parent = parent.parent_op()
    return parent is loop


def _privates(accesses: Iterable[Access], loop: scf.ForOp) -> list[SSAValue] | None:
    """The temporaries of the iterations; None if two iterations may touch the same element otherwise, one of them writing."""
    by_root: dict[SSAValue, list[Access]] = {}
    for access in accesses:
        by_root.setdefault(root_of(access.view.root), []).append(access)
    found = []
    for root, uses in by_root.items():
        if not any(access.writes for access in uses):
            continue
        rows = {access.row for access in uses}
        if len(rows) == 1 and None not in rows:
            continue
        if not _private(root, loop):
            return None
        found.append(root)
    return found


def _is_small(loop: scf.ForOp, grain: Index) -> bool:
    """Whether the number of iterations is known, and makes one chunk at most."""
    low, high = _constant(loop.lb), _constant(loop.ub)
    return low is not None and high is not None and isinstance(grain, int) and high - low <= grain


def _own(e: Emitter, root: SSAValue) -> tuple[SSAValue, list[memref.DeallocOp]]:
    """Move a temporary into the chunk; its value, and what freed it before."""
    op = root.owner
    assert isinstance(op, memref.AllocOp)
    frees = [use.operation for use in root.uses if isinstance(use.operation, memref.DeallocOp)]
    op.detach()
    e.insert(op)
    return root, frees


def cut(loop: scf.ForOp, memory: Memory) -> bool:
    """Cut a loop into chunks if its iterations are independent; whether it was."""
    if loop.results or _constant(loop.step) != 1:
        return False
    accesses = memory.accesses(loop)
    privates = _privates(accesses, loop) if accesses is not None else None
    if privates is None:
        return False
    before = Emitter(Block(), loop.location)
    grain = _grain(before, _Work(before, loop).block(loop.body.block, 1))
    if _is_small(loop, grain):
        return False
    low, high = loop.lb, loop.ub
    inner, chunks = before.loop(low, high, grain)
    chunks.attributes["phi.parallel"] = bi.UnitAttr()
    owned = [_own(inner, root) for root in privates]
    start = chunks.body.block.args[0]
    end = inner.minimum(inner.add(start, grain), high)
    parent = loop.parent
    assert parent is not None
    for op in list(before.block.ops):
        op.detach()
        parent.insert_op_before(op, loop)
    loop.detach()
    loop.operands[0], loop.operands[1] = start, inner.index(end)
    inner.insert(loop)
    for _root, frees in owned:
        for op in frees:
            op.detach()
            inner.insert(op)
    inner.end_loop()
    return True


@dataclass(frozen=True)
class Parallelize(ModulePass):
    """Cut loops of independent iterations into chunks."""

    name = "parallelize"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on the loops at the top of each function that takes memory."""
        for block in blocks(op, 1):
            if not any(isinstance(argument.type, bi.MemRefType) for argument in block.args) and not _gives_memory(block):
                continue
            memory = Memory(SizeFacts(block))
            for inner in list(block.ops):
                if isinstance(inner, scf.ForOp) and "phi.parallel" not in inner.attributes:
                    cut(inner, memory)


def _gives_memory(block: Block) -> bool:
    last = block.last_op
    return isinstance(last, func.ReturnOp) and any(isinstance(value.type, bi.MemRefType) for value in last.operands)
