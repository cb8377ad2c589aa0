"""Theano's `ifelse`, which computes only one of two branches: not available yet."""

from __future__ import annotations

from .later import later

ifelse = later("theano.ifelse.ifelse", "T.switch chooses element by element and computes both sides")

__all__ = ["ifelse"]
