"""Theano's `sandbox.linalg`, from before its functions moved to `tensor.nlinalg` and `tensor.slinalg`."""

from __future__ import annotations

from ..tensor.nlinalg import *  # noqa: F403
from ..tensor.nlinalg import __all__ as _nlinalg
from ..tensor.slinalg import *  # noqa: F403
from ..tensor.slinalg import __all__ as _slinalg

__all__ = [*_nlinalg, *_slinalg]
