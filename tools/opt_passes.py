"""The passes `phintys-opt` can run (our table, then xDSL's own), parsing `-p a,b{option=1},c`, and the list of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError

from phintys.ir.diagnostics import error, near_match
from phintys.passes.pipeline import PASSES, load_pass


def upstream_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """xDSL's passes by name, loaded when called."""
    from xdsl.transforms import get_all_passes

    return get_all_passes()


def known_passes() -> list[str]:
    """Names of all passes, ours first."""
    return [*PASSES, *sorted(set(upstream_passes()) - set(PASSES))]


def pass_class(name: str) -> type[ModulePass]:
    """The class of a pass; DiagnosticError with a near match for an unknown name."""
    if name in PASSES:
        return load_pass(name)
    upstream = upstream_passes()
    if name in upstream:
        return upstream[name]()
    raise error(f"unknown pass '{name}'", None, near_match(name, known_passes()), "--list-passes shows them all")


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


def list_passes() -> str:
    """One line each: what the pass does, expects and leaves; then xDSL's passes."""
    ours = [f"  {name:22} {describe(name)}" for name in PASSES]
    upstream = upstream_passes()
    rest = [f"  {name:38} {_summary(upstream[name]())}".rstrip() for name in sorted(set(upstream) - set(PASSES))]
    return "\n".join(["passes:", *ours, "", "from xDSL, as they are:", *rest])


def describe(name: str) -> str:
    """What a pass of ours does, expects and leaves, in one line of its module's docstring."""
    text = " ".join((import_module(PASSES[name].partition(":")[0]).__doc__ or "").split())
    first = re.split(r"[.:] (?=[A-Z])", text.removeprefix(f"{name}: "))[0].rstrip(" ,.")
    parts = [f"{first[:1].upper()}{first[1:]}."]
    for word in ("Expects", "Leaves"):
        found = re.search(rf"\b{word}:? (.*?)[.;:](?: |$)", text)
        parts += [f"{word} {found[1]}."] if found else []
    return " ".join(parts)


def _summary(cls: type[ModulePass]) -> str:
    """The first line of a class's docstring, unless it is the one that dataclasses are given."""
    first = (cls.__doc__ or "").strip().partition("\n")[0]
    return "" if first.startswith(f"{cls.__name__}(") else first
