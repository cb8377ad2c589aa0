"""Scalar operations of a launch plan, as Python: rows of templates by operation; what they call is in `plan_functions.py`.

Indices and integers are Python's, kept in the range of a signed number of their width (an index is a size or a position, and
never overflows); f64 and f32 are Python floats, f32 rounded after each operation; i1 is a bool.
"""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.dialects import math as mlir_math
from xdsl.ir import Attribute, Operation

INDEX = bi.IndexType()


_MATH: dict[type[Operation], str] = {
    mlir_math.AbsFOp: "fabs",
    mlir_math.SqrtOp: "sqrt",
    mlir_math.FloorOp: "floor",
    mlir_math.CeilOp: "ceil",
    mlir_math.TruncOp: "trunc",
    mlir_math.RoundEvenOp: "rint",
    mlir_math.ExpOp: "exp",
    mlir_math.LogOp: "log",
    mlir_math.PowFOp: "power",
}
ROWS: dict[type[Operation], str] = {
    arith.AddiOp: "{0} + {1}",
    arith.SubiOp: "{0} - {1}",
    arith.MuliOp: "{0} * {1}",
    arith.DivSIOp: "quotient({0}, {1})",
    arith.DivUIOp: "{u}({0}) // {u}({1})",
    arith.FloorDivSIOp: "{0} // {1}",
    arith.CeilDivSIOp: "-(-{0} // {1})",
    arith.CeilDivUIOp: "-(-{u}({0}) // {u}({1}))",
    arith.RemSIOp: "remainder({0}, {1})",
    arith.RemUIOp: "{u}({0}) % {u}({1})",
    arith.MinSIOp: "min({0}, {1})",
    arith.MaxSIOp: "max({0}, {1})",
    arith.MinUIOp: "min({u}({0}), {u}({1}))",
    arith.MaxUIOp: "max({u}({0}), {u}({1}))",
    arith.AndIOp: "{0} & {1}",
    arith.OrIOp: "{0} | {1}",
    arith.XOrIOp: "{0} ^ {1}",
    arith.ShLIOp: "{0} << {1}",
    arith.ShRUIOp: "{u}({0}) >> {1}",
    arith.ShRSIOp: "{0} >> {1}",
    arith.IndexCastOp: "{0}",
    arith.ExtSIOp: "{0}",
    arith.ExtUIOp: "{u}({0})",
    arith.TruncIOp: "{0}",
    arith.SelectOp: "{1} if {0} else {2}",
    arith.AddfOp: "{0} + {1}",
    arith.SubfOp: "{0} - {1}",
    arith.MulfOp: "{0} * {1}",
    arith.DivfOp: "divide({0}, {1})",
    arith.NegfOp: "-{0}",
    arith.MinimumfOp: "minimum({0}, {1})",
    arith.MaximumfOp: "maximum({0}, {1})",
    arith.MinnumfOp: "fmin({0}, {1})",
    arith.MaxnumfOp: "fmax({0}, {1})",
    arith.SIToFPOp: "float({0})",
    arith.UIToFPOp: "float({u}({0}))",
    arith.FPToSIOp: "to_signed({0}, {w})",
    arith.FPToUIOp: "to_unsigned({0}, {w})",
    arith.ExtFOp: "{0}",
    arith.TruncFOp: "{0}",
    mlir_math.CopySignOp: "copysign({0}, {1})",
    **{op: "power({0}, {1})" if name == "power" else f"{name}({{0}})" for op, name in _MATH.items()},
}
# By predicate, in MLIR's order.
_INTEGERS = ("{0} == {1}", "{0} != {1}", "{0} < {1}", "{0} <= {1}", "{0} > {1}", "{0} >= {1}")
COMPARE_INTEGERS = (*_INTEGERS, *(row.replace("{0}", "{u}({0})").replace("{1}", "{u}({1})") for row in _INTEGERS[2:]))
_DIFFER, _NUMBERS = "({0} < {1} or {0} > {1})", "({0} == {0} and {1} == {1})"
COMPARE_FLOATS = (
    "False",
    *("{0} == {1}", "{0} > {1}", "{0} >= {1}", "{0} < {1}", "{0} <= {1}", _DIFFER, _NUMBERS),
    *(f"not {_DIFFER}", "not {0} <= {1}", "not {0} < {1}", "not {0} >= {1}", "not {0} > {1}", "{0} != {1}"),
    f"not {_NUMBERS}",
    "True",
)


def constant(op: arith.ConstantOp) -> str:
    """A number as Python writes it."""
    value = op.value
    if isinstance(value, bi.FloatAttr):
        return repr(value.value.data) if value.value.data >= 0 else f"({value.value.data!r})"
    assert isinstance(value, bi.IntegerAttr)
    number = value.value.data
    if value.type == bi.i1:
        return str(bool(number))
    return str(number) if number >= 0 else f"({number})"


def width(type: Attribute) -> int:
    """Bits of an integer; an index has 64."""
    return type.width.data if isinstance(type, bi.IntegerType) else 64


def expression(op: Operation, operands: list[str]) -> str | None:
    """The operation as Python, `None` for one without a row."""
    if isinstance(op, arith.CmpiOp):
        return _fill(COMPARE_INTEGERS[op.predicate.value.data], op, operands)
    if isinstance(op, arith.CmpfOp):
        return _fill(COMPARE_FLOATS[op.predicate.value.data], op, operands)
    row = ROWS.get(type(op))
    return None if row is None else _in_range(_fill(row, op, operands), op)


def _fill(row: str, op: Operation, operands: list[str]) -> str:
    type = op.operands[0].type
    if isinstance(op, arith.ExtSIOp) and type == bi.i1:
        row = "-int({0})"
    if type == INDEX and isinstance(op, SIZES):
        row = row.replace("{u}({0})", "{0}").replace("{u}({1})", "{1}")
    return row.format(*operands, u="int" if type == bi.i1 else f"u{width(type)}", w=width(op.results[0].type))


SIZES = (arith.DivUIOp, arith.RemUIOp, arith.CeilDivUIOp, arith.MinUIOp, arith.MaxUIOp)  # indices there are not negative
EXACT = (arith.SelectOp, arith.ExtSIOp, arith.ExtFOp, arith.NegfOp, arith.MinSIOp, arith.MaxSIOp, arith.ShRSIOp, arith.FPToSIOp)


def _in_range(text: str, op: Operation) -> str:
    """The result brought into the range of its type, where it may leave it."""
    result = op.results[0].type
    widened = isinstance(op, arith.IndexCastOp) and width(result) == 64
    if isinstance(op, EXACT) or widened or result == INDEX or result == bi.f64:
        return text
    if result == bi.f32:
        return f"f32({text})"
    if result == bi.i1:
        return f"bool(({text}) & 1)" if isinstance(op, arith.TruncIOp) else text
    return f"i{width(result)}({text})"
