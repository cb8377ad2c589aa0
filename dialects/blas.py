"""The `blas` dialect: library calls on memory, at the level of loops; memrefs may be strided.

    blas.gemm %alpha, %a, %b, %beta, %c : f64, memref<?x?xf64>, memref<?x?xf64>, f64, memref<?x?xf64>
    blas.gemv %alpha, %a, %x, %beta, %y : f64, memref<?x?xf64>, memref<?xf64>, f64, memref<?xf64>

compute `c = alpha * a @ b + beta * c` and `y = alpha * a @ x + beta * y`. Sizes must agree (checks are made before),
and the result may not overlap the factors. With a beta of 0, what the result held before is not read.
"""

from __future__ import annotations

from typing import Any, ClassVar

from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect
from xdsl.utils.exceptions import VerifyException

NAMES = ("alpha", "left", "right", "beta", "result")


class ProductOp(Operation):
    """Base of the products: operands alpha, left, right, beta, result; `ranks` are those of left, right and result."""

    ranks: ClassVar[tuple[int, int, int]]
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    @classmethod
    def build_op(
        cls, alpha: SSAValue, left: SSAValue, right: SSAValue, beta: SSAValue, result: SSAValue, location: Any = None
    ) -> ProductOp:
        """Create one."""
        return cls.create(operands=[alpha, left, right, beta, result], location=location)

    @property
    def element_type(self) -> Attribute:
        """f32 or f64."""
        return self.operands[0].type

    def verify_(self) -> None:
        """Check the count, the ranks, one element type f32 or f64, and the known sizes."""
        if len(self.operands) != len(NAMES):
            raise VerifyException(f"{self.name}: operands are {', '.join(NAMES)}; got {len(self.operands)} operands")
        alpha, left, right, beta, result = (value.type for value in self.operands)
        if alpha not in (bi.f32, bi.f64) or beta != alpha:
            raise VerifyException(f"{self.name}: alpha and beta must be f32 or f64, got {alpha} and {beta}")
        shapes = []
        for name, type, rank in zip(("left", "right", "result"), (left, right, result), self.ranks, strict=True):
            if not isinstance(type, bi.MemRefType) or type.element_type != alpha or type.get_num_dims() != rank:
                raise VerifyException(f"{self.name}: {name} must be a memref of rank {rank} of {alpha}, got {type}")
            shapes.append(type.get_shape())
        self._verify_sizes(*shapes)

    def _verify_sizes(self, left: tuple[int, ...], right: tuple[int, ...], result: tuple[int, ...]) -> None:
        pairs = [(left[-1], right[0]), *zip(left[:-1] + right[1:], result, strict=True)]
        for a, b in pairs:
            if a != b and bi.DYNAMIC_INDEX not in (a, b):
                raise VerifyException(f"{self.name}: sizes {a} and {b} do not agree")

    def print(self, printer: Printer) -> None:
        """Custom syntax: operands, attributes, their types."""
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_list([value.type for value in self.operands], printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> ProductOp:
        """Read what `print` writes."""
        names = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
        return cls.create(operands=parser.resolve_operands(names, types, parser.pos), attributes=attributes)


class GemmOp(ProductOp):
    """Matrix times matrix: `c = alpha * a @ b + beta * c`.

    blas.gemm %alpha, %a, %b, %beta, %c : f64, memref<?x?xf64>, memref<?x?xf64>, f64, memref<?x?xf64>
    """

    name = "blas.gemm"
    ranks = (2, 2, 2)


class GemvOp(ProductOp):
    """Matrix times vector: `y = alpha * a @ x + beta * y`.

    blas.gemv %alpha, %a, %x, %beta, %y : f64, memref<?x?xf64>, memref<?xf64>, f64, memref<?xf64>
    """

    name = "blas.gemv"
    ranks = (2, 1, 1)


Blas = Dialect("blas", [GemmOp, GemvOp], [])
