"""What the lowering rows of linear algebra share: matrices as Fortran sees them, calls of `lapack.*`, checks, small loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.lapack import build_op
from phintys.dialects.nd import NdOp
from phintys.ir.host import parse_options

from .buffers import Buffer
from .emit import Emitter, Index

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering


class Call:
    """A named function of matrices that is being lowered to LAPACK."""

    def __init__(self, low: Lowering, op: NdOp) -> None:
        self.low, self.op, self.e = low, op, low.body
        self.name = str(op.attrs["function"]).removesuffix("vals").removesuffix("_triangular")  # what messages begin with
        self.options: dict[str, Any] = parse_options(op.attrs["options"])
        self.dtype = from_xdsl(op.operands[0].type).dtype
        self.element = scalar_type(self.dtype)

    # --- operands and results ------------------------------------------------------------------------------------------------

    def operand(self, number: int) -> Buffer:
        """An operand."""
        return self.low.buffer(self.op.operands[number])

    def used(self, number: int) -> bool:
        """Whether anything needs a result."""
        return self.op.results[number].first_use is not None

    def give(self, number: int, result: Buffer) -> None:
        """Bind a result."""
        self.low.tensors[self.op.results[number]] = result

    def allocate(self, *sizes: Index, dtype: str | None = None) -> Buffer:
        """A fresh row-major buffer, of the matrices' dtype."""
        return self.low.allocate(dtype or self.dtype, sizes)

    def column_major(self, source: Buffer) -> Buffer:
        """A copy whose first stride is 1."""
        return transposed(self.low.copy(transposed(source)))

    # --- checks --------------------------------------------------------------------------------------------------------------

    def square(self, x: Buffer) -> None:
        """LinAlgError, before anything is computed, for a matrix that is not square."""
        rows, columns = x.sizes
        if rows is not columns and rows != columns:
            e = self.low.at(rows, columns)
            same = e.icmp("eq", e.index(rows), e.index(columns))
            text = f"{self.name}: expected a square matrix, got one of {{0}} by {{1}}"
            self.low.require(e, same, "LinAlgError", text, [e.index(rows), e.index(columns)])

    def fits(self, a: Buffer, b: Buffer) -> None:
        """ValueError for a right side whose rows are not as many as the matrix's."""
        if isinstance(a.sizes[0], int) and a.sizes[0] == b.sizes[0]:
            return
        e = self.low.at(a.sizes[0], b.sizes[0])
        rows, others = e.index(a.sizes[0]), e.index(b.sizes[0])
        text = f"{self.name}: the matrix has {{0}} rows but the right side has {{1}}"
        self.low.require(e, e.icmp("eq", rows, others), "ValueError", text, [rows, others])

    def succeeds(self, info: SSAValue, x: Buffer, trouble: str) -> None:
        """LinAlgError unless info is 0: `name: the 2 by 2 matrix ...`."""
        e = self.e
        sizes = [e.index(size) for size in x.sizes]
        text = f"{self.name}: the {{0}} by {{1}} matrix {trouble}"
        self.low.require(e, self.is_zero(info), "LinAlgError", text, sizes)

    def is_zero(self, info: SSAValue) -> SSAValue:
        """Whether an i64 is 0."""
        return self.e.icmp("eq", info, self.e.constant(0, bi.i64))

    # --- code ----------------------------------------------------------------------------------------------------------------

    def call(self, routine: str, *operands: Buffer | SSAValue, **letters: str) -> SSAValue | None:
        """Call a routine; info, where it has one."""
        values = [value.view(self.e) if isinstance(value, Buffer) else value for value in operands]
        op = build_op(routine, values, letters, self.e.location)
        self.e.insert(op)
        return op.results[0] if op.results else None

    def info(self, routine: str, *operands: Buffer | SSAValue, **letters: str) -> SSAValue:
        """Call a routine that has an info."""
        found = self.call(routine, *operands, **letters)
        assert found is not None
        return found

    def number(self, value: float) -> SSAValue:
        """A constant of the matrices' dtype."""
        return self.e.constant(value, self.element)

    def fill(self, target: Buffer, value: Callable[[Emitter, SSAValue, SSAValue], SSAValue], e: Emitter | None = None) -> None:
        """Write every element of a matrix: `value(emitter, row, column)`."""
        e = e or self.e
        memory = target.view(e)
        outer, loop = e.loop(0, target.sizes[0])
        row = loop.regions[0].block.args[0]
        inner, nested = outer.loop(0, target.sizes[1])
        column = nested.regions[0].block.args[0]
        inner.store(value(inner, row, column), memory, [row, column])
        inner.end_loop()
        outer.end_loop()

    def triangle(self, source: Buffer, target: Buffer, keep: str) -> None:
        """Copy what lies on one side of the diagonal (`keep` compares row with column), zeros for the rest."""
        memory, zero = source.view(self.e), self.number(0.0)

        def value(e: Emitter, row: SSAValue, column: SSAValue) -> SSAValue:
            return e.select(e.icmp(keep, row, column), e.load(memory, [row, column]), zero)

        self.fill(target, value)

    def identity(self, target: Buffer) -> None:
        """Ones on the diagonal, zeros elsewhere."""
        one, zero = self.number(1.0), self.number(0.0)
        self.fill(target, lambda e, row, column: e.select(e.icmp("eq", row, column), one, zero))


def transposed(source: Buffer) -> Buffer:
    """The transpose, on the same memory: a row-major matrix as Fortran sees it."""
    return Buffer(
        source.storage, source.sizes[::-1], source.strides[::-1], source.offset, positive=source.positive, dtype=source.dtype
    )


def part(source: Buffer, rows: Index, columns: Index) -> Buffer:
    """The first rows and columns of a matrix."""
    return Buffer(source.storage, [rows, columns], source.strides, source.offset, positive=source.positive, dtype=source.dtype)


def as_matrix(source: Buffer, step: Index = 1) -> Buffer:
    """A dense vector as one column; a matrix as it is."""
    if source.ndim == 2:
        return source
    return Buffer(source.storage, [source.sizes[0], 1], [source.strides[0], step], source.offset, dtype=source.dtype)
