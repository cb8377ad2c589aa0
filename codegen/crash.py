"""When a pass fails inside `function()`: the module before it goes into a file, which the exception's note names.

Nothing is kept while compiling: the failing graph is lowered once more, step by step.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from phintys.ir.diagnostics import DiagnosticError
from phintys.ir.graph import Graph
from phintys.ir.types import TypeInferenceError

from . import cache

REFUSALS = (DiagnosticError, TypeInferenceError, MemoryError)  # the program's own faults, or the machine's
LIMIT = 20  # files kept


def explain(failure: Exception, graph: Graph) -> None:
    """Write a reproducer for a failure that is no refusal, and name it in the exception's note. Never raises."""
    if isinstance(failure, REFUSALS):
        return
    with contextlib.suppress(Exception):
        text = _replay(graph)
        if text is not None:
            path = _write(graph.name, text)
            failure.add_note(f"This is an error in Phintys, not in your program. To reproduce it: phintys-opt {path}")


def _replay(graph: Graph) -> str | None:
    """Lower the graph again; the text of a reproducer at the step that fails, None when none does."""
    from xdsl.context import Context

    from phintys.dialects.text import module_text
    from phintys.passes.pipeline import load_pass, stages
    from phintys.passes.reproducer import reproducer_text

    from .assemble import assemble
    from .compiler import graph_module
    from .engine import assembly

    module = graph_module(graph)

    def run(name: str) -> Callable[[], object]:
        return lambda: load_pass(name)().apply(Context(), module)

    planned = [stage.run for stage in stages("nd", "llvm")]
    steps = [(f"Pass {name}", run(name)) for name in planned]
    steps.append(("Translation to machine code", lambda: assembly(assemble(module)[0])))
    for number, (name, step) in enumerate(steps):
        before = module_text(module, locations=True)
        try:
            step()
        except Exception as failure:
            reason = f"{name} failed: {type(failure).__name__}: {failure}"
            return reproducer_text(before, planned[number:], {"emit": "asm"}, reason)
    return None


def _write(name: str, text: str) -> Path:
    """The file, in the user's cache folder or a temporary one; equal texts are one file."""
    objects = cache.directory()
    folder = Path(tempfile.mkdtemp(prefix="phintys-")) if objects is None else objects.parent / "reproducers"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.mlir"
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        for old in sorted(folder.glob("*.mlir"), key=lambda file: file.stat().st_mtime)[:-LIMIT]:
            old.unlink()
    return path
