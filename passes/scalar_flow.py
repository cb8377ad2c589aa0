"""Scalar arithmetic with loops and branches: `FlowBuilder` is a `ScalarBuilder` whose formulas may depend on values.

    total, = b.loop([start], lambda b, total: (b.less(total, 1.0), [b.mul(total, 2.0)]))
    y = b.choose(b.less(x, 0.0), lambda b: b.neg(x), lambda b: x)

Inner builders write into blocks of their own; values of the outer ones are seen from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, math, scf
from xdsl.dialects.builtin import f64
from xdsl.ir import Block, Operation, Region, SSAValue

from .float_format import F64
from .scalar_builder import Operand, ScalarBuilder

Formula = Callable[["FlowBuilder"], Operand]
Step = Callable[..., tuple[SSAValue, Sequence[Operand]]]
Row = Callable[..., SSAValue]
"""`row(b, x)`, or `row(b, x, y)`: appends to `b` what computes the function."""


class FlowBuilder(ScalarBuilder):
    """Appends scalar operations, loops and branches to `block`."""

    def choose(self, condition: SSAValue, then: Formula, otherwise: Formula) -> SSAValue:
        """What `then` computes where `condition` holds, else what `otherwise` does; only one of them runs."""
        regions = []
        for formula in (then, otherwise):
            inner = FlowBuilder(Block(), self.format)
            inner.block.add_op(scf.YieldOp.create(operands=[inner.const(formula(inner))]))
            regions.append(Region(inner.block))
        op = scf.IfOp.create(operands=[condition], result_types=[self.format.type], regions=regions)
        self.block.add_op(op)
        return op.results[0]

    def loop(self, start: Sequence[Operand], step: Step) -> list[SSAValue]:
        """The last values of a loop: `step(builder, *values)` gives whether to go on, and the next values."""
        first = [self.const(value) for value in start]
        types = [value.type for value in first]
        inner = FlowBuilder(Block(arg_types=types), self.format)
        more, values = step(inner, *inner.block.args)
        inner.block.add_op(scf.ConditionOp.create(operands=[more, *(inner.const(value) for value in values)]))
        again = Block(arg_types=types)
        again.add_op(scf.YieldOp.create(operands=list(again.args)))
        op = scf.WhileOp.create(operands=first, result_types=types, regions=[Region(inner.block), Region(again)])
        self.block.add_op(op)
        return list(op.results)

    def function(self, op_class: type[Operation], *operands: Operand) -> SSAValue:
        """Any operation of the `math` or `xmath` dialects."""
        if op_class.name.startswith("math."):
            return self.float_op(op_class, *operands)
        return self.emit(op_class, [self.const(operand) for operand in operands], self.format.type)

    def floor(self, x: Operand) -> SSAValue:
        """The largest integer not above x."""
        return self.float_op(math.FloorOp, x)


def by_format(double: Row, single: Row) -> Row:
    """`double` for f64; for f32 `single`, which computes in f64 too, rounded."""

    def function(b: FlowBuilder, *operands: SSAValue) -> SSAValue:
        if b.format is F64:
            return double(b, *operands)
        found = single(FlowBuilder(b.block, F64), *(b.emit(arith.ExtFOp, (operand,), f64) for operand in operands))
        return b.emit(arith.TruncFOp, (found,), b.format.type)

    return function


def of_each(double: Row, single: Row) -> Row:
    """A row for f64, and one for f32 that computes in f32."""
    return lambda b, *operands: (double if b.format is F64 else single)(b, *operands)


def in_double(row: Row) -> Row:
    """The row for f32 as well: computed in f64 and rounded."""
    return by_format(row, row)
