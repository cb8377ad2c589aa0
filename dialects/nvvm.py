"""The `nvvm` dialect: what a thread of an NVIDIA GPU reads and does beside the operations of `llvm`, under MLIR's names.

At level "nvvm" kernels are `llvm.func`s in a `gpu.module`, with the attributes `nvvm.kernel` and `nvvm.maxntid`, some
with `nvvm.maxnreg`.
Source: NVIDIA, PTX ISA, special registers, bar.sync and shfl.sync.
"""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar, Self

from xdsl.dialects import builtin as bi
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, Dialect, Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import irdl_attr_definition, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from .typed import TypedOp


class ShuffleKind(StrEnum):
    """Which thread's value a shuffle gives."""

    BFLY = "bfly"
    UP = "up"
    DOWN = "down"
    IDX = "idx"


@irdl_attr_definition
class ShuffleKindAttr(EnumAttribute[ShuffleKind], SpacedOpaqueSyntaxAttribute):
    """`#nvvm<shfl_kind bfly>`."""

    name = "nvvm.shfl_kind"


MODES = tuple(ShuffleKind)


class RegisterOp(TypedOp, ABC):
    """A special register, an i32."""

    traits = traits_def(Pure())

    @classmethod
    def build_op(cls, location: Any = None) -> Self:
        """Create one."""
        return cls.create(result_types=[bi.i32], location=location)

    def verify_(self) -> None:
        """It is an i32."""
        if [value.type for value in self.results] != [bi.i32]:
            raise VerifyException(f"{self.name}: gives an i32")


class ThreadIdOp(RegisterOp):
    """The thread's number in its block.

    %t = nvvm.read.ptx.sreg.tid.x : i32
    """

    name = "nvvm.read.ptx.sreg.tid.x"


class BlockIdOp(RegisterOp):
    """The block's number in the grid.

    %b = nvvm.read.ptx.sreg.ctaid.x : i32
    """

    name = "nvvm.read.ptx.sreg.ctaid.x"


class BlockDimOp(RegisterOp):
    """How many threads a block has.

    %n = nvvm.read.ptx.sreg.ntid.x : i32
    """

    name = "nvvm.read.ptx.sreg.ntid.x"


class GridDimOp(RegisterOp):
    """How many blocks the grid has.

    %n = nvvm.read.ptx.sreg.nctaid.x : i32
    """

    name = "nvvm.read.ptx.sreg.nctaid.x"


class LaneIdOp(RegisterOp):
    """The thread's number among the 32 of its warp.

    %l = nvvm.read.ptx.sreg.laneid : i32
    """

    name = "nvvm.read.ptx.sreg.laneid"


class BarrierOp(Operation):
    """Waits for all threads of the block; what they wrote before is seen after.

    nvvm.barrier0
    """

    name = "nvvm.barrier0"
    traits = traits_def()

    def print(self, printer: Printer) -> None:
        """No operands."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """No operands."""
        return cls.create()


class ShuffleOp(Operation):
    """The value of another thread of the warp, of those in the mask: `bfly` (xor), `up`, `down` or `idx`.

        %v = nvvm.shfl.sync bfly %mask, %x, %offset, %clamp : i32 -> i32

    The clamp is 31, of `up` 0. A thread that asks beyond it gets its own value.
    """

    name = "nvvm.shfl.sync"
    traits = traits_def()
    TYPES: ClassVar[tuple[Attribute, ...]] = (bi.i32, bi.f32)

    @staticmethod
    def build_op(
        mode: str, mask: SSAValue, value: SSAValue, offset: SSAValue, clamp: SSAValue, location: Any = None
    ) -> ShuffleOp:
        """Create one."""
        return ShuffleOp.create(
            operands=[mask, value, offset, clamp],
            result_types=[value.type],
            properties={"kind": ShuffleKindAttr(ShuffleKind(mode))},
            location=location,
        )

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        kind = self.properties.get("kind")
        return str(kind.data) if isinstance(kind, ShuffleKindAttr) else ""

    def verify_(self) -> None:
        """A known mode; a value of i32 or f32, i32 for the rest."""
        if self.mode not in MODES:
            raise VerifyException(f"nvvm.shfl.sync: '{self.mode}' is not one of {', '.join(MODES)}")
        types = [value.type for value in self.operands]
        if len(types) != 4 or types[1] not in self.TYPES or {types[0], *types[2:]} != {bi.i32}:
            raise VerifyException("nvvm.shfl.sync: expected an i32 mask, a value of i32 or f32, an i32 offset and an i32 clamp")
        if [value.type for value in self.results] != [types[1]]:
            raise VerifyException("nvvm.shfl.sync: gives a value of the same type")

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        printer.print_string(f" {self.mode} ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_attribute(self.operands[1].type)
        printer.print_string(" -> ")
        printer.print_attribute(self.results[0].type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read what `print` writes."""
        mode = ShuffleKindAttr(parser.parse_str_enum(ShuffleKind))
        names = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_unresolved_operand)
        parser.parse_punctuation(":")
        type = parser.parse_type()
        parser.parse_punctuation("->")
        result = parser.parse_type()
        types = [type if number == 1 else bi.i32 for number in range(len(names))]
        operands = parser.resolve_operands(names, types, parser.pos)
        return cls.create(operands=operands, result_types=[result], properties={"kind": mode})


Nvvm = Dialect("nvvm", [ThreadIdOp, BlockIdOp, BlockDimOp, GridDimOp, LaneIdOp, BarrierOp, ShuffleOp], [ShuffleKindAttr])
