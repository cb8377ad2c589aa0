"""Graph text as a whole: print after parse is the identity, and nothing but graphs and diagnostics comes out of the parser."""

from __future__ import annotations

import importlib.util
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from phintys.dialects.context import make_context
from phintys.dialects.nd import CLASSES
from phintys.dialects.text import module_text, parse_module, verify_module
from phintys.ir.diagnostics import DiagnosticError
from phintys.ir.examples import EXAMPLES, example
from phintys.ir.graph import Graph, Node, Value, fingerprint
from phintys.ir.ops import OPS
from phintys.ir.parser import parse_graph, parse_graphs
from phintys.ir.printer import format_graph, format_graphs
from phintys.ir.types import TensorType
from phintys.passes.convert_graph_to_nd import graph_to_module, graphs_to_module
from phintys.passes.convert_nd_to_graph import module_to_graphs
from phintys.passes.cse import Cse

HERE = Path(__file__).parent


def _local(name: str) -> Any:
    """A module of this folder (test folders are not packages)."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


graphs = _local("graphs").graphs


def shared(graph: Graph) -> Graph:
    """The same graph with equal constants as one node, as the parser makes them."""
    found: dict[Any, Value] = {}
    new: dict[int, Value] = {}
    for node in graph.nodes():
        if node.op == "constant":
            array = node.attrs["value"]
            new[id(node.results[0])] = found.setdefault((str(array.dtype), array.shape, array.tobytes()), node.results[0])
    for node in graph.nodes():
        node.inputs = tuple(new.get(id(value), value) for value in node.inputs)
    outputs = [new.get(id(value), value) for value in graph.outputs]
    updates = [(state, new.get(id(value), value)) for state, value in graph.updates]
    return Graph(graph.name, graph.inputs, outputs, graph.states, updates)


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_printed_graphs_parse_to_themselves(graph: Graph) -> None:
    graph = shared(graph)
    text = format_graph(graph)
    again = parse_graph(text)
    graph.name = again.name  # names that are keywords or no identifiers are changed
    assert fingerprint(again) == fingerprint(graph), text
    assert format_graph(again) == text


def merged(module: ModuleOp) -> str:
    """The text with equal values merged: where a constant is written once or twice is the text's business."""
    copy = module.clone()
    Cse().apply(make_context(), copy)
    return module_text(copy)


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_graphs_survive_nd(graph: Graph) -> None:
    try:
        module = graph_to_module(shared(graph))
    except DiagnosticError as refused:  # a complex number where another is wanted
        assert "drops the imaginary part" in str(refused)
        return
    verify_module(module)
    text = module_text(module)
    assert module_text(parse_module(text)) == text, text
    (back,) = module_to_graphs(module)
    printed = format_graph(back)
    again = graph_to_module(parse_graph(printed))
    assert merged(again).count("nd.") == merged(module).count("nd.")
    assert format_graph(parse_graph(printed)) == printed


@pytest.mark.parametrize("name", OPS)
def test_examples_in_both_syntaxes(name: str) -> None:
    graph = parse_graph(example(name))
    assert format_graph(graph) == example(name)
    assert name in [node.op for node in graph.nodes()]
    module = graph_to_module(graph)
    verify_module(module)
    assert f"nd.{name}" in module_text(module)
    for generic in (False, True):
        text = module_text(module, generic=generic)
        again = parse_module(text)
        verify_module(again)
        assert module_text(again, generic=generic) == text


@pytest.mark.parametrize("name", OPS)
def test_operations_are_documented(name: str) -> None:
    assert OPS[name].doc.endswith("."), name
    assert (CLASSES[name].__doc__ or "").startswith(OPS[name].doc)


def _seeds() -> list[str]:
    texts = [path.read_text() for path in sorted(HERE.glob("*.phi"))]
    pieces = [piece for text in texts for piece in re.split(r"\n(?=graph )|# -----\n", text)]
    return [piece for piece in pieces if "graph " in piece] + list(EXAMPLES.values())


