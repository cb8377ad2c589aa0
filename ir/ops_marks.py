"""Rows of marks: values that pass through unchanged, with a derivative of their own. They are gone before code is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .op_row import REQUIRED, OpRow
from .types import TensorType, TypeInferenceError


def _mark(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    """The first operand's type; the others are scalars, which only the derivative uses."""
    if any(type.ndim for type in types[1:]):
        raise TypeInferenceError(f"expected scalars after the first operand, got {', '.join(map(str, types[1:]))}")
    return [types[0]]


MARKS: tuple[OpRow, ...] = (
    OpRow("zero_grad", 1, _mark, "mark", doc="x, through which no derivative passes."),
    OpRow("stop_grad", 1, _mark, "mark", doc="x, on which nothing depends as far as derivatives are concerned."),
    OpRow("grad_clip", 3, _mark, "mark", doc="x, whose derivative is kept between y and z."),
    OpRow("grad_scale", 2, _mark, "mark", doc="x, whose derivative is multiplied by y."),
    OpRow("transfer", 1, _mark, "mark", {"target": REQUIRED}, doc="x; as a result, it is wanted on the device `target`."),
)
