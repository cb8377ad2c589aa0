"""The gradient expressions that Theano writes, one row for each operation; `expand` puts them into prints.

What a function computes is the compiler's business: `T.grad` is one node, and the pass `autodiff` expands it after the
expression was brought to a stable form, in an order that suits compilation. People read gradients as Theano wrote them,
though: `gz * y * x**(y - 1)` for a power, terms in the order in which the cost uses the variable, the seed `1.0` and all
constants in their own dtypes. So prints (`pp`, `debugprint`, `pydotprint` and the graph of a FAST_COMPILE function)
expand the node by these rows. Both give the same numbers; tests compare them.

A row maps (operands, result, gradient of the result) to one gradient for each operand, `None` where it is zero. Operations
without a row are differentiated by the compiler's, see `derived.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from phintys.ir.graph import Node, Value, topological

from . import tensor as T
from .derived import derived, expanded
from .gradient.reverse import differentiable
from .shown import fill, shown
from .tensor.build import apply
from .tensor.shaping import dim
from .tensor.var import TensorVariable

Variable = TensorVariable
Row = Callable[..., "Sequence[Variable | None]"]


def _zero(*_: Any) -> Sequence[None]:
    return [None, None]


def _pow(node: Node, g: Variable, x: Variable, y: Variable) -> Sequence[Variable | None]:
    base = g * y * x ** (y - 1)
    return [base, T.switch(T.eq(x, 0), 0, g * T.log(x) * x**y)] if not y.is_constant else [base, None]


def _dot(node: Node, g: Variable, x: Variable, y: Variable) -> Sequence[Variable | None]:
    if x.ndim == 1 and y.ndim == 1:
        return [g * y, g * x]
    left = T.outer(g, y) if y.ndim == 1 else T.dot(g, y.T)
    return [left, T.outer(x, g) if x.ndim == 1 else T.dot(x.T, g)]


def _kept(node: Node, value: Variable) -> Variable:
    """A reduction's result with its dimensions back."""
    axes, rest = node.attrs["axes"], iter(range(value.ndim))
    return value.dimshuffle(*["x" if axis in axes else next(rest) for axis in range(node.inputs[0].type.ndim)])


def _extremum(node: Node, g: Variable, x: Variable) -> Sequence[Variable | None]:
    out = node.results[0]
    assert isinstance(out, Variable)
    return [T.eq(_kept(node, out), x) * _kept(node, g)]


def _dimshuffle(node: Node, g: Variable, x: Variable) -> Sequence[Variable | None]:
    order = node.attrs["order"]
    new = [axis for axis, source in enumerate(order) if source == -1]
    if new:
        g = T.sum(g, axis=new)
    kept = [source for source in order if source != -1]
    return [g.dimshuffle(*[kept.index(axis) if axis in kept else "x" for axis in range(x.ndim)])]


def _reshape(node: Node, g: Variable, x: Variable, *sizes: Variable) -> Sequence[Variable | None]:
    return [T.reshape(g, [dim(x, axis) for axis in range(x.ndim)]), *[None] * len(sizes)]


def _alloc(node: Node, g: Variable, x: Variable, *sizes: Variable) -> Sequence[Variable | None]:
    return [_unbroadcast(g, x), *[None] * len(sizes)]


def _subtensor(node: Node, g: Variable, x: Variable, *rest: Variable) -> Sequence[Variable | None]:
    return [apply("inc_subtensor", T.zeros_like(x), g, *rest, **node.attrs), *[None] * len(rest)]


def _gather(node: Node, g: Variable, x: Variable, *rest: Variable) -> Sequence[Variable | None]:
    return [apply("scatter_add", T.zeros_like(x), g, *rest), *[None] * len(rest)]


def _softmax(node: Node, g: Variable, x: Variable) -> Sequence[Variable | None]:
    return [shown("softmax_grad", [g, node.results[0]], x.type)]


def _concatenate(node: Node, g: Variable, *xs: Variable) -> Sequence[Variable | None]:
    axis, parts = node.attrs["axis"], []
    start: Variable = T.constant(0, dtype="int64")
    for x in xs:
        stop = start + dim(x, axis)
        parts.append(g[(slice(None),) * axis + (slice(start, stop),)])
        start = stop
    return parts


def _out(node: Node) -> Variable:
    result = node.results[0]
    assert isinstance(result, Variable)
    return result


