"""parallelize: loops whose iterations do not touch each other's data, cut into chunks that several threads may run at once.

Expects: loops after `reuse-buffers`. Leaves: loops. A loop at the top of a function is cut if it cannot stop the program, each
buffer that it writes is touched by every iteration in its own row only, and it carries nothing, or totals that can be merged. A
temporary that is used nowhere else belongs to the chunk. Chunks have a size that depends on the work in an iteration and never
on the number of threads, so that neither do results.

    scf.for %i = %lo to %hi step %1 {        ->      scf.for %c = %lo to %hi step %grain {
      ...                                              %sum = arith.addi %c, %grain : index
    }                                                  %end = arith.minsi %sum, %hi : index
                                                       scf.for %i = %c to %end step %1 { ... }
                                                     } {phi.parallel = 12}

The number says from how many chunks on it is worth to wake threads. Where a loop counts blocks of any size, a chunk is a block.

A loop with totals has few chunks, or one where there is little to do. Each begins with the neutral elements and leaves what it
carried in its place of `%parts`; from there it is merged, in order:

    %t = scf.for %i = %lo to %hi step %1     ->      scf.for %k = %0 to %count step %1 {
         iter_args(%a = %zero) { ... }                 ...
                                                       %p = scf.for %i = %begin to %end step %1 iter_args(%a = %zero) { ... }
                                                       memref.store %p, %parts[%k]
                                                     } {phi.parallel = 12}
                                                     %t = scf.for %k = %0 to %count step %1 iter_args(%a = %zero) { merge }
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from . import parallel_totals
from .emit import INDEX, Emitter, Index
from .loop_facts import ANY_BLOCKS, PARALLEL, SCRATCH, Access, Memory, apart, blocks, root_of
from .loop_work import FEWEST_CHUNKS, Work, grain, span
from .size_facts import SizeFacts, constant


def _private(root: SSAValue, loop: scf.ForOp) -> bool:
    """Whether a buffer is a temporary of the loop's iterations: made before it, freed after it, and filled in each anew."""
    if not isinstance(root.owner, memref.AllocOp) or root.owner.parent is not loop.parent:
        return False
    for use in root.uses:
        op = use.operation
        if isinstance(op, memref.DeallocOp) and op.parent is loop.parent:
            continue
        stored = isinstance(op, memref.StoreOp)
        if not isinstance(op, memref.LoadOp | memref.StoreOp) or (stored and use.index != 1):
            return False
        if not (loop.is_ancestor(op) if SCRATCH in root.owner.attributes else _always(op, loop)):
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
        if apart(access.own for access in uses):
            continue
        if not _private(root, loop):
            return None
        found.append(root)
    return found


def _own(e: Emitter, root: SSAValue) -> list[memref.DeallocOp]:
    """Move a temporary into the chunk; what freed it before."""
    op = root.owner
    assert isinstance(op, memref.AllocOp)
    frees = [use.operation for use in root.uses if isinstance(use.operation, memref.DeallocOp)]
    op.detach()
    e.insert(op)
    return frees


def _fill(e: Emitter, loop: scf.ForOp, bounds: tuple[Index, Index], privates: list[SSAValue]) -> None:
    """Put the loop into a chunk, between the chunk's bounds, and with it what only its iterations use."""
    frees = [op for root in privates for op in _own(e, root)]
    low, high = (e.index(bound) for bound in bounds)
    loop.detach()
    loop.operands[0], loop.operands[1] = low, high
    e.insert(loop)
    for op in frees:
        op.detach()
        e.insert(op)


