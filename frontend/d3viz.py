"""`d3viz(f, "page.html")`: a page with the graph, to drag and to zoom with the wheel. The page needs nothing else."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from .drawing import graph_of, svg

_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ margin: 0; overflow: hidden }} svg {{ width: 100vw; height: 100vh; cursor: grab }}</style></head>
<body>
{picture}
<script>
const picture = document.querySelector("svg"), box = picture.viewBox.baseVal;
const scale = () => Math.max(box.width / picture.clientWidth, box.height / picture.clientHeight);
picture.addEventListener("wheel", event => {{
  event.preventDefault();
  const factor = Math.exp(event.deltaY / 500), size = scale();
  const x = event.clientX - picture.clientWidth / 2, y = event.clientY - picture.clientHeight / 2;
  const middle = [box.x + box.width / 2 + x * size * (1 - factor), box.y + box.height / 2 + y * size * (1 - factor)];
  box.width *= factor; box.height *= factor;
  box.x = middle[0] - box.width / 2; box.y = middle[1] - box.height / 2;
}}, {{passive: false}});
picture.addEventListener("pointermove", event => {{
  if (event.buttons) {{ box.x -= event.movementX * scale(); box.y -= event.movementY * scale(); }}
}});
</script>
</body></html>
"""


def d3viz(fct: Any, outfile: Any, copy_deps: bool = True, *args: Any, **kwargs: Any) -> None:
    """Write a page with the graph of a variable or of a compiled function. The other arguments are Theano's."""
    graph = graph_of(fct)
    Path(outfile).write_text(_PAGE.format(title=escape(graph.name), picture=svg(graph)))


__all__ = ["d3viz"]
