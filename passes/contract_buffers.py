"""contract-buffers: a buffer of which an iteration uses only its own row becomes that row; a row of one element, a register.

Expects: loops after `fuse-loops`. Leaves: loops. A temporary whose loads and stores all stand in one loop, and all index one
dimension with the loop's variable, is never needed from one iteration to the next.

    %m = memref.alloc(%n) : memref<?xf64>           scf.for %i = %0 to %n step %1 {
    scf.for %i = %0 to %n step %1 {                   ...
      ...                                      ->     %y = arith.mulf %max, %max : f64
      memref.store %max, %m[%i]
      %k = memref.load %m[%i]
      %y = arith.mulf %k, %k : f64
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import builtin as bi
from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from .emit import Emitter, Index
from .loop_facts import Access, Memory, blocks
from .provenance import replace_uses
from .size_facts import SizeFacts

Use = memref.LoadOp | memref.StoreOp


@dataclass
class _Uses:
    """All that is done with a temporary: accesses in one loop, views of it, and where it is freed."""

    accesses: list[Use]
    casts: list[memref.ReinterpretCastOp]
    frees: list[memref.DeallocOp]


def _uses(op: memref.AllocOp) -> _Uses | None:
    """None if the buffer is used by anything else."""
    result = _Uses([], [], [])
    pending: list[SSAValue] = [op.memref]
    while pending:
        value = pending.pop()
        for use in value.uses:
            user = use.operation
            if isinstance(user, memref.ReinterpretCastOp):
                result.casts.append(user)
                pending.append(user.result)
            elif isinstance(user, memref.DeallocOp):
                result.frees.append(user)
            elif isinstance(user, memref.LoadOp) or (isinstance(user, memref.StoreOp) and use.index == 1):
                result.accesses.append(user)
            else:
                return None
    return result


class _Contraction:
    def __init__(self, block: Block) -> None:
        self.block = block
        self.memory = Memory(SizeFacts(block))

    def run(self) -> None:
        for op in self.block.ops:
            if isinstance(op, scf.ForOp):
                self._forward(op)
        for op in list(self.block.ops):
            if isinstance(op, memref.AllocOp):
                self._contract(op)

    def _forward(self, loop: scf.ForOp) -> None:
        """Loads of an iteration's own element become the value of the one store before them."""
        body = loop.body.block
        by_root: dict[SSAValue, list[Access]] = {}
        for access in self.memory.accesses(loop) or ():
            by_root.setdefault(access.view.root, []).append(access)
        order = {op: number for number, op in enumerate(body.ops)}
        for accesses in by_root.values():
            stores = sum(access.writes for access in accesses)
            one_element = accesses[0].row is not None and len(accesses[0].view.sizes) == 1
            if stores != 1 or not one_element or len({access.row for access in accesses}) > 1:
                continue
            store = next(access.op for access in accesses if access.writes)
            assert isinstance(store, memref.StoreOp)
            for access in accesses:
                load = access.op
                outer = _enclosing(load, body)
                if isinstance(load, memref.LoadOp) and store in order and outer is not None and order[outer] > order[store]:
                    replace_uses(load.res, store.value)
                    _erase([load])

    def _contract(self, alloc: memref.AllocOp) -> None:
        uses = _uses(alloc)
        if uses is None:
            return
        if all(isinstance(use, memref.StoreOp) for use in uses.accesses):
            _erase([*uses.accesses, *uses.frees, *reversed(uses.casts), alloc])
            return
        loops = {_enclosing(use, self.block) for use in uses.accesses}
        loop = loops.pop()
        if loops or not isinstance(loop, scf.ForOp):
            return
        dimension = self._dimension(uses.accesses, loop)
        if dimension is not None:
            self._to_row(alloc, uses, dimension)

    def _dimension(self, accesses: list[Use], loop: scf.ForOp) -> int | None:
        """The dimension that all accesses index with the loop's variable, in views that are one."""
        rows = [access.row for access in self.memory.of(accesses, loop)]
        row = rows[0] if len(rows) == len(accesses) and len(set(rows)) == 1 else None
        return row[1] if row is not None and len(row[0].sizes) > 1 else None

    def _to_row(self, alloc: memref.AllocOp, uses: _Uses, dimension: int) -> None:
        """A buffer without the dimension that the loop runs through; views of it become the buffer itself."""
        source = uses.accesses[0].memref
        sizes = self._sizes(source)
        del sizes[dimension]
        e = Emitter(Block(), alloc.location)
        kind = alloc.memref.type
        assert isinstance(kind, bi.MemRefType)
        row = e.alloc(kind.element_type, sizes)
        place = source.owner if isinstance(source.owner, memref.ReinterpretCastOp) else alloc
        assert isinstance(row.owner, Operation) and isinstance(place, Operation)
        row.owner.detach()
        self.block.insert_op_after(row.owner, place)
        for use in uses.accesses:
            indices = [index for axis, index in enumerate(use.indices) if axis != dimension]
            use.operands = [*use.operands[: len(use.operands) - len(use.indices) - 1], row, *indices]
        for free in uses.frees:
            free.operands = [row]
        _erase([*reversed(uses.casts), alloc])

    def _sizes(self, memory: SSAValue) -> list[Index]:
        op = memory.owner
        if isinstance(op, memref.ReinterpretCastOp):
            static, dynamic = op.static_sizes.get_values(), iter(op.sizes)
        else:
            assert isinstance(op, memref.AllocOp) and isinstance(op.memref.type, bi.MemRefType)
            static, dynamic = op.memref.type.get_shape(), iter(op.dynamic_sizes)
        return [next(dynamic) if size == bi.DYNAMIC_INDEX else size for size in static]


def _enclosing(op: Operation, block: Block) -> Operation | None:
    """The operation of `block` that `op` is or stands in."""
    outer: Operation | None = op
    while outer is not None and outer.parent is not block:
        outer = outer.parent_op()
    return outer


def _erase(ops: list[Operation]) -> None:
    for op in ops:
        op.detach()
        op.erase()


@dataclass(frozen=True)
class ContractBuffers(ModulePass):
    """Make buffers rows, and rows registers."""

    name = "contract-buffers"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on the entry block of every function."""
        for block in blocks(op, loops=1):
            _Contraction(block).run()
