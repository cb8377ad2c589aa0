"""The recording as one HTML file: the template, its style and scripts, and the data as JSON inside."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import Any

from .recorder import Recorder, Row, Step
from .sources import Sources

SCRIPTS = ("model.js", "text.js", "drawing.js", "panels.js", "main.js")
LEVELS = {
    "nd": "nd: whole tensors",
    "fused": "fused",
    "loops": "loops on memory",
    "llvm": "llvm dialect",
    "llvmir": "LLVM IR",
    "asm": "assembly",
    "gpu": "kernels and their launches",
    "nvvm": "kernels in the llvm and nvvm dialects",
    "ptx": "PTX",
    "plan": "the host's part, as Python",
}


def page(recorder: Recorder, sources: Sources, title: str) -> str:
    """The whole file."""
    folder = files(__package__)

    def read(name: str) -> str:
        return folder.joinpath(name).read_text(encoding="utf-8")

    parts = {
        "title": escape(title),
        "style": read("page.css"),
        "script": "\n".join(map(read, SCRIPTS)),
        "data": as_json(page_data(recorder, sources, title)),
    }
    head, *pieces = read("page.html").split("{{")  # one pass: what is put in is not looked at again
    return head + "".join(parts[name] + rest for name, rest in (piece.split("}}", 1) for piece in pieces))


def as_json(data: Any) -> str:
    """JSON that may stand inside of a script element: nothing in it ends that."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def page_data(recorder: Recorder, sources: Sources, title: str) -> dict[str, Any]:
    """What the scripts work on."""
    ops = [[known.name, sources.place(known.location)] for known in recorder.known]
    total = 1e3 * sum(step.seconds for step in recorder.steps)
    changed = sum(step.same is None for step in recorder.steps[1:])
    last = recorder.steps[-1]
    return {
        "title": title,
        "summary": f"{len(recorder.steps[0].rows)} operations as written, {len(last.rows)} as {LEVELS[last.level]}; "
        f"{changed} of {len(recorder.steps) - 1} passes changed something, {total:.0f} ms",
        "levels": LEVELS,
        "ops": ops,
        "places": sources.places,
        "sources": sources.texts(),
        "steps": [_step(step) for step in recorder.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": step.name,
        "title": step.title,
        "level": step.level,
        "ms": round(1e3 * step.seconds, 2),
        "same": step.same,
        "from": _grouped(step.came_from),
        "removed": step.removed,
        "altered": step.altered,
        "drawings": step.drawings,
    }
    if step.same is None:
        found |= {"text": "\n".join(step.lines), "rows": [_row(row) for row in step.rows]}
    return found


def _grouped(came_from: dict[int, list[int]]) -> list[list[list[int]]]:
    """Operations by what they came from: many came from the same."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, origins in came_from.items():
        groups.setdefault(tuple(origins), []).append(number)
    return [[list(origins), numbers] for origins, numbers in groups.items() if origins]


def _row(row: Row) -> list[Any]:
    return [row.number, row.first, row.last, row.parent, row.operands]