SEEDS = _seeds()
BITS = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "=",
    "\n",
    "#",
    "**",
    "-",
    "?",
    "1e999",
    "9" * 60,
    "0",
    "'x'",
    "\x00",
    "é",
    "fused",
    "f64",
    "shape",
    "nan",
    "1j",
    "true",
    '"',
    "axis=",
    "T",
    ".",
]


TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|[-+*/%@<>=!&|^]+")


def substitute(text: str, rng: random.Random) -> str:
    """Some tokens exchanged for others of their kind, which often leaves a text that the grammar accepts."""
    tokens = [(match.start(), match.end()) for match in TOKEN.finditer(text)]
    for start, end in sorted(rng.sample(tokens, min(len(tokens), rng.randint(1, 3))), reverse=True):
        kind = re.compile(r"[^\W\d]" if text[start].isalpha() else r"\d" if text[start].isdigit() else r"\W")
        others = [token for token in TOKEN.findall(rng.choice([text, rng.choice(SEEDS)])) if kind.match(token)]
        text = text[:start] + (rng.choice(others) if others else "x") + text[end:]
    return text


def mutate(text: str, rng: random.Random) -> str:
    """One to four edits of a text: cut, double, insert, copy from another; or tokens exchanged."""
    if rng.random() < 0.6:
        return substitute(text, rng)
    for _ in range(rng.randint(1, 4)):
        a, b = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
        b = min(b, a + rng.randint(0, 20))
        kind = rng.randrange(4)
        if kind == 0:
            text = text[:a] + text[b:]
        elif kind == 1:
            text = text[:b] + text[a:b] + text[b:]
        elif kind == 2:
            text = text[:a] + rng.choice(BITS) + text[a:]
        else:
            other = rng.choice(SEEDS)
            start = rng.randrange(len(other) + 1)
            text = text[:a] + other[start : start + rng.randint(0, 20)] + text[b:]
    return text


def read(text: str) -> None:
    """What is accepted prints, parses again and converts."""
    try:
        found = parse_graphs(text)
        verify_module(graphs_to_module(found))
    except DiagnosticError as failure:
        assert str(failure)
        return
    printed = format_graphs(found)
    assert format_graphs(parse_graphs(printed)) == printed


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**63), st.sampled_from(range(len(SEEDS))))
def test_mutated_text_ends_in_graphs_or_diagnostics(seed: int, index: int) -> None:
    read(mutate(SEEDS[index], random.Random(seed)))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_any_text_ends_in_graphs_or_diagnostics(text: str) -> None:
    read(text)


def test_deep_nesting_is_a_diagnostic() -> None:
    with pytest.raises(DiagnosticError, match="nested too deeply"):
        parse_graphs("graph f(x: f64) { return " + "(" * 5000 + "x" + ")" * 5000 + " }")


def test_deep_graphs_print() -> None:
    x = value = parse_graph("graph f(x: f64[?]) { return x }").inputs[0]
    for _ in range(3000):
        value = Node("add", [Node("exp", [value]).results[0], x]).results[0]
    text = format_graph(Graph("deep", [x], [value]))
    assert format_graph(parse_graph(text)) == text


def test_locations() -> None:
    graph = parse_graph("graph f(x: f64) {\n  y = exp(x)\n  return y + 1\n}", "a.phi")
    assert [node.loc for node in graph.nodes()] == ["a.phi:2:7", "a.phi:3:14", "a.phi:3:10"]


def test_types_are_written_only_where_they_say_more() -> None:
    graph = parse_graph("graph f(x: f64[3, ?]) { y: f64[3, 4] = exp(x); z = x.T; return y, z }")
    z = graph.outputs[1]
    z.type = TensorType("float64", (None, None))  # a pass may know less than inference
    text = format_graph(graph)
    assert "y: f64[3, 4] = exp(x)" in text and "z = x.T" in text
    assert format_graph(parse_graph(text)) == text
