"""Loops of chunks in llvm code: the loop becomes a function of its bounds, which the runtime's threads call with parts of them.

    scf.for %c = %lo to %hi step %grain { ... } {phi.parallel = 12}

    @f.part0(values that the loop uses..., lo, hi) -> i32         the loop; pointers are noalias, as they are around it
    @f.part0.call(env, lo, hi) -> i32                             loads the values from `env` and calls it

Loops that are the same, but for the values they are given, share the functions: LLVM compiles each kernel once.
Where the bounds hold a few chunks only, the loop is called right away; else `phi_parallel` gives out chunks to threads. A
status other than 0 says that memory has run out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm, scf
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from .llvm_emit import I32, I64, PTR, Int, LlvmEmitter
from .llvm_memory import Descriptor
from .llvm_temporaries import Temporaries
from .loop_facts import PARALLEL
from .loop_work import FEWEST_CHUNKS

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

EQ, SGT = 0, 4  # predicates of llvm.icmp


def _captured(op: scf.ForOp) -> Iterator[SSAValue]:
    """Values from outside that are used in a loop, and its step; each once."""
    seen: set[SSAValue] = set()
    inside = {block for inner in op.walk() for region in inner.regions for block in region.blocks}
    operands = [op.step, *(value for inner in op.body.walk() for value in inner.operands)]
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


class _Part:
    """The function that a loop becomes."""

    def __init__(self, low: FunctionLowering, op: scf.ForOp) -> None:
        self.name = f"{low.function.sym_name.data}.part{len(low.parts) // 2}"
        captured = list(_captured(op))
        leaves = _leaves(low, captured)
        self.passed = [leaf for leaf in leaves if not isinstance(leaf.owner, llvm.ConstantOp | llvm.AddressOfOp)]
        self.types: list[Attribute] = [leaf.type for leaf in self.passed]
        entry = Block(arg_types=[*self.types, I64, I64])
        self.inner = inner = copy(low)
        inner.e = LlvmEmitter(Region(entry), entry)
        inner.e.location = low.e.location
        inner.values, inner.memrefs, inner.slots, inner.temporaries = {}, {}, [], Temporaries(inner)
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
        inner.loop(op, begin, end, inner.value(op.step))
        inner.e.effect(llvm.ReturnOp, [inner.e.int(0, I32)])
        inner.temporaries.finish()

    def known_by(self, names: dict[Hashable, str]) -> bool:
        """Whether a loop with the same function came before, whose name this one takes; if not, its own is noted."""
        key = (tuple(self.types), _content(self.inner.e.region))
        self.name = names.setdefault(key, own := self.name)
        return self.name != own

    def _descriptor(self, d: Descriptor) -> Descriptor:
        def here(part: Int) -> Int:
            return self.registers[part] if isinstance(part, SSAValue) else part

        sizes, strides = ([here(part) for part in parts] for parts in (d.sizes, d.strides))
        pointer = self.registers[d.pointer]
        return replace(d, pointer=pointer, offset=here(d.offset), sizes=sizes, strides=strides)

    def functions(self) -> list[llvm.FuncOp]:
        """The loop's function, and the one that takes its values from memory."""
        noalias = bi.DictionaryAttr({"llvm.noalias": bi.UnitAttr()})
        none = bi.DictionaryAttr({})
        attributes = [noalias if type == PTR else none for type in self.types]
        loop = _function(self.name, [*self.types, I64, I64], self.inner.e.region)
        loop.properties["arg_attrs"] = bi.ArrayAttr([*attributes, none, none])
        loop.attributes["phi.inline"] = bi.StringAttr("never")
        entry = Block(arg_types=[PTR, I64, I64])
        e = LlvmEmitter(Region(entry), entry)
        values = [e.load(e.element(entry.args[0], k, I64), type) for k, type in enumerate(self.types)]
        e.effect(llvm.ReturnOp, [e.call(self.name, [*values, *entry.args[1:]], I32)])
        return [loop, _function(f"{self.name}.call", [PTR, I64, I64], e.region)]


def _content(region: Region) -> Hashable:
    """What two regions have in common if and only if they do the same, operation by operation."""
    numbers: dict[SSAValue | Block, int] = {}
    for block in region.blocks:
        for thing in (block, *block.args, *(value for op in block.ops for value in op.results)):
            numbers[thing] = len(numbers)

    def row(op: Operation) -> Hashable:
        operands = tuple(numbers[value] for value in op.operands)
        successors = tuple(numbers[block] for block in op.successors)
        kinds = tuple(value.type for value in op.results)
        return op.name, operands, kinds, successors, frozenset(op.properties.items()), frozenset(op.attributes.items())

    return tuple((tuple(value.type for value in block.args), tuple(map(row, block.ops))) for block in region.blocks)


def _function(name: str, types: list[Attribute], body: Region) -> llvm.FuncOp:
    type = llvm.LLVMFunctionType(types, I32)
    return llvm.FuncOp(name, type, llvm.LinkageAttr("internal"), body=body)


def lower(low: FunctionLowering, op: scf.ForOp) -> None:
    """Call the loop's function, from several threads if there is enough to do."""
    e = low.e
    first, last, grain = (low.value(value) for value in op.operands[:3])
    part = _Part(low, op)
    if not part.known_by(low.part_names):
        low.parts += part.functions()
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
