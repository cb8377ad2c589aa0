"""PTX of a dozen programs, letter by letter: what a change of any pass does to kernels is seen where it is reviewed.

python tests/codegen/test_golden_ptx.py        # writes the files anew
"""

from __future__ import annotations

from pathlib import Path

import llvmlite
import pytest

from phintys.codegen.compiler import graph_module, lower
from phintys.codegen.ptx import ptx
from phintys.dialects.text import module_text, parse_module
from phintys.ir.graph import Graph
from phintys.ir.parser import parse_graph

GOLDEN = Path(__file__).parent / "golden"
ARCHITECTURE = "sm_90"
LLVM = "0.50."  # of llvmlite: others write other code

PROGRAMS = {
    "elementwise": "x: f64[?], y: f64[?]) { return x * y + 2.0 / x }",
    "elementwise_f32": "x: f32[?, 3], y: f32[?, 3]) { return maximum(x, y) - sqrt(y) }",
    "broadcast": "x: f64[?, ?], y: f64[?, 1], z: f64[?]) { return (x - y) * z }",
    "functions": "x: f64[?]) { return exp(x), log(x), sin(x) }",
    "functions_f32": "x: f32[?]) { return sigmoid(x), log1p(x) }",
    "rows": "x: f64[?, ?]) { return sum(x * x, axis=1) }",
    "columns": "x: f32[?, ?]) { return sum(x, axis=0) }",
    "total": "x: f64[?, 3]) { return sum(x) }",
    "argmax": "x: f64[?, 10]) { return argmax(x, axis=1) }",
    "softmax": "x: f32[?, 1000]) { return softmax(x) }",
    "gather": "x: f64[?, 3], i: i64[?]) { return x[i] }",
    "scatter": "x: f64[?], y: f64[?], i: i64[?]) { return scatter_add(x, y, i) }",
    "scan": "x: f32[?, 3000]) { return cumsum(x, axis=1) }",
    "transpose": "x: f64[?, ?]) { return dimshuffle(x, [1, 0]) + 0.0 }",
    "training": """x: f64[?, 784], y: i64[?]) state(w: f64[784, 10], b: f64[10]) {
  p = softmax(dot(x, w) + b)
  cost = -mean(log(p)[arange(shape(y)[0]), y])
  gw, gb = grad(cost, [w, b])
  update w = w - 0.13 * gw
  update b = b - 0.13 * gb
  return cost
}""",
}


def graph(name: str) -> Graph:
    return parse_graph(f"graph {name}({PROGRAMS[name]}\n")


def text(name: str) -> str:
    return ptx(lower(graph_module(graph(name)), "nvvm"), ARCHITECTURE)


@pytest.mark.skipif(not llvmlite.__version__.startswith(LLVM), reason="written by another version of LLVM")
@pytest.mark.parametrize("name", PROGRAMS)
def test_text(name: str) -> None:
    assert text(name) == (GOLDEN / f"{name}.ptx").read_text(), "if it should be so: python tests/codegen/test_golden_ptx.py"


@pytest.mark.parametrize("level", ["nd", "fused", "gpu", "nvvm"])
@pytest.mark.parametrize("name", ["softmax", "scatter", "training"])
def test_every_rung_can_be_entered(name: str, level: str) -> None:
    """The text of a level, read back, leads to the same PTX."""
    above = module_text(lower(graph_module(graph(name)), level))
    assert ptx(lower(parse_module(above), "nvvm", level), ARCHITECTURE) == text(name)


@pytest.mark.parametrize("name", ["functions", "softmax", "training"])
def test_loops_of_the_cpu_become_kernels(name: str) -> None:
    """Written for threads and vectors, with functions that call the C library."""
    above = module_text(lower(graph_module(graph(name)), "loops"))
    assert ".entry" in ptx(lower(parse_module(above), "nvvm", "loops"), ARCHITECTURE)


def test_no_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.ptx")} == PROGRAMS.keys()


if __name__ == "__main__":
    for name in PROGRAMS:
        (GOLDEN / f"{name}.ptx").write_text(text(name))
