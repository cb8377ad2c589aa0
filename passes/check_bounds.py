"""check-bounds: every access to memory is checked, and every view, before it is made. A mode for finding errors in passes.

Expects: loops, best after `reuse-buffers`. Leaves: loops with an `rt.assert` in front of each `memref.load` and
`memref.store`, and of each `memref.reinterpret_cast`, whose elements have to lie in the buffer that it is a view of. Loops that
may stop are not cut into chunks, so that functions run on one thread.

    %v = memref.load %x[%i]        ->      %in = arith.cmpi ult, %i, %n : index
                                           rt.assert %in, "IndexError", "memref.load: index {0} ..." (%i, %n ...)
                                           %v = memref.load %x[%i]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass

from phintys.dialects.rt import AssertOp

from .emit import INDEX, Emitter, Index
from .loop_facts import root_of


class _Checks:
    """Writes checks in front of one operation."""

    def __init__(self, op: Operation) -> None:
        self.op = op
        self.e = Emitter(Block(), op.location)

    def place(self) -> None:
        """Put what was written where the operation stands."""
        parent = self.op.parent
        assert parent is not None
        for new in list(self.e.block.ops):
            new.detach()
            parent.insert_op_before(new, self.op)

    def sizes(self, buffer: SSAValue) -> list[Index]:
        """Sizes of a memref."""
        type = buffer.type
        assert isinstance(type, bi.MemRefType)
        found: list[Index] = []
        for axis, size in enumerate(type.get_shape()):
            dynamic = size == bi.DYNAMIC_INDEX
            found.append(self.e.op(memref.DimOp, [buffer, self.e.index(axis)], INDEX) if dynamic else size)
        return found

    def require(self, fine: SSAValue, message: str, values: Sequence[Index]) -> None:
        """A check."""
        shown = [self.e.index(value) for value in values]
        self.e.insert(AssertOp.build_op(fine, "IndexError", f"{self.op.name}: {message}", shown, self.op.location))

    def access(self, buffer: SSAValue, indices: Sequence[SSAValue]) -> None:
        """Each index is below its size; as unsigned numbers, so that it is not negative either."""
        for index, size in zip(indices, self.sizes(buffer), strict=True):
            fine = self.e.icmp("ult", index, self.e.index(size))
            self.require(fine, "index {0} of a dimension of {1}", [index, size])

    def view(self, op: memref.ReinterpretCastOp) -> None:
        """The first and the last element in memory are the buffer's, unless there are none."""
        e = self.e

        def mixed(static: Attribute, dynamic: Sequence[SSAValue]) -> list[Index]:
            assert isinstance(static, bi.DenseArrayBase)
            rest = iter(dynamic)
            return [next(rest) if n == bi.DYNAMIC_INDEX else int(n) for n in static.get_values()]

        (offset,) = mixed(op.static_offsets, op.offsets)
        first: Index = offset
        last: Index = offset
        empty = e.constant(0, bi.i1)
        for size, stride in zip(mixed(op.static_sizes, op.sizes), mixed(op.static_strides, op.strides), strict=True):
            reach = e.mul(e.sub(size, 1), stride)
            first, last = e.add(first, e.minimum(reach, 0)), e.add(last, e.maximum(reach, 0))
            empty = e.op(arith.OrIOp, [empty, e.icmp("eq", e.index(size), e.index(0))])
        held = e.product(self.sizes(root_of(op.source)))
        inside = e.op(arith.AndIOp, [e.icmp("sge", e.index(first), e.index(0)), e.icmp("slt", e.index(last), e.index(held))])
        fine = e.op(arith.OrIOp, [empty, inside])
        self.require(fine, "elements {0} to {1} of a buffer of {2}", [first, last, held])


def check(op: Operation) -> None:
    """Write the checks of one operation, where it needs some."""
    checks = _Checks(op)
    if isinstance(op, memref.LoadOp | memref.StoreOp):
        checks.access(op.memref, op.indices)
    elif isinstance(op, memref.ReinterpretCastOp):
        checks.view(op)
    checks.place()


@dataclass(frozen=True)
class CheckBounds(ModulePass):
    """Check every access to memory."""

    name = "check-bounds"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on functions that have memory; scalar helpers have none."""
        for function in [item for item in op.body.block.ops if isinstance(item, func.FuncOp)]:
            for inner in list(function.walk()):
                if isinstance(inner, memref.LoadOp | memref.StoreOp | memref.ReinterpretCastOp):
                    check(inner)
