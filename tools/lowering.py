"""From a file of any level to native code: read it, see which rung it stands on, walk the rest of the ladder.

In: the path of a `.phi` or `.mlir` file. Out: an `Executable`. Wrong text gives a DiagnosticError that shows the place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .report import CommandError

if TYPE_CHECKING:
    from phintys.codegen.executable import Executable


def compile_file(path: Path, function: str | None = None) -> Executable:
    """Compile the function in a file (the one named `function`, where there are several)."""
    from phintys.codegen.compiler import compile_module
    from phintys.dialects.context import make_context
    from phintys.dialects.text import verify_module
    from phintys.ir.diagnostics import Source

    from .opt_ladder import level_of, read_program, select_function, text_format

    try:
        source = Source(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {path}: {error}") from error
    program = read_program(source, text_format(source, None), make_context())
    select_function(program, function)
    verify_module(program.module, source)
    return compile_module(program.module, level_of(program.module))
