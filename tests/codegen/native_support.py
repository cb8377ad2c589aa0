"""Shared by the tests of code generation: parse llvm-dialect text, compile and bind it, write bodies shortly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.context import Context
from xdsl.dialects import builtin, llvm
from xdsl.parser import Parser

from phintys.codegen.assemble import assemble
from phintys.codegen.engine import compile_object
from phintys.codegen.executable import Executable
from phintys.dialects.llvm_extra import LLVMExtra

DECLARATIONS = """
llvm.func @phi_output(!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr
llvm.func @phi_alloc(i64) -> !llvm.ptr
llvm.func @phi_free(!llvm.ptr)
"""


class SlowPathTaken(Exception):
    """Raised by the slow path of the tests; its arguments are the call's."""


class CheckFailed(Exception):
    """Raised by `fail` of the tests; its arguments are the check's number and values."""


def parse(text: str) -> builtin.ModuleOp:
    """A verified module."""
    context = Context()
    for dialect in (builtin.Builtin, llvm.LLVM, LLVMExtra):
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def function(
    arguments: Sequence[str],
    results: Sequence[str],
    body: str,
    checks: Sequence[str] = (),
    declarations: str = DECLARATIONS,
) -> str:
    """A module with one public function @f; its arguments are called %NAME, and %NAME_D for dynamic dimension D."""
    parameters = ["%ctx: !llvm.ptr"]
    for text in arguments:
        kind, _, name = text.rpartition(" ")
        parameters.append(f"%{name}: !llvm.ptr {{llvm.noalias}}")
        sizes = kind.partition("[")[2].rstrip("]").split(",")
        parameters += [f"%{name}_{d}: i64" for d, size in enumerate(sizes) if size.strip() == "?"]
    quoted = [", ".join(f'"{entry}"' for entry in entries) for entries in (arguments, results, checks)]
    return f"""
    {declarations}
    llvm.func @f({", ".join(parameters)}) -> i32 attributes {{
        phi.arguments = [{quoted[0]}], phi.results = [{quoted[1]}], phi.checks = [{quoted[2]}]}} {{
      %ok = llvm.mlir.constant(0 : i32) : i32
      %zero = llvm.mlir.constant(0 : i64) : i64
      %one = llvm.mlir.constant(1 : i64) : i64
      %null = llvm.mlir.zero : !llvm.ptr
      {body}
    }}
    """


def slow(*args: Any, **kwargs: Any) -> None:
    """A slow path that tells it was taken."""
    raise SlowPathTaken(args, kwargs)


def fail(number: int, values: tuple[int, ...]) -> None:
    """A `fail` that tells with what it was called."""
    raise CheckFailed(number, values)


def compiled(text: str) -> Executable:
    """Module text to an executable."""
    source, interface = assemble(parse(text))
    return Executable(compile_object(source), interface)


def bound(text: str, states: Sequence[list[Any]] = (), unpack: bool = True) -> Callable[..., Any]:
    """Module text to a builtin with the slow path and `fail` of the tests."""
    return compiled(text).bind(states, slow, fail, unpack)


def scalar_function(inputs: Sequence[str], output: str, body: str, storage: str | None = None) -> str:
    """A module whose @f loads scalar inputs into %a, %b, ... and stores %r; bool is i8 in memory."""
    names = "abc"[: len(inputs)]
    loads = [
        f"%{name} = llvm.load %p{name} : !llvm.ptr -> {memory_type(kind)}" for name, kind in zip(names, inputs, strict=True)
    ]
    steps = "\n".join(
        [
            *loads,
            body,
            "%out = llvm.call @phi_output(%ctx, %ok, %null) : (!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr",
            f"llvm.store %r, %out : {storage or memory_type(output)}, !llvm.ptr",
            "llvm.return %ok : i32",
        ]
    )
    arguments = [f"input {kind}[] p{name}" for name, kind in zip(names, inputs, strict=True)]
    return function(arguments, [f"output {output}[]"], steps)


def memory_type(short: str) -> str:
    """The signless type that a dtype has in memory."""
    return "i8" if short == "bool" else short.replace("u", "i")
