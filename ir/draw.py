"""Expression graphs as SVG: a self-contained picture, laid out without any outside program.

In: a `Graph`, its operations those of the table or any others. Out: SVG text. A box is an input, a state, a constant,
an operation, a check, an output or the new value of a state, and has its kind's colour; it shows the name and the type,
and a tooltip tells the source line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from .checks import checks_of
from .graph import Graph, Node, Value
from .layout import Layout, Point, arrange
from .ops import OPS

# kind: fill, border, corner radius
STYLES: dict[str, tuple[str, str, int]] = {
    "input": ("#dbeafe", "#2563eb", 16),
    "state": ("#fef3c7", "#d97706", 16),
    "constant": ("#f1f5f9", "#94a3b8", 4),
    "operation": ("#ffffff", "#475569", 4),
    "fused": ("#ede9fe", "#7c3aed", 4),
    "check": ("#fee2e2", "#dc2626", 4),
    "output": ("#dcfce7", "#16a34a", 16),
    "update": ("#fce7f3", "#db2777", 16),
}
FONT = "font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\""
TEXT, SMALL = 12, 10  # font sizes; a monospace character is about 0.61 of its size wide
MARGIN, HEADER = 20.0, 64.0
LONGEST_ATTRIBUTE, LONGEST_LINE = 28, 34
LONGEST_BODY = 14  # lines of scalar code shown of a fused region


@dataclass(frozen=True)
class Box:
    """One rectangle: `kind` is a key of STYLES, `title` its first line, `detail` smaller lines, `code` aligned left."""

    kind: str
    title: str
    detail: tuple[str, ...] = ()
    tooltip: str | None = None
    code: tuple[str, ...] = ()

    @property
    def size(self) -> Point:
        """Width and height that fit the text."""
        small = (*self.detail, *self.code)
        widths = [len(self.title) * TEXT * 0.61, *(len(line) * SMALL * 0.61 for line in small)]
        return (max(widths) + 22, 24.0 + 13 * len(small) + (4 if self.code else 0))


@dataclass(frozen=True)
class Arrow:
    """From box to box; `label` numbers the operands of operations whose operands are not interchangeable."""

    source: int
    target: int
    label: str = ""


def draw_svg(graph: Graph) -> str:
    """`graph` as an SVG document: arguments at the top, results at the bottom."""
    boxes, arrows = collect(graph)
    layout = arrange([box.size for box in boxes], [(arrow.source, arrow.target) for arrow in arrows])
    legend = legend_items(boxes)
    width = max(layout.width, 55.0 * len(legend), 10.0 * len(graph.name)) + 2 * MARGIN
    height = layout.height + HEADER + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" {FONT}>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 8}" font-size="15" font-weight="bold">{escape(graph.name)}</text>',
        *legend,
        f'<g transform="translate({(width - layout.width) / 2:.1f} {HEADER + MARGIN:.1f})">',
        *(svg_arrow(arrow, path) for arrow, path in zip(arrows, layout.paths, strict=True)),
        *svg_boxes(boxes, layout),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def collect(graph: Graph) -> tuple[list[Box], list[Arrow]]:
    """The boxes of `graph` and the arrows between them."""
    boxes: list[Box] = []
    number: dict[int, int] = {}  # of the box that a value comes from
    for kind, values in (("input", graph.inputs), ("state", graph.states)):
        for value in values:
            number[id(value)] = len(boxes)
            boxes.append(Box(kind, value.name or kind, (value.type.text,), value.loc))
    arrows: list[Arrow] = []
    for node in graph.nodes():
        target = len(boxes)
        boxes.append(node_box(node))
        number.update((id(value), target) for value in node.results)
        labels = operand_labels(node)
        arrows += [Arrow(number[id(value)], target, label) for value, label in zip(node.inputs, labels, strict=True)]
    for check in checks_of(graph):
        arrows.append(Arrow(number[id(check.condition)], len(boxes)))
        boxes.append(Box("check", f"else {check.exception}", tuple(wrap(check.message, LONGEST_LINE)), check.loc))
    for kind, name, value in results(graph):
        arrows.append(Arrow(number[id(value)], len(boxes)))
        boxes.append(Box(kind, name, (value.type.text,)))
    return boxes, arrows


def operand_labels(node: Node) -> list[str]:
    """What the operands' arrows say: a fused region's names for them, or numbers where operands may not be swapped."""
    if node.op == "fused":
        return list(body_names(node.attrs["body"]).values())[: len(node.inputs)]
    if len(node.inputs) < 2 or (node.op in OPS and OPS[node.op].commutative):
        return [""] * len(node.inputs)
    return [str(place) for place in range(1, len(node.inputs) + 1)]


def results(graph: Graph) -> Iterable[tuple[str, str, Value]]:
    """Kind, caption and value of each output and each new state."""
    for place, value in enumerate(graph.outputs, 1):
        yield "output", "output" if len(graph.outputs) == 1 else f"output {place}", value
    for state, value in graph.updates:
        yield "update", f"new {state.name or 'state'}", value


def node_box(node: Node) -> Box:
    """The box of an operation: its name, attributes that differ from their defaults, and result types."""
    if node.op == "constant":
        return Box("constant", constant_text(node.attrs["value"]), (node.results[0].type.text,), node.loc)
    names = ", ".join(value.name for value in node.results if value.name)
    types = ", ".join(value.type.text for value in node.results)
    outcome = f"{names}: {types}" if names else types
    if node.op == "fused":
        axes = node.attrs["axes"]
        title = f"fused, axes {', '.join(map(str, axes))}" if axes else "fused"
        return Box("fused", title, (outcome,), node.loc, tuple(body_lines(node)))
    defaults = OPS[node.op].attrs if node.op in OPS else {}
    attributes = [f"{key}={shorten(value)}" for key, value in node.attrs.items() if value != defaults.get(key)]
    return Box("operation", node.op, (*attributes, outcome), node.loc)


def body_names(body: Graph) -> dict[int, str]:
    """A name for each value of a fused region's scalar code, inputs first; constants are written out."""
    names = {id(value): value.name or f"x{place}" for place, value in enumerate(body.inputs, 1)}
    computed = 0
    for node in body.nodes():
        value = node.results[0]
        if node.op == "constant":
            names[id(value)] = constant_text(node.attrs["value"])
        else:
            computed += 1
            names[id(value)] = value.name or f"t{computed}"
    return names


