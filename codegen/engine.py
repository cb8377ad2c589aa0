"""LLVM: IR text -> optimized text, assembly or object; objects -> addresses in this process.

In: IR text, whose errors come back as `LLVMError` with LLVM's message (it is parsed and verified before anything else
touches it). Out: bytes that load in any process of the same toolchain (see `cache.toolchain_fingerprint`). Loaded code is
a `Code`: it is unloaded some time after the last reference to it is gone; the runtime stays.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

from phintys.ir.phases import phase

from . import blas, forks, rare, runtime_products, runtime_profile, symbols
from . import cache as disk
from .elf import symbols_of, unpack
from .machine import addresses_as_written, llvm, new_target_machine, run_passes, target_machine
from .runtime_memory import default_pool_limit
from .runtime_threads import default_threads

_LOCK = threading.RLock()
forks.wait_for(_LOCK)
_RUNTIME: dict[str, int] = {}
_RETIRED: deque[Any] = deque()  # engines whose code nothing can call any more


class Code:
    """Native code in memory: the address of its entry, and of its table (0: it has none) when it measures itself.

    Whoever may still call it has to hold this object.
    """

    def __init__(self, address: int, engine: Any, objects: int, table: int = 0) -> None:
        self.address, self.objects, self.table, self._engine = address, objects, table, engine

    def __del__(self, retired: deque[Any] = _RETIRED) -> None:
        # LLVM is not entered from here: this runs at any point of any thread. The next `load` does it.
        retired.append(self._engine)


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


def _optimized(text: str) -> Any:
    """Parse and optimize. O2 without SLP vectorization: on loop nests of ours O3 and SLP cost compile time and give
    nothing.

    Measured on a Rocket Lake class server (LLVM 22, best of five, ms for optimizer + code generation and ns an
    element): an exp loop 3.9 + 4.1 and 0.75, a copy loop 3.1 + 4.2 and 0.35; O1 and O3 within 10 %; code generation
    level 0 takes 3 ms off each and costs exp a third of its speed.
    """
    binding = llvm()
    module = _parsed(text)
    options = binding.create_pipeline_tuning_options(speed_level=2)
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


def compile_object(text: str, *, optimized: bool = True, long: bool = False) -> bytes:
    """An object file for the host; the runtime needs no optimizer, a call takes as long without.

    In `long` loops addresses are left as they are written. LLVM tries all ways of making sums of them, for all accesses
    together, which is half of the time that it takes to generate code for such a loop, and gives nothing there.
    """
    with _LOCK:
        module = (_optimized if optimized else _tidied)(text)
        with phase("LLVM: generate code"), addresses_as_written(long or not optimized):
            return bytes(target_machine().emit_object(module))


def compile_quickly(text: str) -> bytes:
    """An object file for the host, made without any optimization."""
    with _LOCK:
        module = _parsed(text)
        with phase("LLVM: generate code"):
            return bytes(target_machine(0).emit_object(module))


@cache
def _symbols_bound() -> None:
    """Tell LLVM once where the parts of Python and NumPy are that compiled code calls."""
    for name, address in symbols.addresses().items():
        llvm().add_symbol(name, address)


def _engine() -> Any:
    """An engine for one object.

    A call within an engine has to reach its target in 31 bits; between engines it goes through a stub next to the caller. The
    runtime's code and that of a function compiled later may be any distance apart once large arrays lie between them. LLVM's
    assertion on that distance would end the process. For the same reason the sections of one object are allocated as one
    piece, which `use_lmm` asks for.
    """
    binding = llvm()
    _symbols_bound()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), new_target_machine(2), use_lmm=True)
    # When the interpreter ends, its own cleaning up must not unmap code: threads may still be running it, and arrays that
    # outlive it free their memory through the runtime. Only `_unload` gives this reference back.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
    return engine


def _unload() -> None:
    """Unmap code that nothing can call any more."""
    while _RETIRED:
        engine = _RETIRED.popleft()
        engine.close()
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(engine))


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
            if sum(code.objects for code in list(_ENTRIES.values())) >= capacity():
                raise MemoryError(
                    f"this process holds the code of {len(_ENTRIES)} different functions, as many as the system's limit of "
                    "memory mappings (vm.max_map_count) leaves room for; drop some, start a new process or raise the limit"
                )
            start()
            found, engine = _load(data, [entry, *filter(None, [table])])
            code = _ENTRIES[entry] = Code(found[entry], engine, len(unpack(data)), found.get(table, 0))
        return code


def _load(data: bytes, names: list[str]) -> tuple[dict[str, int], Any]:
    """Addresses of names in an object, or in several, and the engine that holds the code.

    A host comes before its kernels: the loader, which does not know these yet, has it call them by way of stubs.
    """
    binding, engine = llvm(), _engine()
    objects = unpack(data)
    tables = [symbols_of(each) for each in objects]
    wanted = set[str]().union(*(table.undefined for table in tables)).difference(*(table.defined for table in tables))
    if not wanted.isdisjoint(runtime_products.NAMES):
        _start_products()
    if not wanted.isdisjoint(runtime_profile.NAMES):
        _start_part(runtime_profile.text(), runtime_profile.NAMES)
    for name, address in blas.addresses(wanted).items():
        binding.add_symbol(name, address)
    missing = sorted(name for name in wanted if name != "_GLOBAL_OFFSET_TABLE_" and not binding.address_of_symbol(name))
    if missing:
        raise LLVMError(f"compiled code calls {', '.join(missing)}, which no loaded library has")
    for each in objects:
        engine.add_object_file(binding.ObjectFileRef.from_data(each))
    engine.finalize_object()
    found = {name: engine.get_function_address(name) or engine.get_global_value_address(name) for name in names}
    if not all(found.values()):
        raise LLVMError(f"an object lacks its entry {', '.join(name for name in names if not found[name])}")
    return found, engine


def start() -> dict[str, int]:
    """Load the runtime once; addresses of its functions and variables."""
    with _LOCK:
        if not _RUNTIME:
            found = _load_runtime()
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


def _start_products() -> None:
    """Load the part of the runtime that shares products among threads once, and the library with it."""
    if "phi_dgemm" not in _RUNTIME:
        _start_part(runtime_products.text(), runtime_products.NAMES)
        ctypes.c_int32.from_address(_RUNTIME["phi_lapack_threads"]).value = blas.thread_count()


def _start_part(text: str, names: Sequence[str]) -> None:
    """Load a part of the runtime that only some functions use, once."""
    if names[0] not in _RUNTIME:
        found, _ = _load(_runtime_object(text, True), list(names))
        for name, address in found.items():
            llvm().add_symbol(name, address)
        _RUNTIME.update(found)


def started() -> dict[str, int]:
    """Addresses of the runtime's functions and variables; none where it has not been loaded yet."""
    return _RUNTIME


