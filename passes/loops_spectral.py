"""Lowering rows for linear algebra with orthogonal factors: QR, eigenvalues, singular values, least squares.

The QR factors of A are the LQ factors of what Fortran sees of it, A', so nothing is transposed there. Eigenvectors and
singular vectors are determined up to their signs only: a copy in Fortran's order goes in, so that the signs are those that
NumPy gives. Results in Fortran's order are strided views of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import arith, math
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from phintys.dialects.convert import from_xdsl

from .buffers import Buffer
from .elementwise import cast
from .emit import Emitter, Index
from .lapack_calls import Call, as_matrix, part, transposed
from .loops_copy import copy

if TYPE_CHECKING:
    from .loops_host import NativeRow


def _smaller(c: Call, x: Buffer) -> Index:
    """The smaller size of a matrix."""
    rows, columns = x.sizes
    return rows if rows is columns else c.low.at(rows, columns).minimum(rows, columns)


def _qr(c: Call) -> None:
    """With mode "raw" the reflectors are the result, as LAPACK leaves them."""
    x, mode = c.operand(0), c.options.get("mode", "reduced")
    rows, columns = x.sizes
    count = _smaller(c, x)
    work, tau = c.low.copy(x), c.allocate(count)
    c.call("gelqf", transposed(work), tau)
    if mode == "raw":
        c.give(0, transposed(work))
        c.give(1, tau)
        return
    height = rows if mode == "complete" else count
    r = c.allocate(height, columns)
    c.triangle(part(work, height, columns), r, "sle")
    c.give(1, r)
    if c.used(0):
        q = c.allocate(rows, height)
        copy(c.low, part(work, rows, count), part(q, rows, count))
        c.call("orglq", transposed(q), tau)
        c.give(0, q)


def _eigh(c: Call) -> None:
    """Without eigenvectors where nothing needs them."""
    x = c.operand(0)
    c.square(x)
    vectors, values = c.column_major(x), c.allocate(x.sizes[0])
    jobz = "V" if c.used(1) else "N"
    info = c.info("syevd", vectors, values, jobz=jobz, uplo=str(c.options.get("uplo", "L")))
    c.succeeds(info, x, "has eigenvalues that did not converge")
    c.give(0, values)
    c.give(1, vectors)


def _eig(c: Call) -> None:
    x = c.operand(0)
    c.square(x)
    _finite(c, x)
    n = x.sizes[0]
    values, imaginary = c.allocate(n), c.allocate(n)
    vectors = transposed(c.allocate(n, n))
    info = c.info("geev", c.column_major(x), values, imaginary, vectors, jobvl="N", jobvr="V" if c.used(1) else "N")
    c.succeeds(info, x, "has eigenvalues that did not converge")
    inner, loop = c.e.loop(0, n, 1, [c.e.constant(True, bi.i1)])
    i, real = loop.regions[0].block.args
    zero = inner.fcmp("oeq", inner.load(imaginary.view(c.e), [i]), c.number(0.0))
    inner.end_loop([inner.op(arith.AndIOp, [real, zero])])
    text = "eig: the {0} by {1} matrix has complex eigenvalues; this operation gives real ones"
    c.low.require(c.e, loop.results[0], "ValueError", text, [c.e.index(size) for size in x.sizes])
    c.give(0, values)
    c.give(1, vectors)


def _finite(c: Call, x: Buffer) -> None:
    """LinAlgError for infinities and NaN, on which the iteration might not end."""
    memory, largest = x.view(c.e), c.number(float("inf"))
    outer, loop = c.e.loop(0, x.sizes[0], 1, [c.e.constant(True, bi.i1)])
    row, sofar = loop.regions[0].block.args
    inner, nested = outer.loop(0, x.sizes[1], 1, [sofar])
    column, good = nested.regions[0].block.args
    size = inner.op(math.AbsFOp, [inner.load(memory, [row, column])])
    inner.end_loop([inner.op(arith.AndIOp, [good, inner.fcmp("olt", size, largest)])])
    outer.end_loop([nested.results[0]])
    c.low.require(c.e, loop.results[0], "LinAlgError", f"{c.name}: the matrix holds infinities or NaN", [])


def _svd(c: Call) -> None:
    """All vectors, as many as values, or none where nothing needs them."""
    x, many = c.operand(0), len(c.op.results) == 3
    trouble = "has singular values that did not converge"
    count, full = _smaller(c, x), bool(c.options.get("full"))
    s, matrix = c.allocate(count), c.column_major(x)
    c.give(1 if many else 0, s)
    if not (many and (c.used(0) or c.used(2))):
        c.succeeds(c.info("gesdd", matrix, s, matrix, matrix, jobz="N"), x, trouble)
        return
    rows, columns = x.sizes
    u = transposed(c.allocate(rows if full else count, rows))
    vt = transposed(c.allocate(columns, columns if full else count))
    if full and not (isinstance(count, int) and count):  # without singular values LAPACK leaves the vectors alone
        c.identity(u)
        c.identity(vt)
    c.succeeds(c.info("gesdd", matrix, s, u, vt, jobz="A" if full else "S"), x, trouble)
    c.give(0, u)
    c.give(2, vt)


def _lstsq(c: Call) -> None:
    """LAPACK's x stands in the first rows of a copy of b that has room for the larger of both."""
    a, b = c.operand(0), c.operand(1)
    c.fits(a, b)
    rows, columns = a.sizes
    e = c.low.at(rows, columns)
    room = e.maximum(rows, columns)
    right = as_matrix(b, 1)
    sides = right.sizes[1]
    base = c.allocate(c.low.at(sides).maximum(sides, 1), room)
    held = transposed(base)
    copy(c.low, base, base, c.number(0.0))
    copy(c.low, right, part(held, rows, sides))
    s, rank = c.allocate(_smaller(c, a)), c.allocate(1, dtype="int64")
    rcond = cast(c.e, c.low.scalar(c.op.operands[2]), from_xdsl(c.op.operands[2].type).dtype, c.dtype)
    info = c.info("gelsd", c.column_major(a), held, s, rcond, rank)
    c.succeeds(info, a, "has singular values that did not converge")
    x = part(held, columns, sides)
    c.give(0, x if b.ndim == 2 else Buffer(held.storage, [columns], [1], dtype=c.dtype))
    found = c.e.load(rank.view(c.e), [c.e.index(0)])
    c.low.set_scalar(c.op.results[2], found)
    c.give(1, _residues(c, held, found, (rows, columns, sides)))
    c.give(3, s)


