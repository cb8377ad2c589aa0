"""Modules of kernels, kernels, and where they end: the parts of the `gpu` dialect that hold code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, Region
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, NoTerminator, SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException

from .gpu_kernel_ops import WARP

MOST_THREADS = 1024


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
