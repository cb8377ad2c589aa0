"""Graph text to expression graphs: `parse_graphs(text)`. Anything that is not graph text ends in a DiagnosticError.

The order of work: `syntax.py` makes the tree by `grammar.lark`; this file walks the statements; `evaluate.py` the
expressions, with the functions of `functions.py` and the dtypes of literals by the rule of `literals.py`.
"""

from __future__ import annotations

from typing import Any

from .checks import EXCEPTIONS, Check, CheckedGraph
from .diagnostics import Source, error
from .evaluate import Evaluator
from .fused_text import read_fused
from .graph import Graph, Node, Value
from .literals import unquote
from .syntax import parse_syntax, span_of
from .terms import Results, as_literal
from .types import BY_SHORT, TensorType


def parse_graphs(text: str, filename: str = "<text>", first_line: int = 1) -> list[Graph]:
    """All graphs of a text; `filename` and `first_line` say where it stands, for messages and locations."""
    source = Source(filename, text, first_line)
    try:
        tree = parse_syntax(source)
        graphs = [_GraphReader(source, item).read() for item in tree.children]
    except RecursionError:
        raise error("an expression is nested too deeply; give its parts names", name=filename) from None
    if not graphs:
        raise error("no graph in this text", None, "graph name(x: f64[?]) { return x }", name=filename)
    _check_names(graphs, tree, source)
    return graphs


def parse_graph(text: str, filename: str = "<text>") -> Graph:
    """The one graph of a text."""
    graphs = parse_graphs(text, filename)
    if len(graphs) > 1:
        raise error(f"expected one graph, got {len(graphs)}: {', '.join(g.name for g in graphs)}", name=filename)
    return graphs[0]


def _check_names(graphs: list[Graph], tree: Any, source: Source) -> None:
    seen: set[str] = set()
    for graph, item in zip(graphs, tree.children, strict=True):
        if graph.name in seen:
            raise error(f"there are two graphs named '{graph.name}'", span_of(item.children[0], source))
        seen.add(graph.name)


class _GraphReader:
    """Reads the statements of one graph."""

    def __init__(self, source: Source, tree: Any) -> None:
        self.name, self.parameters, self.states_tree, self.body = tree.children
        self.evaluator = Evaluator(source)
        self.scope = self.evaluator.scope
        self.inputs: list[Value] = []
        self.states: list[Value] = []
        self.outputs: list[Value] | None = None
        self.updates: list[tuple[Value, Value]] = []
        self.checks: list[Check] = []

    def read(self) -> Graph:
        """The graph."""
        self.declare(self.parameters, self.inputs)
        if self.states_tree is not None:
            self.declare(self.states_tree.children[0], self.states)
        for statement in self.body.children:
            STATEMENTS[statement.data](self, statement)
        if self.outputs is None and not self.updates:
            self.scope.fail(f"graph '{self.name}' has neither a return nor an update", self.name)
        parts = (str(self.name), self.inputs, self.outputs or [], self.states, self.updates)
        return CheckedGraph(*parts, self.checks) if self.checks else Graph(*parts)

    def declare(self, parameters: Any, target: list[Value]) -> None:
        """Inputs or states."""
        for parameter in parameters.children if parameters is not None else []:
            name, type = parameter.children
            value = Value(self.type(type), str(name), loc=self.scope.location(name))
            self.scope.define(name, value)
            target.append(value)

    def type(self, tree: Any) -> TensorType:
        """A written type."""
        dtype, sizes = tree.children
        return TensorType(BY_SHORT[str(dtype)], self.evaluator.sizes(sizes))

    def assign(self, statement: Any) -> None:
        """`name = expression`, or several names for several results."""
        targets, tree = statement.children
        names = targets.children
        term = self.evaluator.term(tree)
        if isinstance(term, Results):
            self.bind_results(names, term.node, tree)
            return
        if len(names) > 1:
            self.scope.fail(f"{len(names)} names for one result", names[1].children[0])
        self.bind(names[0], self.scope.value(term, tree))

    def assign_fused(self, statement: Any) -> None:
        """`names = fused ...`."""
        targets, tree = statement.children
        names = targets.children
        declared = [None if type is None else self.type(type) for _, type in (target.children for target in names)]
        self.bind_results(names, read_fused(self.evaluator, tree, declared), tree)

    def bind_results(self, names: list[Any], node: Node, tree: Any) -> None:
        """One name for each result."""
        if len(names) != len(node.results):
            self.scope.fail(f"{len(names)} names for the {len(node.results)} results of {node.op}", tree)
        for target, value in zip(names, node.results, strict=True):
            self.bind(target, value)

    def bind(self, target: Any, value: Value) -> None:
        """Define one name."""
        name, type = target.children
        if type is not None:
            self.scope.declare(value, self.type(type), type)
        self.scope.define(name, value)
        if value.node is not None and value.name is None and not value.is_constant:
            value.name = str(name)

    def update(self, statement: Any) -> None:
        """`update state = expression`."""
        name, tree = statement.children
        state = next((value for value in self.states if value.name == str(name)), None)
        if state is None:
            known = ", ".join(str(value.name) for value in self.states) or "none"
            self.scope.fail(f"'{name}' is not a state of this graph", name, f"its states: {known}")
        if any(old is state for old, _ in self.updates):
            self.scope.fail(f"'{name}' is updated twice", name)
        term = self.evaluator.term(tree)
        literal = as_literal(term)
        new = self.scope.literal(literal, state.type.dtype, tree) if literal else self.scope.value(term, tree)
        self.check_update(state, new, tree)
        self.updates.append((state, new))

    def check_update(self, state: Value, new: Value, tree: Any) -> None:
        """The new value must be of the state's type."""
        if new.type.dtype != state.type.dtype:
            advice = f"write {str(state.type).partition('[')[0]}(...) to convert it"
            self.scope.fail(f"the state '{state.name}' is {state.type}, its new value {new.type}", tree, advice)
        pairs = list(zip(new.type.shape, state.type.shape, strict=False))
        if new.type.ndim != state.type.ndim or any(a != b and None not in (a, b) for a, b in pairs):
            self.scope.fail(f"the state '{state.name}' is {state.type}, its new value {new.type}", tree)

    def require(self, statement: Any) -> None:
        """`require condition, "ValueError", "message {0}", value`."""
        tree, exception, message, *rest = statement.children
        condition = self.evaluator.value(tree)
        if condition.type != TensorType("bool"):
            self.scope.fail(f"a condition is bool[], got {condition.type}", tree)
        if unquote(str(exception)) not in EXCEPTIONS:
            self.scope.fail(f"unknown exception {exception}", exception, f"one of {', '.join(EXCEPTIONS)}")
        values = tuple(self.evaluator.value(item) for item in rest)
        for value, item in zip(values, rest, strict=True):
            if value.type != TensorType("int64"):
                self.scope.fail(f"values in messages are i64[], got {value.type}", item)
        loc = self.scope.location(statement)
        self.checks.append(Check(condition, unquote(str(exception)), unquote(str(message)), values, loc))

    def returns(self, statement: Any) -> None:
        """`return a, b`."""
        if self.outputs is not None:
            self.scope.fail(f"graph '{self.name}' returns twice", statement)
        trees = [tree for tree in statement.children if tree is not None]
        self.outputs = [self.scope.value(self.evaluator.term(tree), tree) for tree in trees]


STATEMENTS = {
    "assign": _GraphReader.assign,
    "assign_fused": _GraphReader.assign_fused,
    "update": _GraphReader.update,
    "require": _GraphReader.require,
    "return": _GraphReader.returns,
}
