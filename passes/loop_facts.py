"""What is known about loops on memory: which sizes are equal, and which part of a buffer one iteration touches.

Sizes are numbered by what they compute: products by their factors, and two sizes that an `rt.assert` at the entry compares are
one. An access belongs to the *row* of iteration `i` when it indexes one dimension of a dense buffer with `i` itself: rows of
different iterations have no element in common. Where a loop advances by blocks, the rows that a loop inside of it counts from
`i` to the end of the block are iteration `i`'s as well.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects.rt import AssertOp

Number = Hashable
DISTINCT = "phi.distinct"  # attribute of a loop whose iterations write to different places, which they find by their total
PARALLEL = "phi.parallel"  # attribute of a loop of chunks: from how many on several threads share them
ANY_BLOCKS = "phi.any_blocks"  # attribute of a loop that counts blocks, of which any size is right: the best for one thread
AHEAD = "phi.ahead"  # attribute of a loop that is worth to have its operands fetched into the cache ahead of it
AHEAD_ROWS = "phi.ahead_rows"  # the same of a loop through rows: what to fetch is what the loop around it reads next
SCRATCH = "phi.scratch"  # attribute of a buffer: each iteration of the loop around its uses reads only what it has written
EQUAL = 0  # the predicate of arith.cmpi eq
HARMLESS = ("arith.", "math.", "xmath.", "scf.")


class SizeFacts:
    """Numbers of the index values of a function: values with equal numbers are equal."""

    def __init__(self, block: Block) -> None:
        self._numbers: dict[SSAValue, Number] = {}
        self._same: dict[Number, Number] = {}
        for op in block.ops:
            if op.regions:
                break  # what is compared later has not been compared yet when the first loop runs
            if isinstance(op, AssertOp):
                self._learn(op)

    def _learn(self, op: AssertOp) -> None:
        compare = op.operands[0].owner
        if isinstance(compare, arith.CmpiOp) and compare.predicate.value.data == EQUAL:
            a, b = (self.number(value) for value in compare.operands)
            if a != b:
                first, second = (a, b) if isinstance(a, int) else (b, a)
                self._same[second] = first

    def number(self, value: SSAValue) -> Number:
        """The number of a value: an int for a constant."""
        found = self._numbers.get(value)
        if found is None:
            found = self._numbers[value] = self._compute(value)
        return self.representative(found)

    def representative(self, number: Number) -> Number:
        """The number that stands for all those known to be equal."""
        while number in self._same:
            number = self._same[number]
        return number

    def _compute(self, value: SSAValue) -> Number:
        number = constant(value)
        if number is not None:
            return number
        op = value.owner
        if isinstance(op, arith.IndexCastOp):
            return self.number(op.input)
        if isinstance(op, arith.MuliOp):
            return product([self.number(operand) for operand in op.operands])
        if isinstance(op, arith.AddiOp):
            return ("sum", *sorted((self.number(operand) for operand in op.operands), key=hash))
        if isinstance(op, memref.DimOp):
            return ("dim", op.source, self.number(op.index))
        return value

    def mixed(self, static: Iterable[int], dynamic: Iterable[SSAValue]) -> tuple[Number, ...]:
        """Numbers of a list of which a part are attributes, the others operands."""
        rest = iter(dynamic)
        return tuple(self.number(next(rest)) if n == bi.DYNAMIC_INDEX else n for n in static)


def product(numbers: Iterable[Number]) -> Number:
    """The number of a product: constants taken together, factors in one order."""
    constant = 1
    factors: list[Number] = []
    for number in numbers:
        for factor in number[1:] if isinstance(number, tuple) and number[0] == "product" else (number,):
            if isinstance(factor, int):
                constant *= factor
            else:
                factors.append(factor)
    if not factors or not constant:
        return constant
    if constant == 1 and len(factors) == 1:
        return factors[0]
    return ("product", constant, *sorted(factors, key=hash))


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
        needed: Number = 1
        pending = [pair for pair in zip(self.strides, self.sizes, strict=True) if pair[1] != 1]
        while pending:
            fitting = next((pair for pair in pending if pair[0] == needed), None)
            fitting = fitting or next((pair for pair in pending if _at_least(pair[0], needed)), None)
            if fitting is None:
                return False
            pending.remove(fitting)
            needed = product(fitting)
        return True


def _is_size(number: Number) -> bool:
    """Whether a number is not negative: sizes of memrefs, constants, and what they add and multiply to."""
    if isinstance(number, tuple):
        return number[0] == "dim" or (number[0] in ("sum", "product") and all(map(_is_size, number[1:])))
    return isinstance(number, int) and number >= 0


def _at_least(number: Number, other: Number) -> bool:
    """Whether a number is known to be as large as another: the sum of it and sizes, or the larger one of two constants."""
    if isinstance(number, int) and isinstance(other, int):
        return number >= other
    return isinstance(number, tuple) and number[0] == "sum" and other in number[1:] and _is_size(number)


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


def constant(value: SSAValue) -> int | None:
    """The number that a constant of an integer type is."""
    op = value.owner
    if isinstance(op, arith.ConstantOp) and isinstance(op.value, bi.IntegerAttr):
        return op.value.value.data
    return None


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
