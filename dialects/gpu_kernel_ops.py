"""Operations of the `gpu` dialect in kernels: where a thread is, what threads do together, the memory that a block shares.

Only dimension x is used.
"""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar, Self

from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Data, Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import irdl_attr_definition, traits_def
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .typed import TypedOp

WARP = 32
SHARED = 3  # what LLVM calls the space of memory that the threads of a block share
SHUFFLES = ("xor", "up", "down", "idx")
INDEX = bi.IndexType()


class _Word(Data[str]):
    """An attribute that is one word."""

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        """Read the word."""
        return parser.parse_identifier()

    def print_parameter(self, printer: Printer) -> None:
        """Write the word."""
        printer.print_string(self.data)


@irdl_attr_definition
class DimensionAttr(_Word, SpacedOpaqueSyntaxAttribute):
    """`#gpu<dim x>`."""

    name = "gpu.dim"


@irdl_attr_definition
class ShuffleModeAttr(_Word, SpacedOpaqueSyntaxAttribute):
    """`#gpu<shuffle_mode xor>`."""

    name = "gpu.shuffle_mode"


@irdl_attr_definition
class AddressSpaceAttr(_Word):
    """`#gpu.address_space<workgroup>`."""

    name = "gpu.address_space"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        """Read the word in its brackets."""
        with parser.in_angle_brackets():
            return super().parse_parameter(parser)

    def print_parameter(self, printer: Printer) -> None:
        """Write the word in its brackets."""
        with printer.in_angle_brackets():
            super().print_parameter(printer)


X = DimensionAttr("x")
WORKGROUP = AddressSpaceAttr("workgroup")


def shared_memory(element: Attribute, size: int | None) -> bi.MemRefType[Attribute]:
    """`memref<32xf64, #gpu.address_space<workgroup>>`: a vector in the memory of a block."""
    return bi.MemRefType(element, [bi.DYNAMIC_INDEX if size is None else size], memory_space=WORKGROUP)


def is_shared(type: Attribute) -> bool:
    """Whether a memref lies in the memory of a block."""
    return isinstance(type, bi.MemRefType) and type.memory_space == WORKGROUP


# --- where a thread is ------------------------------------------------------------------------------------------------


class PlaceOp(Operation, ABC):
    """A number of the thread, its block or the launch, in dimension x."""

    traits = traits_def(Pure())

    @classmethod
    def build_op(cls, location: Any = None) -> Self:
        """Create one."""
        return cls.create(result_types=[INDEX], properties={"dimension": X}, location=location)

    def verify_(self) -> None:
        """The dimension is x."""
        if self.properties.get("dimension") != X or [value.type for value in self.results] != [INDEX]:
            raise VerifyException(f"{self.name}: gives an index, along x (the only dimension that is used)")

    def print(self, printer: Printer) -> None:
        """The dimension."""
        printer.print_string(" x")

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """The dimension."""
        parser.parse_keyword("x", " (the only dimension that is used)")
        return cls.create(result_types=[INDEX], properties={"dimension": X})


class ThreadIdOp(PlaceOp):
    """The thread's number in its block.

    %t = gpu.thread_id x
    """

    name = "gpu.thread_id"


class BlockIdOp(PlaceOp):
    """The block's number in the grid.

    %b = gpu.block_id x
    """

    name = "gpu.block_id"


class BlockDimOp(PlaceOp):
    """How many threads a block has.

    %n = gpu.block_dim x
    """

    name = "gpu.block_dim"


class GridDimOp(PlaceOp):
    """How many blocks the grid has.

    %n = gpu.grid_dim x
    """

    name = "gpu.grid_dim"


# --- what threads do together -----------------------------------------------------------------------------------------


class BarrierOp(Operation):
    """Waits until all threads of the block are here; what they wrote before, all of them see after. All threads come here.

    gpu.barrier
    """

    name = "gpu.barrier"
    traits = traits_def()

    @staticmethod
    def build_op(location: Any = None) -> BarrierOp:
        """Create one."""
        return BarrierOp.create(location=location)

    def print(self, printer: Printer) -> None:
        """No operands."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """No operands."""
        return cls.create()


class ShuffleOp(Operation):
    """The value that another thread of the same 32 has, and whether there is such a thread.

        %v, %valid = gpu.shuffle xor %x, %offset, %width : f32

    The other thread's number: `xor`, with the bits of the offset flipped; `up`, less by it; `down`, more by it; `idx`, the
    offset. `%width` is 32. Where there is no such thread, the value is the thread's own. All threads come here.
    """

    name = "gpu.shuffle"
    traits = traits_def()
    TYPES: ClassVar[tuple[Attribute, ...]] = (bi.i32, bi.i64, bi.f32, bi.f64)

    @staticmethod
    def build_op(mode: str, value: SSAValue, offset: SSAValue, width: SSAValue, location: Any = None) -> ShuffleOp:
        """Create one."""
        return ShuffleOp.create(
            operands=[value, offset, width],
            result_types=[value.type, bi.i1],
            properties={"mode": ShuffleModeAttr(mode)},
            location=location,
        )

    @property
    def mode(self) -> str:
        """One of `SHUFFLES`."""
        mode = self.properties.get("mode")
        return mode.data if isinstance(mode, ShuffleModeAttr) else ""

    def verify_(self) -> None:
        """A known mode, a value of 32 or 64 bits, i32 for the rest."""
        if self.mode not in SHUFFLES:
            raise VerifyException(f"gpu.shuffle: mode '{self.mode}' is not one of {', '.join(SHUFFLES)}")
        types = [value.type for value in self.operands]
        if len(types) != 3 or types[0] not in self.TYPES or types[1:] != [bi.i32, bi.i32]:
            raise VerifyException("gpu.shuffle: expected a value of i32, i64, f32 or f64, an i32 offset and an i32 width")
        if [value.type for value in self.results] != [types[0], bi.i1]:
            raise VerifyException("gpu.shuffle: gives a value of the same type, and an i1")

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        printer.print_string(f" {self.mode} ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_attribute(self.operands[0].type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read what `print` writes."""
        mode = parser.parse_identifier("mode of the shuffle")
        names = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_unresolved_operand)
        parser.parse_punctuation(":")
        type = parser.parse_type()
        operands = [
            parser.resolve_operand(name, kind) for name, kind in zip(names, [type, *[bi.i32] * (len(names) - 1)], strict=True)
        ]
        return cls.create(operands=operands, result_types=[type, bi.i1], properties={"mode": ShuffleModeAttr(mode)})


class DynamicSharedMemoryOp(TypedOp):
    """The memory of a block whose size the launch says.

    %m = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    """

    name = "gpu.dynamic_shared_memory"
    traits = traits_def(Pure())

    @staticmethod
    def build_op(location: Any = None) -> DynamicSharedMemoryOp:
        """Create one."""
        return DynamicSharedMemoryOp.create(result_types=[shared_memory(bi.i8, None)], location=location)

    def verify_(self) -> None:
        """It gives bytes of shared memory."""
        if [value.type for value in self.results] != [shared_memory(bi.i8, None)]:
            raise VerifyException(f"gpu.dynamic_shared_memory: gives a {shared_memory(bi.i8, None)}")
