"""llvm-dialect module -> LLVM IR text with the native entry, and the interface it was made for."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr

from phintys.ir.phases import phase

from .entry import with_entry
from .interface import Interface
from .machine import function_attributes
from .text import TranslationError
from .translate import translate


def assemble(module: ModuleOp) -> tuple[str, Interface]:
    """The text to give to `engine.compile_object`, and the interface for `Executable`."""
    functions = [op for op in module.body.ops if isinstance(op, llvm.FuncOp) and "phi.arguments" in op.attributes]
    if len(functions) != 1:
        raise TranslationError(f"a module to compile has one function with phi.arguments, this one has {len(functions)}")
    interface = interface_of(functions[0])
    attributes = function_attributes()
    with phase("translate to LLVM IR"):
        body = translate(module, hide=True, attributes=attributes)
        return with_entry(body, functions[0].sym_name.data, interface, attributes)


def interface_of(function: llvm.FuncOp) -> Interface:
    """The interface in the `phi.*` attributes of a function, checked against its signature."""
    arguments, results, checks, hosts, profile = (
        _strings(function, f"phi.{name}") for name in ("arguments", "results", "checks", "hosts", "profile")
    )
    interface = Interface.parse(arguments, results, checks, hosts=hosts, profile=profile)
    wanted = ["!llvm.ptr"]
    for argument in interface.arguments:
        wanted += ["!llvm.ptr"] + ["i64"] * argument.type.shape.count(None)
    found = [str(kind) for kind in function.function_type.inputs.data]
    if found != wanted or str(function.function_type.output) != "i32":
        raise TranslationError(
            f"@{function.sym_name.data}: phi.arguments ask for ({', '.join(wanted)}) -> i32, the function is "
            f"({', '.join(found)}) -> {function.function_type.output}"
        )
    return interface


def _strings(function: llvm.FuncOp, name: str) -> Sequence[str]:
    value = function.attributes.get(name, ArrayAttr([]))
    if not isinstance(value, ArrayAttr) or not all(isinstance(item, StringAttr) for item in value.data):
        raise TranslationError(f"@{function.sym_name.data}: {name} must be an array of strings, got {value}")
    return [item.data for item in value.data if isinstance(item, StringAttr)]
