"""Loops that become functions of their bounds and of the values that they use: kernels, which LLVM compiles once each.

    scf.for %i = %lo to %hi step %1 { ... }

    @f.part0(values that the loop uses..., lo, hi) -> i32         the loop; pointers are noalias, as they are around it
    @f.part0.call(env, lo, hi) -> i32                             loads the values from `env` and calls it, for threads

Loops that are the same, but for the values they are given, share the functions. Besides loops of chunks (`llvm_parallel`)
these are, in a function of several loops, all that neither check nor allocate: what is left of the function is straight, and
costs LLVM little however long it is. What a loop carries is left in memory, behind the values:

    %t = scf.for ... iter_args(%a = %zero)   ->      @f.part0(values..., out, lo, hi); %t = load out
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from xdsl.dialects import arith, func, llvm, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from phintys.dialects.rt import AssertOp

from . import llvm_rows
from .llvm_emit import _NO_FLAGS, I32, I64, PTR, Int, LlvmEmitter
from .llvm_memory import Descriptor
from .llvm_temporaries import Temporaries
from .loop_facts import AHEAD, AHEAD_ROWS, ANY_BLOCKS, PARALLEL

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

SGT = 4  # predicate of llvm.icmp
FEWEST = 8  # loops from which on they are worth functions of their own; what a call costs, some ns, is little beside as many
CALM = {"arith", "math", "xmath", "scf", "memref", "func", "vector"}


def _captured(op: scf.ForOp) -> Iterator[SSAValue]:
    """Values from outside that are used in a loop, and its step; each once."""
    seen: set[SSAValue] = set()
    inside = {block for inner in op.walk() for region in inner.regions for block in region.blocks}
    operands = [op.step, *op.iter_args, *(value for inner in op.body.walk() for value in inner.operands)]
    for value in operands:
        at = value.owner if isinstance(value.owner, Block) else value.owner.parent
        if at not in inside and value not in seen:
            seen.add(value)
            yield value


def _leaves(low: FunctionLowering, captured: list[SSAValue]) -> list[SSAValue]:
    """The registers that make up the values; each once."""
    found: dict[SSAValue, None] = {}
    for value in captured:
        d = low.memrefs.get(value)
        parts: list[Int] = [low.values[value]] if d is None else [d.pointer, d.offset, *d.sizes, *d.strides]
        found.update((part, None) for part in parts if isinstance(part, SSAValue))
    return list(found)


class Kernel:
    """The function that a loop becomes, and its name; `passed` are the registers that it takes before the bounds."""

    def __init__(self, low: FunctionLowering, op: scf.ForOp) -> None:
        self.name = f"{low.function.sym_name.data}.part{sum(map(len, low.part_names.values()))}"
        captured = list(_captured(op))
        leaves = _leaves(low, captured)
        self.passed = [leaf for leaf in leaves if not isinstance(leaf.owner, llvm.ConstantOp | llvm.AddressOfOp)]
        if op.results:
            self.passed.append(low.e.alloca(I64, len(op.results)))
        self.types: list[Attribute] = [leaf.type for leaf in self.passed]
        entry = Block(arg_types=[*self.types, I64, I64])
        self.inner = inner = copy(low)
        inner.e = LlvmEmitter(Region(entry), entry)
        inner.e.location = low.e.location
        inner.values, inner.memrefs, inner.slots, inner.temporaries = {}, {}, [], Temporaries(inner)
        inner.strided = False
        self.registers: dict[SSAValue, SSAValue] = dict(zip(self.passed, entry.args, strict=False))
        for leaf in leaves:
            if isinstance(leaf.owner, llvm.ConstantOp | llvm.AddressOfOp):
                self.registers[leaf] = inner.e.hoist(leaf.owner.clone())
        for value in captured:
            d = low.memrefs.get(value)
            if d is None:
                inner.values[value] = self.registers[low.values[value]]
            else:
                inner.memrefs[value] = self._descriptor(d)
        begin, end = entry.args[-2:]
        if _blocks(op) is not None:
            inner.values[op.step] = self._block(op, begin, end)
        inner.loop(op, begin, end, inner.value(op.step))
        for k, value in enumerate(op.results):
            inner.e.store(inner.value(value), inner.e.element(entry.args[-3], k, I64))
        inner.e.effect(llvm.ReturnOp, [inner.e.int(0, I32)])
        inner.temporaries.finish()

    def share(self, low: FunctionLowering, *, threads: bool) -> None:
        """Take the name of a loop before with the same functions; where there is none, leave them in `low.parts`."""
        region = self.inner.e.region
        alike = (threads, tuple(self.types), tuple(op.name for block in region.blocks for op in block.ops))
        before = low.part_names.setdefault(alike, {})
        content = _content(region) if before else None
        self.name = next((name for name, other in before.items() if _content(other) == content), self.name)
        if self.name not in before:
            before[self.name] = region
            low.parts += [self._function(), self._call()] if threads else [self._function()]

    def _descriptor(self, d: Descriptor) -> Descriptor:
        def here(part: Int) -> Int:
            return self.registers[part] if isinstance(part, SSAValue) else part

        sizes, strides = ([here(part) for part in parts] for parts in (d.sizes, d.strides))
        pointer = self.registers[d.pointer]
        return replace(d, pointer=pointer, offset=here(d.offset), sizes=sizes, strides=strides)

    def _block(self, op: scf.ForOp, begin: SSAValue, end: SSAValue) -> SSAValue:
        """The step of a loop of blocks; when called for more than one of them, there is no other thread: they may be wider."""
        e, step = self.inner.e, self.inner.values[op.step]
        several = e.op(llvm.ICmpOp, [e.int(e.sub(end, begin)), step], bi.i1, {"predicate": bi.IntegerAttr(SGT, bi.i64)})
        wide = e.intrinsic("llvm.smax.i64", [step, e.int(_blocks(op) or 0)], I64)
        return e.op(llvm.SelectOp, [several, wide, step], I64, {"fastmathFlags": _NO_FLAGS})

    def _function(self) -> llvm.FuncOp:
        """The loop's function."""
        noalias = bi.DictionaryAttr({"llvm.noalias": bi.UnitAttr()})
        none = bi.DictionaryAttr({})
        attributes = [noalias if type == PTR else none for type in self.types]
        loop = _function(self.name, [*self.types, I64, I64], self.inner.e.region)
        loop.properties["arg_attrs"] = bi.ArrayAttr([*attributes, none, none])
        loop.attributes["phi.inline"] = bi.StringAttr("never")
        if self.inner.strided:
            loop.attributes["phi.strided"] = bi.UnitAttr()
        return loop

    def _call(self) -> llvm.FuncOp:
        """The function that takes the loop's values from memory."""
        entry = Block(arg_types=[PTR, I64, I64])
        e = LlvmEmitter(Region(entry), entry)
        values = [e.load(e.element(entry.args[0], k, I64), type) for k, type in enumerate(self.types)]
        e.effect(llvm.ReturnOp, [e.call(self.name, [*values, *entry.args[1:]], I32)])
        return _function(f"{self.name}.call", [PTR, I64, I64], e.region)


