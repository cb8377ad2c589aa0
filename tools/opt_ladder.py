"""The ladder of `phintys-opt`: reading text of any rung, going down to another, printing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from phintys.dialects.nd import FusedOp
from phintys.dialects.text import module_text, parse_module
from phintys.ir.diagnostics import Source, error, near_match
from phintys.ir.graph import Graph
from phintys.ir.phases import phase
from phintys.passes.legality import wants_fusion
from phintys.passes.pipeline import TEXTS, Stage, emulation, ladder, load_pass, stages

from .opt_runner import Planned, Runner

ENDINGS = {".phi": "phi", ".mlir": "mlir"}
CONTAINER = "gpu.container_module"  # marks a module of host code and kernels, of which it may have none
LOOPS = {"memref", "scf", "arith", "math", "xmath", "cf", "rt", "blas", "lapack", "complex"}


def text_format(source: Source, given: str | None) -> str:
    """`phi` or `mlir`: as given, by the file's ending, or by the first word."""
    ending = ENDINGS.get(Path(source.name).suffix)
    if given or ending:
        return given or str(ending)
    lines = (line.strip() for line in source.text.splitlines())
    first = next((line for line in lines if line and not line.startswith(("#", "//"))), "")
    return "phi" if first.startswith("graph ") else "mlir"


@dataclass
class Program:
    """What the text holds: a module, and the graphs as they were written while nothing has changed the module."""

    module: ModuleOp
    graphs: list[Graph] | None = None


def read_program(source: Source, format: str, context: Context) -> Program:
    """The program of a text; DiagnosticError when it is none."""
    if format == "mlir":
        return Program(parse_module(source.text, source.name, context, source.first_line))
    from phintys.ir.parser import parse_graphs
    from phintys.passes.convert_graph_to_nd import graphs_to_module

    graphs = parse_graphs(source.text, source.name, source.first_line)
    return Program(graphs_to_module(graphs), graphs)


def level_of(module: ModuleOp) -> str:
    """The rung a module stands on, by its operations: `fused` when no elementwise operation is left outside of a region."""
    dialects = {op.name.partition(".")[0] for op in module.walk()}
    if "nd" in dialects:
        regions = any(isinstance(op, FusedOp) for op in module.walk())
        return "fused" if regions and not any(wants_fusion(op) for op in module.walk()) else "nd"
    if "gpu" in dialects or CONTAINER in module.attributes:
        return "nvvm" if "llvm" in dialects else "gpu"
    if "llvm" in dialects:
        return "llvm"
    return "loops" if LOOPS & dialects or _takes_memory(module) else "nd"


def _takes_memory(module: ModuleOp) -> bool:
    functions = [op for op in module.body.block.ops if isinstance(op, FuncOp)]
    return any(type.name == "memref" for op in functions for type in op.function_type.inputs.data)


def descend_to_run(module: ModuleOp) -> list[Planned]:
    """The passes from the module's rung to code of the CPU; kernels become loops over their blocks and threads."""
    entry = level_of(module)
    return _planned(emulation(entry)) if entry == "gpu" else descend(module, "llvm", optimize=False)


def descend(module: ModuleOp, target: str, optimize: bool) -> list[Planned]:
    """The pipeline's passes from the module's rung to `target`; DiagnosticError when that is further up."""
    entry = level_of(module)
    levels, _ = ladder(entry, target)
    if entry not in levels or target not in levels:
        raise error(f"this module is of level {entry}, which does not lead to {target}; from the loops, one way is the GPU's")
    if levels.index(target) < levels.index(entry) and not (target == "graph" and entry in ("nd", "fused")):
        raise error(f"this module is of level {entry}; the ladder leads down only, not to {target}")
    if target in ("graph", "nd"):
        if optimize and entry == "nd":
            return _planned(stages("nd", "nd"))
        return []
    if levels.index(entry) < levels.index(target):
        return _planned(stages(entry, TEXTS.get(target, target)))
    return []


def _planned(chosen: Iterable[Stage]) -> list[Planned]:
    found = list(chosen)
    with phase("load the passes"):
        for stage in found:
            load_pass(stage.run)
    return [
        Planned(stage.make(), stage.name, "" if following and following.level == stage.level else stage.level)
        for stage, following in zip_longest(found, found[1:])
    ]


def emit(program: Program, runner: Runner, target: str) -> str:
    """The text of a program at a rung it has reached."""
    module, options = program.module, runner.options
    if target == "graph":
        from phintys.ir.printer import format_graphs
        from phintys.passes.convert_nd_to_graph import module_to_graphs

        graphs = program.graphs if not runner.done else None
        text: str = runner.guard("graph text", lambda: format_graphs(graphs or module_to_graphs(module)))
        return text
    if target in ("llvmir", "asm"):
        return _native_text(module, runner, target)
    if target == "ptx":
        return _device_text(module, runner)
    if target == "plan":
        from phintys.codegen.launch_plan import plan_of

        return str(runner.guard("the launch plan", plan_of, module).source)
    with phase("print"):
        return module_text(module, generic=options.generic, locations=options.locations)


def _native_text(module: ModuleOp, runner: Runner, target: str) -> str:
    """LLVM IR as it is translated, or with `-O` as LLVM's optimizer leaves it; or assembly, which always is optimized."""
    from phintys.codegen.engine import assembly, optimize
    from phintys.codegen.machine import function_attributes
    from phintys.codegen.translate import translate

    attributes = function_attributes()
    with phase("translate to LLVM IR"):
        text: str = runner.guard("translation to LLVM IR", lambda: translate(module, attributes=attributes))
    if target == "asm" or runner.options.optimize:
        text = runner.guard("LLVM", assembly if target == "asm" else optimize, text)
    return text


def _device_text(module: ModuleOp, runner: Runner) -> str:
    """PTX of the kernels, for the architecture that was asked for."""
    from phintys.codegen.architectures import DEFAULT
    from phintys.codegen.ptx import assemble_ptx, device_text

    text = runner.guard("translation to LLVM IR", device_text, module)
    return str(runner.guard("LLVM", assemble_ptx, text, runner.options.architecture or DEFAULT))


def select_function(program: Program, name: str | None) -> None:
    """Keep one public function and the private ones, for what can only be done with one."""
    module = program.module
    public = [op for op in module.body.block.ops if _is_public(op)]
    names = [_symbol(op) for op in public]
    if name is not None and name not in names:
        raise error(f"no function '{name}' in this module", None, f"there are: {', '.join(names) or 'none'}")
    if name is None and len(public) != 1:
        raise error(f"the module has {len(public)} functions", None, f"--function=NAME, of {', '.join(names) or 'none'}")
    if program.graphs is not None and name is not None:
        program.graphs = [graph for graph in program.graphs if graph.name == name]
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


def explain(name: str) -> str:
    """What one operation of the table does, as a sentence, in graph text and in IR."""
    from phintys.ir.examples import example
    from phintys.ir.ops import OPS
    from phintys.ir.parser import parse_graphs
    from phintys.passes.convert_graph_to_nd import graphs_to_module

    name = name.removeprefix("nd.")
    if name not in OPS:
        raise error(f"unknown operation '{name}'", None, near_match(name, OPS) or f"there are: {', '.join(OPS)}")
    attributes = ", ".join(OPS[name].attrs) or "none"
    module = module_text(graphs_to_module(parse_graphs(example(name))))
    return f"{name}: {OPS[name].doc}\nattributes: {attributes}\n\n{example(name)}\n{module}"
