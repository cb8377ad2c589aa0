"""`--reproducer FILE`: the module before a pass that failed, and what was left to run; `phintys-opt FILE` replays it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from phintys.dialects.text import module_text
from phintys.ir.diagnostics import Source
from phintys.passes.reproducer import SETTINGS, read_settings, reproducer_text

from .opt_runner import Instrument, Planned


class Reproducer(Instrument):
    """Keeps the module before the pass that runs."""

    text: str | None = None

    def before(self, planned: Planned, module: ModuleOp) -> None:
        """Print it: a pass that fails leaves half of its work."""
        self.text = module_text(module, locations=True)

    def after(self, planned: Planned, module: ModuleOp) -> None:
        """It went well."""
        self.text = None

    def crashed(self, step: str, module: ModuleOp, left: Sequence[str], failure: Exception) -> str:
        """Write the file."""
        settings = {key: getattr(self.options, key) for key in SETTINGS}
        text = self.text if self.text is not None else module_text(module, locations=True)
        if settings["emit"] is None and self.options.run:
            settings["emit"] = "asm"
        settings["passes"] = ",".join(left)
        reason = f"{step[:1].upper()}{step[1:]} failed: {type(failure).__name__}: {str(failure).splitlines()[0]}"
        path = Path(self.options.reproducer)
        try:
            path.write_text(reproducer_text(text, left, settings, reason), encoding="utf-8")
        except OSError as problem:
            return f"the reproducer could not be written to {path}: {problem.strerror}"
        return f"to reproduce this: phintys-opt {path}"


def apply_settings(source: Source, options: argparse.Namespace) -> None:
    """Where the input is a reproducer and the command line names neither passes nor a level, do what its header says."""
    settings = read_settings(source)
    if settings is None:
        return
    options.format = "mlir"
    if not options.passes and not options.emit:
        for key, value in settings.items():
            setattr(options, key, value)
