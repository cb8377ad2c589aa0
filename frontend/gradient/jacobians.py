"""`jacobian`, `hessian`, and products with Jacobians from either side: `Rop`, `Lop`.

A Jacobian is one node, which the pass `autodiff` expands as it does gradients: it computes all rows at once and can be
differentiated again. `Rop` needs no forward mode: the product from the left, J'u, is linear in u, so its derivative with
respect to u, times v, is J v.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phintys.ir.graph import Value

from ..tensor.build import as_tensor_variable
from ..tensor.elementwise import mul
from ..tensor.filling import zeros, zeros_like
from ..tensor.reduction import sum as sum_
from ..tensor.shaping import dim
from ..tensor.var import TensorConstant, TensorVariable
from .marks import disconnected_grad
from .reverse import as_list, check_variables, derivatives, grad, report


def jacobian(expression: Any, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise") -> Any:
    """Derivatives of the elements of a vector: row i is the gradient of `expression[i]`. Of a scalar, its gradient.

    The result has the dimension of `expression` in front of those of `wrt`; a list of variables gives a list.
    TypeError or ValueError for an expression that is no vector or scalar, the errors of `grad` for the rest.
    """
    if not isinstance(expression, TensorVariable):
        raise TypeError(f"tensor.jacobian expects a Variable as `expression`; got {expression!r}")
    if expression.ndim > 1:
        raise ValueError(
            "tensor.jacobian expects a 1 dimensional variable as `expression`. If not use flatten to make it a vector"
        )
    options = {"consider_constant": consider_constant, "disconnected_inputs": disconnected_inputs}
    if not expression.ndim:
        return grad(expression, wrt, **options)
    listed = list(wrt) if isinstance(wrt, list | tuple) else [wrt]
    if expression.type.kind != "f":
        raise TypeError(f"jacobian differentiates a floating vector: {expression} is {expression.dtype}")
    check_variables(listed)
    cut: dict[Value, Value] = {value: disconnected_grad(value) for value in as_list(consider_constant)}
    found = derivatives("jacobian", expression, listed, cut)
    results = [found.get(id(variable)) or _nothing(expression, variable, disconnected_inputs) for variable in listed]
    return type(wrt)(results) if isinstance(wrt, list | tuple) else results[0]


def _nothing(expression: TensorVariable, variable: TensorVariable, action: str) -> TensorVariable:
    """The Jacobian with respect to a variable on which the expression does not depend: zeros, unless that is an error."""
    report(variable, action)
    return zeros([dim(expression, 0), *(dim(variable, axis) for axis in range(variable.ndim))], dtype=variable.dtype)


def hessian(cost: Any, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise") -> Any:
    """Second derivatives of a scalar with respect to a vector: the Jacobian of its gradient, a matrix.

    TypeError or ValueError for a cost that is no scalar or a variable that is no vector.
    """
    if not isinstance(cost, TensorVariable) or cost.ndim:
        raise TypeError("tensor.hessian expects a 0 dimensional variable as `cost`")
    listed = list(wrt) if isinstance(wrt, list | tuple) else [wrt]
    for variable in listed:
        if not isinstance(variable, TensorVariable) or variable.ndim != 1:
            raise ValueError(f"tensor.hessian expects a (list of) 1 dimensional variable as `wrt`; got {variable}")
    options = {"consider_constant": consider_constant, "disconnected_inputs": disconnected_inputs}
    results = [
        jacobian(grad(cost, variable, **options), variable, consider_constant, disconnected_inputs="ignore")
        for variable in listed
    ]
    return type(wrt)(results) if isinstance(wrt, list | tuple) else results[0]


def Lop(  # noqa: N802, RUF100  (Theano's name)
    f: Any, wrt: Any, eval_points: Any, consider_constant: Any = None, disconnected_inputs: str = "raise"
) -> Any:
    """The Jacobian of `f` times `eval_points` from the left: gradients of `sum(f * eval_points)`, for `wrt`.

    `f` and `eval_points` are variables, or lists of as many; the result is as `wrt` is.
    """
    outputs = list(f) if isinstance(f, list | tuple) else [f]
    points = list(eval_points) if isinstance(eval_points, list | tuple) else [eval_points]
    if len(outputs) != len(points):
        raise ValueError(f"Lop: {len(outputs)} expressions and {len(points)} eval_points")
    known = {output: as_tensor_variable(point) for output, point in zip(outputs, points, strict=True)}
    return grad(None, wrt, consider_constant, disconnected_inputs, known_grads=known)


def Rop(f: Any, wrt: Any, eval_points: Any, disconnected_outputs: str = "raise") -> Any:  # noqa: N802, RUF100
    """The Jacobian of `f` times `eval_points` from the right: how `f` changes when `wrt` moves along `eval_points`.

    `wrt` and `eval_points` are variables, or lists of as many; the result is as `f` is. DisconnectedInputError when an
    output does not depend on `wrt`, unless `disconnected_outputs` is "ignore" or "warn"; its change is then zero.
    """
    variables = list(wrt) if isinstance(wrt, list | tuple) else [wrt]
    points = list(eval_points) if isinstance(eval_points, list | tuple) else [eval_points]
    if len(variables) != len(points):
        raise ValueError("The `wrt` and `eval_points` lists passed to Rop do not have the same length")
    directions = [as_tensor_variable(point) for point in points]
    for variable, direction in zip(variables, directions, strict=True):
        if not isinstance(variable, TensorVariable):
            raise TypeError(f"Rop: wrt are variables; got {variable!r:.80} of type {type(variable).__name__}")
        if variable.ndim != direction.ndim:
            raise ValueError(f"Element {variable} of wrt has {variable.ndim} dimensions, its eval_point {direction.ndim}")
    outputs = list(f) if isinstance(f, list | tuple) else [f]
    results = [_rop(as_tensor_variable(output), variables, directions, disconnected_outputs) for output in outputs]
    return type(f)(results) if isinstance(f, list | tuple) else results[0]


def _rop(
    f: TensorVariable, wrt: Sequence[TensorVariable], directions: Sequence[TensorVariable], disconnected: str
) -> TensorVariable:
    """J v as the derivative of (J'u) . v with respect to u."""
    u = zeros_like(f)
    if isinstance(u, TensorConstant):  # of a scalar: an expression, that a derivative can be asked of
        u = mul(zeros_like(f), 1)
    left = grad(sum_(f * u), list(wrt), disconnected_inputs="ignore", return_disconnected="None")
    parts = [sum_(row * v) for row, v in zip(left, directions, strict=True) if row is not None]
    if not parts:
        report(f, disconnected)
        return zeros_like(f)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    result = grad(total, u)
    assert isinstance(result, TensorVariable)
    return result
