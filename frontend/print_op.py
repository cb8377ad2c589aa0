"""`Print("x")(x)`: the value of an expression, printed while a function runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .apply import Apply
from .op import Op
from .tensor.build import as_tensor_variable

__all__ = ["Print"]


def _print(op: Print, value: Any) -> None:
    for name in op.attrs:
        found = getattr(value, name)
        print(op.message, name, "=", found() if callable(found) else found)


class Print(Op):
    """Passes its operand on, and prints `message` with attributes of the array (its text without others).

    Print it where it is used: an expression that no output depends on is not computed.
    """

    __props__ = ("message", "attrs", "global_fn")

    def __init__(
        self, message: str = "", attrs: Sequence[str] = ("__str__",), global_fn: Callable[[Any, Any], Any] = _print
    ) -> None:
        self.message, self.attrs, self.global_fn = message, tuple(attrs), global_fn

    def make_node(self, *inputs: Any) -> Apply:
        """One operand of any type, a result of the same."""
        (value,) = map(as_tensor_variable, inputs)
        return Apply(self, [value], [value.type()])

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Sequence[list[Any]]) -> None:
        """Print, and pass on."""
        output_storage[0][0] = inputs[0]
        self.global_fn(self, inputs[0])

    def grad(self, inputs: Any, output_gradients: Any) -> Any:
        """The gradient passes too."""
        return output_gradients

    def __str__(self) -> str:
        return f'Print{{message="{self.message}"}}'
