"""`pydotprint`: an expression or a compiled function as a picture, and what notebooks show of them by themselves.

SVG is written by `ir/draw.py` without any outside program; other formats are drawn by Matplotlib from the same layout.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from phintys.ir.graph import Graph, Value, free_inputs

from .apply import Apply


def pydotprint(
    fct: Any,
    outfile: Any = None,
    compact: bool = True,
    format: str = "png",
    with_ids: bool = False,
    high_contrast: bool = True,
    cond_highlight: Any = None,
    colorCodes: Any = None,
    max_label_size: int = 70,
    scan_graphs: bool = False,
    var_with_name_simple: bool = False,
    print_output_file: bool = True,
    return_image: bool = False,
) -> str | bytes | None:
    """Draw a variable, a list of them, or the optimized graph of a compiled function.

    `outfile`: the file to write; its ending wins over `format` ("svg", or what Matplotlib writes: "png", "pdf", ...).
    `return_image`: nothing is written, and the picture is returned, SVG as text and others as bytes. The other options
    are Theano's for Graphviz and change nothing. TypeError for objects without a graph.
    """
    if outfile is not None and Path(outfile).suffix:
        format = Path(outfile).suffix[1:]
    graph = graph_of(fct)
    image = svg(graph) if format == "svg" else _raster(graph, format)
    if return_image:
        return image
    path = Path(outfile if outfile is not None else f"phintys_{graph.name}.{format}")
    path = path if path.suffix else path.with_suffix(f".{format}")
    path.write_bytes(image.encode() if isinstance(image, str) else image)
    if print_output_file:
        print(f"The output file is available at {path}", file=sys.stdout)
    return None


def graph_of(obj: Any) -> Graph:
    """The graph to draw of a variable, an operation, a list of them, or a function. TypeError for anything else."""
    from .display import drawn
    from .tensor.sharedvar import TensorSharedVariable

    if hasattr(obj, "maker"):
        found: Graph = obj.maker.fgraph.graph
        return found
    if hasattr(obj, "graph") and isinstance(obj.graph, Graph):
        return obj.graph
    values: Sequence[Any] = obj if isinstance(obj, list | tuple) else obj.outputs if isinstance(obj, Apply) else [obj]
    if not values or not all(isinstance(value, Value) for value in values):
        raise TypeError(f"pydotprint draws a variable, a list of them, or a compiled function; got {obj!r}")
    roots = drawn(values)
    free = free_inputs(roots)
    states = [value for value in free if isinstance(value, TensorSharedVariable)]
    inputs = [value for value in free if not isinstance(value, TensorSharedVariable)]
    name = values[0].name if len(values) == 1 and values[0].name else "expression"
    return Graph(name, inputs, roots, states)


def svg(graph: Graph) -> str:
    """The picture as an SVG document."""
    from phintys.ir.draw import draw_svg

    return draw_svg(graph)


def _raster(graph: Graph, format: str) -> bytes:
    """The picture in a format of Matplotlib's. ImportError, with what to do, where that is not installed."""
    try:
        from matplotlib.figure import Figure
        from matplotlib.patches import FancyBboxPatch
    except ImportError:
        raise ImportError(f"a {format} needs Matplotlib: pip install 'phintys[viz]', or use format='svg'") from None
    from phintys.ir.draw import SMALL, STYLES, TEXT, collect
    from phintys.ir.layout import arrange

    boxes, arrows = collect(graph)
    layout = arrange([box.size for box in boxes], [(arrow.source, arrow.target) for arrow in arrows])
    figure = Figure(figsize=((layout.width + 40) / 72, (layout.height + 40) / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-20, layout.width + 20)
    axes.set_ylim(layout.height + 20, -20)
    axes.axis("off")
    for arrow, points in zip(arrows, layout.paths, strict=True):
        _raster_arrow(axes, points, arrow.label)
    for box, (x, y) in zip(boxes, layout.centres, strict=True):
        filling, border, _ = STYLES[box.kind]
        width, height = box.size
        corner = (x - width / 2 + 4, y - height / 2 + 4)
        axes.add_patch(
            FancyBboxPatch(corner, width - 8, height - 8, boxstyle="round,pad=4", facecolor=filling, edgecolor=border, zorder=2)
        )
        font: dict[str, Any] = {"ha": "center", "va": "center", "family": "monospace", "zorder": 3}
        lines = (box.title, *box.detail, *box.code)
        top = y - height / 2 + 12
        for place, line in enumerate(lines):
            axes.text(x, top + 13 * place, line.replace("$", r"\$"), fontsize=SMALL if place else TEXT, **font)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=format, dpi=100)
    return buffer.getvalue()


def _raster_arrow(axes: Any, points: Sequence[tuple[float, float]], label: str) -> None:
    """The curve through an arrow's points, its head, and the number of the operand, as the SVG has them."""
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path as Curve

    vertices = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        vertices += [(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2), (x1, y1)]
    codes = [Curve.MOVETO, *[Curve.CURVE4] * (len(vertices) - 1)]
    axes.add_patch(PathPatch(Curve(vertices, codes), facecolor="none", edgecolor="#64748b", linewidth=1))
    x, y = points[-1]
    axes.add_patch(Polygon([(x - 3.5, y - 7), (x, y), (x + 3.5, y - 7)], color="#64748b", linewidth=0))
    if label:
        axes.text(x + 5, y - 4, label, fontsize=9, color="#64748b", family="monospace")
