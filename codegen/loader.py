"""Objects -> addresses in this process, by `linker` where it can, else by LLVM; the names that objects may use.

`define(names)` says where something is; what nobody has said is looked for among the libraries of the process. `load(data,
wanted)` gives the addresses of names that objects have, and a `Loaded`, whose `close` unmaps the code.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from phintys.ir.phases import phase

from . import linker, symbols
from .elf import symbols_of, unpack


class LoadError(Exception):
    """An object uses a name that this process does not have, or lacks one that it should have."""


class Loaded(Protocol):
    """Code in memory."""

    def close(self) -> None:
        """Unmap it: nothing may run there any more."""


_NAMES: dict[str, int] = {}


def define(names: Mapping[str, int]) -> None:
    """Say where names are that objects loaded from now on may use."""
    _NAMES.update(names)
    if not linker.available():
        from .machine import llvm

        for name, address in names.items():
            llvm().add_symbol(name, address)


@cache
def _python_defined() -> None:
    define(symbols.addresses())


def undefined(data: bytes) -> set[str]:
    """Names that objects use and do not have."""
    tables = [symbols_of(each) for each in unpack(data)]
    return set[str]().union(*(table.undefined for table in tables)).difference(*(table.defined for table in tables))


def load(data: bytes, wanted: Iterable[str]) -> tuple[dict[str, int], Loaded, int]:
    """Addresses of names in one object, or in several, what unmaps them, and how many mappings' worth they are.

    LoadError where a name is missing, which would otherwise end the process.
    """
    _python_defined()
    missing = sorted(name for name in undefined(data) if name != "_GLOBAL_OFFSET_TABLE_" and not address_of(name))
    if missing:
        raise LoadError(f"compiled code calls {', '.join(missing)}, which no loaded library has")
    objects = unpack(data)
    with phase("load objects"):
        if linker.available():
            image = linker.link(objects, address_of)
            loaded: Loaded = image
            found = {name: image.addresses.get(name, 0) for name in wanted}
        else:
            loaded = _Engine(objects)
            found = {name: loaded.address_of(name) for name in wanted}
    if not all(found.values()):
        raise LoadError(f"an object lacks its entry {', '.join(name for name in found if not found[name])}")
    return found, loaded, 1 if linker.available() else len(objects)


def address_of(name: str) -> int:
    """The address of a name; 0 where nobody has it."""
    if name not in _NAMES:
        _NAMES[name] = _in_process(name)
    return _NAMES[name]


def _in_process(name: str) -> int:
    """The address of a function of the libraries of this process. LLVM has some that C compilers would link."""
    for library in _libraries():
        with contextlib.suppress(AttributeError):
            return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
    from .machine import llvm

    return llvm().address_of_symbol(name) or 0


@cache
def _libraries() -> Sequence[ctypes.CDLL]:
    return (ctypes.CDLL(None),)


class _Engine:
    """LLVM's loader for one function: on machines whose objects `linker` does not read.

    A call within an engine has to reach its target in 31 bits; between engines it goes through a stub next to the caller. The
    runtime's code and that of a function compiled later may be any distance apart once large arrays lie between them. LLVM's
    assertion on that distance would end the process. For the same reason the sections of one object are allocated as one
    piece, which `use_lmm` asks for. A host comes before its kernels: the loader, which does not know these yet, has it call
    them by way of stubs.
    """

    def __init__(self, objects: Sequence[bytes]) -> None:
        from .machine import llvm, new_target_machine

        binding = llvm()
        self._engine: Any = binding.create_mcjit_compiler(binding.parse_assembly(""), new_target_machine(2), use_lmm=True)
        # When the interpreter ends, its own cleaning up must not unmap code: threads may still be running it, and arrays that
        # outlive it free their memory through the runtime. Only `close` gives this reference back.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._engine))
        for each in objects:
            self._engine.add_object_file(binding.ObjectFileRef.from_data(each))
        self._engine.finalize_object()

    def address_of(self, name: str) -> int:
        """The address of a name in the objects; 0 where they lack it."""
        return int(self._engine.get_function_address(name) or self._engine.get_global_value_address(name))

    def close(self) -> None:
        """Unmap the code."""
        self._engine.close()
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(self._engine))
