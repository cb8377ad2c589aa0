"""The passes `phintys-opt` can run (our table, then xDSL's own), parsing `-p a,b{option=1},c`, running with checks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, PassFailedException

from phintys.dialects.text import module_text, verify_module
from phintys.ir.diagnostics import DiagnosticError, error, near_match

try:
    from phintys.passes.pipeline import PASSES
except ImportError:  # until the table is written: every pass file by its stem
    import phintys.passes

    PASSES = {
        file.stem.replace("_", "-"): f"phintys.passes.{file.stem}:{file.stem.title().replace('_', '')}"
        for folder in phintys.passes.__path__
        for file in Path(folder).glob("*.py")
        if file.stem != "__init__"
    }


def upstream_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """xDSL's passes by name, loaded when called."""
    from xdsl.transforms import get_all_passes

    return get_all_passes()


def pass_class(name: str) -> type[ModulePass]:
    """The class of a pass; DiagnosticError with a near match for an unknown name."""
    if name in PASSES:
        module, _, cls = PASSES[name].partition(":")
        found = getattr(import_module(module), cls)
        assert issubclass(found, ModulePass)
        return found
    upstream = upstream_passes()
    if name in upstream:
        return upstream[name]()
    raise error(f"unknown pass '{name}'", None, near_match(name, [*PASSES, *upstream]), "--list-passes shows them all")


def parse_passes(text: str) -> list[ModulePass]:
    """Instances for `a,b{option=1}`; DiagnosticError for what is no pipeline, unknown names and options."""
    try:
        specs = list(parse_pipeline(text))
    except ArgSpecParseError as failure:
        raise error(f"cannot read the pipeline '{text}'", None, str(failure).strip().splitlines()[-1].strip()) from None
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
    verify_each: bool = False
    print_after_all: bool = False
    times: list[tuple[str, float]] = field(default_factory=list)

    def run(self, passes: Sequence[ModulePass], module: ModuleOp) -> None:
        """Apply all; DiagnosticError when one refuses the module or leaves a wrong one."""
        for one in passes:
            self.apply(one.name, lambda one=one: one.apply(self.context, module), module)  # type: ignore[misc]

    def apply(self, name: str, action: Callable[[], Any], module: ModuleOp) -> None:
        """Run one named step on `module`."""
        start = time.perf_counter()
        try:
            action()
        except (PassFailedException, DiagnosticException) as failure:
            raise error(f"pass {name}: {failure}") from None
        except DiagnosticError as failure:
            raise error(f"pass {name}: {failure.diagnostic.message}", failure.diagnostic.span) from None
        self.times.append((name, time.perf_counter() - start))
        if self.print_after_all:
            print(f"// ----- after {name}\n{module_text(module)}", end="", file=sys.stderr)
        if self.verify_each:
            verify_module(module, name=f"after {name}")

    def report_times(self) -> str:
        """A table of the seconds each step took."""
        total = sum(seconds for _, seconds in self.times) or 1e-12
        lines = [f"{1e3 * s:9.2f} ms {100 * s / total:5.1f} %  {name}" for name, s in self.times]
        return "\n".join([*lines, f"{1e3 * total:9.2f} ms 100.0 %  total"])


def list_passes() -> str:
    """One line each: name and the first sentence of the module's docstring."""
    lines = []
    for name, path in PASSES.items():
        module = import_module(path.partition(":")[0])
        lines.append(f"  {name:28} {(module.__doc__ or '').strip().splitlines()[0]}")
    names = ", ".join(sorted(set(upstream_passes()) - set(PASSES)))
    return "\n".join(["passes:", *lines, "", "from xDSL:", f"  {names}"])
