"""`grad(cost, wrt)`: derivatives. Arguments are checked here; the compiler's `autodiff` pass does the mathematics."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from phintys.ir.graph import Node, Value

from .errors import DisconnectedInputError, NullTypeGradError, noted
from .location import here
from .tensor.filling import zeros_like
from .tensor.var import TensorVariable

__all__ = ["DisconnectedInputError", "NullTypeGradError", "grad"]

# Operands through which no derivative passes: all of them, or all but the first ones (indices, sizes, conditions).
_NOTHING = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "argmax", "argmin", "all", "any", "dim", "arange", "constant"})
_FIRST = {
    "subtensor": 1,
    "gather": 1,
    "reshape": 1,
    "alloc": 1,
    "set_subtensor": 2,
    "inc_subtensor": 2,
    "scatter_add": 2,
}


def _differentiable(node: Node) -> Sequence[Value]:
    """Operands that carry a derivative. Integers and truth values never do."""
    if node.op in _NOTHING or (node.op == "host" and str(node.attrs["function"]).startswith("random_")):
        return ()
    operands = node.inputs[1:] if node.op == "select" else node.inputs[: _FIRST.get(node.op)]
    return [value for value in operands if value.type.kind in "fc"]


def connected(cost: Value) -> set[int]:
    """Identities of all values on which `cost` depends differentiably, itself included."""
    found = {id(cost)}
    stack = [cost]
    while stack:
        node = stack.pop().node
        for value in _differentiable(node) if node is not None else ():
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

    `cost`: a floating scalar. `wrt`: floating variables, inputs, shared or computed. Each gradient has the type of its
    variable. `disconnected_inputs`: what to do about a variable on which `cost` does not depend differentiably: "raise"
    (DisconnectedInputError), "warn" or "ignore"; its gradient is then zeros, or `None` with
    `return_disconnected="None"`. `add_names` names the gradients `(dcost/dx)` where both have names. `null_gradients`
    is Theano's: no derivative here is undefined.

    TypeError when `cost` is no floating scalar or `wrt` no floating variable. NotImplementedError for
    `consider_constant` and `known_grads`. Source: reverse accumulation, Griewank and Walther, Evaluating Derivatives
    (2008), chapter 3.
    """
    _refuse(consider_constant, known_grads, disconnected_inputs, return_disconnected)
    variables = list(wrt) if isinstance(wrt, list | tuple) else [wrt]
    _check(cost, variables)
    reached = connected(cost)
    for variable in variables:
        if id(variable) not in reached:
            _report(variable, disconnected_inputs)
    known = list({id(variable): variable for variable in variables if id(variable) in reached}.values())
    results: dict[int, Any] = {}
    if known:
        node = Node("grad", [cost, *known], {}, make=TensorVariable, loc=here())
        results = {id(variable): result for variable, result in zip(known, node.results, strict=True)}
    gradients = []
    for variable in variables:
        gradient = results.get(id(variable))
        if gradient is None and return_disconnected.lower() == "zero":
            gradient = zeros_like(variable)
        elif gradient is not None and add_names and cost.name and variable.name:
            gradient.name = f"(d{cost.name}/d{variable.name})"
        gradients.append(gradient)
    if isinstance(wrt, list | tuple):
        return type(wrt)(gradients)
    return gradients[0]


def _refuse(consider_constant: Any, known_grads: Any, disconnected: str, return_disconnected: str) -> None:
    if consider_constant:
        raise NotImplementedError(
            "grad: consider_constant is not available yet. Where the constant part is an input, compile it to a "
            "function of its own and pass its value in"
        )
    if known_grads:
        raise NotImplementedError(
            "grad: known_grads is not available yet. The same derivative is grad(sum(v * g), wrt) for each pair of a "
            "variable v and its gradient g, where g does not depend on wrt (make it an input otherwise)"
        )
    if disconnected not in ("raise", "warn", "ignore"):
        raise ValueError(f"Invalid value for keyword 'disconnected_inputs': {disconnected}; use 'ignore', 'warn' or 'raise'.")
    if return_disconnected.lower() not in ("zero", "none"):
        raise ValueError(f"return_disconnected is 'zero' or 'None'; got {return_disconnected!r}")


def _check(cost: Any, variables: Sequence[Any]) -> None:
    if cost is None:
        raise ValueError("cost can't be None: known_grads is not available")
    if not isinstance(cost, TensorVariable):
        raise TypeError(f"grad differentiates a variable; got {cost!r} of type {type(cost).__name__}")
    if cost.ndim:
        raise noted(TypeError("cost must be a scalar."), f"{cost} has type {cost.type}: take its sum or its mean")
    if cost.type.kind != "f":
        raise TypeError(f"cost must be a floating scalar: {cost} is {cost.dtype}, which has no derivative")
    for variable in variables:
        if not isinstance(variable, TensorVariable):
            raise TypeError(f"Expected Variable, got {variable} of type {type(variable)}")
        if variable.type.kind != "f":
            raise TypeError(f"grad is with respect to floating tensors: {variable} is {variable.dtype}")


def _report(variable: TensorVariable, action: str) -> None:
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