ROWS: dict[str, Row] = {
    "add": lambda n, g, x, y: [g, g],
    "sub": lambda n, g, x, y: [g, -g],
    "mul": lambda n, g, x, y: [g * y, g * x],
    "div": lambda n, g, x, y: [g / y, -(g * x) / (y * y)],
    "mod": lambda n, g, x, y: [g, -(x // y) * g],
    "pow": _pow,
    "maximum": lambda n, g, x, y: [T.eq(_out(n), x) * g, (1 - T.eq(_out(n), x)) * g],
    "minimum": lambda n, g, x, y: [T.eq(_out(n), x) * g, (1 - T.eq(_out(n), x)) * g],
    "select": lambda n, g, c, x, y: [None, T.switch(c, g, 0.0), T.switch(c, 0.0, g)],
    "cast": lambda n, g, x: [T.cast(g, x.dtype)],
    "neg": lambda n, g, x: [-g],
    "abs": lambda n, g, x: [g * T.sgn(x)],
    "sqrt": lambda n, g, x: [g * 0.5 / _out(n)],
    "exp": lambda n, g, x: [g * _out(n)],
    "expm1": lambda n, g, x: [g * T.exp(x)],
    "log": lambda n, g, x: [g / x],
    "log1p": lambda n, g, x: [g / (1 + x)],
    "sin": lambda n, g, x: [g * T.cos(x)],
    "cos": lambda n, g, x: [-g * T.sin(x)],
    "tan": lambda n, g, x: [g / T.sqr(T.cos(x))],
    "arctan": lambda n, g, x: [g / (1 + T.sqr(x))],
    "sinh": lambda n, g, x: [g * T.cosh(x)],
    "cosh": lambda n, g, x: [g * T.sinh(x)],
    "tanh": lambda n, g, x: [g * (1 - T.sqr(_out(n)))],
    "sigmoid": lambda n, g, x: [g * _out(n) * (1.0 - _out(n))],
    "softplus": lambda n, g, x: [g * T.sigmoid(x)],
    "sum": lambda n, g, x: [fill(x, _kept(n, g))],
    "max": _extremum,
    "min": _extremum,
    "softmax": _softmax,
    "dot": _dot,
    "dimshuffle": _dimshuffle,
    "reshape": _reshape,
    "alloc": _alloc,
    "make_vector": lambda n, g, *xs: [g[place] for place in range(len(xs))],
    "concatenate": _concatenate,
    "subtensor": _subtensor,
    "gather": _gather,
    **dict.fromkeys(("sign", "floor", "ceil", "floordiv", "zero_grad"), _zero),
    "grad_clip": lambda n, g, x, low, high: [T.clip(g, low, high)],
    "grad_scale": lambda n, g, x, factor: [g * factor],
}


def _unbroadcast(g: Variable, x: Variable) -> Variable:
    """The gradient summed over what was broadcast, as `Elemwise` does."""
    lead = g.ndim - x.ndim
    wide = zip(g.type.shape[lead:], x.type.shape, strict=True)
    axes = [*range(lead), *(lead + axis for axis, (size, own) in enumerate(wide) if own == 1 and size != 1)]
    if not axes:
        return g
    total = T.sum(g, axis=axes)
    kept = iter(range(total.ndim))
    return total.dimshuffle(*["x" if lead + axis in axes else next(kept) for axis in range(x.ndim)])


def expand(node: Node) -> list[Value]:
    """The gradients of a `grad` node as expressions.

    Those of a Jacobian, and those through complex numbers, which are pairs of real ones there, as the compiler writes them.
    """
    cost, *wrt = node.inputs
    if any(step.op == "jacobian" or _is_complex(step) for step in topological([cost])):
        return expanded(node)
    paths = _paths(cost, wrt)
    terms: dict[tuple[int, int], Variable] = {}
    found: dict[int, Variable | None] = {id(cost): fill(cost, T.constant(1.0, dtype=cost.type.dtype))}

    def total(value: Value) -> Variable | None:
        if id(value) not in found:
            parts = [terms[key] for key in paths.get(id(value), ()) if key in terms]
            found[id(value)] = _sum(parts)
        return found[id(value)]

    inner = {key[0] for keys in paths.values() for key in keys}
    for step in reversed([one for one in topological([cost]) if id(one) in inner]):
        gradients = [total(result) for result in step.results]
        if all(g is None for g in gradients):
            continue
        row = ROWS.get(step.op)
        parts = derived(step, gradients) if row is None else row(step, gradients[0], *step.inputs)
        for place, term in enumerate(parts):
            operand = step.inputs[place] if place < len(step.inputs) else None
            if term is not None and isinstance(operand, Variable):
                terms[id(step), place] = _unbroadcast(term, operand)
    return [total(value) or T.zeros_like(value) for value in wrt]


def _is_complex(node: Node) -> bool:
    return any(result.type.kind == "c" for result in node.results)


def _sum(parts: Sequence[Variable]) -> Variable | None:
    result = None
    for part in parts:
        result = part if result is None else result + part
    return result


def _carriers(node: Node) -> Iterator[tuple[int, Value]]:
    """The operands, by number, through which a change reaches the results."""
    carriers = set(map(id, differentiable(node)))
    return ((place, value) for place, value in enumerate(node.inputs) if id(value) in carriers)


def _paths(cost: Value, wrt: Sequence[Value]) -> dict[int, list[tuple[int, int]]]:
    """For each variable between `cost` and `wrt` its uses (node, operand number), in the order of a walk from the cost."""
    needed = {id(value) for value in wrt}
    for node in topological([cost]):
        if any(id(value) in needed for value in differentiable(node)):
            needed.update(id(value) for value in node.results)
    uses: dict[int, list[tuple[int, int]]] = {}
    seen = {id(cost)}
    stack: list[tuple[Node, Iterator[tuple[int, Value]]]] = []
    if cost.node is not None and id(cost) in needed:
        stack.append((cost.node, _carriers(cost.node)))
    while stack:
        node, operands = stack[-1]
        for place, value in operands:
            if id(value) not in needed:
                continue
            uses.setdefault(id(value), []).append((id(node), place))
            if id(value) not in seen:
                seen.add(id(value))
                if value.node is not None:
                    stack.append((value.node, _carriers(value.node)))
                    break
        else:
            stack.pop()
    return uses
