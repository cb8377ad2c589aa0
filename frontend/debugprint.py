"""The tree of an expression, one operation per line, each with an identifier by which later lines refer to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from phintys.ir.graph import Node, Value, topological

from .apply import Apply
from .errors import writable
from .names import constant_text, op_text, value_text


def _identifiers() -> Iterator[str]:
    """A, B, ..., Z, AA, AB, ..."""
    count = 0
    while True:
        text, rest = "", count
        while True:
            rest, digit = divmod(rest, 26)
            text = chr(ord("A") + digit) + text
            if not rest:
                break
            rest -= 1
        yield text
        count += 1


class _Tree:
    """The lines of a print; identifiers are shared by all its expressions."""

    def __init__(self, order: list[Node] | None, depth: int, print_type: bool, stop_on_name: bool, ids: str = "CHAR") -> None:
        if ids not in ("CHAR", "int", "id", ""):
            raise ValueError(f"ids is 'CHAR', 'int', 'id' or ''; got {ids!r}")
        self.ids = ids
        self.number = {id(node): place for place, node in enumerate(order or ())}
        self.depth = depth
        self.print_type = print_type
        self.stop_on_name = stop_on_name
        self.names: dict[int, str] = {}
        self.fresh = _identifiers()
        self.lines: list[str] = []

    def add(self, root: Value) -> None:
        """The lines of one expression, without recursion: graphs may be very deep."""
        stack: list[tuple[Value, str, str, int]] = [(root, "", "", 0)]
        while stack:
            value, prefix, below, level = stack.pop()
            node = value.node if not value.is_constant else None
            known = id(node if node is not None else value) in self.names
            self.lines.append(prefix + self.line(value, node))
            stop = known or node is None or (self.stop_on_name and value.name) or level + 1 == self.depth
            if node is None or stop:
                continue
            last = len(node.inputs) - 1
            for place in range(last, -1, -1):
                inner = below + (" |" if place != last else "  ")
                stack.append((node.inputs[place], below + " |", inner, level + 1))

    def line(self, value: Value, node: Node | None) -> str:
        """One value: operation or name, identifier, type if wanted, name, place in the order of execution."""
        key = id(node if node is not None else value)
        if key not in self.names:
            letters = next(self.fresh)
            texts = {"CHAR": letters, "int": str(len(self.names)), "id": str(key), "": ""}
            self.names[key] = f" [id {texts[self.ids]}]" if self.ids else ""
        identifier = self.names[key]
        kind = f" <{value.type}>" if self.print_type else ""
        if node is None:
            text = constant_text(value.data) if value.is_constant and not value.name else value_text(value)
            return f"{text}{identifier}{kind}"
        result = f".{value.index}" if len(node.results) > 1 else ""
        place = str(self.number[id(node)]) if id(node) in self.number else ""
        return f"{op_text(node)}{result}{identifier}{kind} '{value.name or ''}'   {place}"


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: Any = None,
    ids: str = "CHAR",
    stop_on_name: bool = False,
    done: Any = None,
    print_storage: bool = False,
    print_clients: bool = False,
    used_ids: Any = None,
) -> Any:
    """Print the tree of a variable, of a list of them, or of a compiled function (with its order of execution).

    `file`: where to (standard output without one); `"str"` returns the text instead. `depth` limits the levels (-1:
    all), `print_type` adds types, `stop_on_name` does not look into named sub-expressions. `ids`: "CHAR" for letters,
    "int" for numbers, "id" for Python's, "" for none. The rest is Theano's and changes nothing. TypeError for other
    objects and for a `file` that cannot be written to, ValueError for other `ids`.
    """
    goal = sys.stdout if file is None or file == "str" else writable(file)
    roots, order = _roots(obj)
    tree = _Tree(order, depth, print_type, stop_on_name, ids)
    for root in roots:
        tree.add(root)
    text = "\n".join(tree.lines) + "\n"
    if file == "str":
        return text
    goal.write(text)
    return file


def _roots(obj: Any) -> tuple[list[Value], list[Node] | None]:
    """What to print of an object, and the order of execution if it is a compiled function."""
    from .display import written

    objects = list(obj) if isinstance(obj, list | tuple) else [obj]
    expressions: list[Value] = []
    compiled: list[Value] = []
    for one in objects:
        if isinstance(one, Value):
            expressions.append(one)
        elif isinstance(one, Apply):
            expressions += one.outputs
        elif hasattr(one, "maker"):
            compiled += one.maker.fgraph.outputs
        elif hasattr(one, "toposort"):
            compiled += one.outputs
        else:
            raise TypeError(f"debugprint cannot print an object of this type: {one!r}")
    order = [node for node in topological(compiled) if node.op != "constant"] if compiled else None
    return [*written(expressions), *compiled], order
