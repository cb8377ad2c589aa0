"""The ladder of `phintys-opt`: reading text of any rung, going down to another, printing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from phintys.dialects.text import module_text, parse_module
from phintys.ir.diagnostics import Source, error
from phintys.passes.pipeline import LEVELS, load_pass, stages

from .opt_passes import Runner

ENDINGS = {".phi": "phi", ".mlir": "mlir"}
LOOPS = {"memref", "scf", "arith", "math", "xmath", "cf", "rt", "blas", "complex"}


def text_format(source: Source, given: str | None) -> str:
    """`phi` or `mlir`: as given, by the file's ending, or by the first word."""
    ending = ENDINGS.get(Path(source.name).suffix)
    if given or ending:
        return given or str(ending)
    lines = (line.strip() for line in source.text.splitlines())
    first = next((line for line in lines if line and not line.startswith(("#", "//"))), "")
    return "phi" if first.startswith("graph ") else "mlir"


def read_module(source: Source, format: str, context: Context) -> ModuleOp:
    """The module that the text holds; of graph text, its nd."""
    if format == "mlir":
        return parse_module(source.text, source.name, context, source.first_line)
    from phintys.ir.parser import parse_graphs
    from phintys.passes.convert_graph_to_nd import graphs_to_module

    return graphs_to_module(parse_graphs(source.text, source.name, source.first_line))


def level_of(module: ModuleOp) -> str:
    """The rung a module stands on, by the dialects of its operations."""
    names = {op.name for op in module.walk()}
    dialects = {name.partition(".")[0] for name in names}
    if "nd" in dialects:
        return "fused" if "nd.fused" in names else "nd"
    if "llvm" in dialects:
        return "llvm"
    return "loops" if LOOPS & dialects or _takes_memory(module) else "nd"


def _takes_memory(module: ModuleOp) -> bool:
    functions = [op for op in module.body.block.ops if isinstance(op, FuncOp)]
    return any(type.name == "memref" for op in functions for type in op.function_type.inputs.data)


def descend(module: ModuleOp, runner: Runner, target: str, optimize: bool) -> None:
    """Run the pipeline's stages from the module's rung to `target`, in place."""
    entry = level_of(module)
    if LEVELS.index(target) < LEVELS.index(entry) and not (target == "graph" and entry in ("nd", "fused")):
        raise error(f"this module is of level {entry}; the ladder leads down only, not to {target}")
    if target in ("graph", "nd"):
        if optimize and entry == "nd":
            _run_stages(module, runner, "nd", "nd")
        return
    if LEVELS.index(entry) < LEVELS.index(target):
        _run_stages(module, runner, entry, "llvm" if target in ("llvmir", "asm") else target)


def _run_stages(module: ModuleOp, runner: Runner, entry: str, until: str) -> None:
    for stage in stages(entry, until):
        one = load_pass(stage.run)()
        runner.step(f"{stage.run} ({stage.name})", module, one.apply, runner.context, module)


def emit(module: ModuleOp, runner: Runner, target: str, *, generic: bool = False, locations: bool = False) -> str:
    """The text of a module at a rung it has reached."""
    if target == "graph":
        from phintys.ir.printer import format_graphs
        from phintys.passes.convert_nd_to_graph import module_to_graphs

        text: str = runner.guard("graph text", lambda: format_graphs(module_to_graphs(module)))
        return text
    if target in ("llvmir", "asm"):
        return _native_text(module, runner, target)
    return module_text(module, generic=generic, locations=locations)


def _native_text(module: ModuleOp, runner: Runner, target: str) -> str:
    from phintys.codegen.engine import assembly, function_attributes
    from phintys.codegen.translate import translate

    text: str = runner.step("translate to LLVM IR", module, lambda: translate(module, attributes=function_attributes()))
    if target == "asm":
        text = runner.step("LLVM", module, assembly, text)
    return text


def select_function(module: ModuleOp, name: str | None) -> None:
    """Keep one public function and the private ones, for what can only be done with one."""
    public = [op for op in module.body.block.ops if _is_public(op)]
    names = [_symbol(op) for op in public]
    if name is not None and name not in names:
        raise error(f"no function '{name}' in this module", None, f"there are: {', '.join(names) or 'none'}")
    if name is None and len(public) != 1:
        raise error(f"the module has {len(public)} functions", None, f"--function=NAME, of {', '.join(names) or 'none'}")
    for op, other in zip(public, names, strict=True):
        if name is not None and other != name:
            op.detach()
            op.erase()


def _symbol(op: Operation) -> str:
    attr = op.properties.get("sym_name", op.attributes.get("sym_name"))
    return str(getattr(attr, "data", ""))


def _is_public(op: Operation) -> bool:
    if op.name == "llvm.func":
        return "phi.arguments" in op.attributes
    visibility = op.properties.get("sym_visibility")
    return op.name == "func.func" and getattr(visibility, "data", "public") == "public" and _has_body(op)


def _has_body(op: Operation) -> bool:
    return bool(op.regions and op.regions[0].blocks)


def levels() -> Sequence[str]:
    """The rungs, top to bottom."""
    return LEVELS
