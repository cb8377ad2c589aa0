"""Test values, by the names they have in `theano.gof.op`; see `test_values.py`."""

from __future__ import annotations

from ..test_values import debug_assert, get_debug_values, get_test_value

__all__ = ["debug_assert", "get_debug_values", "get_test_value"]
