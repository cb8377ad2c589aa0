"""Memory operations in llvm code: descriptors of memrefs kept while lowering, allocation, element access, BLAS calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm, memref
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from phintys.dialects.blas import GemmOp, GemvOp
from phintys.dialects.convert import location_text
from phintys.dialects.llvm_atomics import AtomicRMWOp
from phintys.ir.diagnostics import error

from .llvm_emit import I32, I64, PTR, Int

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

MOST_BYTES = 1 << 62
ATOMIC = (0, 1)  # kinds of memref.atomic_rmw: additions of floats and of integers
STACK_BYTES = 1024  # a temporary of known size up to this goes into the frame


@dataclass(eq=False)
class Descriptor:
    """A memref: where its elements are. `on_heap` when `memref.dealloc` has something to free."""

    pointer: SSAValue
    offset: Int
    sizes: list[Int]
    strides: list[Int]
    element: Attribute
    on_heap: bool = False


def stored(element: Attribute) -> Attribute:
    """Type of an element in memory: truth values take a byte."""
    return bi.i8 if element == bi.i1 else element


def byte_size(element: Attribute) -> int:
    """Bytes of one element in memory."""
    if isinstance(element, bi.IntegerType):
        return max(1, int(element.width.data) // 8)
    assert isinstance(element, bi.Float32Type | bi.Float64Type)
    return 4 if isinstance(element, bi.Float32Type) else 8


def contiguous(low: FunctionLowering, pointer: SSAValue, sizes: list[Int], element: Attribute) -> Descriptor:
    """A row-major memref from its start."""
    strides: list[Int] = []
    step: Int = 1
    for size in reversed(sizes):
        strides.append(step)
        step = low.e.mul(step, size)
    return Descriptor(pointer, 0, sizes, strides[::-1], element)


def _sizes(low: FunctionLowering, type: Attribute, dynamic: Sequence[SSAValue]) -> list[Int]:
    assert isinstance(type, bi.MemRefType)
    values = iter(dynamic)
    return [low.value(next(values)) if size == bi.DYNAMIC_INDEX else size for size in type.get_shape()]


def _bytes(low: FunctionLowering, sizes: Sequence[Int], element: Attribute) -> Int:
    """Size of a buffer; a product that does not fit stops at the largest number, so that asking for it fails."""
    e = low.e
    total: Int = byte_size(element)
    for size in sizes:
        if isinstance(total, int) and isinstance(size, int):
            total = min(total * size, MOST_BYTES)
        elif size != 1:
            total = e.intrinsic("llvm.umul.fix.sat.i64", [e.int(total), e.int(size), e.int(0, I32)], I64)
    return total if isinstance(total, int) else e.intrinsic("llvm.umin.i64", [total, e.int(MOST_BYTES)], I64)


def alloc(low: FunctionLowering, op: Operation) -> None:
    """A result array is asked of the runtime; a small temporary is in the frame, any other comes from the heap."""
    e, result = low.e, op.results[0]
    assert isinstance(result.type, bi.MemRefType)
    element = result.type.element_type
    sizes = _sizes(low, result.type, op.operands)
    number = low.result_number(result)
    if number is not None:
        dims = e.alloca(I64, max(1, len(sizes)))
        for axis, size in enumerate(sizes):
            e.store(e.int(size), e.element(dims, axis, I64))
        pointer = e.call("phi_output", [low.context, e.int(number, I32), dims], PTR)
        low.declare("phi_output", [PTR, I32, PTR], PTR)
        low.fail_if_null(pointer)
        low.memrefs[result] = contiguous(low, pointer, sizes, element)
        return
    total = _bytes(low, sizes, element)
    if isinstance(total, int) and total <= STACK_BYTES:
        low.memrefs[result] = contiguous(low, e.alloca(bi.i8, max(1, total)), sizes, element)
        return
    pointer = low.temporaries.ask(e.int(total))
    low.memrefs[result] = contiguous(low, pointer, sizes, element)
    low.memrefs[result].on_heap = True


def dealloc(low: FunctionLowering, op: Operation) -> None:
    """Free a temporary of the heap."""
    descriptor = low.memrefs[op.operands[0]]
    if descriptor.on_heap:
        low.temporaries.release(descriptor.pointer)


def reinterpret_cast(low: FunctionLowering, op: Operation) -> None:
    """A view: only the descriptor changes."""
    assert isinstance(op, memref.ReinterpretCastOp)
    source = low.memrefs[op.source]

    def mixed(static: Attribute, dynamic: Sequence[SSAValue]) -> list[Int]:
        assert isinstance(static, bi.DenseArrayBase)
        values = iter(dynamic)
        numbers = [int(value) for value in static.get_values()]
        return [low.value(next(values)) if number == bi.DYNAMIC_INDEX else number for number in numbers]

    offset, *_ = mixed(op.static_offsets, op.offsets)
    sizes, strides = mixed(op.static_sizes, op.sizes), mixed(op.static_strides, op.strides)
    low.memrefs[op.result] = Descriptor(source.pointer, offset, sizes, strides, source.element)


def view(low: FunctionLowering, op: Operation) -> None:
    """Elements of another type, from a byte on."""
    assert isinstance(op, memref.ViewOp) and isinstance(op.result.type, bi.MemRefType)
    source = low.memrefs[op.source]
    start = low.e.element(source.pointer, low.value(op.byte_shift), bi.i8)
    low.memrefs[op.result] = contiguous(low, start, _sizes(low, op.result.type, op.sizes), op.result.type.element_type)


def dim(low: FunctionLowering, op: Operation) -> None:
    """Size of one dimension, known in the descriptor."""
    axis = op.operands[1].owner
    value = axis.properties.get("value") if isinstance(axis, Operation) else None
    if not isinstance(value, bi.IntegerAttr):
        raise VerifyException("convert-loops-to-llvm: memref.dim takes a constant dimension")
    low.values[op.results[0]] = low.e.int(low.memrefs[op.operands[0]].sizes[value.value.data])


def address(low: FunctionLowering, descriptor: Descriptor, indices: Sequence[SSAValue]) -> SSAValue:
    """Where an element is."""
    position = descriptor.offset
    for index, stride in zip(indices, descriptor.strides, strict=True):
        low.strided |= stride != 1 and low.counts(index)
        position = low.e.add(position, low.e.mul(low.value(index), stride))
    return low.e.element(descriptor.pointer, position, stored(descriptor.element))


def load(low: FunctionLowering, op: Operation) -> None:
    """Read an element."""
    descriptor = low.memrefs[op.operands[0]]
    value = low.e.load(address(low, descriptor, op.operands[1:]), stored(descriptor.element))
    if descriptor.element == bi.i1:
        zero = low.e.int(0, bi.i8)
        value = low.e.op(llvm.ICmpOp, [value, zero], bi.i1, {"predicate": bi.IntegerAttr(1, bi.i64)})
    low.values[op.results[0]] = value


def store(low: FunctionLowering, op: Operation) -> None:
    """Write an element."""
    descriptor = low.memrefs[op.operands[1]]
    value = low.value(op.operands[0])
    if descriptor.element == bi.i1:
        value = low.e.op(llvm.ZExtOp, [value], bi.i8)
    low.e.store(value, address(low, descriptor, op.operands[2:]))


def atomic(low: FunctionLowering, op: Operation) -> None:
    """Add to an element that other threads add to."""
    assert isinstance(op, memref.AtomicRMWOp)
    kind = op.kind.value.data
    if kind not in ATOMIC:
        raise error(f"memref.atomic_rmw of kind {kind} has no lowering; 0 (addf) and 1 (addi) have", name=location_text(op))
    place = address(low, low.memrefs[op.memref], op.indices)
    made = low.e.insert(AtomicRMWOp.build_op(place, low.value(op.value), op.location))
    low.values[op.result] = made.results[0]


def pointer(low: FunctionLowering, op: Operation) -> None:
    """The address of a buffer as a number."""
    low.values[op.results[0]] = low.e.op(llvm.PtrToIntOp, [low.memrefs[op.operands[0]].pointer], I64)


def get_global(low: FunctionLowering, op: Operation) -> None:
    """Address of a constant array."""
    type = op.results[0].type
    assert isinstance(type, bi.MemRefType)
    pointer = low.e.op(llvm.AddressOfOp, [], PTR, {"global_name": op.properties["name"]})
    low.memrefs[op.results[0]] = contiguous(low, pointer, list(type.get_shape()), type.element_type)


class Scratch:
    """Frame slots for arguments of BLAS and LAPACK, which Fortran takes by address."""

    def __init__(self, low: FunctionLowering) -> None:
        self.low = low
        self.used = 0

    def __call__(self, value: Int | SSAValue, type: Attribute = I64) -> SSAValue:
        """Address of a slot that holds the value."""
        while self.used >= len(self.low.slots):
            self.low.slots.append(self.low.e.alloca(I64, 1))
        slot = self.low.slots[self.used]
        self.used += 1
        self.low.e.store(self.low.e.int(value) if isinstance(value, int) else value, slot)
        return slot


def _matrix(low: FunctionLowering, m: Descriptor) -> tuple[bool, Int, SSAValue]:
    """Whether a matrix is row-major, its leading dimension (at least what BLAS demands), and its first element."""
    rows = m.strides[1] == 1
    inner, step = (m.sizes[1], m.strides[0]) if rows else (m.sizes[0], m.strides[1])
    leading = at_least(low, at_least(low, step, inner), 1)
    return rows, leading, low.e.element(m.pointer, m.offset, m.element)


def at_least(low: FunctionLowering, a: Int, b: Int) -> Int:
    """The larger of two sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return max(a, b)
    value: SSAValue = low.e.intrinsic("llvm.smax.i64", [low.e.int(a), low.e.int(b)], I64)
    return value


