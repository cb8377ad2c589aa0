"""What threads of a block know: which values are the same for all, and which have to be kept from one wait to the next.

Between two waits (barriers and shuffles) threads can run one after the other. A run of operations without a wait is a
*stretch*; a value that one stretch computes and another reads is *kept*, one number a thread.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects import builtin as bi
from xdsl.dialects import memref, scf
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from phintys.dialects import gpu

WAITS = (gpu.BarrierOp, gpu.ShuffleOp)
PURE = ("arith.", "math.", "xmath.")
VIEWS = (memref.ReinterpretCastOp, memref.ViewOp, memref.CastOp)
COMMON = (memref.DimOp, memref.ExtractAlignedPointerAsIndexOp, gpu.BlockIdOp, gpu.BlockDimOp, gpu.GridDimOp, *VIEWS)
MEMORY = (memref.AllocaOp, gpu.DynamicSharedMemoryOp)
# what does not write to its operands
READERS = {op.name for op in (memref.LoadOp, memref.DimOp, memref.ExtractAlignedPointerAsIndexOp, *VIEWS)} | {"vector.load"}
ENDS = (scf.YieldOp, gpu.ReturnOp)


def waits(op: Operation) -> bool:
    """Whether threads wait for one another in an operation."""
    return any(isinstance(inner, WAITS) for inner in op.walk())


class Threads:
    """Analysis of one kernel."""

    def __init__(self, kernel: gpu.FuncOp) -> None:
        self.common: set[SSAValue] = set(kernel.block.args)
        self._written = {root(value) for op in kernel.walk() if op.name not in READERS for value in op.operands}
        self.kept: dict[SSAValue, None] = {}  # in the order of the kernel: it is that of the arrays, the same in every process
        self.common.update(op.results[0] for op in kernel.walk() if isinstance(op, MEMORY))
        self._stretch: dict[Operation, int] = {}
        self._count = 0
        self._number(kernel.block)
        for op in self._stretch:
            for result in op.results:
                if not isinstance(result.type, bi.MemRefType) and self._is_read_elsewhere(result, self._stretch[op]):
                    self.kept[result] = None

    def is_common(self, op: Operation) -> bool:
        """Whether an operation gives all threads the same and may be run once for them, ahead of their stretch."""
        known = op.name.startswith(PURE) or isinstance(op, COMMON) or self._reads_what_stays(op)
        return known and not op.regions and all(operand in self.common for operand in op.operands)

    def _reads_what_stays(self, op: Operation) -> bool:
        """Whether an operation loads from an argument that nothing in the kernel can write."""
        if not isinstance(op, memref.LoadOp):
            return False
        source = root(op.memref)
        return isinstance(source, BlockArgument) and source not in self._written

    def _number(self, block: Block) -> None:
        """Give every operation of a block that has waits the number of its stretch."""
        self._count += 1
        for op in block.ops:
            if isinstance(op, (*ENDS, *MEMORY, gpu.ThreadIdOp)):
                continue
            if waits(op):
                self._around(op)
                self._count += 1
            elif self.is_common(op):
                self.common.update(op.results)
            else:
                self._stretch.update(dict.fromkeys(op.walk(), self._count))

    def _around(self, op: Operation) -> None:
        """A wait, or a loop or branch around some: what it carries and gives is kept, its counter is common."""
        self.kept.update(dict.fromkeys(op.results))
        for region in op.regions:
            block = region.block
            if isinstance(op, scf.ForOp):
                self.common.add(block.args[0])
                self.kept.update(dict.fromkeys(block.args[1:]))
            self._number(block)

    def stretches(self, value: SSAValue) -> int:
        """In how many stretches a value, or a view of it, is used."""
        numbers = set()
        for use in value.uses:
            number = self._stretch.get(use.operation)
            if number is not None:
                numbers.add(number)
            elif isinstance(use.operation, VIEWS):
                return 2  # a view for all: where it is used is not followed
        return len(numbers)

    def _is_read_elsewhere(self, value: SSAValue, mine: int) -> bool:
        """Whether a value is read in another stretch than its own, by itself or to make a view again."""
        return any(
            self._stretch.get(use.operation) != mine
            or (isinstance(use.operation, VIEWS) and self._is_read_elsewhere(use.operation.results[0], mine))
            for use in value.uses
        )


def outer_operands(op: Operation) -> Iterable[SSAValue]:
    """Values from outside of an operation that it, or what stands in it, reads."""
    inside = {op, *op.walk()}
    for inner in op.walk():
        for operand in inner.operands:
            owner = operand.owner.parent_op() if isinstance(operand, BlockArgument) else operand.owner
            if owner not in inside:
                yield operand


def root(value: SSAValue) -> SSAValue:
    """The memref that a value is a view of."""
    while isinstance(value.owner, VIEWS):
        value = value.owner.operands[0]
    return value


def is_view(value: SSAValue) -> bool:
    """Whether a value is a memref made of another one."""
    return isinstance(value.owner, VIEWS)
