"""The row of an operation in the table of `ops.py`, and short ways to write one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import infer as i
from .types import TensorType, TypeInferenceError

REQUIRED: Any = object()  # default of an attribute that has to be given


@dataclass(frozen=True)
class OpRow:
    """One operation: `operands` is a count, or a minimum when `variadic`; `infix` is its sign in graph text."""

    name: str
    operands: int
    rule: i.Infer
    family: str
    attrs: Mapping[str, Any] = field(default_factory=dict)
    variadic: bool = False
    infix: str | None = None
    commutative: bool = False
    doc: str = ""

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes with defaults filled in; TypeInferenceError for unknown or missing ones."""
        if not self.attrs and not given:
            return {}
        unknown = sorted(given.keys() - self.attrs.keys())
        if unknown:
            known = ", ".join(self.attrs) or "none"
            raise TypeInferenceError(f"{self.name} has no attribute '{unknown[0]}'; it has: {known}")
        result = {**self.attrs, **given}
        missing = [key for key, value in result.items() if value is REQUIRED]
        if missing:
            raise TypeInferenceError(f"{self.name} needs the attribute '{missing[0]}'")
        return result

    def infer(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
        """Result types; normalizes `attrs` in place (negative axes). TypeInferenceError when the operands do not fit."""
        if len(types) < self.operands or (len(types) > self.operands and not self.variadic):
            wanted = f"{self.operands} or more" if self.variadic else str(self.operands)
            raise TypeInferenceError(f"{self.name} takes {wanted} operands, got {len(types)}")
        try:
            return self.rule(types, attrs)
        except TypeInferenceError as error:
            if self.name in str(error):
                raise
            raise TypeInferenceError(f"{self.name}: {error}") from None


def unary(name: str, rule: i.Infer, doc: str) -> OpRow:
    """An elementwise operation of one operand."""
    return OpRow(name, 1, rule, "elementwise", doc=doc)


def binary(name: str, rule: i.Infer, infix: str | None, doc: str, *, commutative: bool = False) -> OpRow:
    """An elementwise operation of two operands."""
    return OpRow(name, 2, rule, "elementwise", infix=infix, commutative=commutative, doc=doc)


def reduction(name: str, rule: i.Infer, doc: str) -> OpRow:
    """A reduction over `axes`."""
    return OpRow(name, 1, rule, "reduction", {"axes": REQUIRED}, doc=doc)


SAME = i.elementwise(i.same)
FLOAT = i.elementwise(i.floating)
ORDERED = i.refuse_complex(SAME)
REAL_FLOAT = i.refuse_complex(FLOAT)
