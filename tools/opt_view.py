"""`phintys-opt --view PAGE`: the program on its way down, as a page: the ladder as far as `--emit`, or the passes of `-p`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xdsl.context import Context
from xdsl.passes import ModulePass

from phintys.ir.diagnostics import DiagnosticError, Source, error

from .opt_ladder import Program, level_of
from .opt_runner import Runner
from .report import write_whole
from .view.page import page
from .view.sources import Sources
from .view.walk import record_ladder, record_passes, start


def write_page(
    program: Program, source: Source, passes: Sequence[ModulePass], until: str | None, runner: Runner, out: Path
) -> None:
    """Write the page. DiagnosticError when a pass refuses the module: the page then shows what came before it."""
    entry = level_of(program.module)
    recorder = start(program.module, entry)
    context: Context = runner.context
    failure: DiagnosticError | None = None
    try:
        record_passes(recorder, passes, level_of, context, runner.guard)
        if until or not passes:
            record_ladder(recorder, level_of(program.module), until or "asm", context, runner.guard)
    except DiagnosticError as found:
        failure = found
    title = Path(source.name).name if source.name != "<stdin>" else "standard input"
    try:
        write_whole(out, page(recorder, Sources([source]), title).encode())
    except OSError as found:
        raise error(found.strerror or str(found), name=str(out)) from None
    if failure is not None:
        raise failure
