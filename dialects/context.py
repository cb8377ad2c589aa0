"""The context in which IR text of any level is read: all dialects are known, none is imported before its first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from xdsl.context import Context
from xdsl.ir import Dialect

# dialect name -> "module:object" of each part; an operation name belongs to the dialect before its first dot
DIALECTS: dict[str, tuple[str, ...]] = {
    "builtin": ("xdsl.dialects.builtin:Builtin",),
    "func": ("xdsl.dialects.func:Func",),
    "arith": ("xdsl.dialects.arith:Arith",),
    "math": ("xdsl.dialects.math:Math",),
    "scf": ("xdsl.dialects.scf:Scf",),
    "memref": ("xdsl.dialects.memref:MemRef",),
    "vector": ("xdsl.dialects.vector:Vector",),
    "cf": ("xdsl.dialects.cf:Cf",),
    "complex": ("xdsl.dialects.complex:Complex",),
    "llvm": ("xdsl.dialects.llvm:LLVM", "phintys.dialects.llvm_extra:LLVMExtra", "phintys.dialects.llvm_atomics:LLVMAtomics"),
    "nd": ("phintys.dialects.nd:Nd",),
    "rt": ("phintys.dialects.rt:Rt",),
    "blas": ("phintys.dialects.blas:Blas",),
    "lapack": ("phintys.dialects.lapack:Lapack",),
    "gpu": ("phintys.dialects.gpu:Gpu",),
    "nvvm": ("phintys.dialects.nvvm:Nvvm",),
    "xmath": ("phintys.dialects.xmath:XMath",),
    "test": ("xdsl.dialects.test:Test",),
}


def _load(path: str) -> Dialect:
    module, _, name = path.partition(":")
    found = getattr(import_module(module), name)
    assert isinstance(found, Dialect)
    return found


def _factory(name: str, paths: tuple[str, ...]) -> Callable[[], Dialect]:
    def load() -> Dialect:
        parts = [_load(path) for path in paths]
        operations = {op.name: op for part in reversed(parts) for op in part.operations}
        return Dialect(name, list(operations.values()), [attr for part in parts for attr in part.attributes])

    return load


def make_context(*, allow_unregistered: bool = False) -> Context:
    """A context that knows all dialects of the ladder; `builtin` is loaded, the others when a name is read."""
    context = Context(allow_unregistered=allow_unregistered)
    for name, paths in DIALECTS.items():
        context.register_dialect(name, _factory(name, paths))
    context.load_registered_dialect("builtin")
    return context
