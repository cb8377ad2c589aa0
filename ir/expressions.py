"""Expressions as text: operators with the parentheses they need, calls, and literals that read back with their dtype.

`FORMS` has a row for each operation that is not written as an infix operator or a plain call; what it prints, `evaluate.py`
and `functions.py` read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .graph import Node, Value
from .literals import Array, encode_array, literal_dtype, literal_groups, quote, show
from .ops import OPS
from .subscript import parse_index
from .types import DTYPES

COMPARE, SUM, PRODUCT, UNARY, POWER, ATOM = 1, 5, 6, 7, 8, 9
_LEVELS = {"|": 2, "^": 3, "&": 4, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT}
LISTED = 16  # arrays of at most so many elements are written out


@dataclass(frozen=True)
class Expr:
    """A text and how tightly its outermost operator binds."""

    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        """The text where something of at least this level is wanted."""
        return self.text if self.level >= level else f"({self.text})"


# --- literals -----------------------------------------------------------------------------------------------------------


def typed_literal(array: Array) -> Expr:
    """A constant with its dtype: `f64(2.5)`, `i32([1, 2])`, `f64[3, 4](0.0)`, or base64."""
    short = DTYPES[str(array.dtype)].short
    sizes = ", ".join(map(str, array.shape))
    if array.ndim and array.size == 0:
        return Expr(f"{short}[{sizes}]([])")
    if not _readable(array):
        return Expr(f'{short}[{sizes}]("{encode_array(array)}")')
    if array.size <= LISTED:
        return Expr(f"{short}({show(_nested(array))})")
    if _is_splat(array):
        return Expr(f"{short}[{sizes}]({show(array.flat[0])})")
    return Expr(f'{short}[{sizes}]("{encode_array(array)}")')


def _nested(array: Array) -> Any:
    return array[()] if array.ndim == 0 else [_nested(row) for row in array]


def _is_splat(array: Array) -> bool:
    data = array.tobytes()
    return data == data[: array.itemsize] * array.size


def _readable(array: Array) -> bool:
    """Whether decimal text keeps every bit: not so for unusual NaNs and complex infinities."""
    if array.dtype.kind == "c":
        return bool(np.isfinite(array).all())
    if array.dtype.kind != "f" or (array.size > LISTED and not _is_splat(array)):
        return True
    nans = array[np.isnan(array)]
    return bool(nans.tobytes() == np.full(nans.shape, np.nan, array.dtype).tobytes())


def untyped_literal(value: Value) -> tuple[str, Expr] | None:
    """Kind and text of a scalar constant as an untyped literal, where it can be one."""
    if not value.is_constant or value.type.ndim or value.type.kind == "c" or not _readable(value.data):
        return None
    text = show(value.data[()])
    return {"u": "i"}.get(value.type.kind, value.type.kind), Expr(text, UNARY if text.startswith("-") else ATOM)


# --- operands -----------------------------------------------------------------------------------------------------------

Texts = Mapping[int, Expr]  # by id: how each value is written where it is used


def operand(value: Value, texts: Texts) -> Expr:
    """A value; constants with their dtype."""
    found = texts.get(id(value))
    return typed_literal(value.data) if found is None else found


def operands(node: Node, texts: Texts) -> list[Expr]:
    """All operands of a node; constants without a dtype where the parser would give them the same."""
    groups = literal_groups(node.op, len(node.inputs))
    plain = [untyped_literal(value) if id(value) not in texts else None for value in node.inputs]
    changed = True
    while changed:
        changed = False
        for index, (value, found) in enumerate(zip(node.inputs, plain, strict=True)):
            if found is None:
                continue
            near = [
                other.type.dtype
                for other, literal, group in zip(node.inputs, plain, groups, strict=True)
                if literal is None and group == groups[index]
            ]
            if literal_dtype(found[0], near) != value.type.dtype:
                plain[index] = None
                changed = True
    return [operand(value, texts) if found is None else found[1] for value, found in zip(node.inputs, plain, strict=True)]


# --- forms --------------------------------------------------------------------------------------------------------------

Form = Callable[[Node, Texts], Expr]


def call(name: str, *arguments: str) -> Expr:
    """`name(a, b)`."""
    return Expr(f"{name}({', '.join(arguments)})")


def listed(values: Sequence[Any]) -> str:
    """`[1, 2]`."""
    return f"[{', '.join(map(str, values))}]"


def _plain(node: Node, texts: Texts) -> Expr:
    """`name(a, b, key=value)`."""
    row = OPS.get(node.op)
    defaults = row.attrs if row is not None else {}
    shown = [
        f"{key}={_attribute(key, value)}"
        for key, value in node.attrs.items()
        if value is not None and not (key in defaults and defaults[key] is value)
    ]
    return call(node.op, *(expr.text for expr in operands(node, texts)), *shown)


def _attribute(key: str, value: Any) -> str:
    if key == "dtype":
        return DTYPES[value].short
    if isinstance(value, str):
        return quote(value)
    return listed(value) if isinstance(value, tuple | list) else str(value)


def _infix(sign: str) -> Form:
    level = _LEVELS.get(sign, COMPARE)
    left = level + 1 if level == COMPARE else level

    def form(node: Node, texts: Texts) -> Expr:
        a, b = operands(node, texts)
        return Expr(f"{a.within(left)} {sign} {b.within(level + 1)}", level)

    return form


def _power(node: Node, texts: Texts) -> Expr:
    a, b = operands(node, texts)
    return Expr(f"{a.within(ATOM)} ** {b.within(UNARY)}", POWER)


def _prefix(sign: str) -> Form:
    def form(node: Node, texts: Texts) -> Expr:
        return Expr(f"{sign}{operand(node.inputs[0], texts).within(UNARY)}", UNARY)

    return form


def _cast(node: Node, texts: Texts) -> Expr:
    return call(DTYPES[node.attrs["dtype"]].short, operand(node.inputs[0], texts).text)


def _reduction(node: Node, texts: Texts) -> Expr:
    (x,) = operands(node, texts)
    axes = tuple(node.attrs["axes"])
    if axes == tuple(range(node.inputs[0].type.ndim)):
        return call(node.op, x.text)
    return call(node.op, x.text, f"axis={axes[0]}" if len(axes) == 1 else f"axes={listed(axes)}")


def _along_last(node: Node, texts: Texts) -> Expr:
    axis = node.attrs["axis"]
    rest = [] if axis == node.inputs[0].type.ndim - 1 else [f"axis={axis}"]
    return call(node.op, operand(node.inputs[0], texts).text, *rest)


def _dim(node: Node, texts: Texts) -> Expr:
    return Expr(f"shape({operand(node.inputs[0], texts).text})[{node.attrs['axis']}]")


def _arange(node: Node, texts: Texts) -> Expr:
    start, stop, step = (expr.text for expr in operands(node, texts))
    shown = [stop] if (start, step) == ("0", "1") else [start, stop] if step == "1" else [start, stop, step]
    dtype = node.attrs["dtype"]
    return call("arange", *shown, *([] if dtype is None else [f"dtype={DTYPES[dtype].short}"]))


def _sized(node: Node, texts: Texts) -> Expr:
    dims = iter(node.inputs[1:])
    sizes = [operand(next(dims), texts).text if size is None else str(size) for size in node.attrs["sizes"]]
    return call(node.op, operands(node, texts)[0].text, listed(sizes))


def _dimshuffle(node: Node, texts: Texts) -> Expr:
    x = operand(node.inputs[0], texts)
    order = tuple(node.attrs["order"])
    if order == (1, 0) and node.inputs[0].type.ndim == 2:  # of three dimensions it drops the last
        return Expr(f"{x.within(ATOM)}.T")
    return call("dimshuffle", x.text, listed(["'x'" if axis == -1 else axis for axis in order]))


def _concatenate(node: Node, texts: Texts) -> Expr:
    axis = node.attrs["axis"]
    parts = listed([expr.text for expr in operands(node, texts)])
    return call("concatenate", parts, *([f"axis={axis}"] if axis else []))


def _entries(node: Node, texts: Texts, first: int) -> str:
    """The subscript of a basic indexing operation whose index operands begin at `first`."""
    values = iter(node.inputs[first:])

    def bound(entry: int | str | None) -> str:
        return operand(next(values), texts).text if entry == "?" else "" if entry is None else str(entry)

    shown = []
    for entry in parse_index(node.attrs["index"]):
        if not entry.is_slice:
            shown.append(bound(entry.start))
            continue
        text = f"{bound(entry.start)}:{bound(entry.stop)}"
        shown.append(text + (f":{bound(entry.step)}" if entry.step is not None else ""))
    return ", ".join(shown)


def _subtensor(node: Node, texts: Texts) -> Expr:
    entries = _entries(node, texts, 1)
    if not entries:
        return _plain(node, texts)
    return Expr(f"{operand(node.inputs[0], texts).within(ATOM)}[{entries}]")


def _assigned_subtensor(node: Node, texts: Texts) -> Expr:
    entries = _entries(node, texts, 2)
    if not entries:
        return _plain(node, texts)
    x = operand(node.inputs[0], texts)
    return call(node.op, f"{x.within(ATOM)}[{entries}]", operands(node, texts)[1].text)


def _gather(node: Node, texts: Texts) -> Expr:
    x, *indices = (operand(value, texts) for value in node.inputs)
    if not any(value.type.ndim for value in node.inputs[1:]):
        return call("gather", x.text, *(index.text for index in indices))
    return Expr(f"{x.within(ATOM)}[{', '.join(index.text for index in indices)}]")


def _grad(node: Node, texts: Texts) -> Expr:
    cost, *wrt = (operand(value, texts).text for value in node.inputs)
    return call(node.op, cost, wrt[0] if len(wrt) == 1 else listed(wrt))


FORMS: dict[str, Form] = {
    **{name: _infix(row.infix) for name, row in OPS.items() if row.infix},
    **{name: _reduction for name, row in OPS.items() if row.family == "reduction"},
    "pow": _power,
    "neg": _prefix("-"),
    "invert": _prefix("~"),
    "cast": _cast,
    "softmax": _along_last,
    "log_softmax": _along_last,
    "dim": _dim,
    "arange": _arange,
    "alloc": _sized,
    "reshape": _sized,
    "specify_shape": _sized,
    "random_uniform": _sized,
    "random_normal": _sized,
    "random_mrg": _sized,
    "dimshuffle": _dimshuffle,
    "concatenate": _concatenate,
    "subtensor": _subtensor,
    "set_subtensor": _assigned_subtensor,
    "inc_subtensor": _assigned_subtensor,
    "gather": _gather,
    "grad": _grad,
    "jacobian": _grad,
}


def expression(node: Node, texts: Texts) -> Expr:
    """One node, given how its operands are written."""
    return FORMS.get(node.op, _plain)(node, texts)
