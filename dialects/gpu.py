"""The `gpu` dialect: kernels and their launches, in MLIR's operations and syntax, as far as the compiler writes them.

A module of level "gpu" has host functions and `gpu.module`s. A host function is that of level "loops" without loops: it asks
for device memory, launches kernels, and moves data by `rt.to_device` and `rt.to_host`. In a kernel every thread runs the same
code; `gpu_kernel_ops.py` has what threads do. xDSL's own `gpu` has no syntax but the generic one, and neither shuffles nor
dynamic shared memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Dialect, Operation, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, NoTerminator, SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException

from .gpu_kernel_ops import (
    INDEX,
    SHARED,
    SHUFFLES,
    WARP,
    WORKGROUP,
    AddressSpaceAttr,
    BarrierOp,
    BlockDimOp,
    BlockIdOp,
    DimensionAttr,
    DynamicSharedMemoryOp,
    GridDimOp,
    PlaceOp,
    ShuffleModeAttr,
    ShuffleOp,
    ThreadIdOp,
    is_shared,
    shared_memory,
)

__all__ = [
    "INDEX",
    "MOST_THREADS",
    "SHARED",
    "SHUFFLES",
    "WARP",
    "WORKGROUP",
    "AddressSpaceAttr",
    "BarrierOp",
    "BlockDimOp",
    "BlockIdOp",
    "DimensionAttr",
    "DynamicSharedMemoryOp",
    "FuncOp",
    "Gpu",
    "GridDimOp",
    "LaunchFuncOp",
    "ModuleOp",
    "PlaceOp",
    "ReturnOp",
    "ShuffleModeAttr",
    "ShuffleOp",
    "ThreadIdOp",
    "is_shared",
    "shared_memory",
]

MOST_THREADS = 1024


# --- modules and functions --------------------------------------------------------------------------------------------


class ModuleOp(Operation):
    """Kernels, and the scalar functions they call, which are compiled together for the device.

    gpu.module @kernels {
      gpu.func @nothing() kernel {
        gpu.return
      }
    }
    """

    name = "gpu.module"
    traits = traits_def(IsolatedFromAbove(), NoTerminator(), SymbolOpInterface(), SymbolTable())

    @property
    def sym_name(self) -> bi.StringAttr:
        """The module's name."""
        name = self.properties["sym_name"]
        assert isinstance(name, bi.StringAttr)
        return name

    @property
    def block(self) -> Block:
        """Where the functions stand."""
        return self.regions[0].block

    @staticmethod
    def build_op(name: str, functions: Sequence[Operation]) -> ModuleOp:
        """Create one."""
        return ModuleOp.create(properties={"sym_name": bi.StringAttr(name)}, regions=[Region(Block(functions))])

    def verify_(self) -> None:
        """It has a name and one block."""
        if not isinstance(self.properties.get("sym_name"), bi.StringAttr) or len(self.regions) != 1:
            raise VerifyException("gpu.module: expected a name and one region")

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.regions[0])

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read what `print` writes."""
        name = parser.parse_symbol_name()
        attributes = parser.parse_optional_attr_dict_with_keyword()
        region = parser.parse_region()
        if not region.blocks:
            region.add_block(Block())
        given = {} if attributes is None else dict(attributes.data)
        return cls.create(properties={"sym_name": name}, attributes=given, regions=[region])


class FuncOp(Operation):
    """A kernel: what every thread of a launch runs. It gives nothing; `known_block_size` says how many threads a block has.

    gpu.func @twice(%x: memref<?xf64>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      gpu.return
    }
    """

    name = "gpu.func"
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())
    NO_ATTRIBUTIONS: ClassVar[dict[str, Attribute]] = {"workgroup_attributions": bi.IntegerAttr(0, 64)}
    HIDDEN: ClassVar = ("sym_name", "gpu.kernel", "workgroup_attributions")  # attributes that the syntax shows otherwise

    @property
    def sym_name(self) -> bi.StringAttr:
        """The kernel's name."""
        name = self.attributes["sym_name"]
        assert isinstance(name, bi.StringAttr)
        return name

    @property
    def block(self) -> Block:
        """Its body."""
        return self.regions[0].block

    @property
    def threads(self) -> int | None:
        """Threads of a block, where they are known."""
        size = self.properties.get("known_block_size")
        return int(size.get_values()[0]) if isinstance(size, bi.DenseArrayBase) else None

    @staticmethod
    def build_op(name: str, body: Block, threads: int | None, location: Any = None) -> FuncOp:
        """Create a kernel; the body is complete. `threads` is None where the launch decides."""
        properties: dict[str, Attribute] = {
            "function_type": bi.FunctionType.from_lists([argument.type for argument in body.args], [])
        }
        if threads is not None:
            properties["known_block_size"] = bi.DenseArrayBase.from_list(bi.i32, [threads, 1, 1])
        attributes = {"sym_name": bi.StringAttr(name), "gpu.kernel": bi.UnitAttr(), **FuncOp.NO_ATTRIBUTIONS}
        return FuncOp.create(properties=properties, attributes=attributes, regions=[Region(body)], location=location)

    def verify_(self) -> None:
        """The kernel takes what its block does, and ends; a block has whole warps, at most 1024 threads."""
        type, blocks = self.properties.get("function_type"), self.regions[0].blocks
        if not isinstance(type, bi.FunctionType) or not blocks or list(type.inputs.data) != list(blocks[0].arg_types):
            raise VerifyException("gpu.func: its type and its block differ in what they take")
        if type.outputs.data:
            raise VerifyException("gpu.func: a kernel gives no values; it writes them to memory")
        if not isinstance(blocks[0].last_op, ReturnOp):
            raise VerifyException("gpu.func: expected gpu.return at the end")
        threads = self.threads
        if threads is not None and (threads % WARP or not 0 < threads <= MOST_THREADS):
            raise VerifyException(f"gpu.func: a block of {threads} threads; expected a multiple of 32 up to 1024")

    def _size(self) -> dict[str, Attribute]:
        return {name: attr for name, attr in self.properties.items() if name == "known_block_size"}

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        with printer.in_parens():
            printer.print_list(self.block.args, printer.print_block_argument)
        if "gpu.kernel" in self.attributes:
            printer.print_string(" kernel")
        shown = {name: attr for name, attr in self.attributes.items() if name not in self.HIDDEN}
        printer.print_op_attributes({**self._size(), **shown}, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.regions[0], print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read what `print` writes."""
        name = parser.parse_symbol_name()
        arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        kernel = parser.parse_optional_keyword("kernel") is not None
        attributes = parser.parse_optional_attr_dict_with_keyword()
        region = parser.parse_region(arguments)
        type = bi.FunctionType.from_lists([argument.type for argument in arguments], [])
        given = {"sym_name": name, **cls.NO_ATTRIBUTIONS, **({} if attributes is None else attributes.data)}
        if kernel:
            given["gpu.kernel"] = bi.UnitAttr()
        properties: dict[str, Attribute] = {"function_type": type}
        if "known_block_size" in given:
            properties["known_block_size"] = given.pop("known_block_size")
        return cls.create(properties=properties, attributes=given, regions=[region])


class ReturnOp(Operation):
    """Ends a kernel.

    gpu.func @nothing() kernel {
      gpu.return
    }
    """

    name = "gpu.return"
    traits = traits_def(IsTerminator())

    def print(self, printer: Printer) -> None:
        """No operands."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """No operands."""
        return cls.create()


class LaunchFuncOp(Operation):
    """Runs a kernel with a number of blocks and of threads in each; further kernels wait for it.

        gpu.launch_func @kernels::@twice blocks in (%n, %one, %one) threads in (%t, %one, %one) args(%x : memref<?xf64>)
        gpu.launch_func @kernels::@rows blocks in (%n, %one, %one) threads in (%t, %one, %one) \
dynamic_shared_memory_size %bytes args(%x : memref<?xf64>)

    The size of dynamic shared memory is an i32, in bytes. A grid without blocks does nothing.
    """

    name = "gpu.launch_func"
    traits = traits_def()
    GEOMETRY: ClassVar[int] = 6

    @staticmethod
    def build_op(
        module: str,
        kernel: str,
        blocks: SSAValue,
        threads: SSAValue,
        one: SSAValue,
        arguments: Sequence[SSAValue],
        shared: SSAValue | None = None,
        location: Any = None,
    ) -> LaunchFuncOp:
        """Create one; `one` is the index 1."""
        operands = [blocks, one, one, threads, one, one, *([] if shared is None else [shared]), *arguments]
        properties = LaunchFuncOp._properties(bi.SymbolRefAttr(module, [kernel]), shared is not None, len(arguments))
        return LaunchFuncOp.create(operands=operands, properties=properties, location=location)

    @staticmethod
    def _properties(kernel: Attribute, shared: bool, arguments: int) -> dict[str, Attribute]:
        counts = [0, 1, 1, 1, 1, 1, 1, 0, 0, 0, int(shared), arguments, 0]  # upstream's order; without tokens and clusters
        return {"kernel": kernel, "operandSegmentSizes": bi.DenseArrayBase.from_list(bi.i32, counts)}

    @property
    def _has_shared(self) -> bool:
        counts = self.properties.get("operandSegmentSizes")
        values = counts.get_values() if isinstance(counts, bi.DenseArrayBase) else ()
        if len(values) != 13 or tuple(values[:10]) != (0, 1, 1, 1, 1, 1, 1, 0, 0, 0) or values[12]:
            raise VerifyException("gpu.launch_func: expected sizes of grid and blocks, shared memory or none, and arguments")
        return bool(values[10])

    @property
    def kernel(self) -> bi.SymbolRefAttr:
        """Module and kernel."""
        kernel = self.properties["kernel"]
        assert isinstance(kernel, bi.SymbolRefAttr)
        return kernel

    @property
    def grid(self) -> SSAValue:
        """Number of blocks."""
        return self.operands[0]

    @property
    def threads(self) -> SSAValue:
        """Number of threads in a block."""
        return self.operands[3]

    @property
    def shared(self) -> SSAValue | None:
        """Bytes of dynamic shared memory."""
        return self.operands[self.GEOMETRY] if self._has_shared else None

    @property
    def arguments(self) -> Sequence[SSAValue]:
        """What the kernel gets."""
        return self.operands[self.GEOMETRY + (self.shared is not None) :]

    def verify_(self) -> None:
        """Sizes are of type index, the shared memory's an i32; the kernel exists and takes the arguments."""
        sizes = self.operands[: self.GEOMETRY]
        if len(sizes) < self.GEOMETRY or any(value.type != INDEX for value in sizes):
            raise VerifyException("gpu.launch_func: expected six sizes of type index")
        if self.shared is not None and self.shared.type != bi.i32:
            raise VerifyException(f"gpu.launch_func: the size of shared memory is an i32, got {self.shared.type}")
        module = self.parent_op()
        while module is not None and not isinstance(module, bi.ModuleOp):
            module = module.parent_op()
        if module is None:
            return
        kernel = SymbolTable.lookup_symbol(module, self.kernel)
        if kernel is not None and "nvvm.kernel" in kernel.attributes:
            return  # lowered: what it takes is the contract of the pass
        if not isinstance(kernel, FuncOp):
            raise VerifyException(f"gpu.launch_func: there is no kernel {self.kernel}")
        found, wanted = [value.type for value in self.arguments], list(kernel.block.arg_types)
        if found != wanted:
            shown = [", ".join(map(str, types)) for types in (found, wanted)]
            raise VerifyException(f"gpu.launch_func: {self.kernel} takes ({shown[1]}), got ({shown[0]})")

    def print(self, printer: Printer) -> None:
        """Custom syntax, see the class."""
        printer.print_string(" ")
        printer.print_attribute(self.kernel)
        for word, sizes in (("blocks", self.operands[:3]), ("threads", self.operands[3:6])):
            printer.print_string(f" {word} in ")
            with printer.in_parens():
                printer.print_list(sizes, printer.print_ssa_value)
        if self.shared is not None:
            printer.print_string(" dynamic_shared_memory_size ")
            printer.print_ssa_value(self.shared)
        if self.arguments:
            printer.print_string(" args(")
            printer.print_list(self.arguments, lambda value: _print_typed(printer, value))
            printer.print_string(")")
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Read what `print` writes."""
        kernel = parser.parse_attribute()
        operands: list[SSAValue] = []
        for word in ("blocks", "threads"):
            parser.parse_keyword(word)
            parser.parse_keyword("in")
            names = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_unresolved_operand)
            operands += [parser.resolve_operand(name, INDEX) for name in names]
        shared = parser.parse_optional_keyword("dynamic_shared_memory_size") is not None
        if shared:
            operands.append(parser.resolve_operand(parser.parse_unresolved_operand(), bi.i32))
        before = len(operands)
        if parser.parse_optional_keyword("args"):
            operands += parser.parse_comma_separated_list(parser.Delimiter.PAREN, lambda: _parse_typed(parser))
        properties = cls._properties(kernel, shared, len(operands) - before)
        return cls.create(operands=operands, properties=properties, attributes=parser.parse_optional_attr_dict())


def _print_typed(printer: Printer, value: SSAValue) -> None:
    printer.print_ssa_value(value)
    printer.print_string(" : ")
    printer.print_attribute(value.type)


def _parse_typed(parser: Parser) -> SSAValue:
    name = parser.parse_unresolved_operand()
    parser.parse_punctuation(":")
    return parser.resolve_operand(name, parser.parse_type())


Gpu = Dialect(
    "gpu",
    [
        *(ModuleOp, FuncOp, ReturnOp, LaunchFuncOp),
        *(ThreadIdOp, BlockIdOp, BlockDimOp, GridDimOp),
        *(BarrierOp, ShuffleOp, DynamicSharedMemoryOp),
    ],
    [DimensionAttr, ShuffleModeAttr, AddressSpaceAttr],
)
