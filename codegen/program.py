"""From the text of a function to its objects: the host is compiled, kernels come from the object cache where they are there.

A host of kernels without a loop of its own that LLVM could do better is made without any optimization: a call takes as long
(steps of nets of 1 to 100 layers: within 1 %), and code generation a tenth of the time at 50 layers and a twentieth at 200,
since what LLVM does to large functions grows faster than they do. Without kernels it computes with scalars, and is optimized at
level 1: level 2 makes it no faster, and takes three times as long at 1,000 states.
"""

from __future__ import annotations

from . import cache, engine
from .elf import pack
from .kernels import split


def compile_program(text: str, *, anew: bool = False) -> bytes:
    """The objects of a function, packed, the host's before those of its kernels; with `anew` all of them are made."""
    program = split(text)
    quickly = program.plain and program.kernels
    host = engine.compile_quickly(program.host) if quickly else engine.compile_object(program.host, loops=not program.plain)
    return pack([host, *(_kernel(name, kernel, anew) for name, kernel in program.kernels.items())])


def _kernel(name: str, text: str, anew: bool) -> bytes:
    """The object of a kernel, whose name says what it does."""
    key = f"{name} {cache.toolchain_fingerprint()}"
    found = None if anew else cache.load(key)
    if found is not None:
        return found[0]
    made = engine.compile_object(text)
    cache.store(key, made, {})
    return made
