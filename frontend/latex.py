"""Expressions as LaTeX, which notebooks show: `1 / (1 + T.exp(-x))` is a fraction.

One row for each operation that mathematics has a sign for; the others are written as functions. Parentheses are set
where precedence asks for them, and sub-expressions that have a name are written by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phintys.ir.graph import Node, Value, topological

from .names import GREEK, SCALARS

# How tightly a text binds: a sum, a product, a sign, a power, something closed.
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
Text = tuple[str, int]
Row = Callable[[Node, Sequence[Text]], Text]
LONGEST = 4000  # characters; of longer parts dots are shown


def closed(text: Text, least: int) -> str:
    """The text, in parentheses if it binds less tightly than `least`."""
    return text[0] if text[1] >= least else rf"\left({text[0]}\right)"


def infix(sign: str, level: int) -> Row:
    """Two operands with a sign between them; the second one has to bind more tightly unless the order is the same."""

    def row(node: Node, operands: Sequence[Text]) -> Text:
        first, second = operands
        tighter = level if node.op in ("add", "mul") else level + 1
        return f"{closed(first, level)} {sign} {closed(second, tighter)}", level

    return row


def wrapped(before: str, after: str) -> Row:
    """One operand between two signs."""
    return lambda node, operands: (f"{before}{operands[0][0]}{after}", ATOM)


def called(name: str) -> Row:
    """A function of its operands."""
    return lambda node, operands: (rf"{name}\left({', '.join(text for text, _ in operands)}\right)", ATOM)


def _pow(node: Node, operands: Sequence[Text]) -> Text:
    return f"{closed(operands[0], ATOM)}^{{{operands[1][0]}}}", POWER


def _neg(node: Node, operands: Sequence[Text]) -> Text:
    return f"-{closed(operands[0], PRODUCT)}", SUM


def _exp(node: Node, operands: Sequence[Text]) -> Text:
    return f"e^{{{operands[0][0]}}}", POWER


def _div(node: Node, operands: Sequence[Text]) -> Text:
    return rf"\frac{{{operands[0][0]}}}{{{operands[1][0]}}}", ATOM


def _large(sign: str) -> Row:
    def row(node: Node, operands: Sequence[Text]) -> Text:
        axes = node.attrs["axes"]
        if not axes:
            return operands[0]
        below = "" if len(axes) == node.inputs[0].type.ndim else f"_{{{', '.join(map(str, axes))}}}"
        return f"{sign}{below} {closed(operands[0], PRODUCT)}", PRODUCT

    return row


def _dimshuffle(node: Node, operands: Sequence[Text]) -> Text:
    kept = [axis for axis in node.attrs["order"] if axis != -1]
    return operands[0] if kept == sorted(kept) else (f"{closed(operands[0], ATOM)}^{{T}}", POWER)


def _select(node: Node, operands: Sequence[Text]) -> Text:
    condition, yes, no = (text for text, _ in operands)
    return rf"\begin{{cases}}{yes} & {condition} \\ {no} & \text{{otherwise}}\end{{cases}}", ATOM


def _subtensor(node: Node, operands: Sequence[Text]) -> Text:
    rest = iter(operands[1:])
    index = "".join(next(rest)[0] if sign == "?" else sign for sign in node.attrs["index"])
    return f"{closed(operands[0], ATOM)}_{{{index}}}", ATOM


def _gather(node: Node, operands: Sequence[Text]) -> Text:
    return f"{closed(operands[0], ATOM)}_{{{', '.join(text for text, _ in operands[1:])}}}", ATOM


def _gradient(node: Node, operands: Sequence[Text]) -> Text:
    cost, *wrt = (text for text, _ in operands)
    return rf"\nabla_{{{', '.join(wrt)}}} \left[{cost}\right]", PRODUCT


ROWS: dict[str, Row] = {
    "add": infix("+", SUM),
    "sub": infix("-", SUM),
    "mul": infix(r"\cdot", PRODUCT),
    "dot": infix(r"\,", PRODUCT),
    "mod": infix(r"\bmod", PRODUCT),
    "lt": infix("<", SUM),
    "le": infix(r"\le", SUM),
    "gt": infix(">", SUM),
    "ge": infix(r"\ge", SUM),
    "eq": infix("=", SUM),
    "ne": infix(r"\ne", SUM),
    "and": infix(r"\wedge", SUM),
    "or": infix(r"\vee", SUM),
    "div": _div,
    "pow": _pow,
    "neg": _neg,
    "exp": _exp,
    "sqr": lambda node, operands: (f"{closed(operands[0], ATOM)}^{{2}}", POWER),
    "sqrt": wrapped(r"\sqrt{", "}"),
    "abs": wrapped(r"\left|", r"\right|"),
    "floor": wrapped(r"\left\lfloor ", r"\right\rfloor"),
    "ceil": wrapped(r"\left\lceil ", r"\right\rceil"),
    "floordiv": lambda node, operands: (rf"\left\lfloor {_div(node, operands)[0]}\right\rfloor", ATOM),
    "cast": lambda node, operands: operands[0],
    "sigmoid": called(r"\sigma"),
    "log": called(r"\log"),
    "log1p": lambda node, operands: (rf"\log\left(1 + {closed(operands[0], SUM)}\right)", ATOM),
    "expm1": lambda node, operands: (f"e^{{{operands[0][0]}}} - 1", SUM),
    **{name: called(rf"\{name}") for name in ("sin", "cos", "tan", "arctan", "arcsin", "arccos", "sinh", "cosh", "tanh")},
    "maximum": called(r"\max"),
    "minimum": called(r"\min"),
    "sum": _large(r"\sum"),
    "prod": _large(r"\prod"),
    "max": _large(r"\max"),
    "min": _large(r"\min"),
    "select": _select,
    "dimshuffle": _dimshuffle,
    "subtensor": _subtensor,
    "gather": _gather,
    "grad": _gradient,
    "dim": lambda node, operands: (rf"\dim_{{{node.attrs['axis']}}} {closed(operands[0], ATOM)}", PRODUCT),
}


def name_text(name: str) -> str:
    """A variable's name: one letter, Greek by its word, an index behind an underscore or in digits at the end."""
    derivative = re.fullmatch(r"\(d(.+)/d(.+)\)", name)
    if derivative:
        return rf"\frac{{\partial {name_text(derivative[1])}}}{{\partial {name_text(derivative[2])}}}"
    head, _, tail = name.partition("_")
    if not tail and head.rstrip("0123456789") not in ("", head):
        head, tail = head.rstrip("0123456789"), head[len(head.rstrip("0123456789")) :]
    base = GREEK.get(head) or (head if len(head) == 1 else rf"\mathrm{{{plain(head)}}}")
    below = plain(tail) if len(tail) == 1 or tail.isdigit() else rf"\mathrm{{{plain(tail)}}}"
    return f"{base}_{{{below}}}" if tail else base


