"""`--stats`: how many operations there are before and after each pass, which kinds come and go, and the rules that fired."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from phintys.passes.rule_counts import counting_rules

from .opt_runner import Instrument, Planned


@dataclass(frozen=True)
class Entry:
    """What one pass did."""

    name: str
    before: Counter[str]
    after: Counter[str]
    rules: Counter[str]

    def changes(self) -> str:
        """`nd.grad 1 -> 0, nd.mul 0 -> 2`."""
        names = sorted(self.before.keys() | self.after.keys())
        changed = [name for name in names if self.before[name] != self.after[name]]
        return ", ".join(f"{name} {self.before[name]} -> {self.after[name]}" for name in changed)

    def fired(self) -> str:
        """`fold_constants 3, negate_negative 1`."""
        return ", ".join(f"{name} {count}" for name, count in self.rules.most_common())


def count(module: ModuleOp) -> Counter[str]:
    """Operations by name, without the module itself."""
    return Counter(op.name for op in module.walk() if op is not module)


class Statistics(Instrument):
    """Counts around every pass."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.entries: list[Entry] = []
        self.old: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.block = ExitStack()

    def before(self, planned: Planned, module: ModuleOp) -> None:
        """Count, and begin to count rules."""
        self.old = count(module)
        self.rules = self.block.enter_context(counting_rules())

    def after(self, planned: Planned, module: ModuleOp) -> None:
        """Count again."""
        self.block.close()
        self.entries.append(Entry(planned.run.name, self.old, count(module), self.rules))

    def report(self) -> None:
        """The table, on standard error."""
        from rich.table import Table

        from .opt_print import console

        self.block.close()
        out = console(self.options)
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("pass")
        table.add_column("before", justify="right")
        table.add_column("after", justify="right")
        table.add_column("operations", overflow="fold")
        table.add_column("rules", overflow="fold")
        for entry in self.entries:
            totals = (str(entry.before.total()), str(entry.after.total()))
            table.add_row(entry.name, *totals, entry.changes(), entry.fired())
        if not sys.stderr.isatty():
            out.width = 10_000  # a row stays a line
        with out.capture() as shown:
            out.print(table)
        print("\n".join(line.rstrip() for line in shown.get().splitlines()), file=sys.stderr)
