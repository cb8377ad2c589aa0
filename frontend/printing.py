"""Expressions as text: `pp(x + y)` is `(x + y)`; `debugprint` shows the graph as a tree."""

from __future__ import annotations

from typing import Any

from phintys.ir.graph import Node, Value, topological

from .aliases import names
from .debugprint import debugprint
from .drawing import pydotprint
from .names import GREEK, OTHERS, OWN_NAMES, REDUCTIONS, SCALARS, SIGNS, op_text, value_text
from .print_op import Print

__all__ = ["Print", "debugprint", "min_informative_str", "pp", "pprint", "pydotprint", "var_descriptor"]

LONGEST = 250_000  # characters of the text of an expression


def _index(node: Node, operands: list[str]) -> str:
    """`x[i, 2:]`: the index text with the operands in place of its question marks."""
    first = {"subtensor": 1, "inc_subtensor": 2, "set_subtensor": 2}[node.op]
    rest = iter(operands[first:])
    text = "".join(next(rest) if sign == "?" else sign for sign in node.attrs["index"])
    return f"{operands[0]}[{text}]"


def _node(node: Node, operands: list[str]) -> str:
    """One operation, given the texts of its operands."""
    op = node.op
    if op in SIGNS:
        return f"({operands[0]} {SIGNS[op]} {operands[1]})"
    if op == "neg":
        return f"(-{operands[0]})"
    if op == "subtensor":
        return _index(node, operands)
    if op in ("inc_subtensor", "set_subtensor"):
        return f"{op}({_index(node, operands)}, {operands[1]})"
    if op == "gather":
        return f"{operands[0]}[{', '.join(operands[1:])}]"
    if op == "dimshuffle":
        return _dimshuffle(node, operands[0])
    if op == "abs":
        return f"|{operands[0]}|"
    if op in ("cast", "sum", "prod"):
        return f"{op_text(node)}({operands[0]})"
    if op == "host":
        return f"{op_text(node)}({', '.join(operands)})"
    if op == "dim":
        return f"{operands[0]}.shape[{node.attrs['axis']}]"
    name = SCALARS.get(op) or REDUCTIONS.get(op) or OTHERS.get(op) or OWN_NAMES.get(op, op)
    axes = node.attrs.get("axes")
    if axes is not None and len(axes) != node.inputs[0].type.ndim:
        operands = [*operands, f"axis={list(axes)}"]
    return f"{name}({', '.join(operands)})"


def _dimshuffle(node: Node, operand: str) -> str:
    order = list(node.attrs["order"])
    kept = [axis for axis in order if axis != -1]
    if kept == sorted(kept):
        return operand  # new dimensions of size 1 are not worth a word
    if order == list(range(len(order)))[::-1]:
        return f"{operand}.T"
    shown = ", ".join("'x'" if axis == -1 else str(axis) for axis in order)
    return f"DimShuffle{{{shown}}}({operand})"


def expression(value: Value, named: bool = False, limit: int = LONGEST) -> str:
    """The text of one expression; with `named`, sub-expressions that have a name are written by it.

    Parts longer than `limit` are cut in the middle: a text may be exponentially longer than its graph.
    """
    texts: dict[int, str] = {}
    nodes = topological([value])
    last = {id(operand): node for node in nodes for operand in node.inputs}
    for node in nodes:
        operands = [texts.get(id(operand)) or _leaf(operand) for operand in node.inputs]
        for operand in node.inputs:
            if last[id(operand)] is node:  # nobody asks for this text again
                texts.pop(id(operand), None)
        for result in node.results:
            plain = node.op == "constant" or (named and result.name and result is not value)
            text = value_text(result) if plain else _node(node, operands)
            if len(text) > limit:
                text = text[: limit // 2 - 2] + " ... " + text[-(limit // 2 - 3) :]
            texts[id(result)] = text
    return texts.get(id(value)) or _leaf(value)


def _leaf(value: Value) -> str:
    return GREEK.get(value.name or "", "") or value_text(value)


class PrettyPrinter:
    """Infix text of expressions; call it, or `process` it, with a variable or a compiled function."""

    def __call__(self, *args: Any) -> str:
        """The text of a variable, of a list of them, or of the outputs of a function; of several, with commas."""
        return ", ".join(self._one(obj) for obj in args)

    def _one(self, obj: Any, listed: bool = False) -> str:
        if isinstance(obj, list | tuple) and not listed:
            return ", ".join(self._one(item, listed=True) for item in obj)
        if isinstance(obj, Value):
            from .display import written

            return expression(written([obj])[0])
        if not hasattr(obj, "outputs") and not hasattr(obj, "maker"):
            raise TypeError(f"pp shows variables and functions; got {obj!r:.80} of type {type(obj).__name__}")
        outputs = obj.outputs if hasattr(obj, "outputs") else obj.maker.fgraph.outputs
        return ", ".join(expression(value) for value in outputs)

    process = __call__


pprint = pp = PrettyPrinter()
"""`pp(x + y)`: the expression as a line of mathematics, `(x + y)`; gradients are written out.

Where parts that come twice would make it longer than `LONGEST`, a line has " ... " in its middle.
"""


def min_informative_str(obj: Any, indent_level: int = 0) -> str:
    """The tree of an expression with letters for its variables, one to a line: A. Elemwise{...}, B. x, ..."""
    if not isinstance(obj, Value):
        raise TypeError(f"min_informative_str shows a variable; got {obj!r:.80} of type {type(obj).__name__}")
    lines: list[str] = []
    known: dict[int, str] = {}
    stack: list[tuple[Value, int]] = [(obj, indent_level)]
    while stack:
        value, level = stack.pop()
        indent = " " * 4 * level
        if id(value) in known:
            lines.append(f"{indent}<{known[id(value)]}>")
            continue
        known[id(value)] = chr(ord("A") + len(known)) if len(known) < 26 else f"A{len(known)}"
        inner = value.node is not None and not value.is_constant and not value.name
        text = op_text(value.node) if inner and value.node is not None else value_text(value)
        lines.append(f"{indent}{known[id(value)]}. {text}")
        if inner and value.node is not None:
            stack += [(operand, level + 1) for operand in reversed(value.node.inputs)]
    return "\n".join(lines)


var_descriptor = min_informative_str

__getattr__ = names(__name__)
