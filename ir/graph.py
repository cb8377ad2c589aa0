"""The expression graph: light nodes with types, names and source locations, and no IR behind them.

`frontend.Variable` derives from `Value`, the `.phi` parser makes plain ones, the printer prints either. A node costs about a
microsecond and is freed with the last expression that needs it, which an xDSL operation would not be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .ops import OPS
from .types import TensorType


class Value:
    """A symbolic tensor: the result `index` of `node`, or a free input (an argument, a state) when `node` is `None`."""

    __slots__ = ("__weakref__", "index", "loc", "name", "node", "type")

    def __init__(
        self,
        type: TensorType,
        name: str | None = None,
        node: Node | None = None,
        index: int = 0,
        loc: str | None = None,
    ) -> None:
        self.type = type
        self.name = name
        self.node = node
        self.index = index
        self.loc = loc

    @property
    def is_constant(self) -> bool:
        """Whether the value is a literal."""
        return self.node is not None and self.node.op == "constant"

    @property
    def data(self) -> np.ndarray[Any, Any]:
        """The array of a constant; AttributeError for any other value."""
        if self.node is None or self.node.op != "constant":
            raise AttributeError(f"{self!r} is not a constant and holds no data")
        value: np.ndarray[Any, Any] = self.node.attrs["value"]
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        if self.node is None:
            return _value, (self.__class__, self.type, self.name, self.loc), self._extra()
        return _result, (topological([self]), self.node, self.index)

    def _extra(self) -> dict[str, Any]:
        """What a pickle or a deep copy keeps besides the fields: attributes that users have set on derived classes."""
        return {}

    def __setstate__(self, extra: dict[str, Any]) -> None:
        for key, value in extra.items():
            setattr(self, key, value)


class Node:
    """One application of an operation of `ir.ops.OPS`; its results are created with it."""

    __slots__ = ("attrs", "inputs", "loc", "op", "results")

    def __init__(
        self,
        op: str,
        inputs: Sequence[Value],
        attrs: Mapping[str, Any] | None = None,
        *,
        make: type[Value] | None = None,
        loc: str | None = None,
    ) -> None:
        """Infer the result types (TypeInferenceError when the operands do not fit) and create results of class `make`."""
        row = OPS[op]
        self.op = op
        self.inputs = tuple(inputs)
        self.attrs = row.complete(attrs or {})
        self.loc = loc
        types = row.infer([value.type for value in self.inputs], self.attrs)
        cls = make or Value
        self.results = tuple(cls(type, None, self, index, loc) for index, type in enumerate(types))

    @property
    def outputs(self) -> tuple[Value, ...]:
        """The results, by the name that Theano's programs use."""
        return self.results

    def __reduce__(self) -> tuple[Any, ...]:
        operands = [value if value.node is None else (value.node, value.index) for value in self.inputs]
        results = [(value.__class__, value.type, value.name, value.loc) for value in self.results]
        return _node, (self.op, self.attrs, self.loc, results), (operands, [value._extra() for value in self.results])

    def __setstate__(self, state: tuple[list[Any], list[dict[str, Any]]]) -> None:
        operands, extras = state
        self.inputs = tuple(pair[0].results[pair[1]] if isinstance(pair, tuple) else pair for pair in operands)
        for value, extra in zip(self.results, extras, strict=True):
            value.__setstate__(extra)
        self._check()

    def _check(self) -> None:
        """ValueError after reading a node whose types do not follow: code made of it would write beyond arrays."""
        row = OPS.get(self.op)
        if row is None:
            raise ValueError(f"a pickle names the operation {self.op!r}, which does not exist")
        wanted = row.infer([value.type for value in self.inputs], row.complete(self.attrs))
        if [(t.dtype, t.shape) for t in wanted] != [(v.type.dtype, v.type.shape) for v in self.results]:
            found = ", ".join(value.type.text for value in self.results)
            raise ValueError(f"a pickle is damaged: {self.op} gives {', '.join(t.text for t in wanted)}, it says {found}")

    def __repr__(self) -> str:
        return f"<{self.op} of {len(self.inputs)}>"


# Pickles and deep copies are flat: a value lists the nodes it depends on, operands first, and a node names its operands
# as (node, index), so that neither follows a deep graph by recursion.


def _value(cls: type[Value], type: TensorType, name: str | None, loc: str | None) -> Value:
    value = cls.__new__(cls)
    value.type, value.name, value.loc, value.node, value.index = type, name, loc, None, 0
    return value


