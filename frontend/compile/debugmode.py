"""`DebugMode`, where Theano has it; see `modes.py`."""

from __future__ import annotations

from ..modes import DebugMode

__all__ = ["DebugMode"]
