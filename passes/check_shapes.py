"""check-shapes: every agreement of sizes that an operation needs and that is not known becomes a run-time check.

Expects: `nd`. Leaves: `nd` in which all passes may take meeting sizes as equal. A check stands right before the operation
that needs it and carries its location; the lowering to loops moves it to the function's entry. The pass runs first of all,
on what the user wrote, so that no rewriting loses an error; and again before fusion, for what derivatives brought: what a
check that stands there demands is known.

    %z = nd.add %x, %y : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
    // becomes
    %n = nd.dim %x {axis = 0 : i64}    %m = nd.dim %y {axis = 0 : i64}    %same = nd.eq %n, %m
    nd.require %same, %n, %m {exception = "ValueError", message = "Input dimension mis-match: ..."}
    %z = nd.add %x, %y
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects import builtin as bi
from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import NdOp, RequireOp, create
from phintys.ir.subscript import parse_index

from .dims import Dim, Dims, Place

CHECKED = "nd.checked"  # discardable mark of an operation whose own checks stand before it
_SIDES = ("on the left", "on the right")


def _ranks(op: Operation) -> list[int]:
    return [from_xdsl(value.type).ndim for value in op.operands]


def _message(op: Operation, a: Place, b: Place) -> str:
    """What went wrong, in Theano's words, then in ours; {0} and {1} are the two sizes, see `_also_shown` for the others."""
    name = op.op if isinstance(op, NdOp) else op.name
    if name == "dot":
        left, right = _ranks(op)
        if left == right == 2:
            return "Shape mismatch: x has {0} cols (and {2} rows) but y has {1} rows (and {3} cols)"
        columns, rows = ("columns" if left == 2 else "elements"), ("rows" if right == 2 else "elements")
        return f"Shape mismatch: dot: x has {{0}} {columns} but y has {{1}} {rows}"
    if name == "alloc" and -1 in (a[0], b[0]):  # its own sizes, which are operands
        asked, have = (0, 1) if a[0] == -1 else (1, 0)
        return (
            f"Input dimension mis-match. alloc: size {max(a[1], b[1])} of the result is to be {{{asked}}}, "
            f"but that dimension of the value is {{{have}}}"
        )
    wide = max(_ranks(op)) if isinstance(op, NdOp) and op.row.family == "elementwise" else 0
    places = [(number, axis + max(wide - _ranks(op)[number], 0) if wide else axis) for number, axis in (a, b)]
    theano = ", ".join(f"input[{number}].shape[{axis}] = {{{k}}}" for k, (number, axis) in enumerate(places))
    if len(op.operands) == 2 and a[1] == b[1]:
        sides = [_SIDES[number] for number in (a[0], b[0])]
        own = f"{name}: dimension {a[1]} is {{0}} {sides[0]} and {{1}} {sides[1]}"
    else:
        own = f"{name}: these sizes have to be equal"
    return f"Input dimension mis-match. ({theano}) {own}"


class _Checker:
    """Walks one function, inserting checks before the operations that need them."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.dims = Dims(block.args, self._on_meeting)

    def run(self) -> None:
        for op in list(self.block.ops):
            if isinstance(op, NdOp) and CHECKED not in op.attributes:
                self._check(op)
            self.dims.visit(op)

    def _check(self, op: NdOp) -> None:
        """Checks that are not equalities of operands' sizes; the operation is marked, so that they are made once."""
        if op.op in ("set_subtensor", "inc_subtensor"):
            self._check_update(op)
        elif op.op in ("alloc", "reshape") or op.row.family == "random":
            self._check_sizes(op)
        else:
            return
        op.attributes[CHECKED] = bi.UnitAttr()

    def _insert(self, at: Operation, name: str, operands: Sequence[SSAValue], **attrs: object) -> SSAValue:
        op = create(name, operands, attrs, at.location)
        self.block.insert_op_before(op, at)
        self.dims.visit(op)
        return op.results[0]

    def _read(self, op: Operation, dim: Dim) -> SSAValue:
        """A size as an int64 scalar, read where its symbol comes from (not off a value that fusion may keep in registers)."""
        if isinstance(dim, int):
            return self._constant(op, dim)
        if dim.scalar is not None:
            return self._int64(op, dim.scalar)
        return self._insert(op, "dim", [dim.value], axis=dim.axis)

    def _constant(self, op: Operation, value: int) -> SSAValue:
        return self._insert(op, "constant", [], value=np.array(value, dtype="int64"))

    def _require(self, op: Operation, condition: SSAValue, message: str, values: Sequence[SSAValue]) -> None:
        self.block.insert_op_before(RequireOp.build_op(condition, "ValueError", message, values, op.location), op)

    def _int64(self, op: Operation, value: SSAValue) -> SSAValue:
        if from_xdsl(value.type).dtype == "int64":
            return value
        return self._insert(op, "cast", [value], dtype="int64")

    def _on_meeting(self, op: Operation, a: Dim, b: Dim, at_a: Place, at_b: Place) -> None:
        left, right = self._read(op, a), self._read(op, b)
        values = [left, right, *self._also_shown(op)]
        self._require(op, self._insert(op, "eq", [left, right]), _message(op, at_a, at_b), values)

    def _also_shown(self, op: Operation) -> list[SSAValue]:
        """Of a product of matrices the sizes that do not meet."""
        if not isinstance(op, NdOp) or op.op != "dot" or _ranks(op) != [2, 2]:
            return []
        x, y = op.operands
        return [self._read(op, self.dims[x][0]), self._read(op, self.dims[y][1])]

    def _check_sizes(self, op: NdOp) -> None:
        """Sizes given as operands must not be negative (-1 in a reshape stands for the size that is left)."""
        lowest = -1 if op.op == "reshape" else 0
        for value in op.operands[1:]:
            if self.dims.scalar(value) is None:
                size = self._int64(op, value)
                fine = self._insert(op, "ge", [size, self._constant(op, lowest)])
                self._require(op, fine, f"{op.op}: size {{0}} is negative", [size])

    def _check_update(self, op: NdOp) -> None:
        """What is written into a part of a tensor must have that part's sizes, or broadcast."""
        value, update, *index = op.operands
        if all(entry.is_whole for entry in parse_index(op.attrs["index"])):
            region = value
        else:
            region = self._insert(op, "subtensor", [value, *index], index=op.attrs["index"])
        shape, sizes = from_xdsl(update.type).shape, self.dims[update]
        offset = from_xdsl(region.type).ndim - len(shape)
        for axis, size in enumerate(shape):
            target = self.dims[region][axis + offset]
            if size != 1 and target is not sizes[axis] and target != sizes[axis]:
                wanted, found = self._read(op, target), self._read(op, sizes[axis])
                message = f"{op.op}: dimension {axis} of the update is {{1}}, but {{0}} in the region it goes to"
                self._require(op, self._insert(op, "eq", [wanted, found]), message, [wanted, found])


@dataclass(frozen=True)
class CheckShapes(ModulePass):
    """Insert run-time checks of sizes."""

    name = "check-shapes"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on every function that has a body."""
        for function in op.ops:
            if isinstance(function, func.FuncOp) and function.body.blocks:
                _Checker(function.body.block).run()
