"""From a file of any level to native code: read it, see which rung it stands on, walk the rest of the ladder.

In: the path of a `.phi` or `.mlir` file. Out: an `Executable`. Wrong text gives a DiagnosticError that shows the place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .report import CommandError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from phintys.codegen.executable import Executable

# What a module of each level contains that no later level does, top to bottom.
SIGNS = (("fused", ("nd.fused",)), ("nd", ("nd.",)), ("loops", ("func.func",)), ("llvm", ("llvm.func",)))


def compile_file(path: Path, entry: str | None = None) -> Executable:
    """Compile the function in a file (the one named `entry`, where there are several)."""
    from phintys.codegen.compiler import compile_module
    from phintys.dialects.text import verify_module

    module = read_module(path, entry)
    verify_module(module)
    return compile_module(module, level_of(module))


def read_module(path: Path, entry: str | None) -> ModuleOp:
    """The module in a file; graph text becomes `nd`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {path}: {error}") from error
    if path.suffix == ".mlir":
        from phintys.dialects.text import parse_module

        return parse_module(text, str(path))
    if path.suffix != ".phi":
        raise CommandError(f"{path}: expected a file whose name ends in .phi (graph text) or .mlir (any level below)")
    from phintys.ir.parser import parse_graphs
    from phintys.passes.convert_graph_to_nd import graph_to_module

    graphs = {graph.name: graph for graph in parse_graphs(text, str(path))}
    if entry is None and len(graphs) == 1:
        entry = next(iter(graphs))
    if entry not in graphs:
        raise CommandError(f"{path} holds the graphs {', '.join(graphs) or '(none)'}; choose one with --entry NAME")
    return graph_to_module(graphs[entry])


def level_of(module: ModuleOp) -> str:
    """The highest rung whose operations the module has."""
    names = {op.name for op in module.walk()}
    for level, signs in SIGNS:
        if any(name.startswith(signs) for name in names):
            return level
    raise CommandError("the module holds no function: expected func.func or llvm.func")
