"""Loops of chunks in llvm code: the runtime's threads call the loop's function (`llvm_kernels`) with parts of its bounds.

    scf.for %c = %lo to %hi step %grain { ... } {phi.parallel = 12}

Where the bounds hold a few chunks only, the function is called right away; else `phi_parallel` gives out chunks to threads. A
status other than 0 says that memory has run out. Whoever calls the function passes the bounds of whole chunks, or the end of
all: where a chunk is only a part of a loop, the function is that loop, and LLVM has a loop less to work on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.dialects import arith, llvm, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from .llvm_emit import I32, I64, PTR
from .llvm_kernels import Kernel
from .loop_facts import AHEAD, PARALLEL
from .loop_work import FEWEST_CHUNKS
from .size_facts import constant

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

EQ, SGT = 0, 4  # predicates of llvm.icmp
SIZES = (arith.ConstantOp, arith.AddiOp, arith.MinSIOp, scf.YieldOp)  # what a chunk's bounds are made of


def lower(low: FunctionLowering, op: scf.ForOp) -> None:
    """Call the loop's function, from several threads if there is enough to do."""
    e = low.e
    first, last, grain = (low.value(value) for value in op.operands[:3])
    part = Kernel(low, _cut(op) or op)
    part.share(low, threads=True)
    # 0 chunks and bounds in the wrong order are few as well: sizes do not overflow.
    few = e.add(first, e.mul(grain, _fewest(op) - 1))
    many = e.op(llvm.ICmpOp, [last, e.int(few)], bi.i1, {"predicate": bi.IntegerAttr(SGT, bi.i64)})
    several, one, done = e.new_block(), e.new_block(), e.new_block([I32])
    e.branch_if(many, several, one)
    e.block = several
    environment = e.alloca(I64, max(1, len(part.passed)))
    for k, value in enumerate(part.passed):
        e.store(value, e.element(environment, k, I64))
    low.declare("phi_parallel", [PTR, PTR, I64, I64, I64], I32)
    address = e.op(llvm.AddressOfOp, [], PTR, {"global_name": bi.SymbolRefAttr(f"{part.name}.call")})
    e.branch(done, [e.call("phi_parallel", [address, environment, first, last, grain], I32)])
    e.block = one
    e.branch(done, [e.call(part.name, [*part.passed, first, last], I32)])
    e.block = done
    fine = e.op(llvm.ICmpOp, [done.args[0], e.int(0, I32)], bi.i1, {"predicate": bi.IntegerAttr(EQ, bi.i64)})
    failed, go_on = e.new_block(), e.new_block()
    e.branch_if(fine, go_on, failed)
    e.block = failed
    low.temporaries.leave(-1)
    e.block = go_on


def _fewest(op: scf.ForOp) -> int:
    """From how many chunks on it is worth to wake threads."""
    number = op.attributes[PARALLEL]
    return number.value.data if isinstance(number, bi.IntegerAttr) else FEWEST_CHUNKS


def is_parallel(op: Operation) -> bool:
    """Whether a loop is one of chunks that threads may share."""
    return PARALLEL in op.attributes


def _cut(chunks: scf.ForOp) -> scf.ForOp | None:
    """The loop that chunks are parts of, where they are nothing else: `for %i = %c to min(%c + %grain, %hi) step %1`."""
    start = chunks.body.block.args[0]
    loops = [op for op in chunks.body.block.ops if op.regions]
    loop = loops[0] if len(loops) == 1 and not chunks.results else None
    if not isinstance(loop, scf.ForOp) or loop.results or AHEAD in loop.attributes or constant(loop.step) != 1:
        return None
    rest = [op for op in chunks.body.block.ops if op is not loop]
    if loop.lb is not start or not all(isinstance(op, SIZES) for op in rest):
        return None
    if any(use.operation is not loop and use.operation not in rest for use in start.uses):
        return None
    least = loop.ub.owner
    after = least.lhs.owner if isinstance(least, arith.MinSIOp) and _same(least.rhs, chunks.ub) else None
    return loop if isinstance(after, arith.AddiOp) and after.lhs is start and _same(after.rhs, chunks.step) else None


def _same(a: SSAValue, b: SSAValue) -> bool:
    return a is b or (constant(a) is not None and constant(a) == constant(b))
