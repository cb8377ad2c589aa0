"""SVG drawings hold every part of a graph, as well-formed XML without outside references."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from phintys.ir.checks import Check, CheckedGraph
from phintys.ir.draw import draw_svg
from phintys.ir.fused import FusedBody, FusedNode, ScalarNode
from phintys.ir.graph import Graph, Node, Value
from phintys.ir.types import parse_type


def small_graph() -> Graph:
    x = Value(parse_type("f64[?, 3]"), "x", loc="model.py:4")
    w = Value(parse_type("f64[3]"), "w & <w>")
    product = Node("dot", [x, w], loc="model.py:7").results[0]
    total = Node("sum", [product], {"axes": (0,)}).results[0]
    rate = Node("constant", [], {"value": np.asarray(0.5)}).results[0]
    smaller = Node("mul", [rate, w]).results[0]
    return Graph("step", [x], [total], [w], [(w, smaller)])


def fused_graph() -> Graph:
    x, m = Value(parse_type("f64[?, 3]"), "x"), Value(parse_type("f64[?, 1]"), "m")
    a, b = Value(parse_type("f64"), "a"), Value(parse_type("f64"), "b")
    two = ScalarNode("constant", [], {"value": np.asarray(2.0)}).results[0]
    difference = ScalarNode("sub", [a, b]).results[0]
    e = ScalarNode("exp", [ScalarNode("mul", [two, difference]).results[0]]).results[0]
    e.name = "e"
    node = FusedNode([x, m], ["map", "add"], [1], FusedBody([a, b], [e, e]))
    return Graph("region", [x, m], node.results)


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_every_part_is_shown() -> None:
    shown = texts(draw_svg(small_graph()))
    for part in ["step", "x", "w & <w>", "dot", "sum", "mul", "0.5", "f64[?, 3]", "axes=(0,)", "output", "new w & <w>"]:
        assert part in shown


def test_source_lines_are_tooltips() -> None:
    assert "<title>model.py:7</title>" in draw_svg(small_graph())


def test_operands_of_dot_are_numbered() -> None:
    assert {"1", "2"} <= set(texts(draw_svg(small_graph())))


def test_self_contained() -> None:
    assert "href" not in draw_svg(small_graph())
    assert "url(" not in draw_svg(small_graph())


def test_fused_region_shows_its_code() -> None:
    shown = texts(draw_svg(fused_graph()))
    for line in ["fused, axes 1", "t1 = a - b", "t2 = 2 * t1", "e = exp(t2)", "map e", "add e", "a", "b", "output 2"]:
        assert line in shown


def test_checks_are_shown() -> None:
    a, b = Value(parse_type("f64[]"), "a"), Value(parse_type("f64[]"), "b")
    same = Node("eq", [a, b]).results[0]
    checks = [Check(same, "ValueError", "the size {0} of the left and the size {1} of the right differ", (a, b))]
    shown = texts(draw_svg(CheckedGraph("checked", [a, b], [a], checks=checks)))
    assert {"else ValueError", "the size {0} of the left and the", "size {1} of the right differ"} <= set(shown)


def test_empty_graph() -> None:
    assert texts(draw_svg(Graph("nothing", [], []))) == ["nothing"]
