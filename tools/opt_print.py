"""`--print-ir-before`, `--print-ir-after` and their kind: the module around passes, whole or as a coloured diff."""

from __future__ import annotations

import argparse
import difflib
import sys
from io import StringIO
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.printer import Printer

from phintys.dialects.text import module_text

from .opt_runner import Instrument, Planned

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {"+": "green", "-": "red", "@": "cyan"}


def console(options: argparse.Namespace) -> Console:
    """Standard error with colours: where it is a terminal, or as `--color` says."""
    from rich.console import Console

    return Console(
        file=sys.stderr,
        force_terminal=True if options.color == "always" else None,
        color_system={"auto": "auto", "always": "standard", "never": None}[options.color],
        highlight=False,
        soft_wrap=True,
    )


class SteadyPrinter(Printer):
    """A printer for diffs: a value keeps its name from print to print, so that only what changed differs."""

    names: dict[SSAValue, str]
    counts: dict[str, int]

    def print_ssa_value(self, value: SSAValue) -> str:
        """The name that the value had before, or a new one of its own."""
        name = self.names.get(value)
        if name is None:
            hint = value.name_hint or ""
            count = self.counts.get(hint, 0)
            self.counts[hint] = count + 1
            name = self.names[value] = f"{hint}_{count}" if hint and count else hint or str(count)
        self.print_string(f"%{name}")
        return name


class Printing(Instrument):
    """Prints the module to standard error."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.names: dict[SSAValue, str] = {}
        self.counts: dict[str, int] = {}
        after = options.print_ir_after or options.print_ir_after_all
        self.changes = options.print_ir_after_change or options.print_ir_diff
        self.all_after = options.print_ir_after_all or (self.changes and not after)
        self.old = ""

    def before(self, planned: Planned, module: ModuleOp) -> None:
        """Print where it is asked for; keep what changes are to be told from."""
        if self.options.print_ir_before_all or planned.run.name in self.options.print_ir_before:
            self.show(f"before pass {planned.label}", module)
        if self.changes and self.wants_after(planned):
            self.old = self.text(module)

    def after(self, planned: Planned, module: ModuleOp) -> None:
        """Print the module, or how it changed."""
        if not self.wants_after(planned):
            return
        title = f"after pass {planned.label}"
        new = self.text(module) if self.changes else ""
        if self.changes and new == self.old:
            if self.options.print_ir_diff and not self.options.print_ir_after_change:
                print(f"// ----- {title}: nothing changed", file=sys.stderr)
        elif self.options.print_ir_diff:
            self.show_difference(title, new)
        else:
            self.show(title, module)

    def wants_after(self, planned: Planned) -> bool:
        """Whether the module after this pass is of interest."""
        return self.all_after or planned.run.name in self.options.print_ir_after

    def show(self, title: str, module: ModuleOp) -> None:
        """The whole module."""
        text = module_text(module, generic=self.options.generic, locations=self.options.locations)
        print(f"// ----- {title}\n{text}", end="", file=sys.stderr)

    def show_difference(self, title: str, new: str) -> None:
        """The lines that differ, each with three around it."""
        from rich.text import Text

        out = console(self.options)
        out.print(Text(f"// ----- {title}", "bold"))
        for line in list(difflib.unified_diff(self.old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]:
            out.print(Text(line, STYLES.get(line[:1], "")))

    def text(self, module: ModuleOp) -> str:
        """The module with names that last."""
        stream = StringIO()
        printer = SteadyPrinter(
            stream=stream, print_generic_format=self.options.generic, print_debuginfo=self.options.locations
        )
        printer.names, printer.counts = self.names, self.counts
        printer.print_op(module)
        return stream.getvalue()
