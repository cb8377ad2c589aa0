"""Loops as a picture: loop nests, calls and checks are boxes, arrows say which one writes the memory that another reads.

Size arithmetic, views, allocations and frees are left out: arrows go through them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from textwrap import wrap

from xdsl.dialects import arith, func, llvm, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, OpResult, SSAValue
from xdsl.traits import SymbolTable

from phintys.dialects import gpu
from phintys.dialects.lapack import RoutineOp
from phintys.dialects.rt import AssertOp
from phintys.ir.diagnostics import error
from phintys.ir.draw import LONGEST_LINE, Arrow, Box, shorten
from phintys.passes.convert_gpu_to_nvvm import is_written

# Operand that an operation writes to; -1 is the last one.
WRITES = {"memref.store": 1, "vector.store": 1, "memref.atomic_rmw": 1, "memref.copy": 1, "blas.gemm": -1, "blas.gemv": -1}
QUIET = ("memref.dealloc", "scf.yield")
MOST_DETAILS = 6


@dataclass
class _Memory:
    """What is known while walking over a function: who wrote what last, who a scalar depends on."""

    boxes: list[Box] = field(default_factory=list)
    ops: list[Operation | None] = field(default_factory=list)
    arrows: dict[tuple[int, int], str] = field(default_factory=dict)
    writers: dict[SSAValue, set[int]] = field(default_factory=dict)
    names: dict[SSAValue, str] = field(default_factory=dict)

    def box(self, op: Operation | None, box: Box) -> int:
        """Add a box; its number."""
        self.boxes.append(box)
        self.ops.append(op)
        return len(self.boxes) - 1

    def name(self, value: SSAValue) -> str:
        """What to call a buffer."""
        if value not in self.names:
            self.names[value] = value.name_hint or f"m{len(self.names) + 1}"
        return self.names[value]

    def arrow(self, sources: Iterable[int], target: int, label: str = "") -> None:
        """Arrows to a box; two of them between the same boxes are one."""
        for source in sources:
            if source != target:
                before = self.arrows.get((source, target), "")
                self.arrows[source, target] = label if not before or not label or before == label else f"{before}, {label}"


def memory_boxes(function: Operation) -> tuple[list[Box], list[Operation | None], list[Arrow]]:
    """Boxes of a function of the level `loops`, or of the host's at level `gpu`, the operation of each, and arrows."""
    if not isinstance(function, func.FuncOp):
        raise error(f"no picture of {function.name} at this level")
    found = _Memory()
    block = function.body.block
    rows = function.arg_attrs.data if function.arg_attrs else [bi.DictionaryAttr({})] * len(block.args)
    for argument, row in zip(block.args, rows, strict=True):
        kind = "state" if "nd.state" in row.data else "input"
        found.names[argument] = argument.name_hint or kind
        found.writers[argument] = {found.box(None, Box(kind, found.names[argument], (str(argument.type),)))}
    for op in block.ops:
        _visit(op, found)
    for number, value in enumerate(block.last_op.operands if block.last_op else (), 1):
        target = found.box(None, Box("output", f"result {number}", (str(value.type),)))
        found.arrow(_sources(value, found), target, found.name(root(value)))
    return found.boxes, found.ops, [Arrow(*pair, shorten(label)) for pair, label in found.arrows.items()]


def root(value: SSAValue) -> SSAValue:
    """The memory behind a view."""
    owner = value.owner
    while isinstance(owner, Operation) and owner.operands and _is_view(owner):
        value = owner.operands[0]
        owner = value.owner
    return value


def _is_view(op: Operation) -> bool:
    return op.name.startswith("memref.") and isinstance(op.results[0].type if op.results else None, bi.MemRefType)


def _sources(value: SSAValue, found: _Memory, sizes: bool = False) -> set[int]:
    """The boxes that a value depends on: through memory, and through arithmetic on scalars; on request through `sizes`, too."""
    pending, seen, result = [value], set(), set()
    while pending:
        one = root(pending.pop())
        if one in seen:
            continue
        seen.add(one)
        if one in found.writers:
            result |= found.writers[one]
        elif isinstance(one.owner, Operation) and (sizes or one.owner.name != "memref.dim"):
            pending.extend(one.owner.operands)
    return result


def _visit(op: Operation, found: _Memory) -> None:
    if op.name in QUIET or isinstance(op, func.ReturnOp) or (op.results and not op.regions and _is_plain(op)):
        return
    if isinstance(op, memref.StoreOp):  # of a scalar: whoever made the value writes the memory
        found.writers[root(op.operands[1])] = _sources(op.operands[0], found)
        return
    reads, writes = _accesses(op)
    number = found.box(op, _box(op, reads, writes, found))
    for memory in reads:
        found.arrow(found.writers.get(memory, ()), number, found.name(memory))
    for value in _scalars(op):
        found.arrow(_sources(value, found, sizes=isinstance(op, AssertOp)), number)
    for memory in [*writes, *op.results]:
        found.writers[memory] = {number}


