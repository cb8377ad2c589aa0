"""`x * log(x)` and `x * log(y)`, zero where `x` is zero."""

from __future__ import annotations

from typing import Any

from .build import as_tensor_variable
from .elementwise import eq, log, switch
from .var import TensorVariable

__all__ = ["xlogx", "xlogy0"]


def xlogx(x: Any) -> TensorVariable:
    """`x * log(x)`, 0 at 0."""
    value = as_tensor_variable(x)
    return xlogy0(value, value)


def xlogy0(x: Any, y: Any) -> TensorVariable:
    """`x * log(y)`, 0 where `x` is 0, and its derivatives there too."""
    factor = as_tensor_variable(x)
    return factor * log(switch(eq(factor, 0), 1, y))
