"""Conversions between floats and integers that xDSL's llvm dialect lacks, with the checks that its own ones lack too."""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar

from xdsl.dialects.builtin import AnyFloat, IntegerType, VectorType
from xdsl.dialects.llvm import GenericCastOp
from xdsl.irdl import irdl_op_definition
from xdsl.utils.exceptions import VerifyException


class FloatCast(GenericCastOp, ABC):
    """A conversion between floats and integers; the sides are checked, which xDSL's base class does not do."""

    SIDES: ClassVar[tuple[Any, Any]]  # classes, or unions of them

    def verify_(self) -> None:
        """Numbers of the right kinds, or vectors of them."""
        for value, kind in zip((self.arg, self.result), self.SIDES, strict=True):
            element = value.type.element_type if isinstance(value.type, VectorType) else value.type
            if not isinstance(element, kind):
                wanted = "an integer" if kind is IntegerType else "a float"
                raise VerifyException(f"{self.name}: {value.type} is not {wanted}")


@irdl_op_definition
class FPToSIOp(FloatCast):
    """Floating to signed integer, towards zero. Out of range gives poison.

    %1 = llvm.fptosi %0 : f64 to i64
    """

    name = "llvm.fptosi"
    SIDES: ClassVar = (AnyFloat, IntegerType)


@irdl_op_definition
class FPToUIOp(FloatCast):
    """Floating to unsigned integer, towards zero. Out of range gives poison.

    %1 = llvm.fptoui %0 : f64 to i64
    """

    name = "llvm.fptoui"
    SIDES: ClassVar = (AnyFloat, IntegerType)


@irdl_op_definition
class UIToFPOp(FloatCast):
    """Unsigned integer to floating.

    %1 = llvm.uitofp %0 : i64 to f64
    """

    name = "llvm.uitofp"
    SIDES: ClassVar = (IntegerType, AnyFloat)
