"""Docstrings of the generated `nd` classes: the table's sentence, the example in graph text, and its operation in IR.

Each is made when it is asked for (`help(phintys.dialects.nd.SumOp)`), since its IR takes a parser and a printer.
"""

from __future__ import annotations

import re
import textwrap
from abc import ABCMeta
from functools import cache
from io import StringIO
from typing import Any

from xdsl.ir import Block, SSAValue
from xdsl.printer import Printer

from phintys.ir.graph import Node
from phintys.ir.ops import OPS

from .convert import to_xdsl


class Documented(ABCMeta):
    """Metaclass whose classes with a `row` of the table have the docstring of that row."""

    # `help` reads it as it reads any class's: a data descriptor of the metaclass comes before the class's own entry.
    @property
    def __doc__(cls) -> str | None:
        """The docstring of a generated class, or what a class says itself."""
        row = vars(cls).get("row")
        own: str | None = vars(cls).get("__doc__")
        return own if row is None else docstring(row.name)

    @__doc__.setter
    def __doc__(cls, text: str | None) -> None:
        raise AttributeError(f"the docstring of {cls.__name__} is made from the operation table")


@cache
def docstring(name: str) -> str:
    """Sentence, attributes and examples of one operation of the table; the sentence alone where it has no example."""
    from phintys.ir.examples import example

    row = OPS[name]
    try:
        graph_text = example(name)
    except KeyError:
        return row.doc
    attributes = f"\nAttributes: {', '.join(row.attrs)}.\n" if row.attrs else ""
    shown = [textwrap.indent(text.rstrip(), "    ") for text in (graph_text, example_ir(graph_text, name))]
    return f"{row.doc}\n{attributes}\nIn graph text:\n\n{shown[0]}\n\nIn IR:\n\n{shown[1]}\n"


def example_ir(graph_text: str, name: str) -> str:
    """The lines of IR for the node `name` of a graph text: constants among its operands, then the operation."""
    from phintys.ir.parser import parse_graph

    node = next(node for node in parse_graph(graph_text).nodes() if node.op == name)
    stream = StringIO()
    printer = Printer(stream=stream)
    for op in _operations(node):
        printer.print_op(op)
        stream.write("\n")
    return stream.getvalue()


def _operations(node: Node) -> list[Any]:
    from .nd import create

    found: dict[int, SSAValue] = {}
    made = []
    block = Block()
    for value in node.inputs:
        if id(value) in found:
            continue
        if value.node is not None and value.is_constant:
            made.append(create("constant", [], value.node.attrs))
            found[id(value)] = made[-1].results[0]
        else:
            argument = found[id(value)] = block.insert_arg(to_xdsl(value.type), len(block.args))
            name = value.name if value.name and re.fullmatch(r"[A-Za-z_]\w*", value.name) else "x"
            argument.name_hint = name
    made.append(create(node.op, [found[id(value)] for value in node.inputs], node.attrs))
    return made