def _letter(transposed: bool) -> int:
    return ord("T" if transposed else "N")


def gemm(low: FunctionLowering, op: Operation) -> None:
    """c = a @ b row by row is, in Fortran's order, c' = b' @ a'."""
    alpha, a, b, beta, c = op.operands
    da, db, dc = (low.memrefs[value] for value in (a, b, c))
    slot = Scratch(low)
    rows_a, lead_a, at_a = _matrix(low, da)
    rows_b, lead_b, at_b = _matrix(low, db)
    _, lead_c, at_c = _matrix(low, dc)
    arguments = [
        slot(_letter(not rows_b)),
        slot(_letter(not rows_a)),
        slot(dc.sizes[1]),
        slot(dc.sizes[0]),
        slot(da.sizes[1]),
        slot(low.value(alpha)),
        at_b,
        slot(lead_b),
        at_a,
        slot(lead_a),
        slot(low.value(beta)),
        at_c,
        slot(lead_c),
    ]
    _call(low, "gemm", da.element, arguments)


def gemv(low: FunctionLowering, op: Operation) -> None:
    """y = a @ x; a row-major matrix is a transposed one to Fortran. No columns: BLAS would leave y as it was."""
    alpha, a, x, beta, y = op.operands
    da, dx, dy = (low.memrefs[value] for value in (a, x, y))
    slot = Scratch(low)
    rows, leading, at_a = _matrix(low, da)
    at_x, at_y = (low.e.element(d.pointer, d.offset, d.element) for d in (dx, dy))
    m, n = (da.sizes[1], da.sizes[0]) if rows else (da.sizes[0], da.sizes[1])
    _clear_if_empty(low, da.sizes[1], dy, at_y)
    arguments = [
        slot(_letter(rows)),
        slot(m),
        slot(n),
        slot(low.value(alpha)),
        at_a,
        slot(leading),
        at_x,
        slot(at_least(low, dx.strides[0], 1)),
        slot(low.value(beta)),
        at_y,
        slot(at_least(low, dy.strides[0], 1)),
    ]
    _call(low, "gemv", da.element, arguments)


