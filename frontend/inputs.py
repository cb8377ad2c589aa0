"""How a function takes and gives values: `In`, its old name `Param`, and `Out`."""

from __future__ import annotations

from typing import Any

from .tensor.var import TensorVariable


class In:
    """An input of a function, with a default value, a name for keyword calls, or rules of conversion.

    `value`: taken when the caller gives none. `update`: an expression; the input then keeps its value from call to
    call, and the expression is its next one. `strict`, `allow_downcast`: see `TensorType.filter`. `mutable`, `borrow`,
    `autoname` and `implicit` are Theano's: arguments are never changed here.
    """

    def __init__(
        self,
        variable: Any,
        name: str | None = None,
        value: Any = None,
        update: Any = None,
        mutable: bool | None = None,
        strict: bool = False,
        borrow: bool | None = None,
        allow_downcast: bool | None = None,
        autoname: bool = True,
        implicit: bool | None = None,
    ) -> None:
        if borrow is False and mutable:
            raise AssertionError(
                f"Symbolic input for variable {variable} (name={name}) has flags borrow=False, mutable=True. "
                "This combination is incompatible since mutable=True implies borrow=True."
            )
        if not isinstance(variable, TensorVariable):
            raise TypeError(f"In takes a Variable; got {variable!r} of type {type(variable).__name__}")
        self.variable = variable
        self.name = variable.name if autoname and name is None else name
        self.value = value
        self.update = update
        self.mutable = bool(mutable)
        self.strict = strict
        self.borrow = bool(borrow)
        self.allow_downcast = allow_downcast
        self.implicit = implicit

    def __repr__(self) -> str:
        return f"In({self.variable})" if self.value is None else f"In({self.variable} -> {self.value!r})"


class Param(In):
    """An input with a default value, as old programs write it: `Param(y, default=1)`."""

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
    """An output of a function. `borrow` is Theano's: results are always arrays of their own."""

    def __init__(self, variable: Any, borrow: bool = False) -> None:
        self.variable = variable
        self.borrow = borrow

    def __repr__(self) -> str:
        return f"Out({self.variable})"