def _result(nodes: list[Node], node: Node, index: int) -> Value:
    return node.results[index]


def _node(op: str, attrs: dict[str, Any], loc: str | None, results: list[tuple[Any, ...]]) -> Node:
    node = Node.__new__(Node)
    node.op, node.attrs, node.loc, node.inputs = op, attrs, loc, ()
    node.results = tuple(_value(*fields) for fields in results)
    for index, value in enumerate(node.results):
        value.node, value.index = node, index
    return node


class Graph:
    """What a function computes: inputs, states (inputs that persist), outputs, and the new values of states."""

    def __init__(
        self,
        name: str,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        states: Sequence[Value] = (),
        updates: Sequence[tuple[Value, Value]] = (),
    ) -> None:
        self.name = name
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.states = list(states)
        self.updates = list(updates)

    @property
    def roots(self) -> list[Value]:
        """All values that have to be computed: outputs, then new states."""
        return [*self.outputs, *(new for _, new in self.updates)]

    def nodes(self) -> list[Node]:
        """All nodes in a canonical topological order (operands first, depth first from the roots)."""
        return topological(self.roots)


def topological(roots: Iterable[Value]) -> list[Node]:
    """Nodes that `roots` depend on, operands before users, without recursion (graphs may be very deep)."""
    done: set[int] = set()
    order: list[Node] = []
    stack: list[tuple[Node, Iterator[Value]]] = []
    for root in roots:
        if root.node is None or id(root.node) in done:
            continue
        done.add(id(root.node))
        stack.append((root.node, iter(root.node.inputs)))
        while stack:
            node, operands = stack[-1]
            for value in operands:
                if value.node is not None and id(value.node) not in done:
                    done.add(id(value.node))
                    stack.append((value.node, iter(value.node.inputs)))
                    break
            else:
                stack.pop()
                order.append(node)
    return order


def free_inputs(roots: Iterable[Value]) -> list[Value]:
    """Values without a node that `roots` depend on, in order of first use."""
    seen: dict[int, Value] = {}
    roots = list(roots)
    for value in [*(operand for node in topological(roots) for operand in node.inputs), *roots]:
        if value.node is None:
            seen.setdefault(id(value), value)
    return list(seen.values())


def substitute(roots: Sequence[Value], replace: Mapping[Value, Value]) -> list[Value]:
    """`roots` with every value of `replace` exchanged, rebuilding only the nodes that depend on one (Theano's `clone`).

    Replacements are simultaneous and their own expressions are not rewritten. TypeInferenceError when a type does not fit.
    """
    new: dict[int, Value] = {id(old): value for old, value in replace.items()}
    for node in topological(roots):
        inputs = [new.get(id(value), value) for value in node.inputs]
        if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            continue
        copy = Node(node.op, inputs, node.attrs, make=type(node.results[0]), loc=node.loc)
        for old, value in zip(node.results, copy.results, strict=True):
            value.name = old.name
            new.setdefault(id(old), value)
    return [new.get(id(root), root) for root in roots]


def fingerprint(graph: Graph) -> str:
    """Content hash of a graph: equal for graphs that compile to the same code, whatever their source lines are.

    Names of inputs count (they are part of a function's interface); names of intermediate values and locations do not.
    """
    digest = hashlib.sha256()
    number: dict[int, int] = {}
    for value in [*graph.inputs, *graph.states]:
        number[id(value)] = len(number)
        digest.update(f"{value.type.text} {value.name};".encode())
    for node in graph.nodes():
        operands = [number[id(value)] for value in node.inputs]
        digest.update(f"{node.op}{operands}".encode())
        for key, attr in node.attrs.items():
            if isinstance(attr, np.ndarray):
                digest.update(f"{attr.dtype}{attr.shape}".encode() + attr.tobytes())
            else:
                digest.update(f"{key}={attr!r};".encode())
        for value in node.results:
            number[id(value)] = len(number)
            digest.update(value.type.text.encode())  # a text may declare more sizes than inference knows
    outputs = [number[id(value)] for value in graph.outputs]
    updates = [(number[id(old)], number[id(new)]) for old, new in graph.updates]
    digest.update(f"{graph.name}{len(graph.inputs)}{outputs}{updates}".encode())
    for check in getattr(graph, "checks", ()):
        operands = [number[id(value)] for value in (check.condition, *check.values)]
        digest.update(f"{check.exception} {check.message} {operands} {check.loc}".encode())
    return digest.hexdigest()
