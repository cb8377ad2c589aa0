"""LLVM: IR text -> optimized text, assembly or object; objects -> addresses in this process.

In: IR text, whose errors come back as `LLVMError` with LLVM's message (it is parsed and verified before anything else
touches it). Out: bytes that load in any process of the same toolchain (see `cache.toolchain_fingerprint`). Loaded code is
a `Code`: it is unloaded some time after the last reference to it is gone; the runtime stays.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

from phintys.ir.phases import beside, phase

from . import blas, forks, linker, loader, parts, rare
from .defaults import default_pool_limit, default_threads
from .machine import addresses_as_written, llvm, run_passes, target_machine

_LOCK = threading.RLock()
forks.wait_for(_LOCK)
_RUNTIME: dict[str, int] = {}
_RETIRED: deque[loader.Loaded] = deque()  # code that nothing can call any more


class Code:
    """Native code in memory: the address of its entry, and of its table (0: it has none) when it measures itself.

    Whoever may still call it has to hold this object.
    """

    def __init__(self, address: int, loaded: loader.Loaded, mappings: int, table: int = 0) -> None:
        self.address, self.mappings, self.table, self._loaded = address, mappings, table, loaded

    def __del__(self, retired: deque[loader.Loaded] = _RETIRED) -> None:
        # Nothing is unmapped here: this runs at any point of any thread. The next `load` does it.
        retired.append(self._loaded)


_ENTRIES: WeakValueDictionary[str, Code] = WeakValueDictionary()


class LLVMError(Exception):
    """LLVM refused the text, or an object uses a symbol that this process does not have."""


def _parsed(text: str) -> Any:
    binding = llvm()
    try:
        with phase("LLVM: parse and verify"):
            # A context of its own: the global one keeps every type and constant that it has seen.
            module = binding.parse_assembly(text, binding.create_context())
            module.verify()
    except RuntimeError as error:
        raise LLVMError(f"LLVM does not accept the module: {str(error).strip()}") from None
    module.triple = target_machine().triple
    module.data_layout = str(target_machine().target_data)
    return module


def _optimized(text: str, loops: bool = True) -> Any:
    """Parse and optimize: what has no loops at O1, as O2 compares all accesses to memory with one another.

    Else O2 without SLP vectorization: on loop nests of ours O3 and SLP cost compile time and give nothing.

    Measured on a Rocket Lake class server (LLVM 22, best of five, ms for optimizer + code generation and ns an
    element): an exp loop 3.9 + 4.1 and 0.75, a copy loop 3.1 + 4.2 and 0.35; O1 and O3 within 10 %; code generation
    level 0 takes 3 ms off each and costs exp a third of its speed.
    """
    binding = llvm()
    module = _parsed(text)
    options = binding.create_pipeline_tuning_options(speed_level=2 if loops else 1)
    options.loop_vectorization = options.loop_interleaving = options.loop_unrolling = True
    options.slp_vectorization = False
    builder = binding.create_pass_builder(target_machine(), options)
    with phase("LLVM: optimize"):
        run_passes(builder.getModulePassManager(), module, builder)
        if rare.PREFIX in text:
            _inline_variants(module)
    return module


def _inline_variants(module: Any) -> None:
    """Inline the functions of `rare` that the vectorizer has put calls of."""
    binding = llvm()
    passes = binding.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    run_passes(passes, module, binding.create_pass_builder(target_machine(), binding.create_pipeline_tuning_options()))


def _tidied(text: str) -> Any:
    """Parse, inline what has to be and clean up behind it: half the time of optimizing, for code written by hand."""
    binding = llvm()
    module = _parsed(text)
    passes = binding.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    run_passes(passes, module, binding.create_pass_builder(target_machine(), binding.create_pipeline_tuning_options()))
    return module


def optimize(text: str) -> str:
    """The text after LLVM's optimizer."""
    with _LOCK:
        return str(_optimized(text))


def assembly(text: str, *, optimize: bool = True) -> str:
    """The host's assembly for the text, which is optimized before unless it was already."""
    with _LOCK:
        module = (_optimized if optimize else _parsed)(text)
        with phase("LLVM: generate code"):
            return str(target_machine().emit_assembly(module))


# Lines of a text from which on addresses are left as they are written though they lie apart.
LONG = 110


def compile_object(text: str, *, optimized: bool = True, loops: bool = True) -> bytes:
    """An object file for the host; the runtime needs no optimizer, a call takes as long without. `loops`: whether there are.

    Addresses are left as they are written. LLVM would try all ways of making sums of them, for all accesses of a loop together:
    a third to a half of the time that it takes to generate code. What lies side by side is then summed up to a quarter slower;
    additions of transposed matrices gain up to 1.9, so that short loops of that kind are left to it.
    """
    apart = '"phi.strided"' in text and text.count("\n") <= LONG
    with _LOCK:
        module = _optimized(text, loops) if optimized else _tidied(text)
        with phase("LLVM: generate code"), addresses_as_written(not apart):
            return bytes(target_machine().emit_object(module))


