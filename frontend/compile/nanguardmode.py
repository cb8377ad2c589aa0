"""`NanGuardMode`, where Theano has it; see `modes.py`."""

from __future__ import annotations

from ..modes import NanGuardMode

__all__ = ["NanGuardMode"]
