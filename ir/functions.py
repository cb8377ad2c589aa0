"""The functions of graph text: those whose arguments have a form of their own, and shorthands that expand.

Any other operation of `ir.ops` is called with its operands in order and its attributes by keyword. A row is
`name: (parameters, function)`; a parameter with `?` may be left out, `*` takes the rest. The function gets the scope,
the tree of the call for messages, and one (term, tree) pair for each parameter, `None` where left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .graph import Value
from .scope import Scope
from .terms import Arguments, DTypeName, Items, Literal, Results, ShapeOf, Term, Text, as_literal, describe
from .types import BY_SHORT, DTYPES, upcast_to_float

Pair = tuple[Term, Any]
Option = Pair | None
Function = Callable[..., Term]


def _tensor(s: Scope, pair: Pair) -> Value:
    return s.value(*pair)


# --- reductions -----------------------------------------------------------------------------------------------------


def _axes(s: Scope, x: Value, axis: Option, axes: Option) -> tuple[int, ...]:
    given = axis or axes
    return tuple(range(x.type.ndim)) if given is None else s.integers(*given, "an axis")


def _keep(s: Scope, tree: Any, result: Value, ndim: int, axes: Sequence[int], keepdims: Option) -> Value:
    """Put dimensions of size 1 where `axes` were, when asked to."""
    if keepdims is None or not s.flag(*keepdims, "keepdims"):
        return result
    dropped = {axis % ndim for axis in axes}
    kept = iter(range(result.type.ndim))
    order = tuple(-1 if axis in dropped else next(kept) for axis in range(ndim))
    return s.node("dimshuffle", [result], {"order": order}, tree)


def _reduction(name: str) -> Function:
    def reduce(s: Scope, tree: Any, x: Pair, axis: Option, axes: Option, keepdims: Option) -> Value:
        value = _tensor(s, x)
        over = _axes(s, value, axis, axes)
        result = s.node(name, [value], {"axes": over}, tree)
        return _keep(s, tree, result, value.type.ndim, over, keepdims)

    return reduce


def _mean(s: Scope, tree: Any, x: Pair, axis: Option, axes: Option, keepdims: Option) -> Value:
    value = _tensor(s, x)
    over = _axes(s, value, axis, axes)
    total = s.node("sum", [value], {"axes": over}, tree)
    count = _count(s, tree, value, over, upcast_to_float(total.type.dtype))
    result = s.node("div", [total, count], {}, tree)
    return _keep(s, tree, result, value.type.ndim, over, keepdims)


def _count(s: Scope, tree: Any, x: Value, axes: Sequence[int], dtype: str) -> Value:
    """How many elements a reduction takes together, in a floating dtype."""
    known = 1
    unknown: Value | None = None
    for axis in axes:
        size = x.type.shape[axis]
        if size is not None:
            known *= size
            continue
        dim = s.node("dim", [x], {"axis": axis}, tree)
        unknown = dim if unknown is None else s.node("mul", [unknown, dim], {}, tree)
    if unknown is None:
        return s.literal(Literal(known), dtype, tree)
    if known != 1:
        unknown = s.node("mul", [unknown, s.literal(Literal(known), "int64", tree)], {}, tree)
    return s.node("cast", [unknown], {"dtype": dtype}, tree)


def _along(name: str) -> Function:
    def apply(s: Scope, tree: Any, x: Pair, axis: Option) -> Value:
        attrs = {} if axis is None else {"axis": s.integer(*axis, "the axis")}
        return s.op(name, [x], attrs, tree)

    return apply


# --- shape ----------------------------------------------------------------------------------------------------------


def _shape(s: Scope, tree: Any, x: Pair) -> Term:
    return ShapeOf(_tensor(s, x))


def _dim(s: Scope, tree: Any, x: Pair, axis: Pair) -> Value:
    return s.op("dim", [x], {"axis": s.integer(*axis, "the axis")}, tree)


def _sizes(s: Scope, given: Sequence[Pair]) -> tuple[tuple[int | None, ...], list[Pair]]:
    """The `sizes` attribute and the operands of its unknown entries."""
    sizes: list[int | None] = []
    operands: list[Pair] = []
    for term, tree in given:
        items: list[Term] = list(term.items) if isinstance(term, Items) else [term]
        if isinstance(term, ShapeOf):
            items = [
                s.node("dim", [term.value], {"axis": axis}, tree) if size is None else Literal(size)
                for axis, size in enumerate(term.value.type.shape)
            ]
        for item in items:
            literal = as_literal(item)
            sizes.append(None if literal is None else s.integer(literal, tree, "a size"))
            if literal is None:
                operands.append((item, tree))
    return tuple(sizes), operands


def _sized(name: str) -> Function:
    def apply(s: Scope, tree: Any, x: Pair, sizes: Sequence[Pair]) -> Value:
        static, operands = _sizes(s, sizes)
        return s.op(name, [x, *operands], {"sizes": static}, tree)

    return apply


def _draw(name: str) -> Function:
    def apply(s: Scope, tree: Any, state: Pair, sizes: Sequence[Pair]) -> Term:
        static, operands = _sizes(s, sizes)
        return Results(s.results(name, s.operands(name, [state, *operands]), {"sizes": static}, tree))

    return apply


def _filled(number: float) -> Function:
    def apply(s: Scope, tree: Any, sizes: Pair, dtype: Option) -> Value:
        static, operands = _sizes(s, [sizes])
        value = s.literal(Literal(number), _dtype(s, dtype, "float64"), tree)
        return s.op("alloc", [(value, tree), *operands], {"sizes": static}, tree)

    return apply


def _filled_like(number: float) -> Function:
    def apply(s: Scope, tree: Any, x: Pair) -> Value:
        value = _tensor(s, x)
        fill = s.constant(np.array(number, value.type.dtype), tree)
        static, operands = _sizes(s, [(ShapeOf(value), tree)])
        return s.op("alloc", [(fill, tree), *operands], {"sizes": static}, tree)

    return apply


def _dtype(s: Scope, given: Option, default: str) -> str:
    if given is None:
        return default
    term, tree = given
    if isinstance(term, DTypeName):
        return term.name
    if isinstance(term, Text) and (term.text in BY_SHORT or term.text in DTYPES):
        return BY_SHORT.get(term.text, term.text)
    s.fail(f"expected a dtype, got {describe(term)}", tree, f"one of {', '.join(BY_SHORT)}")


def _cast(s: Scope, tree: Any, x: Pair, dtype: Pair) -> Value:
    return s.op("cast", [x], {"dtype": _dtype(s, dtype, "")}, tree)


def _arange(s: Scope, tree: Any, start: Pair, stop: Option, step: Option, dtype: Option) -> Value:
    if stop is None:
        start, stop = (Literal(0), tree), start
    attrs = {} if dtype is None else {"dtype": _dtype(s, dtype, "")}
    return s.op("arange", [start, stop, step or (Literal(1), tree)], attrs, tree)


def _dimshuffle(s: Scope, tree: Any, x: Pair, order: Sequence[Pair]) -> Value:
    axes: list[int] = []
    for term, place in order:
        for item in term.items if isinstance(term, Items) else [term]:
            new = isinstance(item, Text) and item.text == "x"
            axes.append(-1 if new else s.integer(item, place, "a dimension (or 'x')"))
    return s.op("dimshuffle", [x], {"order": tuple(axes)}, tree)


def _transpose(s: Scope, tree: Any, x: Pair) -> Value:
    value = _tensor(s, x)
    return s.node("dimshuffle", [value], {"order": tuple(reversed(range(value.type.ndim)))}, tree)


def _listed(name: str) -> Function:
    """An operation on any number of tensors, given as a list or one by one."""

    def apply(s: Scope, tree: Any, xs: Sequence[Pair], axis: Option = None) -> Value:
        first = xs[0][0] if len(xs) == 1 else None
        pairs = [(item, xs[0][1]) for item in first.items] if isinstance(first, Items) else list(xs)
        attrs = {} if axis is None else {"axis": s.integer(*axis, "the axis")}
        return s.op(name, pairs, attrs, tree)

    return apply


# --- derivatives and shorthands -------------------------------------------------------------------------------------


def _derivative(name: str) -> Function:
    """`grad` or `jacobian` of a value with respect to some others, given as a list or one by one."""

    def apply(s: Scope, tree: Any, cost: Pair, wrt: Sequence[Pair]) -> Term:
        values: list[Value] = []
        for term, place in wrt:
            values += [s.value(item, place) for item in (term.items if isinstance(term, Items) else [term])]
        node = s.results(name, [_tensor(s, cost), *values], {}, tree)
        return node.results[0] if len(node.results) == 1 else Results(node)

    return apply


def _square(s: Scope, tree: Any, x: Pair) -> Value:
    value = _tensor(s, x)
    return s.node("mul", [value, value], {}, tree)


def _relu(s: Scope, tree: Any, x: Pair) -> Value:
    return s.op("maximum", [x, (Literal(0), tree)], {}, tree)


def _select(s: Scope, tree: Any, condition: Pair, a: Pair, b: Pair) -> Value:
    return s.op("select", [condition, a, b], {}, tree)


# --- arguments ----------------------------------------------------------------------------------------------------------


def match_arguments(s: Scope, tree: Any, name: str, arguments: Arguments) -> list[Any]:
    """Arguments in the order of a function's parameters."""
    parameters = FUNCTIONS[name][0]
    given = list(arguments.positional)
    keywords = dict(arguments.keywords)
    result: list[Any] = []
    for parameter in parameters:
        plain = parameter.strip("*?")
        if parameter.startswith("*"):
            rest, given = given, []
            result.append([keywords.pop(plain)] if not rest and plain in keywords else rest)
        elif given and plain not in keywords:
            result.append(given.pop(0))
        else:
            result.append(keywords.pop(plain, None))
            if result[-1] is None and not parameter.endswith("?"):
                s.fail(f"{name} needs its argument '{plain}'", tree, signature(name))
    extra = next(iter(keywords.values()), None) or next(iter(given), None)
    if extra is not None:
        unknown = next(iter(keywords), None)
        message = f"{name} has no argument '{unknown}'" if unknown else f"{name} takes fewer arguments"
        s.fail(message, extra[1], signature(name))
    return result


