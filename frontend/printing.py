"""Expressions as text: `pp(x + y)` is `(x + y)`; `debugprint` shows the graph as a tree."""

from __future__ import annotations

from typing import Any

from phintys.ir.graph import Node, Value, topological

from .debugprint import debugprint
from .names import OTHERS, REDUCTIONS, SCALARS, SIGNS, value_text

__all__ = ["debugprint", "pp", "pprint"]

_MINUS = {"neg": "-", "invert": "~"}


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
    if op in _MINUS:
        return f"({_MINUS[op]}{operands[0]})"
    if op == "subtensor":
        return _index(node, operands)
    if op in ("inc_subtensor", "set_subtensor"):
        return f"{op}({_index(node, operands)}, {operands[1]})"
    if op == "gather":
        return f"{operands[0]}[{', '.join(operands[1:])}]"
    if op == "dimshuffle":
        return _dimshuffle(node, operands[0])
    if op == "cast":
        return f"{node.attrs['dtype']}({operands[0]})"
    if op == "dim":
        return f"{operands[0]}.shape[{node.attrs['axis']}]"
    name = SCALARS.get(op) or REDUCTIONS.get(op) or OTHERS.get(op, op)
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


class PrettyPrinter:
    """Infix text of expressions; call it, or `process` it, with a variable or a compiled function."""

    def __call__(self, obj: Any) -> str:
        """The text of a variable, of a list of them, or of the outputs of a function."""
        if isinstance(obj, list | tuple):
            return ", ".join(self(value) for value in obj)
        if not isinstance(obj, Value):
            return self(obj.maker.fgraph.outputs)
        texts: dict[int, str] = {}
        for node in topological([obj]):
            operands = [texts.get(id(value)) or value_text(value) for value in node.inputs]
            for value in node.results:
                texts[id(value)] = value_text(value) if value.name or node.op == "constant" else _node(node, operands)
        return texts.get(id(obj)) or value_text(obj)

    process = __call__


pprint = PrettyPrinter()


def pp(*args: Any) -> str:
    """The expression as a line of mathematics: `(x + y)`, `exp((x + y))`; named sub-expressions by their names."""
    return ", ".join(pprint(obj) for obj in args)
