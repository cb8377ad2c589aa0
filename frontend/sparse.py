"""Theano's sparse matrices, which are not available yet: programs ask whether a variable is one, and none is."""

from __future__ import annotations

from typing import Any

from .later import later

_DENSE = "there are no sparse matrices in this version: use dense ones"


class SparseType:
    """The type of a sparse matrix; no variable has it."""


class SparseVariable:
    """A sparse matrix; no variable is one."""


class SparseConstant(SparseVariable):
    """A constant one."""


enable_sparse = False  # programs ask before they use sparse matrices


def __getattr__(name: str) -> Any:
    """Whatever else Theano has here; it refuses when it is called."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return later(f"theano.sparse.{name}", _DENSE)


__all__ = ["SparseConstant", "SparseType", "SparseVariable", "enable_sparse"]
