"""How a function takes and gives values: `In`, its old name `Param`, and `Out`."""

from __future__ import annotations

from typing import Any

from .errors import keywords
from .tensor.var import TensorVariable


class In:
    """An input of a function, with a default value, a name for keyword calls, or rules of conversion.

    `value`: taken when the caller gives none. `update`: an expression; the input then keeps its value from call to
    call, and the expression is its next one. `strict`, `allow_downcast`: see `TensorType.filter`. `autoname=False`:
    the variable's name is not the input's. `mutable`, `borrow`, `implicit` and `shared` are Theano's: arguments are never
    changed here. TypeError when the update has another type than the variable.
    """

    @keywords
    def __init__(
        self,
        variable: Any,
        name: str | None = None,
        value: Any = None,
        update: Any = None,
        mutable: bool | None = None,
        strict: bool = False,
        allow_downcast: bool | None = None,
        autoname: bool = True,
        implicit: bool | None = None,
        borrow: bool | None = None,
        shared: bool = False,
    ) -> None:
        if borrow is False and mutable:
            raise AssertionError(
                f"Symbolic input for variable {variable} (name={name}) has flags borrow=False, mutable=True. "
                "This combination is incompatible since mutable=True implies borrow=True."
            )
        if not isinstance(variable, TensorVariable):
            raise TypeError(f"In takes a Variable; got {variable!r} of type {type(variable).__name__}")
        if isinstance(update, TensorVariable) and update.type != variable.type:
            raise TypeError(
                f"Variable '{variable}' has type {variable.type} but an update of type {update.type}. "
                "The type of the update should be the same as the type of the variable"
            )
        self.variable = variable
        self.name = variable.name if autoname and name is None else name
        self.value = value
        self.update = update
        self.mutable = bool(mutable)
        self.strict = strict
        self.borrow = bool(borrow)
        self.allow_downcast = allow_downcast
        self.implicit = implicit
        self.shared = shared

    def __repr__(self) -> str:
        return f"In({self.variable})" if self.value is None else f"In({self.variable} -> {self.value!r})"


class Param(In):
    """An input with a default value, as old programs write it: `Param(y, default=1)`."""

    @keywords
    def __init__(
        self,
        variable: Any,
        default: Any = None,
        name: str | None = None,
        mutable: bool = False,
        strict: bool = False,
        allow_downcast: bool | None = None,
        implicit: bool | None = None,
        borrow: bool | None = None,
    ) -> None:
        super().__init__(
            variable,
            name,
            default,
            mutable=mutable,
            strict=strict,
            borrow=borrow,
            allow_downcast=allow_downcast,
            implicit=implicit,
        )


class Out:
    """An output of a function. With `borrow`, the result of a function on a GPU stays there, as an array with
    `__cuda_array_interface__`; results on the CPU are always NumPy arrays of their own."""

    def __init__(self, variable: Any, borrow: bool = False) -> None:
        self.variable = variable
        self.borrow = borrow

    def __repr__(self) -> str:
        return f"Out({self.variable})"
