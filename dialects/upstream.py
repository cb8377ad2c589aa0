"""Operations as `mlir-opt` 19 to 22 prints them in generic form, brought to the form that xDSL 0.74 has for them.

Some properties changed their form between releases of MLIR, and xDSL has one of the forms. A row here takes an operation
that was just read and gives its properties the form that the rest of this program knows.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, UnitAttr, i32
from xdsl.ir import Attribute, Operation

INBOUNDS, NO_WRAP = 1, 3  # `inbounds` implies that the offset does not wrap as a signed number, and MLIR writes both


def _overflow_as_number(op: Operation) -> None:
    from xdsl.dialects.llvm import OverflowAttr

    flags = op.properties.get("overflowFlags")
    if isinstance(flags, OverflowAttr):
        op.properties["overflowFlags"] = IntegerAttr(flags.to_int(), i32)


def _overflow_as_words(op: Operation) -> None:
    from xdsl.dialects.llvm import OverflowAttr

    flags = op.properties.get("overflowFlags")
    if isinstance(flags, IntegerAttr) and 0 <= flags.value.data <= NO_WRAP:
        op.properties["overflowFlags"] = OverflowAttr.from_int(flags.value.data)


def _pointer_flags(op: Operation) -> None:
    flags = op.properties.get("noWrapFlags")
    number = flags.value.data if isinstance(flags, IntegerAttr) else 0
    if "inbounds" in op.properties or number & INBOUNDS:
        op.properties |= {"noWrapFlags": IntegerAttr(NO_WRAP, i32), "inbounds": UnitAttr()}
    elif flags is None:
        op.properties["noWrapFlags"] = IntegerAttr(0, i32)


def _segments(op: Operation) -> None:
    no_bundles: Attribute = DenseArrayBase.from_list(i32, [])
    if op.properties.setdefault("op_bundle_sizes", no_bundles) == no_bundles:
        op.properties.setdefault("operandSegmentSizes", DenseArrayBase.from_list(i32, [len(op.operands), 0]))


def _no_overflow_flags(op: Operation) -> None:
    flags = op.properties.get("overflowFlags")
    if flags is not None and not getattr(flags, "data", True):
        del op.properties["overflowFlags"]


def _drop_defaults(*names: str) -> Callable[[Operation], None]:
    def drop(op: Operation) -> None:
        for name in names:
            if op.properties.get(name) == IntegerAttr(0, 64):
                del op.properties[name]

    return drop


ROWS: dict[str, Callable[[Operation], None]] = {
    **{f"llvm.{name}": _overflow_as_number for name in ("add", "sub", "mul", "shl")},
    "llvm.trunc": _overflow_as_words,
    "llvm.getelementptr": _pointer_flags,
    "llvm.call": _segments,
    "llvm.call_intrinsic": _segments,
    "llvm.func": _drop_defaults("unnamed_addr"),
    "llvm.mlir.global": _drop_defaults("unnamed_addr", "visibility_"),
    "arith.trunci": _no_overflow_flags,
}


def adapt(op: Operation) -> None:
    """Give an operation that was read from text the form that xDSL has for it."""
    row = ROWS.get(op.name)
    if row is not None:
        row(op)
