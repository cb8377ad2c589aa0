"""What all symbolic values have in common: type, name, the node that computes them, the line that wrote them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from phintys.ir.graph import Node, Value
from phintys.ir.types import TensorType as CoreType

from .apply import Apply
from .names import value_text
from .types import TensorType, frontend_type


class Variable(Value):
    """Anything symbolic: an input, a constant, a shared value or the result of an operation. Compared by identity."""

    type: TensorType

    def __init__(
        self,
        type: CoreType,
        name: str | None = None,
        node: Node | None = None,
        index: int = 0,
        loc: str | None = None,
    ) -> None:
        super().__init__(frontend_type(type), name, node, index, loc)

    @property
    def owner(self) -> Apply | None:
        """The operation that computes this value; `None` for inputs, constants and shared variables."""
        return None if self.node is None else Apply(self.node)

    @property
    def tag(self) -> SimpleNamespace:
        """A place for notes of the program's own (`x.tag.test_value`)."""
        tag: SimpleNamespace = vars(self).setdefault("_tag", SimpleNamespace())
        return tag

    @tag.setter
    def tag(self, value: Any) -> None:
        vars(self)["_tag"] = value

    def clone(self) -> Variable:
        """A new input of the same type and name."""
        return self.__class__(self.type, self.name, loc=self.loc)

    def get_parents(self) -> list[Apply]:
        """The operation that computes this value, as a list of at most one."""
        return [] if self.owner is None else [self.owner]

    def _extra(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_eval_functions"}

    def __setstate__(self, extra: dict[str, Any]) -> None:
        vars(self).update(extra)

    def _repr_latex_(self) -> str:
        """What a notebook shows: the formula."""
        from .latex import latex

        name = f"{latex(self.__class__(self.type, self.name))} = " if self.name and self.node is not None else ""
        return f"$\\displaystyle {name}{latex(self)}$"

    def __str__(self) -> str:
        return value_text(self)

    __repr__ = __str__
