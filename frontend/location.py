"""Where the user wrote an expression: file and line of the first frame outside of the package."""

from __future__ import annotations

import sys
from pathlib import Path

import phintys.ir.graph

# As the modules were found and where they lie: the package may be reached through links.
_FILES = [Path(file) for file in (__file__, phintys.ir.graph.__file__)]
_OWN = tuple(f"{folder}/" for file in _FILES for folder in {file.parent, file.resolve().parent})


def here() -> str | None:
    """`FILE:LINE` of the line of user code that is being executed; `None` when there is no such frame."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OWN):
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return None
