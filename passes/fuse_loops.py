"""fuse-loops: loops over the rows of the same arrays become one, so that a row is read from memory once and then from cache.

Expects: loops. Leaves: loops. Two loops join when they count the same iterations, have a buffer's rows in common, and no
iteration of the second needs, of what both touch, anything but its own row; and as long as the result is not too long for
LLVM. Of two flat loops the first has to hand a temporary on to the second, or both write parts of the same rows, as the real
and the imaginary numbers of a result (what else two flat loops have in common was fused as tensors). The softmax of a matrix,
three loops with loops inside, becomes one whose rows stay in the first-level cache.

    scf.for %i = %0 to %n {                         scf.for %i = %0 to %n {
      scf.for %j ... max of %x[%i, %j]                scf.for %j ... max of %x[%i, %j]
      memref.store %max, %m[%i]              ->       memref.store %max, %m[%i]
    }                                                 %k = memref.load %m[%i]
    scf.for %i = %0 to %n {                           scf.for %j ... %x[%i, %j] - %k
      %k = memref.load %m[%i]                       }
      scf.for %j ... %x[%i, %j] - %k
    }

The first loop goes down to the second, and what depends on it goes behind both.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import builtin as bi
from xdsl.dialects import memref, scf
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from .accumulators import TOTALS
from .loop_facts import Access, Memory, apart, blocks, calls_host, may_stop, touched
from .size_facts import SizeFacts

LONGEST = 256  # operations of a joined loop: LLVM's time grows faster than the length, as `fuse` knows of what it joins
WINDOW = 8  # loops that are tried before a loop: keeps the pass linear


@dataclass(eq=False)
class _Loop:
    """A loop of the function's block, and what is known about it."""

    op: scf.ForOp
    accesses: list[Access]
    nested: bool
    length: int