def compile_quickly(text: str) -> bytes:
    """An object file for the host, made without any optimization."""
    with _LOCK:
        module = _parsed(text)
        with phase("LLVM: generate code"):
            return bytes(target_machine(0).emit_object(module))


def _unload() -> None:
    """Unmap code that nothing can call any more."""
    while _RETIRED:
        _RETIRED.popleft().close()


@cache
def capacity() -> int:
    """How many objects can be loaded: each takes three memory mappings, and LLVM ends the process that gets no more."""
    try:
        with open("/proc/sys/vm/max_map_count", encoding="ascii") as file:
            return int(file.read()) // 4
    except (OSError, ValueError):
        return sys.maxsize


def load(data: bytes, entry: str, table: str = "") -> Code:
    """Load an object, which has a table of this name; an entry that is loaded already is not loaded again."""
    with _LOCK:
        _unload()
        code = _ENTRIES.get(entry)
        if code is None:
            if sum(code.mappings for code in list(_ENTRIES.values())) >= capacity():
                raise MemoryError(
                    f"this process holds the code of {len(_ENTRIES)} different functions, as many as the system's limit of "
                    "memory mappings (vm.max_map_count) leaves room for; drop some, start a new process or raise the limit"
                )
            start()
            found, loaded, mappings = _load(data, [entry, *filter(None, [table])])
            code = _ENTRIES[entry] = Code(found[entry], loaded, mappings, found.get(table, 0))
        return code


def _load(data: bytes, names: list[str]) -> tuple[dict[str, int], loader.Loaded, int]:
    """Load objects, and before them what they use of the library and of the runtime's seldom used parts."""
    wanted = loader.undefined(data)
    for group in parts.GROUPS[1:]:
        if not wanted.isdisjoint(parts.names(group)):
            _start_group(group)
    loader.define(blas.addresses(wanted))
    try:
        return loader.load(data, names)
    except (loader.LoadError, linker.LinkError) as error:
        raise LLVMError(str(error)) from None


def start() -> dict[str, int]:
    """Load the runtime once; addresses of its functions and variables."""
    with _LOCK:
        if not _RUNTIME:
            found = _runtime(parts.BASE)
            _install_handler(found)
            ctypes.c_int64.from_address(found["phi_pool_limit"]).value = default_pool_limit()
            ctypes.c_int32.from_address(found["phi_threads"]).value = default_threads()
            lock = ctypes.c_int32.from_address(found["phi_pool_lock"])
            empty_team = ctypes.CFUNCTYPE(None)(found["phi_team_reset"])
            if hasattr(os, "register_at_fork"):  # another thread of the parent may have held it
                os.register_at_fork(after_in_child=lambda: setattr(lock, "value", 0))
                os.register_at_fork(after_in_child=empty_team)
            _RUNTIME.update(found)
        return _RUNTIME


def _start_group(group: Sequence[str]) -> None:
    """Load parts of the runtime that only some functions use, once; with that for LAPACK, its threads."""
    if parts.names(group)[0] not in _RUNTIME:
        _RUNTIME.update(_runtime(group))
        if group == parts.LAPACK:
            ctypes.c_int32.from_address(_RUNTIME["phi_lapack_threads"]).value = blas.thread_count()


def _runtime(wanted: Sequence[str]) -> dict[str, int]:
    """Load parts of the runtime, which may use each other and what was loaded before."""
    with phase("runtime"):
        found, *_ = _load(parts.objects(wanted), parts.names(wanted))
    loader.define(found)
    return found


def started() -> dict[str, int]:
    """Addresses of the runtime's functions and variables; none where it has not been loaded yet."""
    return _RUNTIME


def start_in_background() -> None:
    """Begin to load the runtime: LLVM works on it while Python lowers the first function.

    What goes wrong is left to the first `load`, which tries again and says so.
    """

    collected = beside("load the runtime")

    def work() -> None:
        with collected, contextlib.suppress(Exception):
            start()

    if not _RUNTIME:
        threading.Thread(target=work, name="phintys runtime").start()


def _install_handler(found: dict[str, int]) -> None:
    """Wrap the runtime's NumPy memory handler in the capsule that NumPy expects; the reference is never given back."""
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    capsule = new(found["phi_numpy_handler"], _HANDLER_NAME, None)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(capsule))
    ctypes.c_void_p.from_address(found["phi_handler"]).value = id(capsule)


_HANDLER_NAME = b"mem_handler"  # a module constant: the capsule keeps the pointer
