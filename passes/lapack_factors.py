"""LU factors of a matrix, computed once for all that needs them: a system, the transposed one of its gradient, determinants.

A matrix is copied in the order of its memory, so that the factors are those of the matrix or of its transpose, whichever
Fortran sees; both serve systems of either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp

from .buffers import Buffer
from .lapack_calls import Call, transposed
from .nd_builder import type_of

USERS = ("det", "matrix_inverse", "slogdet", "solve")


@dataclass(frozen=True)
class Factors:
    """The factors as Fortran sees them, LAPACK's pivots and info, and whether they are of the transpose."""

    memory: Buffer
    pivots: Buffer
    info: SSAValue
    of_transpose: bool


def factors(c: Call) -> Factors:
    """Of the first operand: those that are there, of the same matrix or its transpose, or new ones."""
    root, turned = _root(c.op.operands[0])
    found = c.low.factors.get(root)
    if found is None:
        found = _computed(c, c.operand(0))
        c.low.factors[root] = replace(found, of_transpose=found.of_transpose ^ turned)
        return found
    return replace(found, of_transpose=found.of_transpose ^ turned)


def alone(c: Call) -> bool:
    """Whether nothing else needs factors of the first operand, which may then be overwritten."""
    root, _ = _root(c.op.operands[0])
    return not any(user is not c.op for user in _users(root))


def _computed(c: Call, x: Buffer) -> Factors:
    columns_first = x.strides[0] == 1 and x.strides[1] != 1
    memory = transposed(c.low.copy(transposed(x) if columns_first else x))
    pivots = c.allocate(x.sizes[0], dtype="int64")
    return Factors(memory, pivots, c.info("getrf", memory, pivots), not columns_first)


def _is_transpose(op: object) -> bool:
    if not isinstance(op, NdOp) or op.op != "dimshuffle" or tuple(op.attrs["order"]) != (1, 0):
        return False
    return type_of(op.operands[0]).ndim == 2  # of three dimensions it drops the last


def _root(value: SSAValue) -> tuple[SSAValue, bool]:
    """The matrix under transposes, and whether there is an odd number of them."""
    turned = False
    while isinstance(value.owner, NdOp) and _is_transpose(value.owner):
        value, turned = value.owner.operands[0], not turned
    return value, turned


def _users(value: SSAValue) -> list[NdOp]:
    """What needs factors of a matrix or of its transposes."""
    result = []
    for use in value.uses:
        op = use.operation
        if isinstance(op, NdOp) and _is_transpose(op):
            result += _users(op.results[0])
        elif isinstance(op, NdOp) and op.op == "host" and op.attrs["function"] in USERS and use.index == 0:
            result.append(op)
    return result