def signature(name: str) -> str:
    """`sum(x, axis=..., keepdims=...)`."""
    parameters = FUNCTIONS[name][0]
    shown = [f"{p[:-1]}=..." if p.endswith("?") else f"{p[1:]}..." if p.startswith("*") else p for p in parameters]
    return f"{name}({', '.join(shown)})"


_REDUCTION = ("x", "axis?", "axes?", "keepdims?")
FUNCTIONS: dict[str, tuple[tuple[str, ...], Function]] = {
    **{name: (_REDUCTION, _reduction(name)) for name in ("sum", "prod", "max", "min", "all", "any", "argmax", "argmin")},
    "mean": (_REDUCTION, _mean),
    "softmax": (("x", "axis?"), _along("softmax")),
    "log_softmax": (("x", "axis?"), _along("log_softmax")),
    "shape": (("x",), _shape),
    "dim": (("x", "axis"), _dim),
    "reshape": (("x", "*sizes"), _sized("reshape")),
    "specify_shape": (("x", "*sizes"), _sized("specify_shape")),
    "alloc": (("x", "*sizes"), _sized("alloc")),
    "random_uniform": (("state", "*sizes"), _draw("random_uniform")),
    "random_normal": (("state", "*sizes"), _draw("random_normal")),
    "random_mrg": (("state", "*sizes"), _draw("random_mrg")),
    "zeros": (("sizes", "dtype?"), _filled(0)),
    "ones": (("sizes", "dtype?"), _filled(1)),
    "zeros_like": (("x",), _filled_like(0)),
    "ones_like": (("x",), _filled_like(1)),
    "cast": (("x", "dtype"), _cast),
    "arange": (("start", "stop?", "step?", "dtype?"), _arange),
    "dimshuffle": (("x", "*order"), _dimshuffle),
    "transpose": (("x",), _transpose),
    "concatenate": (("*xs", "axis?"), _listed("concatenate")),
    "make_vector": (("*xs",), _listed("make_vector")),
    "grad": (("cost", "*wrt"), _derivative("grad")),
    "jacobian": (("vector", "*wrt"), _derivative("jacobian")),
    "square": (("x",), _square),
    "relu": (("x",), _relu),
    "where": (("condition", "a", "b"), _select),
    "switch": (("condition", "a", "b"), _select),
}
ATTRIBUTES = {"T": "transpose", "shape": "shape"}  # x.T is transpose(x)
PREDEFINED: dict[str, float | bool] = {"true": True, "false": False, "inf": float("inf"), "nan": float(np.nan)}
