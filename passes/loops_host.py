"""Lowering row for named functions of arrays: LAPACK's where there is a row for it, Python's for the others.

For Python, operands become contiguous buffers, and results are buffers of the call. A module that says
`phi.lapack = "absent"` leaves linear algebra to NumPy in that way; `codegen.compiler` puts the attribute there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import memref
from xdsl.ir import SSAValue

from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.nd import NdOp
from phintys.dialects.rt_host import HostOp

from .buffers import Buffer, Storage
from .emit import INDEX, Index

if TYPE_CHECKING:
    from .convert_nd_to_loops import Lowering, Row

NativeRow = Callable[["Lowering", NdOp], None]
ABSENT = "absent"  # value of the module's attribute phi.lapack


def _operand(low: Lowering, value: SSAValue) -> SSAValue:
    """A memref without gaps; a scalar is stored to one."""
    tensor = low.tensors[value]
    if isinstance(tensor, Buffer):
        return (tensor if tensor.dense else low.copy(tensor)).view(low.body)
    box = low.body.alloc(scalar_type(tensor.dtype), [])
    low.body.store(tensor.value, box, [])
    return box


def _native(low: Lowering, op: NdOp) -> NativeRow | None:
    """The row that calls LAPACK, if the operation has one and the library is there."""
    from . import loops_lapack, loops_spectral

    module = low.function.parent_op()
    said = module.attributes.get("phi.lapack") if module is not None else None
    if isinstance(said, bi.StringAttr) and said.data == ABSENT:
        return None
    name = op.attrs["function"]
    return loops_lapack.ROWS.get(name) or loops_spectral.ROWS.get(name)


def _host(low: Lowering, op: NdOp) -> None:
    native = _native(low, op)
    if native is not None:
        native(low, op)
        return
    call_python(low, op, op.attrs["function"], op.attrs["options"])


def call_python(low: Lowering, op: NdOp, function: str, options: str) -> None:
    """A call of a function of `codegen.host` for an operation's results."""
    e = low.body
    operands = [_operand(low, value) for value in op.operands]
    gives = [from_xdsl(value.type) for value in op.results]
    call = HostOp.build_op(function, options, operands, op.types, gives, op.location)
    e.insert(call)
    for value, memory, type in zip(op.results, call.results, gives, strict=True):
        if not type.ndim:
            low.set_scalar(value, e.load(memory, []))
            continue
        sizes: list[Index] = [
            e.op(memref.DimOp, [memory, e.index(axis)], INDEX) if size is None else size for axis, size in enumerate(type.shape)
        ]
        # as an argument's, this memory is not ours to return or to free
        low.tensors[value] = low.whole(Storage(memory, argument=-1), sizes, type.dtype)


ROWS: dict[str, Row] = {"host": _host}