def _clear_if_empty(low: FunctionLowering, terms: Int, y: Descriptor, at_y: SSAValue) -> None:
    if isinstance(terms, int) and terms > 0:
        return
    e = low.e
    empty = e.op(llvm.ICmpOp, [e.int(terms), e.int(0)], bi.i1, {"predicate": bi.IntegerAttr(0, bi.i64)})
    size = e.mul(e.op(llvm.ZExtOp, [empty], I64), e.mul(y.sizes[0], byte_size(y.element)))
    e.intrinsic("llvm.memset.p0.i64", [at_y, e.int(0, bi.i8), e.int(size), e.int(0, bi.i1)], None)


def _call(low: FunctionLowering, kind: str, element: Attribute, arguments: list[SSAValue]) -> None:
    name = f"phi_{'s' if isinstance(element, bi.Float32Type) else 'd'}{kind}"
    low.declare(name, [PTR] * len(arguments), None)
    low.e.call(name, arguments, None)


ROWS: dict[type[Operation], Callable[[FunctionLowering, Operation], None]] = {
    memref.AllocOp: alloc,
    memref.DeallocOp: dealloc,
    memref.ReinterpretCastOp: reinterpret_cast,
    memref.ViewOp: view,
    memref.DimOp: dim,
    memref.LoadOp: load,
    memref.StoreOp: store,
    memref.GetGlobalOp: get_global,
    memref.ExtractAlignedPointerAsIndexOp: pointer,
    memref.AtomicRMWOp: atomic,
    GemmOp: gemm,
    GemvOp: gemv,
}
