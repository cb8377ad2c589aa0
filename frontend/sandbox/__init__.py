"""Theano's folder of things that never left its sandbox; here `rng_mrg`, and `linalg` for old programs."""

from __future__ import annotations

from ..aliases import names

__getattr__ = names(__name__)
