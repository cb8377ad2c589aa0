"""Reproducers: a module as it was before a pass failed, and what was left to run, in one file that `phintys-opt` replays.

// Pass autodiff failed: KeyError: 'conv'. Replay it with: phintys-opt FILE
// phintys-reproducer: {"passes": "autodiff,canonicalize", "emit": "loops"}
builtin.module { ... }
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from phintys.ir.diagnostics import Source, Span, error

# what a header may say, and of which kind: nothing that reads, writes or starts anything else
SETTINGS: dict[str, type] = {
    "passes": str,
    "emit": str,
    "optimize": bool,
    "verify": bool,
    "verify_each": bool,
    "unregistered": bool,
}
_HEADER = re.compile(r"^// phintys-reproducer: (.*)$", re.MULTILINE)


def reproducer_text(module: str, passes: Sequence[str], settings: Mapping[str, Any], failure: str) -> str:
    """The file's text. `settings` are options of `phintys-opt`; those that are off are left out."""
    header = {"passes": ",".join(passes), **settings}
    defaults = {key: key == "verify" if kind is bool else "" for key, kind in SETTINGS.items()}
    kept = {key: value for key, value in header.items() if value is not None and value != defaults[key]}
    shown = " ".join(failure.split())
    return f"// {shown}\n// Replay it with: phintys-opt FILE\n// phintys-reproducer: {json.dumps(kept)}\n{module}"


def read_settings(source: Source) -> dict[str, Any] | None:
    """The settings in a text's header, None for a text without one; DiagnosticError for a header that is none."""
    start = 0 if source.text.startswith("// ") else len(source.text)
    found = _HEADER.search(source.text, start, min(len(source.text), 10_000))
    if found is None:
        return None
    line, column = source.position(found.start(1))
    span = Span(source, line, column, len(found[1]))
    try:
        settings = json.loads(found[1])
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise error("the reproducer's header is not JSON", span, '{"passes": "a,b", "emit": "loops"}')
    for key, value in settings.items():
        if key not in SETTINGS or not isinstance(value, SETTINGS[key]):
            raise error(f"the reproducer's header cannot set {key} to {value!r}", span, f"it sets {', '.join(SETTINGS)}")
    return settings