def _chunks(e: Emitter, loop: scf.ForOp, step: int, privates: list[SSAValue]) -> bool:
    """Cut a loop that carries nothing; False if it has one chunk at most."""
    size, fewest = grain(e, span(e, loop), Work(e, loop).block(loop.body.block), step)
    low, high = constant(loop.lb), constant(loop.ub)
    if low is not None and high is not None and isinstance(size, int) and high - low <= size:
        return False
    end = loop.ub
    blocks = ANY_BLOCKS in loop.attributes and not privates
    if blocks and isinstance(size, int):
        size = e.op(arith.ConstantOp, [], INDEX, {"value": bi.IntegerAttr(size, INDEX)})  # which nothing else uses
    inner, chunks = e.loop(loop.lb, end, size)
    chunks.attributes[PARALLEL] = bi.IntegerAttr(fewest, bi.i64)
    start = chunks.body.block.args[0]
    if blocks:
        chunks.attributes[ANY_BLOCKS] = loop.attributes[ANY_BLOCKS]
        _widen(inner, loop, start, chunks.step)
        return True
    _fill(inner, loop, (start, inner.minimum(inner.add(start, size), end)), privates)
    inner.end_loop()
    return True


def _widen(e: Emitter, loop: scf.ForOp, start: SSAValue, size: SSAValue) -> None:
    """A chunk is one block: what stands in the loop goes into the chunk, where blocks end `size` after their start."""
    variable, step = loop.body.block.args[0], constant(loop.step)
    for use in list(variable.uses):
        if isinstance(use.operation, arith.AddiOp) and constant(use.operation.operands[1]) == step:
            use.operation.operands[1] = size
    variable.replace_all_uses_with(start)
    for op in list(loop.body.block.ops):
        op.detach()
        e.insert(op)
    loop.detach()
    loop.erase()


def _partial_totals(e: Emitter, loop: scf.ForOp, step: int, privates: list[SSAValue]) -> bool:
    """Cut a loop that carries totals; False if they are not known, or it has one chunk at most."""
    totals = parallel_totals.known(loop)
    cost = Work(e, loop).block(loop.body.block)
    parts = parallel_totals.parts(e, loop, cost, step) if totals is not None else None
    if totals is None or parts is None:
        return False
    results = list(loop.results)
    number = constant(loop.lb)
    start, end = loop.lb if number is None else number, loop.ub
    neutral = list(loop.iter_args)
    places = [e.alloc(value.type, [parallel_totals.MOST_PARTS]) for value in results]
    inner, chunks = e.loop(0, parts.count)
    chunks.attributes[PARALLEL] = bi.IntegerAttr(FEWEST_CHUNKS, bi.i64)
    part = chunks.body.block.args[0]
    begin = inner.add(start, inner.mul(part, parts.size))
    _fill(inner, loop, (begin, inner.minimum(inner.add(begin, parts.size), end)), privates)
    for value, place in zip(results, places, strict=True):
        inner.store(value, place, [part])
    inner.end_loop()
    merged = parallel_totals.merge(e, totals, places, parts.count, neutral)
    for value, new in zip(results, merged, strict=True):
        value.replace_uses_with_if(new, lambda use: use.operation.parent is not inner.block)
    return True


def cut(loop: scf.ForOp, memory: Memory) -> bool:
    """Cut a loop into chunks if its iterations are independent; whether it was."""
    step = constant(loop.step)
    accesses = memory.accesses(loop, in_blocks=True) if step is not None and step > 0 else None
    privates = _privates(accesses, loop) if accesses is not None else None
    if step is None or privates is None:
        return False
    moved = {use.operation for root in privates for use in root.uses}
    parent, place = loop.parent, loop.next_op
    while place is not None and place in moved:
        place = place.next_op
    assert parent is not None and place is not None
    before = Emitter(Block(), loop.location)
    if not (_partial_totals if loop.results else _chunks)(before, loop, step, privates):
        return False
    for op in list(before.block.ops):
        op.detach()
        parent.insert_op_before(op, place)
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
                if isinstance(inner, scf.ForOp) and PARALLEL not in inner.attributes:
                    cut(inner, memory)


def _gives_memory(block: Block) -> bool:
    last = block.last_op
    return isinstance(last, func.ReturnOp) and any(isinstance(value.type, bi.MemRefType) for value in last.operands)
