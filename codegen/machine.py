"""The host as LLVM knows it: its binding, target machines, the CPU's name and what functions are told about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from phintys.ir.phases import phase


@cache
def llvm() -> Any:
    """llvmlite's binding, initialized when first needed."""
    with phase("LLVM: load"):
        import llvmlite.binding as binding

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
    return binding


@cache
def target_machine(opt: int = 2) -> Any:
    """The host's target machine."""
    return new_target_machine(opt)


def new_target_machine(opt: int) -> Any:
    """One of its own, for an engine to keep. Position-independent: what is far away is reached through a table."""
    binding = llvm()
    triple = binding.get_process_triple()
    if not sys.platform.startswith("linux"):
        triple += "-elf"
    with phase("LLVM: load"):
        return binding.Target.from_triple(triple).create_target_machine(
            cpu=host_cpu()[0], features=host_cpu()[1], opt=opt, reloc="pic", codemodel="default"
        )


@cache
def host_cpu() -> tuple[str, str]:
    """Name and feature string of the host's CPU."""
    binding = llvm()
    return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()


@cache
def function_attributes() -> str:
    """Attributes of every function of a compiled module.

    Full-width vectors where the CPU has AVX-512: an exp loop takes 0.75 ns an element against 1.03 with 256 bits (1.0
    against 1.8 out of cache); a copy loop is bound by memory either way, and in L2 gives back 0.08.
    """
    return "nounwind" + (' "prefer-vector-width"="512"' if "+avx512f" in host_cpu()[1] else "")


@contextmanager
def addresses_as_written(wanted: bool) -> Iterator[None]:
    """No loop strength reduction meanwhile, if so wanted. The option is LLVM's, for all of the process."""
    if not wanted:
        yield
        return
    set_option = llvm().set_option
    set_option("phintys", "-disable-lsr=true")
    try:
        yield
    finally:
        set_option("phintys", "-disable-lsr=false")


def run_passes(passes: Any, module: Any, builder: Any) -> None:
    """Run a module pass manager on a module and free it.

    llvmlite (0.50) frees no pass manager, since its class takes an empty `_dispose` from another base: 110 KiB a
    compilation. The callbacks of a pass builder, 1.7 KiB, stay: nothing in its interface frees them.
    """
    try:
        passes.run(module, builder)
    finally:
        llvm().newpassmanagers.NewPassManager._dispose(passes)
