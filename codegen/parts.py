"""The parts of the runtime: where the text of each is, what others may use of it, and its object, from the cache or made.

A process loads those of `BASE` together before its first function, the others with the first function that uses them. Their
texts are read only where their objects are not in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from . import cache
from .elf import pack


class Part(NamedTuple):
    """A part: the function that gives its text, the names that others use, and whether all calls run through it.

    For those that seldom do, plain code is good enough: LLVM makes it five times as fast.
    """

    text: str
    names: tuple[str, ...]
    often: bool


PARTS = {
    "memory": Part(
        "runtime:memory",
        (
            *("phi_alloc", "phi_alloc_near", "phi_free", "phi_free_all"),
            *("phi_pool_clear", "phi_pool_limit", "phi_pool_held", "phi_pool_lock"),
            *("phi_handler", "phi_numpy_handler", "phi_parallel", "phi_team_reset", "phi_threads"),
        ),
        False,
    ),
    "calls": Part("runtime:calls", ("phi_call", "phi_enter", "phi_leave", "phi_output"), True),
    "seldom": Part("runtime:seldom", ("phi_slow", "phi_host"), False),
    "products of f64": Part("runtime_products:double", ("phi_dgemm", "phi_dgemv"), True),
    "shared products of f64": Part("runtime_products_shared:double", (), False),
    "products of f32": Part("runtime_products:single", ("phi_sgemm", "phi_sgemv"), True),
    "shared products of f32": Part("runtime_products_shared:single", (), False),
    "LAPACK": Part("runtime_products_shared:lapack", ("phi_lapack_team", "phi_lapack_threads"), False),
    "profile": Part("runtime_profile:text", ("phi_clock", "phi_record"), True),
}
BASE = ("memory", "calls", "seldom")
LAPACK = ("LAPACK",)
# Those that use each other are loaded together.
GROUPS = (BASE, *((f"products of {kind}", f"shared products of {kind}") for kind in ("f64", "f32")), LAPACK, ("profile",))


def names(parts: Sequence[str]) -> list[str]:
    """What others may use of parts."""
    return [name for part in parts for name in PARTS[part].names]


def objects(parts: Sequence[str]) -> bytes:
    """The objects of parts, packed, from the disk cache where they are there."""
    key = f"runtime {' '.join(parts)} {cache.toolchain_fingerprint()}"
    found = cache.load(key)
    if found is not None:
        return found[0]
    made = pack([_made(PARTS[part]) for part in parts])
    cache.store(key, made, {})
    return made


def _made(part: Part) -> bytes:
    from .engine import compile_object, compile_quickly

    module, _, function = part.text.partition(":")
    text = getattr(import_module(f".{module}", __package__), function)()
    return compile_object(text, optimized=False) if part.often else compile_quickly(text)