def _residues(c: Call, held: Buffer, rank: SSAValue, sizes: tuple[Index, Index, Index]) -> Buffer:
    """Sums of squares of what LAPACK leaves below x; none unless a has full rank and more rows than columns."""
    e = c.e
    rows, columns, sides = (e.index(size) for size in sizes)
    full = e.icmp("eq", e.op(arith.IndexCastOp, [rank], bi.IndexType()), columns)
    some = e.op(arith.AndIOp, [full, e.icmp("sgt", rows, columns)])
    result = c.allocate(e.select(some, sides, e.index(0)))
    memory, into = held.view(e), result.view(e)
    outer, loop = e.loop(0, result.sizes[0])
    side = loop.regions[0].block.args[0]
    inner, nested = outer.loop(columns, rows, 1, [c.number(0.0)])
    row, total = nested.regions[0].block.args
    inner.end_loop([_add_square(inner, total, inner.load(memory, [row, side]))])
    outer.store(nested.results[0], into, [side])
    outer.end_loop()
    return result


def _add_square(e: Emitter, total: SSAValue, x: SSAValue) -> SSAValue:
    return e.op(arith.AddfOp, [total, e.op(arith.MulfOp, [x, x])])


def _row(lower: Callable[[Call], None]) -> NativeRow:
    return lambda low, op: lower(Call(low, op))


ROWS: dict[str, NativeRow] = {
    "eig": _row(_eig),
    "eigh": _row(_eigh),
    "lstsq": _row(_lstsq),
    "qr": _row(_qr),
    "svd": _row(_svd),
    "svdvals": _row(_svd),
}
