"""Where the temporaries of a row live: in memory that the block shares if they fit there, else in a part of a global buffer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import arith, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, SSAValue

from phintys.dialects import gpu

from .emit import Emitter, Index

if TYPE_CHECKING:
    from .gpu_loops import NestKernel

MOST_SHARED = 40 << 10  # bytes: of 48 KiB that every device has, less what the threads need to add up
ALIGNED = 16
# Makes room in the kernel of a writer for a grid of so many blocks; how many shared bytes that takes.
Place = Callable[["NestKernel", Index], SSAValue | None]


class Temporaries:
    """The temporaries of a nest's iterations."""

    def __init__(self, writer: NestKernel) -> None:
        self.private = writer.nest.private
        self.host = writer.host
        self.sizes = [self._sizes(root) for root in self.private]
        e = self.host.writer()
        self.ends: list[Index] = []
        end: Index | None = 0
        for root, sizes in zip(self.private, self.sizes, strict=True):
            width = _bytes(root)
            room = None if width is None or end is None else e.mul(e.product(sizes), width)
            end = None if room is None or end is None else e.add(end, _rounded(e, room))
            self.ends.append(end or 0)
        self.host.put(e)
        self.bytes = end

    def _sizes(self, root: SSAValue) -> list[Index]:
        op = root.owner
        assert isinstance(op, memref.AllocOp) and isinstance(op.memref.type, bi.MemRefType)
        dynamic = iter(op.dynamic_sizes)
        return [self.host.known(next(dynamic)) if n == bi.DYNAMIC_INDEX else n for n in op.memref.type.get_shape()]

    def shared(self, writer: NestKernel, grid: Index, teams: int = 1, team: SSAValue | None = None) -> SSAValue | None:
        """Views of the dynamic shared memory, of which each of several teams of a block has a part."""
        if not self.private:
            return None
        kernel = writer.kernel
        e = kernel.entry
        memory = e.insert(gpu.DynamicSharedMemoryOp.build_op(e.location)).results[0]
        assert self.bytes is not None
        base = 0 if team is None else e.mul(team, kernel.index(self.bytes))
        start: Index = 0
        for root, sizes, end in zip(self.private, self.sizes, self.ends, strict=True):
            shape = [size if isinstance(size, int) else bi.DYNAMIC_INDEX for size in sizes]
            type = bi.MemRefType(_element(root), shape, memory_space=gpu.WORKGROUP)
            dynamic = [kernel.index(size) for size in sizes if not isinstance(size, int)]
            place = e.index(e.add(base, kernel.index(start) if start != 0 else 0))
            kernel.env[root] = e.op(memref.ViewOp, [memory, place, *dynamic], type)
            start = end
        host = self.host.writer()
        bytes = host.op(arith.IndexCastOp, [host.index(host.mul(start, teams))], bi.i32)
        self.host.put(host)
        return bytes

    def scratch(self, writer: NestKernel, grid: Index) -> SSAValue | None:
        """A buffer of which each block has a part."""
        self.view(writer, self.of_rows(grid), writer.kernel.team.block)
        return None

    def of_rows(self, number: Index) -> list[SSAValue]:
        """Buffers for so many iterations at once."""
        return [self.host.slot(_element(root), [number, *sizes]) for root, sizes in zip(self.private, self.sizes, strict=True)]

    def view(self, writer: NestKernel, buffers: list[SSAValue], number: SSAValue) -> None:
        """Those of one iteration, which the kernel knows at its entry."""
        kernel = writer.kernel
        e = kernel.entry
        for root, sizes, whole in zip(self.private, self.sizes, buffers, strict=True):
            inside = [kernel.index(size) if not isinstance(size, int) else size for size in sizes]
            strides: list[Index] = [1] * len(inside)
            for axis in reversed(range(len(inside) - 1)):
                strides[axis] = e.mul(strides[axis + 1], inside[axis + 1])
            offset = e.mul(number, e.product(inside))
            kernel.env[root] = e.reinterpret(kernel.memory(whole), offset, inside, strides)


def _element(root: SSAValue) -> Attribute:
    assert isinstance(root.type, bi.MemRefType)
    found: Attribute = root.type.element_type
    return found


def _bytes(root: SSAValue) -> int | None:
    type = _element(root)
    if isinstance(type, bi.IntegerType):
        return max(int(type.width.data) // 8, 1)
    return 4 if type == bi.f32 else 8 if type == bi.f64 else None


def _rounded(e: Emitter, bytes: Index) -> Index:
    if isinstance(bytes, int):
        return -(-bytes // ALIGNED) * ALIGNED
    return e.mul(e.op(arith.DivUIOp, [e.index(e.add(bytes, ALIGNED - 1)), e.index(ALIGNED)]), ALIGNED)
