"""Lowering rows for linear algebra with triangular factors: inverses, determinants, systems of equations, Cholesky.

A row-major matrix A is to Fortran its transpose, F = A'. So no row here transposes a square matrix: the inverse and the
determinant of F are those of A; LU factors of F solve A x = b as F' x = b; the upper factor of F is the lower one of A; and
A X = B is X' F = B', in which B' is what Fortran sees of a row-major B. Of a matrix with infinities that may make a NaN
what NumPy calls singular, or the other way round: as if it had been given the transpose.

Without LAPACK (the module says `phi.lapack = "absent"`) the same operations are host functions, see `loops_host`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import TYPE_CHECKING

from xdsl.dialects import arith, math
from xdsl.dialects import builtin as bi
from xdsl.ir import SSAValue

from phintys.dialects.blas import GemmOp

from .buffers import Buffer
from .control import branch
from .emit import Emitter
from .lapack_calls import Call, as_matrix, transposed
from .lapack_factors import alone, factors

if TYPE_CHECKING:
    from .loops_host import NativeRow


def _inverse(c: Call) -> None:
    """In place of the factors, which are copied where something else needs them."""
    x = c.operand(0)
    c.square(x)
    if alone(c):
        inverse = c.low.copy(x)
        pivots = c.allocate(x.sizes[0], dtype="int64")
        info = c.info("getrf", transposed(inverse), pivots)
        result = inverse
    else:
        lu = factors(c)
        inverse, pivots, info = c.low.copy(transposed(lu.memory)), lu.pivots, lu.info
        result = inverse if lu.of_transpose else transposed(inverse)
    c.succeeds(info, x, "is singular")
    c.call("getri", transposed(inverse), pivots)
    c.give(0, result)


# A product is scaled by this power of two as soon as it grows or shrinks beyond it, so that only the result overflows.
_EXPONENTS = {"float64": 500, "float32": 60}


def _determinant(c: Call) -> tuple[SSAValue, SSAValue]:
    """The product of the pivots, with a sign for each exchange of rows: a number and the count of scales it stands for."""
    x = c.operand(0)
    c.square(x)
    lu = factors(c)
    e, memory, exchanges = c.e, lu.memory.view(c.e), lu.pivots.view(c.e)
    inner, loop = e.loop(0, x.sizes[0], 1, [c.number(1.0), e.constant(0, bi.i64)])
    i, sofar, scaled = loop.regions[0].block.args
    pivot = inner.load(memory, [i, i])
    place = inner.op(arith.IndexCastOp, [inner.index(inner.add(i, 1))], bi.i64)
    stays = inner.icmp("eq", inner.load(exchanges, [i]), place)
    total = inner.op(arith.MulfOp, [sofar, inner.select(stays, pivot, inner.op(arith.NegfOp, [pivot]))])
    inner.end_loop(_scaled(c, inner, total, scaled))
    return e.select(c.is_zero(lu.info), loop.results[0], c.number(0.0)), loop.results[1]


def _scaled(c: Call, e: Emitter, total: SSAValue, count: SSAValue) -> list[SSAValue]:
    """A product brought towards 1, and how many times the scale it stands for."""
    scale = 2.0 ** _EXPONENTS[c.dtype]
    size = e.op(math.AbsFOp, [total])
    large, small = e.fcmp("ogt", size, c.number(scale)), e.fcmp("olt", size, c.number(1 / scale))
    factor = e.select(large, c.number(1 / scale), e.select(small, c.number(scale), c.number(1.0)))
    step = e.select(large, e.constant(1, bi.i64), e.select(small, e.constant(-1, bi.i64), e.constant(0, bi.i64)))
    return [e.op(arith.MulfOp, [total, factor]), e.op(arith.AddiOp, [count, step])]


def _det(c: Call) -> None:
    """The product times the scale to the power of the count: beyond eight times it is an infinity or zero anyway."""
    total, count = _determinant(c)
    e, scale = c.e, 2.0 ** _EXPONENTS[c.dtype]
    up = e.icmp("sgt", count, e.constant(0, bi.i64))
    factor = e.select(up, c.number(scale), c.number(1 / scale))
    times = e.select(up, count, e.op(arith.SubiOp, [e.constant(0, bi.i64), count]))
    times = e.op(arith.MinSIOp, [times, e.constant(8, bi.i64)])
    inner, loop = e.loop(0, e.op(arith.IndexCastOp, [times], bi.IndexType()), 1, [total])
    inner.end_loop([inner.op(arith.MulfOp, [loop.regions[0].block.args[1], factor])])
    c.low.set_scalar(c.op.results[0], loop.results[0])


def _slogdet(c: Call) -> None:
    """The logarithm of the product and that of the scales, which are powers of two."""
    total, count = _determinant(c)
    e = c.e
    scales = e.op(arith.SIToFPOp, [count], c.element)
    more = e.op(arith.MulfOp, [scales, c.number(_EXPONENTS[c.dtype] * log(2.0))])
    logarithm = e.op(math.LogOp, [e.op(math.AbsFOp, [total])])
    zero, one = c.number(0.0), c.number(1.0)
    sign = e.select(e.fcmp("une", total, total), total, e.select(e.fcmp("olt", total, zero), c.number(-1.0), one))
    c.low.set_scalar(c.op.results[0], e.select(e.fcmp("oeq", total, zero), zero, sign))
    c.low.set_scalar(c.op.results[1], e.op(arith.AddfOp, [logarithm, more]))


def _squared(c: Call) -> None:
    """A matrix multiplied with itself as often as the second operand says; the product goes back to where it came from."""
    x = c.operand(0)
    result, product = c.low.copy(x), c.allocate(*x.sizes)
    source, target = result.view(c.e), product.view(c.e)
    times = c.low.index(c.op.operands[1])
    inner, _ = c.e.loop(0, times)
    one, zero = c.number(1.0), c.number(0.0)
    inner.insert(GemmOp.build_op(one, source, source, zero, target, inner.location))
    c.fill(result, lambda e, row, column: e.load(target, [row, column]), inner)
    inner.end_loop()
    c.give(0, result)


def _solve(c: Call) -> None:
    a, b = c.operand(0), c.operand(1)
    c.square(a)
    c.fits(a, b)
    lu = factors(c)
    c.succeeds(lu.info, a, "is singular")
    x = c.column_major(b) if b.ndim == 2 else c.low.copy(b)
    c.call("getrs", lu.memory, lu.pivots, as_matrix(x, b.sizes[0]), trans="T" if lu.of_transpose else "N")
    c.give(0, x)


def _solve_triangular(c: Call) -> None:
    a, b, lower = c.operand(0), c.operand(1), bool(c.options["lower"])
    c.square(a)
    c.fits(a, b)
    if not (a.positive and 1 in a.strides):
        a = c.low.copy(a)
    _regular(c, a)
    x = c.low.copy(b)
    right = transposed(as_matrix(x))
    if a.strides[1] == 1:
        c.call("trsm", transposed(a), right, side="R", uplo="U" if lower else "L", trans="N", diag="N")
    else:
        c.call("trsm", a, right, side="R", uplo="L" if lower else "U", trans="T", diag="N")
    c.give(0, x)


def _regular(c: Call, a: Buffer) -> None:
    """LinAlgError that names the first zero of the diagonal."""
    e, memory = c.e, a.view(c.e)
    size = e.index(a.sizes[0])
    inner, loop = e.loop(0, size, 1, [size])
    i, first = loop.regions[0].block.args
    zero = inner.fcmp("oeq", inner.load(memory, [i, i]), c.number(0.0))
    here = inner.select(zero, i, size)
    inner.end_loop([inner.op(arith.MinSIOp, [first, here])])
    found = loop.results[0]
    text = "solve: the {0} by {1} triangular matrix is singular, element {2} of its diagonal is 0"
    c.low.require(e, e.icmp("eq", found, size), "LinAlgError", text, [size, size, found])


def _cholesky(c: Call) -> None:
    """The triangle that is not read is cleared before, and LAPACK leaves it alone."""
    x = c.operand(0)
    c.square(x)
    root = c.allocate(*x.sizes)
    c.triangle(x, root, "sge")
    info = _going_on(c, root, c.info("potrf", transposed(root), uplo="U"))
    if c.options.get("on_error", "raise") == "raise":
        c.succeeds(info, x, "is not positive definite")
    else:
        failed, nan = c.e.icmp("ne", info, c.e.constant(0, bi.i64)), c.number(float("nan"))

        def spoil(e: Emitter, _: object) -> list[SSAValue]:
            c.fill(root, lambda *_: nan, e)
            return []

        branch(c.e, failed, spoil, [])
    c.give(0, root)


def _going_on(c: Call, root: Buffer, info: SSAValue) -> SSAValue:
    """The info of `potrf`, 0 where a NaN on the diagonal stopped it: one library goes on, and the rows from there on are NaN.

    Another one (MKL) calls such a matrix not positive definite and leaves those rows as they are.
    """
    none, one, nan = c.e.constant(0, bi.i64), c.e.constant(1, bi.i64), c.number(float("nan"))
    memory = root.view(c.e)

    def judge(e: Emitter, _: object) -> list[SSAValue]:
        place = e.op(arith.IndexCastOp, [e.op(arith.SubiOp, [info, one])], bi.IndexType())
        pivot = e.load(memory, [place, place])

        def spoil(e: Emitter, _: object) -> list[SSAValue]:
            def value(e: Emitter, row: SSAValue, column: SSAValue) -> SSAValue:
                spoiled = e.op(arith.AndIOp, [e.icmp("sge", row, place), e.icmp("sge", row, column)])
                return e.select(spoiled, nan, e.load(memory, [row, column]))

            c.fill(root, value, e)
            return [none]

        return branch(e, e.fcmp("uno", pivot, pivot), spoil, [info])

    return branch(c.e, c.e.icmp("ne", info, none), judge, [info])[0]


def _row(lower: Callable[[Call], None]) -> NativeRow:
    return lambda low, op: lower(Call(low, op))


ROWS: dict[str, NativeRow] = {
    "cholesky": _row(_cholesky),
    "det": _row(_det),
    "matrix_inverse": _row(_inverse),
    "slogdet": _row(_slogdet),
    "solve": _row(_solve),
    "solve_triangular": _row(_solve_triangular),
    "squared": _row(_squared),
}