def start_in_background() -> None:
    """Begin to load the runtime: LLVM works on it while Python lowers the first function.

    What goes wrong is left to the first `load`, which tries again and says so.
    """

    def work() -> None:
        with contextlib.suppress(Exception):
            start()

    if not _RUNTIME:
        threading.Thread(target=work, name="phintys runtime").start()


def _load_runtime() -> dict[str, int]:
    """Load the runtime's parts, each of which may use what those before it have."""
    from .runtime import runtime_parts

    found: dict[str, int] = {}
    for part in runtime_parts():
        new, _ = _load(_runtime_object(part.text, part.often), list(part.names))
        for name, address in new.items():
            llvm().add_symbol(name, address)
        found.update(new)
    return found


def _runtime_object(text: str, often: bool) -> bytes:
    """The object of a part of the runtime, from the disk cache where it is there."""
    key = f"runtime {disk.toolchain_fingerprint()} {hashlib.sha256(text.encode()).hexdigest()}"
    found = disk.load(key)
    if found is not None:
        return found[0]
    made = compile_object(text, optimized=False) if often else compile_quickly(text)
    disk.store(key, made, {})
    return made


def _install_handler(found: dict[str, int]) -> None:
    """Wrap the runtime's NumPy memory handler in the capsule that NumPy expects; the reference is never given back."""
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    capsule = new(found["phi_numpy_handler"], _HANDLER_NAME, None)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(capsule))
    ctypes.c_void_p.from_address(found["phi_handler"]).value = id(capsule)


_HANDLER_NAME = b"mem_handler"  # a module constant: the capsule keeps the pointer
