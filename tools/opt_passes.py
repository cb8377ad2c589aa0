"""The passes `phintys-opt` can run (our table, then xDSL's own), parsing `-p a,b{option=1},c`, running with checks."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException

from phintys.dialects.text import module_text, verify_module
from phintys.ir.diagnostics import Diagnostic, DiagnosticError, Source, Span, error, near_match
from phintys.passes.pipeline import PASSES, load_pass


def upstream_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """xDSL's passes by name, loaded when called."""
    from xdsl.transforms import get_all_passes

    return get_all_passes()


def pass_class(name: str) -> type[ModulePass]:
    """The class of a pass; DiagnosticError with a near match for an unknown name."""
    if name in PASSES:
        return load_pass(name)
    upstream = upstream_passes()
    if name in upstream:
        return upstream[name]()
    raise error(f"unknown pass '{name}'", None, near_match(name, [*PASSES, *upstream]), "--list-passes shows them all")


def parse_passes(text: str) -> list[ModulePass]:
    """Instances for `a,b{option=1}`; DiagnosticError for what is no pipeline, unknown names and options."""
    try:
        specs = list(parse_pipeline(text)) if text.strip() else []
    except ArgSpecParseError as failure:
        lines = [line.strip() for line in str(failure).splitlines() if line.strip(" ^")]
        raise error(f"cannot read the pipeline '{text}'", None, lines[-1], "a,b{option=1 other=x},c") from None
    return [_instance(spec) for spec in specs]


def _instance(spec: ArgSpec) -> ModulePass:
    cls = pass_class(spec.name)
    try:
        return cls.from_spec(spec)
    except ValueError as failure:
        raise error(f"pass {spec.name}: {failure}") from None


@dataclass
class Runner:
    """Runs passes one after the other; what happens between them is set by the driver's flags."""

    context: Context
    source: Source
    verify_each: bool = False
    print_after_all: bool = False
    traceback: bool = False
    times: list[tuple[str, float]] = field(default_factory=list)

    def run(self, passes: Sequence[ModulePass], module: ModuleOp) -> None:
        """Apply all; DiagnosticError when one refuses the module or leaves a wrong one."""
        for one in passes:
            self.step(f"pass {one.name}", module, one.apply, self.context, module)

    def step(self, name: str, module: ModuleOp, action: Callable[..., Any], *arguments: Any) -> Any:
        """Run one named step on `module`."""
        start = time.perf_counter()
        result = self.guard(name, action, *arguments)
        self.times.append((name, time.perf_counter() - start))
        if self.print_after_all:
            print(f"// ----- after {name}\n{module_text(module)}", end="", file=sys.stderr)
        if self.verify_each:
            verify_module(module, self.source, name=f"after {name}")
        return result

    def guard(self, name: str, action: Callable[..., Any], *arguments: Any) -> Any:
        """Call `action`; whatever it raises becomes a diagnostic that names the step."""
        try:
            return action(*arguments)
        except DiagnosticError as failure:
            found = placed(failure.diagnostic, self.source)
            raise DiagnosticError(replace(found, help=(*found.help, f"this was found by {name}"))) from None
        except DiagnosticException as failure:
            raise error(f"{name}: {str(failure).strip()}", name=self.source.name) from None
        except Exception as failure:
            if self.traceback:
                raise
            message = f"{name} does not accept this module: {type(failure).__name__}: {failure}"
            raise error(message, None, "--traceback shows where it failed", name=self.source.name) from None

    def report_times(self) -> str:
        """A table of the seconds each step took."""
        total = sum(seconds for _, seconds in self.times) or 1e-12
        lines = [f"{1e3 * s:9.2f} ms {100 * s / total:5.1f} %  {name.removeprefix('pass ')}" for name, s in self.times]
        return "\n".join([*lines, f"{1e3 * total:9.2f} ms 100.0 %  total"])


def placed(diagnostic: Diagnostic, source: Source) -> Diagnostic:
    """A diagnostic that names a place as text (`f.phi:3:7`) with the line it means, when that is in `source`."""
    found = re.fullmatch(r"(.*):(\d+):(\d+)", diagnostic.name)
    if diagnostic.span is not None or found is None or found[1] != source.name:
        return diagnostic
    width = 1_000 if source.name.endswith(".mlir") else 1  # an operation of IR ends with its line
    return replace(diagnostic, span=Span(source, int(found[2]), int(found[3]), width))


def list_passes() -> str:
    """One line each: name and the first sentence of the module's docstring."""
    lines = []
    for name, path in PASSES.items():
        module = import_module(path.partition(":")[0])
        first = (module.__doc__ or "").strip().splitlines()[0].removeprefix(f"{name}: ")
        lines.append(f"  {name:24} {first[:1].upper()}{first[1:]}")
    names = sorted(set(upstream_passes()) - set(PASSES))
    return "\n".join(["passes:", *lines, "", "from xDSL, as they are:", *(f"  {name}" for name in names)])
