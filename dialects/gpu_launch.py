"""Launches of kernels: the part of the `gpu` dialect that stands in the host's code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import VerifyException

from .gpu_functions import FuncOp
from .gpu_kernel_ops import INDEX


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