def _blocks(op: scf.ForOp) -> int | None:
    """The best size for blocks of any size, which stands nowhere but where they end; None for other loops."""
    best, variable = op.attributes.get(ANY_BLOCKS), op.body.block.args[0]
    if best is None:
        return None
    inside = [use.operation for use in op.step.uses if op.is_ancestor(use.operation) and use.operation is not op]
    ends = all(isinstance(use, arith.AddiOp) and variable in use.operands for use in inside)
    return best.value.data if isinstance(best, bi.IntegerAttr) and ends else None


def _content(region: Region) -> object:
    """What two regions have in common if and only if they do the same, operation by operation."""
    numbers: dict[SSAValue | Block, int] = {}
    for block in region.blocks:
        for thing in (block, *block.args, *(value for op in block.ops for value in op.results)):
            numbers[thing] = len(numbers)

    def row(op: Operation) -> object:
        operands = tuple(numbers[value] for value in op.operands)
        successors = tuple(numbers[block] for block in op.successors)
        kinds = tuple(value.type for value in op.results)
        return op.name, operands, kinds, successors, op.properties, op.attributes

    return tuple((tuple(value.type for value in block.args), tuple(map(row, block.ops))) for block in region.blocks)


def _function(name: str, types: list[Attribute], body: Region) -> llvm.FuncOp:
    type = llvm.LLVMFunctionType(types, I32)
    return llvm.FuncOp(name, type, llvm.LinkageAttr("internal"), body=body)


def outlined(function: func.FuncOp) -> set[scf.ForOp]:
    """The loops of a function that become kernels though threads do not share them."""
    loops = list(_outermost(function.body.block))
    if len(loops) < FEWEST and not any(PARALLEL in loop.attributes for loop in loops):
        return set()
    own = (loop for loop in loops if not loop.attributes.keys() & {PARALLEL, AHEAD, AHEAD_ROWS})
    return {loop for loop in own if not is_left_alone(loop) and all(map(_is_calm, loop.walk()))}


def is_left_alone(loop: scf.ForOp) -> bool:
    """Whether a loop says that LLVM cannot do it better: it has few iterations, one after the other."""
    hints = loop.attributes.get("phi.loop")
    return isinstance(hints, bi.StringAttr) and "novectorize" in hints.data


def _outermost(block: Block) -> Iterator[scf.ForOp]:
    """The loops that are in no other."""
    for op in block.ops:
        if isinstance(op, scf.ForOp):
            yield op
        elif isinstance(op, scf.IfOp):
            for region in op.regions:
                for inner in region.blocks:
                    yield from _outermost(inner)


def _is_calm(op: Operation) -> bool:
    """Whether an operation neither checks, nor allocates, nor calls what may."""
    return op.name.partition(".")[0] in CALM and not isinstance(op, memref.AllocOp | memref.DeallocOp | AssertOp)


def call(low: FunctionLowering, op: scf.ForOp) -> None:
    """Call the loop's function for all of the loop."""
    e = low.e
    kernel = Kernel(low, op)
    kernel.share(low, threads=False)
    e.call(kernel.name, [*kernel.passed, low.value(op.lb), low.value(op.ub)], I32)
    for k, value in enumerate(op.results):
        low.values[value] = e.load(e.element(kernel.passed[-1], k, I64), llvm_rows.lowered(value.type))
