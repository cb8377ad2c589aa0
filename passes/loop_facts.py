"""What is known about loops on memory: which part of a buffer one iteration touches.

An access belongs to the *row* of iteration `i` when it indexes one dimension of a dense buffer with `i` itself: rows of
different iterations have no element in common. Where a loop advances by blocks, the rows that a loop inside of it counts from
`i` to the end of the block are iteration `i`'s as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, SSAValue

from .size_facts import Number, SizeFacts, at_least, constant, product, total

DISTINCT = "phi.distinct"  # attribute of a loop whose iterations write to different places, which they find by their total
PARALLEL = "phi.parallel"  # attribute of a loop of chunks: from how many on several threads share them
ANY_BLOCKS = "phi.any_blocks"  # attribute of a loop that counts blocks, of which any size is right: the best for one thread
AHEAD = "phi.ahead"  # attribute of a loop that is worth to have its operands fetched into the cache ahead of it
AHEAD_ROWS = "phi.ahead_rows"  # the same of a loop through rows: what to fetch is what the loop around it reads next
SCRATCH = "phi.scratch"  # attribute of a buffer: each iteration of the loop around its uses reads only what it has written
HARMLESS = ("arith.", "math.", "xmath.", "scf.")


@dataclass(frozen=True)
class View:
    """How a memref lies in its buffer."""

    root: SSAValue
    offset: Number
    sizes: tuple[Number, ...]
    strides: tuple[Number, ...]

    @property
    def dense(self) -> bool:
        """Whether each stride is the product of the sizes of the dimensions inside of it: no two indices are one element."""
        inner: list[Number] = []
        pending = [pair for pair in zip(self.strides, self.sizes, strict=True) if pair[1] != 1]
        while pending:
            step = product(inner)
            fitting = next((pair for pair in pending if pair[0] == step), None)
            if fitting is None:
                return False
            pending.remove(fitting)
            inner.append(fitting[1])
        return True

    @property
    def separate(self) -> bool:
        """Whether no two indices are one element: each stride goes at least as far as the dimensions inside of it reach."""
        return self.reach() is not None

    def reach(self, but: int | None = None) -> Number | None:
        """How far the elements lie apart at most, of one index of the dimension `but`; None where two may be one element."""
        needed: Number = 1
        dimensions = enumerate(zip(self.strides, self.sizes, strict=True))
        pending = [pair for axis, pair in dimensions if pair[1] != 1 and axis != but]
        while pending:
            fitting = next((pair for pair in pending if pair[0] == needed), None)
            fitting = fitting or next((pair for pair in pending if at_least(pair[0], needed)), None)
            if fitting is None:
                return None
            pending.remove(fitting)
            needed = product(fitting)
        return needed


Row = tuple[View, int]  # a view, and the dimension of it that a loop counts


def apart(rows: Iterable[Row | None]) -> bool:
    """Whether no two iterations touch the same element: all touch their own in one view, or in views side by side."""
    listed = [row for row in set(rows)]
    return None not in listed and all(_beside(a, b) for a, b in combinations(listed, 2) if a is not None and b is not None)


def _beside(a: Row, b: Row) -> bool:
    """Whether what two views have for one index lies within one step to the next index, as parts of a row do."""
    (step, other), reaches = (view.strides[axis] for view, axis in (a, b)), [view.reach(axis) for view, axis in (a, b)]
    if step != other or any(reach is None or not at_least(step, reach) for reach in reaches):
        return False
    starts = [a[0].offset, b[0].offset]
    return any(
        at_least(starts[second], starts[first])
        and at_least(total([starts[first], step]), total([starts[second], reaches[second]]))
        for first, second in ((0, 1), (1, 0))
    )


@dataclass(frozen=True)
class Access:
    """A load or a store in a loop; `dimension` is the one that the loop's own variable indexes (None: none, or several)."""

    view: View
    dimension: int | None
    writes: bool
    op: Operation = field(compare=False)

    @property
    def row(self) -> tuple[View, int] | None:
        """What two accesses have in common that touch, in one iteration, the same row, and in two iterations different ones."""
        return (self.view, self.dimension) if self.dimension is not None and self.view.dense else None

    @property
    def own(self) -> tuple[View, int] | None:
        """The same of views that leave gaps, where no element needs to be one that another view has."""
        return (self.view, self.dimension) if self.dimension is not None and self.view.separate else None


