"""What an expression of graph text stands for while it is read: a value, or what becomes one when its use is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .graph import Node, Value
from .literals import Nested, literal_kind


@dataclass(frozen=True)
class Literal:
    """An untyped number or nested list of numbers: its dtype comes from its neighbours."""

    value: Nested

    @property
    def kind(self) -> str:
        """`b`, `i`, `f` or `c`."""
        return literal_kind(self.value)


@dataclass(frozen=True)
class Items:
    """A list or tuple of terms."""

    items: list[Term]


@dataclass(frozen=True)
class Text:
    """A string."""

    text: str


@dataclass(frozen=True)
class DTypeName:
    """A dtype where an attribute wants one; holds NumPy's name."""

    name: str


@dataclass(frozen=True)
class ShapeOf:
    """`shape(x)`: subscripts give single sizes, as a value it is a vector."""

    value: Value


@dataclass(frozen=True)
class Results:
    """All results of an operation that has several; only an assignment to as many names takes it."""

    node: Node


Term = Value | Literal | Items | Text | DTypeName | ShapeOf | Results


@dataclass
class Arguments:
    """Evaluated arguments of a call, each with the tree it came from."""

    positional: list[tuple[Term, Any]] = field(default_factory=list)
    keywords: dict[str, tuple[Term, Any]] = field(default_factory=dict)


def as_literal(term: Term) -> Literal | None:
    """The literal that a term is, where lists of literals are one; `None` for anything else."""
    if isinstance(term, Literal):
        return term
    if not isinstance(term, Items):
        return None
    found = [as_literal(item) for item in term.items]
    return None if any(item is None for item in found) else Literal([item.value for item in found if item is not None])


def describe(term: Term) -> str:
    """A term in messages."""
    words = {
        Literal: "a number",
        Items: "a list",
        Text: "a string",
        DTypeName: "a dtype",
        ShapeOf: "a shape",
        Results: "several results",
    }
    return str(term.type) if isinstance(term, Value) else words[type(term)]
