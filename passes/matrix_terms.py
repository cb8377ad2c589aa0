"""Matrix mathematics as terms of `nd`: products, transposes, triangles, and calls of named functions."""

from __future__ import annotations

from collections.abc import Sequence

from phintys.dialects.nd import RequireOp, create
from phintys.ir.host import options_text, types_text
from phintys.ir.types import TensorType

from .nd_builder import Term


def host(function: str, results: Sequence[TensorType], *operands: Term, **options: object) -> list[Term]:
    """The results of a host function, of the types `results`."""
    b = operands[0].b
    attrs = {"function": function, "results": types_text(results), "options": options_text(dict(options))}
    op = create("host", [operand.value for operand in operands], attrs, b.location)
    b.block.insert_op_before(op, b.anchor)
    b.created.append(op)
    return [Term(b, result) for result in op.results]


def flipped(x: Term) -> Term:
    """The transposed matrix."""
    return x.op("dimshuffle", order=(1, 0))


def product(x: Term, *others: Term) -> Term:
    """The matrix product of all."""
    for other in others:
        x = x.op("dot", other)
    return x


def numbers(x: Term, axis: int) -> Term:
    """Row numbers of a matrix as a column, or column numbers as a row."""
    count = Term(x.b, x.b.op("dim", x.value, axis=axis))
    zero, one = (Term(x.b, x.b.constant(number, "int64")) for number in (0, 1))
    return zero.op("arange", count, one, dtype="int64").op("dimshuffle", order=(0, -1) if axis == 0 else (-1, 0))


def where(x: Term, comparison: str, yes: Term | None = None, no: Term | float = 0.0) -> Term:
    """`yes` (x itself) where a row number compares so with the column number, else `no`."""
    return numbers(x, 0).op(comparison, numbers(x, 1)).select(x if yes is None else yes, no)


def column(x: Term) -> Term:
    """A vector as a column."""
    return x.op("dimshuffle", order=(0, -1))


def row(x: Term) -> Term:
    """A vector as a row."""
    return x.op("dimshuffle", order=(-1, 0))


def one_minus(x: Term) -> Term:
    """The identity matrix minus a square one."""
    return where(x, "eq", 1.0 - x, -x)


def thin_svd(x: Term) -> list[Term]:
    """The decomposition without the columns that go with no singular value."""
    rows, columns = x.type.shape
    count = None if rows is None or columns is None else min(rows, columns)
    shapes = ((rows, count), (count,), (count, columns))
    return host("svd", [TensorType(x.type.dtype, shape) for shape in shapes], x)


def require_square(name: str, x: Term) -> None:
    """A check: LinAlgError when the function runs and a matrix is not square."""
    b = x.b
    rows, columns = (b.op("dim", x.value, axis=axis) for axis in (0, 1))
    text = f"{name}: expected a square matrix, got one of {{0}} by {{1}}"
    check = RequireOp.build_op(b.op("eq", rows, columns), "LinAlgError", text, [rows, columns], b.location)
    b.block.insert_op_before(check, b.anchor)
    b.created.append(check)


def squared_up(name: str, x: Term, shape: tuple[int | None, ...]) -> Term:
    """The matrix with the sizes that a square one has to have, after the check that it is square."""
    b = x.b
    require_square(name, x)
    size = next((size for size in (*shape, *x.type.shape) if size is not None), None)
    if x.type.shape == (size, size):
        return x
    if None in x.type.shape:
        return Term(b, b.op("reshape", x.value, sizes=(size, size)))
    return Term(b, b.op("alloc", b.constant(0.0, x.type.dtype), sizes=(size, size)))  # the check fails, whatever this is