def body_lines(node: Node) -> list[str]:
    """The scalar code of a fused region, a line for each operation, then what becomes of its results."""
    body: Graph = node.attrs["body"]
    names = body_names(body)
    lines = [
        f"{names[id(scalar.results[0])]} = {scalar_text(scalar.op, [names[id(value)] for value in scalar.inputs])}"
        for scalar in body.nodes()
        if scalar.op != "constant"
    ]
    if len(lines) > LONGEST_BODY:
        lines[LONGEST_BODY - 1 :] = [f"… {len(lines) - LONGEST_BODY + 1} more"]
    combine = zip(node.attrs["combine"], body.outputs, strict=True)
    return [*lines, *(f"{how} {names[id(value)]}" for how, value in combine)]


def scalar_text(op: str, operands: list[str]) -> str:
    """An operation of scalar code, with its sign where it has one."""
    infix = OPS[op].infix if op in OPS and len(operands) == 2 else None
    return f"{operands[0]} {infix} {operands[1]}" if infix else f"{op}({', '.join(operands)})"


def constant_text(value: np.ndarray[Any, Any]) -> str:
    """A scalar's value, or what is known at a glance of a larger constant."""
    if value.ndim == 0:
        return f"{value.item():.6g}" if value.dtype.kind == "f" else str(value.item())
    return shorten(value.tolist()) if value.size <= 4 else f"constant of {value.size}"


def shorten(value: object) -> str:
    """`value` on one short line."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_ATTRIBUTE else text[: LONGEST_ATTRIBUTE - 1] + "…"


def legend_items(boxes: Iterable[Box]) -> list[str]:
    """A swatch and a word for each kind that occurs."""
    present = {box.kind for box in boxes}
    items: list[str] = []
    for kind, (fill, border, _) in STYLES.items():
        if kind not in present:
            continue
        x = MARGIN + 110 * (len(items) // 2)
        swatch = f'<rect x="{x}" y="{MARGIN + 22}" width="14" height="14" rx="3" fill="{fill}" stroke="{border}"/>'
        items += [swatch, f'<text x="{x + 20}" y="{MARGIN + 33}" font-size="{SMALL}" fill="#475569">{kind}</text>']
    return items


def svg_boxes(boxes: Iterable[Box], layout: Layout) -> Iterable[str]:
    """Rectangle, text and tooltip of each box."""
    for box, (x, y) in zip(boxes, layout.centres, strict=True):
        fill, border, radius = STYLES[box.kind]
        width, height = box.size
        top = y - height / 2
        yield "<g>"
        if box.tooltip:
            yield f"<title>{escape(box.tooltip)}</title>"
        yield (
            f'<rect x="{x - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
            f' rx="{min(radius, height / 2):.0f}" fill="{fill}" stroke="{border}"/>'
        )
        yield svg_text(x, top + 16, TEXT, "#0f172a", box.title)
        for line, text in enumerate(box.detail):
            yield svg_text(x, top + 29 + 13 * line, SMALL, "#475569", text)
        below = top + 33 + 13 * len(box.detail)
        for line, text in enumerate(box.code):
            yield svg_text(x - width / 2 + 11, below + 13 * line, SMALL, "#1e1b4b", text, anchor="start")
        yield "</g>"


def svg_text(x: float, y: float, size: int, colour: str, text: str, anchor: str = "middle") -> str:
    """A line of text, centred at `x` or as `anchor` says."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size}" fill="{colour}">{escape(text)}</text>'


def svg_arrow(arrow: Arrow, path: list[Point]) -> str:
    """A smooth curve through the bends, a head that points down, and the operand's number beside it."""
    x, y = path[-1]
    curve = f"M {path[0][0]:.1f} {path[0][1]:.1f}"
    for (x0, y0), (x1, y1) in zip(path, [*path[1:-1], (x, y - 5)], strict=False):
        middle = (y0 + y1) / 2
        curve += f" C {x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
    head = f"M {x - 3.5:.1f} {y - 7:.1f} L {x:.1f} {y:.1f} L {x + 3.5:.1f} {y - 7:.1f} Z"
    number = svg_text(x + 5, y - 4, 9, "#64748b", arrow.label, anchor="start") if arrow.label else ""
    return f'<path d="{curve}" fill="none" stroke="#64748b"/><path d="{head}" fill="#64748b"/>{number}'
