"""`grad`: arguments, errors, names, what counts as connected; the mathematics is the autodiff pass's and tested there."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import DisconnectedInputError, function, shared

x, y = T.dscalars("x", "y")
v, i = T.dvector("v"), T.ivector("i")


def test_signature() -> None:
    found = inspect.signature(phintys.grad).parameters
    names = "cost wrt consider_constant disconnected_inputs add_names known_grads return_disconnected null_gradients"
    assert list(found) == names.split() and T.grad is phintys.grad
    assert [p.default for p in list(found.values())[2:]] == [None, "raise", True, None, "zero", "raise"]


def test_forms_of_wrt() -> None:
    cost = (x * y).sum()
    assert isinstance(T.grad(cost, x), T.TensorVariable)
    assert isinstance(T.grad(cost, [x, y]), list) and isinstance(T.grad(cost, (x,)), tuple)
    one, two = T.grad(cost, [x, y])
    assert one.owner is two.owner and one.owner.op == "grad"
    same = T.grad(cost, [x, x])
    assert same[0] is same[1]


def test_values() -> None:
    cost = (x - 4) * (x**2 * 2 + 6)
    assert [float(function([x], T.grad(cost, x))(value)) for value in range(3)] == [6, -4, -2]
    w = shared(np.arange(3.0))
    assert function([], T.grad((w**2).sum(), w))().tolist() == [0, 2, 4]
    inner = v * 2
    np.testing.assert_array_equal(function([v], T.grad((inner**2).sum(), inner))([1, 2]), [4, 8])
    second = T.grad(T.grad(x**3, x), x)
    assert function([x], second)(2.0) == 12


def test_names() -> None:
    cost = x**2
    cost.name = "cost"
    assert T.grad(cost, x).name == "(dcost/dx)"
    assert T.grad(cost, x, add_names=False).name is None
    assert T.grad(x**2, x).name is None


CONNECTED = [v[i].sum(), v.reshape((2, -1)).sum(), T.switch(v > 0, v, 0).max(), T.concatenate([v, v])[0], T.dot(v, v)]
APART = [
    T.cast(v.shape[0], "float64"),
    T.cast(T.argmax(v), "float64"),
    T.cast(v, "int32").sum() * 1.0,
    T.switch(v > 0, 1.0, 2.0).sum(),
    T.zeros((3,))[T.cast(v, "int64")].sum(),
    x + 1.0,
]


@pytest.mark.parametrize("cost", CONNECTED, ids=phintys.pp)
def test_connected(cost: T.TensorVariable) -> None:
    assert T.grad(cost, v).type == v.type


@pytest.mark.parametrize("cost", APART, ids=phintys.pp)
def test_disconnected(cost: T.TensorVariable) -> None:
    with pytest.raises(DisconnectedInputError, match="not part of the computational graph of the cost"):
        T.grad(cost, v)


def test_disconnected_inputs() -> None:
    with pytest.warns(UserWarning, match="only by a non-differentiable operator: y"):
        zero = T.grad(x * 2, [x, y], disconnected_inputs="warn")[1]
    assert zero.eval() == 0
    assert T.grad(x * 2, y, disconnected_inputs="ignore", return_disconnected="None") is None
    zeros = function([x, v], T.grad(x * 2, v, disconnected_inputs="ignore"), on_unused_input="ignore")
    assert zeros(1, [1, 2]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: T.grad(v, v), TypeError, r"^cost must be a scalar\."),
        (lambda: T.grad(T.iscalar(), x), TypeError, "has no derivative"),
        (lambda: T.grad(T.cast(i, "float64").sum(), i), TypeError, "with respect to floating tensors"),
        (lambda: T.grad(x, 3), TypeError, "Expected Variable, got 3 of type"),
        (lambda: T.grad(3, x), TypeError, "grad differentiates a variable"),
        (lambda: T.grad(x, x, disconnected_inputs="maybe"), ValueError, "Invalid value for keyword 'disconnected_inputs'"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_givens_reach_into_gradients() -> None:
    data, w, k = shared(np.arange(6.0)), shared(2.0), T.lscalar()
    gradient = T.grad(((w * v) ** 2).sum(), w)
    f = function([k], gradient, givens={v: data[k : k + 2]})
    assert f(1) == 2 * 2 * (1 + 4)


def test_a_disconnected_gradient_as_a_variable_of_its_own_type() -> None:
    found = T.grad(x * 1, y, disconnected_inputs="ignore", return_disconnected="Disconnected")
    assert isinstance(found.type, phintys.gradient.DisconnectedType)
