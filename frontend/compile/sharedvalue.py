"""Shared variables, by the names they have in `theano.compile.sharedvalue`."""

from __future__ import annotations

from ..shared import shared
from ..tensor.sharedvar import TensorSharedVariable as SharedVariable

__all__ = ["SharedVariable", "shared"]
