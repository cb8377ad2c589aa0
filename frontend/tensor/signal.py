"""Theano's `tensor.signal`: convolutions and pools, which are not available yet."""

from __future__ import annotations

from ..aliases import names
from ..later import conv2d, pool_2d, pool_3d

max_pool_2d = pool_2d

__all__ = ["conv2d", "max_pool_2d", "pool_2d", "pool_3d"]
__getattr__ = names(__name__)  # `T.signal.pool.pool_2d`
