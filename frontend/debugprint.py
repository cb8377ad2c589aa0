"""The tree of an expression, one operation per line, each with an identifier by which later lines refer to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, TextIO

from phintys.ir.graph import Node, Value, topological

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

    def __init__(self, order: list[Node] | None, depth: int, print_type: bool, stop_on_name: bool) -> None:
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
        identifier = self.names.setdefault(key, "") or next(self.fresh)
        self.names[key] = identifier
        kind = f" <{value.type}>" if self.print_type else ""
        if node is None:
            text = constant_text(value.data) if value.is_constant and not value.name else value_text(value)
            return f"{text} [id {identifier}]{kind}"
        result = f".{value.index}" if len(node.results) > 1 else ""
        place = str(self.number[id(node)]) if id(node) in self.number else ""
        return f"{op_text(node)}{result} [id {identifier}]{kind} '{value.name or ''}'   {place}"


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: TextIO | str | None = None,
    stop_on_name: bool = False,
    **_: Any,
) -> Any:
    """Print the tree of a variable, of a list of them, or of a compiled function (with its order of execution).

    `file`: where to (standard output without one); `"str"` returns the text instead. `depth` limits the levels (-1:
    all), `print_type` adds types, `stop_on_name` does not look into named sub-expressions. TypeError for other objects.
    """
    objects = list(obj) if isinstance(obj, list | tuple) else [obj]
    roots: list[Value] = []
    order: list[Node] | None = None
    for one in objects:
        if isinstance(one, Value):
            roots.append(one)
        elif hasattr(one, "maker"):
            roots += one.maker.fgraph.outputs
            order = [node for node in topological(one.maker.fgraph.outputs) if node.op != "constant"]
        else:
            raise TypeError(f"debugprint cannot print an object of this type: {one!r}")
    tree = _Tree(order, depth, print_type, stop_on_name)
    for root in roots:
        tree.add(root)
    text = "\n".join(tree.lines) + "\n"
    if file == "str":
        return text
    (sys.stdout if file is None or isinstance(file, str) else file).write(text)
    return file
