"""What an iteration of a loop costs, as code that computes it from sizes, and how many iterations a chunk of it has."""

from __future__ import annotations

from xdsl.dialects import arith, scf
from xdsl.ir import Block, Operation, SSAValue

from .control import branch
from .emit import Emitter, Index
from .size_facts import constant

CHUNK = 1 << 17  # cost of a chunk: ten to thirty microseconds
FEWEST_CHUNKS = 12  # below, waking a thread costs as much as it saves
ALIGNED = 64  # chunks of elements begin where lines of the cache do
GUESS = 16  # iterations of a loop whose bounds are not known before
COSTS = {"memref.load": 2, "memref.store": 2, "arith.divf": 4, "math.sqrt": 4, "arith.constant": 0, "scf.yield": 0}
FAMILY_COSTS = {"math": 12, "xmath": 12, "func": 12}


def cost(op: Operation) -> int:
    """What one operation costs, in additions."""
    return COSTS.get(op.name, FAMILY_COSTS.get(op.name.partition(".")[0], 1))


class Work:
    """Writes the cost of an iteration of `loop`, in terms of what is known before the loop."""

    def __init__(self, e: Emitter, loop: scf.ForOp) -> None:
        self.e = e
        self.loop = loop

    def block(self, block: Block) -> Index:
        """The cost of a block."""
        plain, nested = 1, list[Index]()
        for op in block.ops:
            plain += cost(op)
            for region in op.regions:
                for inner in region.blocks:
                    nested.append(self._inner(op, inner) if isinstance(op, scf.ForOp) else self.block(inner))
        total: Index = plain
        for part in nested:
            total = self.e.add(total, part)
        return total

    def _inner(self, op: scf.ForOp, body: Block) -> Index:
        """The cost of a loop inside; one that runs from a variable of a loop around it fills that one's step."""
        step = constant(op.step) or 1
        cost = self.block(body)
        low, high = self._before(op.lb), self._before(op.ub)
        if low is None or high is None:
            return self.e.mul(cost, _block_size(op.lb))
        span = self.e.sub(high, low)
        whole = self.e.mul(cost, span)
        if step == 1:
            return whole
        return -(-whole // step) if isinstance(whole, int) else self.e.op(arith.DivUIOp, [whole, self.e.index(step)])

    def _before(self, value: SSAValue) -> Index | None:
        """A value that is known before the loop; None for others."""
        number = constant(value)
        if number is not None:
            return number
        if isinstance(value.owner, arith.SubiOp) and value.owner.parent is not self.loop.parent:
            return self._before(value.owner.lhs)  # all but the rest: an estimate is enough
        at = value.owner if isinstance(value.owner, Block) else value.owner.parent
        return value if at is self.loop.parent else None


def _block_size(start: SSAValue) -> int:
    """How far a loop goes that starts with the variable of a loop that counts blocks."""
    around = start.owner.parent_op() if isinstance(start.owner, Block) else None
    step = constant(around.step) if isinstance(around, scf.ForOp) else None
    return step if step is not None and step > 1 else GUESS


def grain(e: Emitter, span: Index, cost: Index, step: int) -> tuple[Index, int]:
    """How many numbers of the loop's range make a chunk, and from how many chunks on it is worth to wake threads.

    `span`: of the range; iterations are `step` apart and cost `cost` each. Where that depends on the call, what is worth it is
    decided here: a division less in calls with little to do.
    """
    if isinstance(cost, int):
        count = max(1, CHUNK // cost)
        size = -(-count // ALIGNED) * ALIGNED if step == 1 and cost < CHUNK // ALIGNED else count * step
        return size, max(2, FEWEST_CHUNKS * CHUNK // max(cost, CHUNK))

    def cut(e: Emitter, _: object) -> list[SSAValue]:
        count = e.maximum(e.op(arith.DivUIOp, [e.index(CHUNK), cost]), 1)
        return [e.index(e.mul(count, step))]

    enough = e.icmp("sge", e.index(e.mul(span, cost)), e.index(FEWEST_CHUNKS * CHUNK * step))
    return branch(e, enough, cut, [e.index(e.maximum(span, 1))])[0], 2


def span(e: Emitter, loop: scf.ForOp) -> Index:
    """How many numbers lie between a loop's bounds."""
    low, high = (value if (number := constant(value)) is None else number for value in (loop.lb, loop.ub))
    return e.sub(high, low)
