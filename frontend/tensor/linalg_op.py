"""What `nlinalg` and `slinalg` share: operations that are objects, called with matrices; the named functions behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phintys.ir.host import options_text, types_text
from phintys.ir.types import TensorType

from ..operations import Operation
from .build import apply, as_tensor_variable, cast
from .var import TensorVariable

Shape = tuple[int | None, ...]


class LinalgOp(Operation):
    """An operation with its options given before, as Theano's: `Cholesky(lower=False)(x)`."""

    __props__: tuple[str, ...] = ()

    def __init__(self) -> None:
        pass

    def __call__(self, *operands: Any) -> Any:
        """The results for operands."""
        raise NotImplementedError

    def make_node(self, *operands: Any) -> Any:
        """The node of the operation on these operands."""
        found = self(*operands)
        return (found[0] if isinstance(found, list) else found).owner

    def _props(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__props__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LinalgOp) and type(self) is type(other) and self._props() == other._props()

    def __hash__(self) -> int:
        return hash((type(self), self._props()))

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in zip(self.__props__, self._props(), strict=True))
        return f"{type(self).__name__}{{{shown}}}" if shown else type(self).__name__

    __repr__ = __str__


def floating(name: str, value: Any, ranks: Sequence[int] = (2,)) -> TensorVariable:
    """An operand in float32 or float64 (integers become float64). TypeError for complex ones and other ranks."""
    x = as_tensor_variable(value)
    if x.ndim not in ranks:
        wanted = " or ".join({1: "a vector", 2: "a matrix"}[rank] for rank in ranks)
        raise TypeError(f"{name} takes {wanted}, got {x} of {x.type}")
    if x.type.kind == "c":
        raise TypeError(f"{name} takes real numbers, got {x} of {x.type}")
    return x if x.type.kind == "f" else cast(x, "float64")


def together(x: TensorVariable, y: TensorVariable) -> tuple[TensorVariable, TensorVariable]:
    """Two operands in the wider of their dtypes."""
    dtype = "float64" if "float64" in (x.dtype, y.dtype) else "float32"
    return cast(x, dtype), cast(y, dtype)


def square_shape(x: TensorVariable) -> Shape:
    """What is known of the shape of a matrix that is square, if it is not known to be something else."""
    rows, columns = x.type.shape
    known = rows if columns is None else columns
    return (known, known)


def host(name: str, operands: Sequence[TensorVariable], shapes: Sequence[Shape], **options: Any) -> list[TensorVariable]:
    """The results of a named function, of the shapes given and the operands' dtype."""
    types = [TensorType(operands[0].dtype, shape) for shape in shapes]
    return host_typed(name, operands, types, **options)


def host_typed(
    name: str, operands: Sequence[TensorVariable], types: Sequence[TensorType], **options: Any
) -> list[TensorVariable]:
    """The same with the results' types."""
    first = apply("host", *operands, function=name, results=types_text(types), options=options_text(options))
    assert first.node is not None
    return [result for result in first.node.results if isinstance(result, TensorVariable)]
