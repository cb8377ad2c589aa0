"""Theano's folder of things that never left its sandbox; here `rng_mrg`, and `linalg` for old programs."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """Its files, loaded when they are asked for: `theano.sandbox.rng_mrg.MRG_RandomStreams`."""
    if name in ("linalg", "rng_mrg"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
