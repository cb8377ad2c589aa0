"""Running passes one after the other, with a look at the module around each: `Runner` and the `Instrument`s it calls."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from phintys.dialects.text import verify_module
from phintys.ir.diagnostics import Diagnostic, DiagnosticError, Source, Span, error
from phintys.ir.phases import phase
from phintys.ir.types import TypeInferenceError
from phintys.passes.legality import check_input, check_level
from phintys.passes.pipeline import PASSES


@dataclass(frozen=True)
class Planned:
    """A pass to run: with what it is for, and the level that ends with it, where one does."""

    run: ModulePass
    title: str = ""
    ends: str = ""

    @property
    def label(self) -> str:
        """The pass as people read it."""
        return f"{self.run.name}: {self.title}" if self.title else self.run.name


class Instrument:
    """Is shown the module before and after every pass."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options

    def before(self, planned: Planned, module: ModuleOp) -> None:
        """The pass is about to run."""

    def after(self, planned: Planned, module: ModuleOp) -> None:
        """The pass has run."""

    def crashed(self, step: str, module: ModuleOp, left: Sequence[str], failure: Exception) -> str:
        """A step raised what it should not; `left` are the passes from it on. A line of help for the diagnostic, or none."""
        return ""

    def report(self) -> None:
        """Everything is done, or has failed."""


# flags, any of which asks for it -> instrument
INSTRUMENTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        (
            "print_ir_before",
            "print_ir_after",
            "print_ir_before_all",
            "print_ir_after_all",
            "print_ir_after_change",
            "print_ir_diff",
        ),
        "opt_print:Printing",
    ),
    (("stats",), "opt_stats:Statistics"),
    (("reproducer",), "opt_reproduce:Reproducer"),
)


def make_instruments(options: argparse.Namespace) -> list[Instrument]:
    """Those that the command line asks for."""
    found = []
    for flags, path in INSTRUMENTS:
        if any(getattr(options, flag) for flag in flags):
            module, _, name = path.partition(":")
            found.append(getattr(import_module(f".{module}", __package__), name)(options))
    return found


@dataclass
class Runner:
    """Runs passes; what happens between them is set by the command line's flags."""

    context: Context
    source: Source
    options: argparse.Namespace
    instruments: list[Instrument] = field(default_factory=list)
    module: ModuleOp | None = None
    done: list[str] = field(default_factory=list)  # what has run
    left: list[str] = field(default_factory=list)  # what is running and what comes after it

    def run(self, planned: Sequence[Planned], module: ModuleOp) -> None:
        """Apply all; DiagnosticError when one refuses the module or leaves a wrong one."""
        for number, one in enumerate(planned):
            self.left = [str(later.run.spec()) for later in planned[number:]]
            self._run_one(one, module)
            if one.ends:
                self.guard(f"level {one.ends}", check_level, module, one.ends)
        self.left = []

    def _run_one(self, one: Planned, module: ModuleOp) -> None:
        for instrument in self.instruments:
            instrument.before(one, module)
        with phase(one.label):
            if one.run.name in PASSES:
                self.guard(f"pass {one.label}", check_input, module, one.run.name)
            self.guard(f"pass {one.label}", one.run.apply, self.context, module)
        self.done.append(one.label)
        if self.options.verify_each:
            try:
                self.verify(module, f"after pass {one.label}")
            except DiagnosticError as failure:
                raise with_help(failure, self.crash(f"pass {one.label}", failure)) from None
        for instrument in self.instruments:
            instrument.after(one, module)

    def verify(self, module: ModuleOp, name: str = "") -> None:
        """DiagnosticError when the module is wrong."""
        with phase("verify"):
            verify_module(module, self.source, name)

    def guard(self, name: str, action: Callable[..., Any], *arguments: Any) -> Any:
        """Call `action`; whatever it raises becomes a diagnostic that names the step."""
        try:
            return action(*arguments)
        except DiagnosticError as failure:
            found = placed(failure.diagnostic, self.source)
            raise with_help(DiagnosticError(found), f"this was found by {name}") from None
        except (DiagnosticException, TypeInferenceError) as failure:
            own, _, rest = str(failure).strip().partition(": ")  # some begin with the name of the pass
            message = rest if own in PASSES else str(failure).strip()
            raise error(f"{name}: {message}", name=self.source.name) from None
        except Exception as failure:
            if self.options.traceback:
                raise
            message = f"{name} does not accept this module: {type(failure).__name__}: {failure}"
            help = self.crash(name, failure)
            raise error(message, None, "--traceback shows where it failed", *help, name=self.source.name) from None

    def crash(self, name: str, failure: Exception) -> list[str]:
        """Tell the instruments about a failure that is no fault of the input; their lines of help."""
        if self.module is None:
            return []
        return [instrument.crashed(name, self.module, self.left, failure) for instrument in self.instruments]

    def report(self) -> None:
        """Let the instruments print what they found."""
        for instrument in self.instruments:
            instrument.report()


def with_help(failure: DiagnosticError, *lines: str | list[str]) -> DiagnosticError:
    """The error with lines of help under it."""
    added = [line for given in lines for line in (given if isinstance(given, list) else [given]) if line]
    return DiagnosticError(replace(failure.diagnostic, help=(*failure.diagnostic.help, *added)))


def placed(diagnostic: Diagnostic, source: Source) -> Diagnostic:
    """A diagnostic that names a place as text (`f.phi:3:7`) with the line it means, when that is in `source`."""
    found = re.fullmatch(r"(.*):(\d+):(\d+)", diagnostic.name)
    if diagnostic.span is not None or found is None or found[1] != source.name:
        return diagnostic
    width = 1_000 if source.name.endswith(".mlir") else 1  # an operation of IR ends with its line
    return replace(diagnostic, span=Span(source, int(found[2]), int(found[3]), width))