class _Fuser:
    def __init__(self, block: Block) -> None:
        self.block = block
        self.facts = SizeFacts(block)
        self.memory = Memory(self.facts)
        self.touched: dict[Operation, dict[SSAValue, bool]] = {}

    def run(self) -> None:
        done: list[_Loop] = []
        for op in list(self.block.ops):
            if not isinstance(op, scf.ForOp):
                continue
            accesses = self.memory.accesses(op)
            if accesses is None:
                continue
            nested = any(isinstance(inner, scf.ForOp) for inner in op.body.block.ops)
            loop = _Loop(op, accesses, nested, sum(1 for _ in op.walk()))
            for first in reversed(done[-WINDOW:]):
                if self._may_join(first, loop) and self._bring_together(first, loop):
                    done.remove(first)
                    loop = self._join(first, loop)
                    break
            done.append(loop)

    # --- legality ------------------------------------------------------------------------------------------------------------

    def _may_join(self, first: _Loop, second: _Loop) -> bool:
        if first.length + second.length > LONGEST or not self._same_count(first.op, second.op):
            return False
        flat = not (first.nested or second.nested)
        shared = False
        of_second: dict[SSAValue, list[Access]] = {}
        for access in second.accesses:
            of_second.setdefault(access.view.root, []).append(access)
        for root in {access.view.root for access in first.accesses} & of_second.keys():
            of_first = [access for access in first.accesses if access.view.root is root]
            both = [*of_first, *of_second[root]]
            one_row = both[0].row is not None and len({access.row for access in both}) == 1
            beside = not one_row and all(any(access.writes for access in some) for some in (of_first, of_second[root]))
            beside = beside and apart(access.own for access in both)  # parts of the rows of a concatenation
            if not one_row and not beside and any(access.writes for access in both):
                return False
            shared = shared or beside or (one_row and (not flat or _is_handed_on(root, first)))
        return shared

    def _same_count(self, a: scf.ForOp, b: scf.ForOp) -> bool:
        number = self.facts.number
        bounds = [(number(op.lb), number(op.ub), number(op.step)) for op in (a, b)]
        return bounds[0] == bounds[1] and bounds[0][2] == 1

    def _bring_together(self, first: _Loop, second: _Loop) -> bool:
        """Move what depends on the first loop behind the second; False, and nothing moved, where that is not legal."""
        later: list[Operation] = []
        pending: list[Operation] = [first.op]
        values: set[SSAValue] = set(first.op.results)
        early_writes = False
        for op in _between(first.op, second.op):
            if self._depends(op, values, pending):
                later.append(op)
                pending.append(op)
                values.update(op.results)
            else:
                early_writes = early_writes or self._writes_argument(op)
        if self._depends(second.op, values, later):
            return False
        if any(map(may_stop, later)) and (early_writes or self._writes_argument(second.op)):
            return False  # a failing check would find an argument changed
        first.op.detach()
        self.block.insert_op_before(first.op, second.op)
        place: Operation = second.op
        for op in later:
            op.detach()
            self.block.insert_op_after(op, place)
            place = op
        return True

    def _depends(self, op: Operation, values: set[SSAValue], on: list[Operation]) -> bool:
        """Whether an operation uses one of the values, or must not change places with one of the operations."""
        if any(value in values for inner in op.walk() for value in inner.operands):
            return True
        mine = self._touched(op)
        for other in on:
            theirs = self._touched(other)
            if any(root in theirs and (writes or theirs[root]) for root, writes in mine.items()):
                return True
            if calls_host(op) and calls_host(other):
                return True
        return False

    def _touched(self, op: Operation) -> dict[SSAValue, bool]:
        if op not in self.touched:
            self.touched[op] = touched(op)
        return self.touched[op]

    def _writes_argument(self, op: Operation) -> bool:
        return any(writes and isinstance(root.owner, Block) for root, writes in self._touched(op).items())

    # --- rewriting -----------------------------------------------------------------------------------------------------------

    def _join(self, first: _Loop, second: _Loop) -> _Loop:
        """One loop in the place of two neighbours."""
        a, b = first.op, second.op
        block = Block(arg_types=[a.body.block.args[0].type, *(value.type for value in (*a.results, *b.results))])
        carried: list[SSAValue] = list(block.args[1:])
        yields: list[SSAValue] = []
        for loop in (a, b):
            own = [carried.pop(0) for _ in loop.results]
            for argument, new in zip(loop.body.block.args, [block.args[0], *own], strict=True):
                argument.replace_all_uses_with(new)
            for op in list(loop.body.block.ops):
                op.detach()
                if isinstance(op, scf.YieldOp):
                    yields += op.operands
                    op.erase()
                else:
                    block.add_op(op)
        block.add_op(scf.YieldOp.create(operands=yields, location=a.location))
        joined = scf.ForOp.create(
            operands=[a.lb, a.ub, a.step, *a.iter_args, *b.iter_args],
            result_types=[value.type for value in (*a.results, *b.results)],
            regions=[Region(block)],
            attributes=_totals(a, b),
            location=a.location,
        )
        self.block.insert_op_before(joined, a)
        for old, new in zip((*a.results, *b.results), joined.results, strict=True):
            old.replace_all_uses_with(new)
        for loop in (a, b):
            loop.detach()
            loop.erase()
        accesses = self.memory.accesses(joined)
        assert accesses is not None
        return _Loop(joined, accesses, True, first.length + second.length)


def _is_handed_on(root: SSAValue, first: _Loop) -> bool:
    """Whether a buffer is a temporary that the first of two loops writes."""
    return isinstance(root.owner, memref.AllocOp) and any(
        access.writes and access.view.root is root for access in first.accesses
    )


def _totals(a: scf.ForOp, b: scf.ForOp) -> dict[str, Attribute]:
    """What one loop in the place of two carries, if both say it."""
    labels: list[Attribute] = []
    for loop in (a, b):
        own = loop.attributes.get(TOTALS)
        if isinstance(own, bi.ArrayAttr):
            labels += own.data
        elif loop.results:
            return {}
    return {TOTALS: bi.ArrayAttr(labels)} if labels else {}


def _between(first: Operation, second: Operation) -> list[Operation]:
    result = []
    op = first.next_op
    while op is not None and op is not second:
        result.append(op)
        op = op.next_op
    return result


@dataclass(frozen=True)
class FuseLoops(ModulePass):
    """Join loops over the rows of the same arrays."""

    name = "fuse-loops"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on the entry block of every function."""
        for block in blocks(op, loops=2):
            _Fuser(block).run()
