"""`Op`, and test values, by the names they have in `theano.gof.op`; see `op.py` and `test_values.py`."""

from __future__ import annotations

from ..op import Op
from ..test_values import debug_assert, get_debug_values, get_test_value

__all__ = ["Op", "debug_assert", "get_debug_values", "get_test_value"]
