"""Expression graphs as text that parses back to the same function: `format_graph(graph)`.

Values that the user named, or that are used more than once, get a line of their own; others stand where they are used, as
long as the line stays short. Temporaries are `t1`, `t2`, ..., large constants `c1`, `c2`, ...
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count

from .checks import Check, checks_of
from .expressions import Expr, expression, operand, typed_literal, untyped_literal
from .functions import PREDEFINED
from .fused import FusedNode
from .graph import Graph, Node, Value
from .literals import ALONE, quote
from .ops import OPS
from .syntax import KEYWORDS
from .types import BY_SHORT, TensorType, TypeInferenceError

INLINE = 72  # an expression longer than this gets a line of its own
NAME = re.compile(r"[^\W\d]\w*\Z")
RESERVED = {*KEYWORDS, *BY_SHORT, *PREDEFINED}


def format_graphs(graphs: Sequence[Graph]) -> str:
    """A whole file."""
    return "\n".join(format_graph(graph) for graph in graphs)


def format_graph(graph: Graph) -> str:
    """The text of one graph, ending in a newline."""
    return _GraphPrinter(graph).text()


class _Names:
    """Hands out names that are not yet taken."""

    def __init__(self) -> None:
        self.taken = set(RESERVED)

    def take(self, wanted: str | None, stem: str) -> str:
        """`wanted` if it is a free name, else one like it, else a new one with this stem."""
        if wanted is None or not NAME.match(wanted):
            wanted = next(f"{stem}{i}" for i in count(1) if f"{stem}{i}" not in self.taken)
        elif wanted in self.taken:
            wanted = next(f"{wanted}_{i}" for i in count(1) if f"{wanted}_{i}" not in self.taken)
        self.taken.add(wanted)
        return wanted


class _Lines:
    """The statements of a graph or of a fused body."""

    def __init__(self, graph: Graph, indent: str) -> None:
        self.names = _Names()
        self.texts: dict[int, Expr] = {}
        self.lines: list[str] = []
        self.indent = indent
        self.nodes = graph.nodes()
        self.uses = _count_uses(self.nodes, graph.roots)

    def name_inputs(self, values: Iterable[Value], stem: str) -> list[str]:
        """Names of inputs; they come first and keep theirs."""
        found = [self.names.take(value.name, stem) for value in values]
        self.texts.update((id(value), Expr(name)) for value, name in zip(values, found, strict=True))
        return found

    def reserve(self) -> None:
        """Keep the names of values free of temporaries."""
        kept = {value.name for node in self.nodes for value in node.results if value.name}
        self.temporary = _Names()
        self.temporary.taken |= kept | self.names.taken

    def name(self, value: Value, stem: str = "t") -> str:
        """A name for one value."""
        if value.name is not None and NAME.match(value.name):
            found = self.names.take(value.name, stem)
        else:
            found = self.temporary.take(None, stem)
        self.names.taken.add(found)
        self.temporary.taken.add(found)
        self.texts[id(value)] = Expr(found)
        return found

    def add(self, line: str) -> None:
        """One more statement."""
        self.lines.append(self.indent + line)

    def statement(self, node: Node) -> None:
        """Write one node: as a line, or into the texts for its user."""
        if node.op == "constant":
            self.constant(node.results[0])
            return
        if isinstance(node, FusedNode):
            self.fused(node)
            return
        expr = expression(node, self.texts)
        value = node.results[0]
        declared = _declared(node)
        inline = len(node.results) == 1 and declared is None and len(expr.text) <= INLINE
        if inline and self.uses[id(value)] <= 1 and not (value.name and NAME.match(value.name)):
            self.texts[id(value)] = expr
            return
        self.add(f"{self.targets(node, declared)} = {expr.text}")

    def targets(self, node: Node, declared: Sequence[TensorType] | None) -> str:
        """The names of the results, with types where these are given."""
        names = [self.name(result) for result in node.results]
        return ", ".join(names if declared is None else map("{}: {}".format, names, declared))

    def constant(self, value: Value) -> None:
        """Large constants get a line; the others are written where they are used."""
        text = typed_literal(value.data).text
        if len(text) > INLINE or (len(text) > INLINE / 2 and self.uses[id(value)] > 1):
            self.add(f"{self.temporary_constant(value)} = {text}")

    def temporary_constant(self, value: Value) -> str:
        """A name for a constant, which has none of its own."""
        found = self.temporary.take(None, "c")
        self.names.taken.add(found)
        self.texts[id(value)] = Expr(found)
        return found

    def alone(self, value: Value) -> str:
        """A value where nothing stands next to it."""
        plain = untyped_literal(value) if id(value) not in self.texts else None
        if plain is not None and ALONE[plain[0]] == value.type.dtype:
            return plain[1].text
        return operand(value, self.texts).text

    def fused(self, node: FusedNode) -> None:
        """A fused region."""
        body = node.attrs["body"]
        inner = _Lines(body, self.indent + "  ")
        names = inner.name_inputs(body.inputs, "a")
        bound = [f"{name} = {operand(v, self.texts).text}" for name, v in zip(names, node.inputs, strict=True)]
        inner.reserve()
        for one in inner.nodes:
            inner.statement(one)
        for combiner, value in zip(node.attrs["combine"], body.outputs, strict=True):
            inner.add(f"{combiner} {inner.alone(value)}")
        targets = self.targets(node, _declared_fused(node))
        axes = f"[axes={list(node.attrs['axes'])}]" if node.attrs["axes"] else ""
        self.add(f"{targets} = fused{axes}({', '.join(bound)}) {{")
        self.lines += inner.lines
        self.add("}")


def _identifier(name: str) -> str:
    """A name made of letters, digits and underscores."""
    return re.sub(r"\W|^(?=\d)", "_", name) or "f"


def _count_uses(nodes: Sequence[Node], roots: Sequence[Value]) -> Counter[int]:
    uses = Counter(id(value) for node in nodes for value in node.inputs)
    uses.update(id(value) for value in roots)
    return uses


def _plain_type(value: Value) -> TensorType:
    return TensorType(value.type.dtype, value.type.shape)


def _declared(node: Node) -> list[TensorType] | None:
    """The types to declare for the results, where passes know more about them than inference from the operands does."""
    if node.op not in OPS:
        return None
    found = [_plain_type(value) for value in node.results]
    try:
        inferred = OPS[node.op].infer([value.type for value in node.inputs], dict(node.attrs))
    except TypeInferenceError:
        return found
    return _sharper(found, inferred)


def _declared_fused(node: FusedNode) -> list[TensorType] | None:
    """The same of a region; unsigned results, too, whose elements are plain bits in the body."""
    fresh = FusedNode(node.inputs, node.attrs["combine"], node.attrs["axes"], node.attrs["body"])
    return _sharper([_plain_type(value) for value in node.results], [value.type for value in fresh.results])


def _sharper(found: list[TensorType], inferred: list[TensorType]) -> list[TensorType] | None:
    """The types with all sizes that one of the two knows; `None` where they are those that are inferred."""
    merged = [
        TensorType(a.dtype, tuple(x if x is not None else y for x, y in zip(a.shape, b.shape, strict=True)))
        for a, b in zip(found, inferred, strict=True)
    ]
    return None if merged == inferred else merged


class _GraphPrinter:
    """Prints one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.body = _Lines(graph, "  ")

    def text(self) -> str:
        """Header, statements, closing brace."""
        graph, body = self.graph, self.body
        header = f"graph {_Names().take(_identifier(graph.name), 'f')}({self.parameters(graph.inputs)})"
        if graph.states:
            header += f" state({self.parameters(graph.states)})"
        body.reserve()
        for node in body.nodes:
            body.statement(node)
        for check in checks_of(graph):
            body.add(self.check(check))
        for state, new in graph.updates:
            body.add(f"update {body.texts[id(state)].text} = {self.new_state(state, new)}")
        if graph.outputs or not graph.updates:
            body.add(" ".join(["return", *filter(None, [", ".join(body.alone(value) for value in graph.outputs)])]))
        return "\n".join([f"{header} {{", *body.lines, "}", ""])

    def parameters(self, values: Sequence[Value]) -> str:
        """`x: f64[?], y: i32[]`."""
        names = self.body.name_inputs(values, "arg")
        return ", ".join(f"{name}: {_plain_type(value)}" for name, value in zip(names, values, strict=True))

    def check(self, check: Check) -> str:
        """`require condition, "ValueError", "message", value`."""
        values = [self.body.alone(value) for value in (check.condition, *check.values)]
        return ", ".join([f"require {values[0]}", quote(check.exception), quote(check.message), *values[1:]])

    def new_state(self, state: Value, new: Value) -> str:
        """The new value of a state; a literal takes the state's dtype."""
        return operand(new, self.body.texts).text