def plain(text: str) -> str:
    """Text with the characters that LaTeX takes for its own written out."""
    return "".join(rf"\{sign}" if sign in "_%#&${}" else sign for sign in text)


def constant(data: np.ndarray[Any, Any]) -> Text:
    """A number, or the shape of an array."""
    if data.size != 1:
        sizes = r" \times ".join(map(str, data.shape))
        return rf"\mathrm{{array}}_{{{sizes}}}", ATOM
    number = f"{data.item():.6g}" if data.dtype.kind == "f" else str(data.item())
    mantissa, _, exponent = number.partition("e")
    text = rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else number
    return text.replace("inf", r"\infty"), SUM if number.startswith("-") else PRODUCT if exponent else ATOM


def latex(value: Value) -> str:
    """The formula of an expression, without dollar signs."""
    texts: dict[int, Text] = {}
    for node in topological([value]):
        operands = [texts[id(operand)] if id(operand) in texts else _leaf(operand) for operand in node.inputs]
        for result in node.results:
            if result.name and result is not value:
                texts[id(result)] = (name_text(result.name), ATOM)
            elif node.op == "constant":
                texts[id(result)] = constant(node.attrs["value"])
            else:
                row = ROWS.get(node.op) or called(rf"\mathrm{{{plain(SCALARS.get(node.op, node.op))}}}")
                text = row(node, operands)
                texts[id(result)] = text if len(text[0]) <= LONGEST else (r"\cdots", ATOM)
    return texts[id(value)][0] if id(value) in texts else _leaf(value)[0]


def _leaf(value: Value) -> Text:
    return (name_text(value.name) if value.name else rf"\square_{{\mathrm{{{plain(value.type.text)}}}}}"), ATOM
