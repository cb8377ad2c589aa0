"""`grad(cost, wrt)`: derivatives. Arguments are checked here; the compiler's `autodiff` pass does the mathematics."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from phintys.ir.graph import Node, Value, substitute

from ..apply import Apply
from ..errors import DisconnectedInputError, NullTypeGradError, noted
from ..location import here
from ..names import own_op
from ..tensor.filling import zeros_like
from ..tensor.var import TensorVariable
from .marks import disconnected_grad
from .null import DisconnectedType, NullType, undefined

# Operands through which no derivative passes: all of them, or all but the first ones (indices, sizes, conditions).
_COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "all", "any", "argmax", "argmin"})
_NOTHING = _COMPARISONS | {"dim", "constant", "stop_grad", "argsort", "searchsorted", "nonzero"}
_FIRST = {
    "grad_clip": 1,
    "grad_scale": 1,
    "subtensor": 1,
    "gather": 1,
    "reshape": 1,
    "alloc": 1,
    "set_subtensor": 2,
    "inc_subtensor": 2,
    "scatter_add": 2,
    "scatter_set": 2,
}


def differentiable(node: Node) -> Sequence[Value]:
    """Operands that carry a derivative. Integers and truth values never do."""
    if node.op == "host" and str(node.attrs["function"]).startswith(("random_", "mrg_")):
        return ()
    return [value for value in influential(node) if value.type.kind in "fc"]


def influential(node: Node) -> Sequence[Value]:
    """Operands that a derivative would pass through, whether it exists there or not."""
    if node.op in _NOTHING:
        return ()
    pattern = getattr(own_op(node), "connection_pattern", None) if node.op == "host" else None
    if pattern is not None:
        return [value for value, row in zip(node.inputs, pattern(Apply(node)), strict=True) if any(row)]
    if node.op == "arange":  # the end tells only how many elements there are
        return (node.inputs[0], node.inputs[2])
    return node.inputs[1:] if node.op == "select" else node.inputs[: _FIRST.get(node.op)]


def connected(cost: Value) -> set[int]:
    """Identities of all values on which `cost` depends differentiably, itself included."""
    found = {id(cost)}
    stack = [cost]
    while stack:
        node = stack.pop().node
        for value in differentiable(node) if node is not None else ():
            if id(value) not in found:
                found.add(id(value))
                stack.append(value)
    return found


def grad(
    cost: Any,
    wrt: Any,
    consider_constant: Any = None,
    disconnected_inputs: str = "raise",
    add_names: bool = True,
    known_grads: Mapping[Any, Any] | None = None,
    return_disconnected: str = "zero",
    null_gradients: str = "raise",
) -> Any:
    """The gradient of a scalar with respect to a tensor, or a list (tuple) of gradients for a list (tuple) of them.

    `cost`: a floating scalar, or `None` with `known_grads`. `wrt`: floating variables, inputs, shared or computed. Each
    gradient has the type of its variable. `consider_constant`: expressions through which no derivative passes.
    `known_grads`: variables and their gradients, which are taken instead of the ones that would be computed.
    `disconnected_inputs`: what to do about a variable on which `cost` does not depend differentiably: "raise"
    (DisconnectedInputError), "warn" or "ignore"; its gradient is then zeros, or `None` with
    `return_disconnected="None"`, or a variable of DisconnectedType with "Disconnected". `add_names` names the
    gradients `(dcost/dx)` where both have names. `null_gradients`: what to
    do where a derivative does not exist, as that of a random number with respect to its distribution: "raise"
    (NullTypeGradError), or "return" a variable of NullType.

    NotImplementedError for a program's own Op without a method `grad`.
    TypeError when `cost` is no floating scalar or `wrt` no floating variable. Source: reverse accumulation, Griewank
    and Walther, Evaluating Derivatives (2008), chapter 3.
    """
    _check_options(disconnected_inputs, return_disconnected, null_gradients)
    variables = list(wrt) if isinstance(wrt, list | tuple) else [wrt]
    _check(cost, variables, known_grads)
    found: dict[int, TensorVariable] = {}
    nulls: dict[int, str] = {}
    constant = {value: disconnected_grad(value) for value in as_list(consider_constant)}
    for term, cut in _terms(cost, known_grads or {}):
        missing = without_derivative(term, variables, {**constant, **cut})
        if missing and null_gradients == "raise":
            raise NullTypeGradError(f"tensor.grad encountered a NaN. {next(iter(missing.values()))}")
        nulls |= missing
        for key, part in derivatives("grad", term, variables, {**constant, **cut}).items():
            found[key] = found[key] + part if key in found else part
    gradients: list[Any] = []
    for variable in variables:
        gradient: Any = found.get(id(variable))
        if id(variable) in nulls:
            gradient = NullType(nulls[id(variable)])()
        elif gradient is None:
            report(variable, disconnected_inputs)
            gradient = _OF_DISCONNECTED[return_disconnected.lower()](variable)
        elif add_names and cost is not None and cost.name and variable.name:
            gradient.name = f"(d{cost.name}/d{variable.name})"
        gradients.append(gradient)
    return type(wrt)(gradients) if isinstance(wrt, list | tuple) else gradients[0]


def as_list(values: Any) -> list[Any]:
    """What is given for a keyword that takes one value, several or none."""
    return [] if values is None else list(values) if isinstance(values, list | tuple | set) else [values]


def _terms(cost: Any, known: Mapping[Any, Any]) -> list[tuple[TensorVariable, dict[Value, Value]]]:
    """Scalars whose gradients add up to the one asked for, each with the values where its derivative has to stop.

    A variable of known gradient `g` contributes as `sum(variable * g)` does, `g` a constant. Nothing else flows into it:
    the cost and the other terms stop there.
    """
    cuts: dict[Value, Value] = {value: disconnected_grad(value) for value in known}
    terms = [] if cost is None else [(cost, cuts)]
    for value, gradient in known.items():
        product = value * disconnected_grad(gradient)
        total = product.sum() if product.ndim else product
        terms.append((total, {other: cut for other, cut in cuts.items() if other is not value}))
    return terms


def without_derivative(cost: TensorVariable, wrt: Sequence[TensorVariable], cut: dict[Value, Value]) -> dict[int, str]:
    """Variables, by identity, whose gradient does not exist, and why; the values of `cut` are constants."""
    (term, *inner) = substitute([cost, *wrt], cut) if cut else [cost, *wrt]
    missing = undefined(term, inner, influential)
    return {id(variable): missing[id(own)] for variable, own in zip(wrt, inner, strict=True) if id(own) in missing}


def derivatives(
    op: str, cost: TensorVariable, wrt: Sequence[TensorVariable], cut: dict[Value, Value]
) -> dict[int, TensorVariable]:
    """Results of `op`, grad or jacobian, by identity of the variables: of those on which `cost` depends.

    The values of `cut` are constants.
    """
    (term, *inner) = substitute([cost, *wrt], cut) if cut else [cost, *wrt]
    reached, constant = connected(term), set(map(id, cut))
    asked = {
        id(variable): own
        for variable, own in zip(wrt, inner, strict=True)
        if id(own) in reached and id(variable) not in constant
    }
    if not asked:
        return {}
    node = Node(op, [term, *asked.values()], {}, make=TensorVariable, loc=here())
    return {key: result for key, result in zip(asked, node.results, strict=True) if isinstance(result, TensorVariable)}


# What stands for the gradient of a variable without influence, by `return_disconnected`.
_OF_DISCONNECTED: dict[str, Callable[[TensorVariable], Any]] = {
    "zero": zeros_like,
    "none": lambda variable: None,
    "disconnected": lambda variable: DisconnectedType()(),
}


def _check_options(disconnected: str, return_disconnected: str, null_gradients: str) -> None:
    if disconnected not in ("raise", "warn", "ignore"):
        raise ValueError(f"Invalid value for keyword 'disconnected_inputs': {disconnected}; use 'ignore', 'warn' or 'raise'.")
    if not isinstance(return_disconnected, str) or return_disconnected.lower() not in _OF_DISCONNECTED:
        raise ValueError(f"return_disconnected is 'zero', 'None' or 'Disconnected'; got {return_disconnected!r}")
    if null_gradients not in ("raise", "return"):
        raise ValueError(f"null_gradients is 'raise' or 'return'; got {null_gradients!r}")


def _check(cost: Any, variables: Sequence[Any], known: Mapping[Any, Any] | None) -> None:
    if cost is None and not known:
        raise ValueError("cost can't be None if known_grads is not given")
    for value in ([] if cost is None else [cost]) + list(known or ()):
        if not isinstance(value, TensorVariable):
            raise TypeError(f"grad differentiates a variable; got {value!r} of type {type(value).__name__}")
        if value.type.kind != "f":
            raise TypeError(f"cost must be a floating scalar: {value} is {value.dtype}, which has no derivative")
    if cost is not None and cost.ndim:
        raise noted(TypeError("cost must be a scalar."), f"{cost} has type {cost.type}: take its sum or its mean")
    check_variables(variables)


def check_variables(variables: Sequence[Any]) -> None:
    """TypeError unless all of them are floating variables, with respect to which there are derivatives."""
    for variable in variables:
        if not isinstance(variable, TensorVariable):
            raise TypeError(f"Expected Variable, got {variable} of type {type(variable)}")
        if variable.type.kind != "f":
            raise TypeError(f"grad is with respect to floating tensors: {variable} is {variable.dtype}")


def report(variable: TensorVariable, action: str) -> None:
    """Raise DisconnectedInputError, warn, or do nothing, about a variable that a gradient does not depend on."""
    message = (
        "grad method was asked to compute the gradient with respect to a variable that is not part of the "
        f"computational graph of the cost, or is used only by a non-differentiable operator: {variable}"
    )
    if variable.loc:
        message += f" (made at {variable.loc})"
    if action == "raise":
        raise DisconnectedInputError(message)
    if action == "warn":
        warnings.warn(message, stacklevel=3)
