"""`as_op`: a Python function of arrays as an operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..op import Op
from ..types import TensorType

__all__ = ["FromFunctionOp", "as_op"]


class FromFunctionOp(Op):
    """An operation whose `perform` is a function of arrays; it has no derivative."""

    __props__ = ("fn",)

    def __init__(self, fn: Callable[..., Any], itypes: Sequence[TensorType], otypes: Sequence[TensorType]) -> None:
        self.fn, self.itypes, self.otypes = fn, list(itypes), list(otypes)

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Sequence[list[Any]]) -> None:
        """Call the function; several results come as a tuple or list."""
        given = self.fn(*inputs)
        results = given if isinstance(given, tuple | list) and len(output_storage) > 1 else (given,)
        if len(results) != len(output_storage):
            raise ValueError(f"{self} returned {len(results)} results, expected {len(output_storage)}")
        for cell, value in zip(output_storage, results, strict=True):
            cell[0] = value

    def __str__(self) -> str:
        return f"FromFunctionOp{{{self.fn.__name__}}}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.fn, self.itypes, self.otypes)


def _restore(fn: Any, itypes: Sequence[TensorType], otypes: Sequence[TensorType]) -> FromFunctionOp:
    return fn if isinstance(fn, FromFunctionOp) else FromFunctionOp(fn, itypes, otypes)


def _types(given: Any, what: str) -> list[TensorType]:
    types = list(given) if isinstance(given, list | tuple) else [given]
    for type in types:
        if not isinstance(type, TensorType):
            raise TypeError(f"as_op: {what} are tensor types such as T.dvector, got {type!r}")
    return types


def as_op(itypes: Any, otypes: Any, infer_shape: Any = None) -> Callable[[Callable[..., Any]], FromFunctionOp]:
    """Make a function of arrays an operation: `@as_op(itypes=[T.dmatrix], otypes=[T.dvector])`.

    The decorated name is called with variables then. `infer_shape` is Theano's; sizes come with the results.
    """
    takes, gives = _types(itypes, "itypes"), _types(otypes, "otypes")

    def make(fn: Callable[..., Any]) -> FromFunctionOp:
        return FromFunctionOp(fn, takes, gives)

    return make
