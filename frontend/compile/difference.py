"""What DebugMode says of a pass that changes a result: values, what the pass did, a reproducer and the commands to see it."""

from __future__ import annotations

import shlex
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..types import Array

if TYPE_CHECKING:
    from phintys.codegen.rungs import Rung

    from .debugmode import Comparing

SHOWN = 20  # elements of an array that is shown whole
LISTED = 6  # kinds of operations, places in the program


@dataclass(frozen=True)
class Found:
    """Where two outcomes differ: result `number` (-1: one of them is an error), at `place`, by more than `allowed`."""

    number: int
    kind: str
    place: tuple[int, ...] = ()
    count: int = 0
    allowed: float = 0.0


def show(names: Sequence[str], found: Found, old: Any, new: Any) -> tuple[Any, Any, str]:
    """Both values, and a text that shows them."""
    if found.number < 0:
        return old, new, f"other results\n  before: {_outcome(old)}\n  after:  {_outcome(new)}"
    a, b, name = old[found.number], new[found.number], names[found.number]
    if found.kind:
        return a, b, f"another {name}: {found.kind}"
    at = f" at {list(found.place)}" if found.place else ""
    of = f", {found.count} of {a.size} elements differ" if a.size > 1 else ""
    lines = [f"another {name} ({a.dtype}{list(a.shape)}){at}{of}"]
    lines += [f"  before: {a[found.place]}", f"  after:  {b[found.place]}"]
    if a.dtype.kind in "fc":
        with np.errstate(all="ignore"):
            off = abs(b[found.place] - a[found.place])
        lines.append(f"  off by {off:.3g}; rounding explains {found.allowed:.2g}")
    if 1 < a.size <= SHOWN:
        lines += [f"  all {word} {_array(x)}" for word, x in (("before:", a), ("after: ", b))]
    return a, b, "\n".join(lines)


def _array(x: Array) -> str:
    return np.array2string(x, prefix=" " * 14)


def _outcome(outcome: Any) -> str:
    if not isinstance(outcome, Exception):
        return f"{len(outcome)} result{'s' * (len(outcome) != 1)}"
    return f"{type(outcome).__name__}: {str(outcome).partition(chr(10))[0]:.200}"


def explanation(
    watching: Comparing, before: Rung, after: Rung, found: Found, old: Any, new: Any, given: Sequence[Array]
) -> tuple[str, str, tuple[Any, Any]]:
    """The message about a pass, the path of the reproducer, and both values."""
    names = [f"output {n}" for n in range(len(watching.graph.outputs))]
    names += [f"state {state}" for state, _ in watching.graph.updates]
    a, b, text = show(names, found, old, new)
    path, commands = reproducer(watching, before, after, given, f"The pass {after.name} changes results")
    lines = [f"the pass {after.name} changes what {watching.name} computes: {text}"]
    helpers = [*after.finish, *(name for name in after.doubted if name != after.name)]
    if helpers:
        lines.append(f"(Seen by way of {', '.join(helpers)}, which may be wrong instead.)")
    lines += changes(before, after)
    lines += places(watching, before, after)
    lines += ["This is an error in Phintys, not in your program. The program before the pass:", f"  {path}"]
    lines += ["Its results before and after the pass:", *(f"  {command}" for command in commands)]
    return "\n".join(lines), path, (a, b)


def changes(before: Rung, after: Rung) -> list[str]:
    """What a pass did, in numbers of operations."""
    old, new = (Counter(op.name for op in rung.module.walk()) for rung in (before, after))
    rows = [(name, new[name] - old[name]) for name in sorted({*old, *new}) if new[name] != old[name]]
    parts = [f"{number:+d} {name}" for name, number in sorted(rows, key=lambda row: -abs(row[1]))[:LISTED]]
    more = f" and {len(rows) - LISTED} more kinds" if len(rows) > LISTED else ""
    made = f"made {', '.join(parts)}{more}" if parts else "left the numbers of operations as they were"
    return [f"The pass ({after.title}) {made}."]


def places(watching: Comparing, before: Rung, after: Rung) -> list[str]:
    """Expressions of the program whose operations a pass has changed, where these are few."""
    from phintys.dialects.convert import location_text

    if before.level != after.level:
        return []
    old, new = (Counter((op.name, location_text(op)) for op in rung.module.walk()) for rung in (before, after))
    changed = sorted({location for name, location in (old - new) + (new - old) if location.startswith("#")})
    if not 0 < len(changed) <= LISTED:
        return []
    return ["It changed operations of these expressions:", *(f"  {watching.place(location)}" for location in changed)]


def reproducer(watching: Comparing, before: Rung, after: Rung, given: Sequence[Array], reason: str) -> tuple[str, list[str]]:
    """A file with the module before a pass, which `phintys-opt` replays; commands that compute before and after it."""
    from phintys.dialects.text import module_text
    from phintys.passes.reproducer import reproducer_text
    from phintys.tools.opt_ladder import level_of

    folder = Path(tempfile.mkdtemp(prefix="phintys-"))
    path = folder / f"before-{after.name}.mlir"
    passes = [after.spec, *after.finish]
    path.write_text(reproducer_text(module_text(before.module, locations=True), passes, {}, reason), encoding="utf-8")
    inputs = ""
    for number, (argument, array) in enumerate(zip(watching.arguments, given, strict=True)):
        np.save(folder / f"{number}.npy", array)
        inputs += f" --input {shlex.quote(argument.name)}={folder}/{number}.npy"
    first = f" -p {','.join(before.finish)}" if before.finish else f" --emit={level_of(before.module)}"
    last = "--run" if after.level == "llvm" else "--interpret"
    return str(path), [f"phintys-opt {path}{first} --interpret{inputs}", f"phintys-opt {path} {last}{inputs}"]
