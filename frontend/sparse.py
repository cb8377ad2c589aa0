"""Theano's sparse matrices, which are not available yet: programs ask whether a variable is one, and none is."""

from __future__ import annotations

from .later import later

_DENSE = "there are no sparse matrices in this version: use dense ones"


class SparseType:
    """The type of a sparse matrix; no variable has it."""


class SparseVariable:
    """A sparse matrix; no variable is one."""


class SparseConstant(SparseVariable):
    """A constant one."""


dense_from_sparse = later("theano.sparse.dense_from_sparse", _DENSE)
structured_dot = later("theano.sparse.structured_dot", _DENSE)
basic_dot = later("theano.sparse.dot", _DENSE)
as_sparse_variable = later("theano.sparse.as_sparse_variable", _DENSE)

__all__ = [
    "SparseConstant",
    "SparseType",
    "SparseVariable",
    "as_sparse_variable",
    "basic_dot",
    "dense_from_sparse",
    "structured_dot",
]
