"""Modes, by the names they have in `theano.compile.mode`; see `modes.py`."""

from __future__ import annotations

from ..aliases import names
from ..modes import FAST_COMPILE, FAST_RUN, Mode, get_default_mode, get_mode, predefined_modes, register_mode

__all__ = ["FAST_COMPILE", "FAST_RUN", "Mode", "get_default_mode", "get_mode", "predefined_modes", "register_mode"]

__getattr__ = names(__name__)
