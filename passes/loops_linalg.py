"""Lowering rows for products: float matrices go to the BLAS, other dtypes to plain loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.ir import SSAValue

from phintys.dialects.blas import GemmOp, GemvOp
from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.nd import NdOp
from phintys.ir.types import DTYPES

from .buffers import Buffer
from .combiners import OPERATIONS, identity
from .emit import Emitter, Index
from .loops_indexing import written_copy
from .nest import Nest

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row


def _blas_ready(low: Lowering, source: Buffer) -> Buffer:
    """A buffer that the BLAS can read: a matrix with one dimension of stride 1, a vector with a positive stride."""
    if source.positive and (source.ndim == 1 or 1 in source.strides):
        return source
    return low.copy(source)


def _transposed(source: Buffer) -> Buffer:
    return Buffer(
        source.storage, source.sizes[::-1], source.strides[::-1], source.offset, positive=source.positive, dtype=source.dtype
    )


def _dot(low: Lowering, op: NdOp) -> None:
    x, y = (low.buffer(value) for value in op.operands)
    sizes: list[Index] = x.sizes[:-1] + y.sizes[1:]
    if DTYPES[x.dtype].kind != "f":
        _dot_loops(low, op, x, y, sizes)
        return
    x, y = _blas_ready(low, x), _blas_ready(low, y)
    target = low.destination(op.results[0], sizes)
    e = low.body
    type = scalar_type(from_xdsl(op.results[0].type).dtype)
    one, zero = e.constant(1.0, type), e.constant(0.0, type)
    into = target.view(e)
    if x.ndim == 2 and y.ndim == 2:
        e.insert(GemmOp.build_op(one, x.view(e), y.view(e), zero, into, e.location))
    elif y.ndim == 1:
        e.insert(GemvOp.build_op(one, x.view(e), y.view(e), zero, into, e.location))
    else:
        e.insert(GemvOp.build_op(one, _transposed(y).view(e), x.view(e), zero, into, e.location))


def _gemm(low: Lowering, op: NdOp) -> None:
    """A product added to what the result's memory holds: to a state in place, to a temporary, or to a copy."""
    _, alpha, x, y, beta = op.operands
    left, right = (_blas_ready(low, low.buffer(value)) for value in (x, y))
    e = low.body
    into = written_copy(low, op).view(e)
    e.insert(GemmOp.build_op(low.scalar(alpha), left.view(e), right.view(e), low.scalar(beta), into, e.location))


def _dot_loops(low: Lowering, op: NdOp, x: Buffer, y: Buffer, sizes: list[Index]) -> None:
    """Rows times columns in loops, the sum in a register."""
    target = low.destination(op.results[0], sizes)
    memory = (x.view(low.body), y.view(low.body), target.view(low.body))
    _product(low.body, memory, sizes, x.sizes[-1], target.dtype, x.ndim - 1)


def _product(e: Emitter, memory: tuple[SSAValue, ...], sizes: list[Index], length: Index, dtype: str, rows: int = 1) -> None:
    """Loops over the elements of a product; the first `rows` of their counters are of the left operand."""
    left, right, into = memory
    kind = DTYPES[dtype].kind
    loops = []
    ivs = []
    for size in sizes:
        e, loop = e.loop(0, size)
        loops.append(e)
        ivs.append(loop.regions[0].block.args[0])
    start = e.constant(identity("add", dtype), scalar_type(dtype))
    inner, loop = e.loop(0, length, 1, [start])
    k, total = loop.regions[0].block.args
    row, column = ivs[:rows], ivs[rows:]
    product = inner.op(OPERATIONS["mul", kind], [inner.load(left, [*row, k]), inner.load(right, [k, *column])])
    inner.end_loop([inner.op(OPERATIONS["add", kind], [total, product])])
    e.store(loop.results[0], into, ivs)
    for level in reversed(loops):
        level.end_loop()


def _stacked(low: Lowering, x: Buffer, y: Buffer, target: Buffer) -> None:
    """The products of a stack, in loops over all their elements."""
    left, right, into = (buffer.view(low.body) for buffer in (x, y, target))
    kind = DTYPES[target.dtype].kind
    nest = Nest(low.body, target.sizes)
    number, row, column = nest.ivs
    start = nest.e.constant(identity("add", target.dtype), scalar_type(target.dtype))
    inner, loop = nest.e.loop(0, x.sizes[2], 1, [start])
    k, total = loop.regions[0].block.args
    product = inner.op(OPERATIONS["mul", kind], [inner.load(left, [number, row, k]), inner.load(right, [number, k, column])])
    inner.end_loop([inner.op(OPERATIONS["add", kind], [total, product])])
    nest.e.store(loop.results[0], into, nest.ivs)
    nest.close()


def _matrix(e: Emitter, source: Buffer, number: SSAValue) -> SSAValue:
    """A memref of one matrix of a stack."""
    offset = e.add(source.offset, e.mul(number, source.strides[0]))
    return e.reinterpret(source.storage.memref, offset, source.sizes[1:], source.strides[1:])


def _batched_dot(low: Lowering, op: NdOp) -> None:
    """A product of matrices for each pair: of floats a call of the BLAS, of ints in loops."""
    x, y = (low.buffer(value) for value in op.operands)
    floats = DTYPES[x.dtype].kind == "f" and not low.device
    if floats:
        x, y = (source if source.positive and 1 in source.strides[1:] else low.copy(source) for source in (x, y))
    target = low.destination(op.results[0], [x.sizes[0], x.sizes[1], y.sizes[2]])
    if low.device:
        _stacked(low, x, y, target)
        return
    inner, loop = low.body.loop(0, x.sizes[0])
    (number,) = loop.regions[0].block.args
    left, right, into = (_matrix(inner, buffer, number) for buffer in (x, y, target))
    if floats:
        type = scalar_type(target.dtype)
        one, zero = inner.constant(1.0, type), inner.constant(0.0, type)
        inner.insert(GemmOp.build_op(one, left, right, zero, into, inner.location))
    else:
        _product(inner, (left, right, into), [x.sizes[1], y.sizes[2]], x.sizes[2], target.dtype)
    inner.end_loop()


ROWS: dict[str, Row] = {"dot": _dot, "gemm": _gemm, "batched_dot": _batched_dot}
