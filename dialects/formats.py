"""xDSL's assembly formats, parsed when an operation is first read or printed.

xDSL parses the `assembly_format` of each operation class when the class is made. `function()` makes two hundred
classes and neither reads nor prints text, so that half of what it costs to import the dialects would be spent on
formats it has no use for.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from xdsl.irdl import OpDef
from xdsl.irdl.declarative_assembly_format import FormatProgram

_parse_format = FormatProgram.from_str


class DeferredFormat:
    """Stands for the format of one operation until it is needed."""

    def __init__(self, text: str, op_def: OpDef) -> None:
        self._source = text, op_def

    @cached_property
    def _program(self) -> FormatProgram:
        return _parse_format(*self._source)

    def parse(self, *args: Any) -> Any:
        """Read an operation."""
        return self._program.parse(*args)

    def print(self, *args: Any) -> None:
        """Print an operation."""
        self._program.print(*args)


def defer_formats() -> None:
    """Let operation classes made from now on parse their formats when they first need them."""
    FormatProgram.from_str = staticmethod(DeferredFormat)  # type: ignore[method-assign,assignment]