def _is_plain(op: Operation) -> bool:
    """Whether an operation is arithmetic, a view, an allocation or a load: something that arrows go through."""
    return op.name.partition(".")[0] in ("arith", "math", "xmath", "memref", "complex") or op.name == "func.call"


def _accesses(op: Operation) -> tuple[list[SSAValue], list[SSAValue]]:
    """The memory that an operation and those inside it read and write, in the order of first use."""
    reads: dict[SSAValue, None] = {}
    writes: dict[SSAValue, None] = {}
    for inner in op.walk():
        memories = [value for value in inner.operands if isinstance(value.type, bi.MemRefType)]
        place = WRITES.get(inner.name)
        into = inner.written if isinstance(inner, RoutineOp) else [] if place is None else [inner.operands[place]]
        if isinstance(inner, gpu.LaunchFuncOp):
            into = _written_by(inner)
        if _is_view(inner) or inner.name in ("memref.dim", *QUIET):
            continue
        for value in memories:
            if value in into:
                writes[root(value)] = None
            if value not in into or isinstance(inner, RoutineOp):  # LAPACK works in place
                reads[root(value)] = None
    return list(reads), list(writes)


def _written_by(launch: gpu.LaunchFuncOp) -> list[SSAValue]:
    """The memory that a kernel stores to."""
    module = launch.parent_op()
    while module is not None and not isinstance(module, bi.ModuleOp):
        module = module.parent_op()
    kernel = None if module is None else SymbolTable.lookup_symbol(module, launch.kernel)
    if isinstance(kernel, gpu.FuncOp):
        return [value for value, taken in zip(launch.arguments, kernel.block.args, strict=True) if is_written(taken)]
    if not isinstance(kernel, llvm.FuncOp) or kernel.arg_attrs is None:
        return []
    memories = [value for value in launch.arguments if isinstance(value.type, bi.MemRefType)]
    pointers = [row.data for row in kernel.arg_attrs.data if "llvm.noalias" in row.data]
    return [value for value, row in zip(memories, pointers, strict=True) if "llvm.readonly" not in row]


def _scalars(op: Operation) -> list[SSAValue]:
    """Values from outside, other than memory, that an operation and those inside it use."""
    inside = {result for inner in op.walk() for result in inner.results}
    return [
        value
        for inner in op.walk()
        for value in inner.operands
        if isinstance(value, OpResult) and value not in inside and not isinstance(value.type, bi.MemRefType)
    ]


def _box(op: Operation, reads: list[SSAValue], writes: list[SSAValue], found: _Memory) -> Box:
    if isinstance(op, AssertOp):
        return Box("check", f"else {op.exception}", tuple(wrap(op.message, LONGEST_LINE)))
    detail = []
    if reads:
        detail.append("reads " + shorten(", ".join(map(found.name, reads))))
    if writes:
        detail.append("writes " + shorten(", ".join(map(found.name, writes))))
    if isinstance(op, scf.ForOp):
        return Box("fused", shorten("for " + " × ".join(_bounds(op))), (*detail, *_work(op)))
    return Box("operation", op.name, tuple(detail))


def _bounds(op: scf.ForOp) -> list[str]:
    """The ends of a loop and of the first loop inside it, and so on."""
    bounds = [_bound(op.ub)]
    inner = next((one for one in op.body.block.ops if isinstance(one, scf.ForOp)), None)
    return bounds if inner is None else bounds + _bounds(inner)


def _bound(value: SSAValue) -> str:
    owner = value.owner
    if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, bi.IntegerAttr):
        return str(owner.value.value.data)
    if isinstance(owner, memref.DimOp):
        memory = owner.operands[0]
        axis = owner.operands[1].owner
        if not isinstance(axis, Block) and isinstance(axis, arith.ConstantOp) and isinstance(axis.value, bi.IntegerAttr):
            return f"{memory.name_hint or 'm'}.shape[{axis.value.value.data}]"
    return "n"


def _work(op: Operation) -> list[str]:
    """What a loop nest computes: its operations and how many of each, without loads, stores and index arithmetic."""
    counts: Counter[str] = Counter()
    for inner in op.walk():
        if inner.name.startswith(("math.", "xmath.")) or (inner.name.startswith("arith.") and inner.name.endswith("f")):
            counts[inner.name.partition(".")[2]] += 1
        elif isinstance(inner, func.CallOp):
            counts[str(inner.callee).replace("@phi_", "").replace("@", "")] += 1
    words = [name if count == 1 else f"{name} ×{count}" for name, count in counts.most_common(MOST_DETAILS)]
    return [shorten(", ".join(words))] if words else []