class Memory:
    """Views of memrefs and accesses of loops, computed on demand."""

    def __init__(self, facts: SizeFacts) -> None:
        self.facts = facts
        self._views: dict[SSAValue, View | None] = {}

    def view(self, memory: SSAValue) -> View | None:
        """How a memref value lies in its buffer; None where that is not known."""
        if memory not in self._views:
            op = memory.owner
            self._views[memory] = self._cast(op) if isinstance(op, memref.ReinterpretCastOp) else self._whole(memory)
        return self._views[memory]

    def _cast(self, op: memref.ReinterpretCastOp) -> View | None:
        mixed = self.facts.mixed
        return View(
            op.source,
            mixed(op.static_offsets.get_values(), op.offsets)[0],
            mixed(op.static_sizes.get_values(), op.sizes),
            mixed(op.static_strides.get_values(), op.strides),
        )

    def _whole(self, memory: SSAValue) -> View | None:
        type, op = memory.type, memory.owner
        if not isinstance(type, bi.MemRefType) or not isinstance(type.layout, bi.NoneAttr):
            return None
        if isinstance(op, memref.AllocOp):
            sizes = self.facts.mixed(type.get_shape(), op.dynamic_sizes)
        else:
            dims = [self.facts.representative(("dim", memory, axis)) for axis in range(len(type.get_shape()))]
            sizes = tuple(d if n == bi.DYNAMIC_INDEX else n for n, d in zip(type.get_shape(), dims, strict=True))
        return View(memory, 0, sizes, tuple(product(sizes[axis + 1 :]) for axis in range(len(sizes))))

    def accesses(self, loop: scf.ForOp, in_blocks: bool = False) -> list[Access] | None:
        """All loads and stores in a loop; None if something else in it may touch memory, or stop the program.

        `in_blocks`: what an iteration that counts a block touches is its own, too.
        """
        found: list[memref.LoadOp | memref.StoreOp] = []
        for op in loop.body.walk():
            if isinstance(op, memref.LoadOp | memref.StoreOp):
                if self.view(op.memref) is None:
                    return None
                found.append(op)
            elif not op.name.startswith(HARMLESS) and not _scalar_call(op):
                return None
        return list(self.of(found, loop, _counting(loop) if in_blocks else ()))

    def of(
        self, ops: Iterable[memref.LoadOp | memref.StoreOp], loop: scf.ForOp, counting: Iterable[SSAValue] = ()
    ) -> Iterator[Access]:
        """What loads and stores in a loop touch, where their views are known; `counting` are variables beside the loop's."""
        variables = {loop.body.block.args[0], *counting}
        for op in ops:
            view = self.view(op.memref)
            own = [axis for axis, index in enumerate(op.indices) if index in variables]
            if view is not None:
                yield Access(view, own[0] if len(own) == 1 else None, isinstance(op, memref.StoreOp), op)


def _counting(loop: scf.ForOp) -> Iterator[SSAValue]:
    """Variables of loops inside that count one by one from the loop's own, and not beyond the next value of it."""
    variable = loop.body.block.args[0]
    for op in loop.body.walk():
        if isinstance(op, scf.ForOp) and op.lb is variable and constant(op.step) == 1:
            end = op.ub.owner
            if isinstance(end, arith.MinSIOp) and any(_is_next(operand, loop) for operand in end.operands):
                yield op.body.block.args[0]


def _is_next(value: SSAValue, loop: scf.ForOp) -> bool:
    """Whether a value is the loop's variable and its step."""
    op = value.owner
    if not isinstance(op, arith.AddiOp) or loop.body.block.args[0] not in op.operands:
        return False
    step = constant(loop.step)
    return step is not None and any(constant(operand) == step for operand in op.operands)


def touched(op: Operation) -> dict[SSAValue, bool]:
    """Buffers that an operation, or one in it, touches, and whether it may write to them."""
    result: dict[SSAValue, bool] = {}
    for inner in op.walk():
        if isinstance(inner, memref.DimOp | memref.ReinterpretCastOp):
            continue
        for value in inner.operands:
            if isinstance(value.type, bi.MemRefType):
                root = root_of(value)
                result[root] = result.get(root, False) or not isinstance(inner, memref.LoadOp)
    return result


def may_stop(op: Operation) -> bool:
    """Whether the program may end in an operation, or in one inside of it."""
    return any(inner.name.startswith("rt.") for inner in op.walk())


def calls_host(op: Operation) -> bool:
    """Whether Python runs in an operation, or in one inside of it: such operations keep their order."""
    return any(inner.name == "rt.host" for inner in op.walk())


def root_of(memory: SSAValue) -> SSAValue:
    """The buffer under views."""
    while isinstance(memory.owner, memref.ReinterpretCastOp):
        memory = memory.owner.source
    return memory


def _scalar_call(op: Operation) -> bool:
    """A call of a scalar function."""
    values = [*op.operands, *op.results]
    return op.name == "func.call" and not any(isinstance(value.type, bi.MemRefType) for value in values)


def blocks(module: bi.ModuleOp, loops: int) -> Iterator[Block]:
    """Entry blocks of the functions that have so many loops or more."""
    for function in module.ops:
        if isinstance(function, func.FuncOp) and function.body.blocks:
            block = function.body.block
            if sum(isinstance(op, scf.ForOp) for op in block.ops) >= loops:
                yield block
