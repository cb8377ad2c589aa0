"""Jacobians, Hessians, products with them, gradients that are stopped, changed or given, and checks of gradients."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import function
from phintys.gradient import GradientError, disconnected_grad, grad_clip, grad_scale, numeric_grad, zero_grad
from phintys.tensor import nlinalg, slinalg

x, v, g = T.dvectors("x", "v", "g")
W = T.dmatrix("W")
y = T.tanh(T.dot(W, x))
RNG = np.random.RandomState(0)
A, B, C = RNG.randn(3, 4), RNG.randn(4), RNG.randn(3)
SLOPE = (1 - np.tanh(A @ B) ** 2)[:, None] * A


def test_jacobian_of_unknown_length() -> None:
    f = function([W, x], T.jacobian(y, x))
    np.testing.assert_allclose(f(A, B), SLOPE, rtol=1e-13)
    np.testing.assert_allclose(pickle.loads(pickle.dumps(f))(A, B), SLOPE, rtol=1e-13)
    assert f(A[:0], B).shape == (0, 4)
    first, second = T.jacobian(y, [x, W])
    assert [value.shape for value in function([W, x], [first, second])(A, B)] == [(3, 4), (3, 3, 4)]
    assert isinstance(T.jacobian(y, (x, W)), tuple)


def differences(f: Callable[[Any], Any], at: Any) -> Any:
    """The Jacobian of `f` by central differences."""
    sides = [[f(at + sign * 1e-6 * unit.reshape(at.shape)) for sign in (1, -1)] for unit in np.eye(at.size)]
    return np.stack([(right - left) / 2e-6 for right, left in sides], axis=-1)


@pytest.mark.parametrize("length", [3, None])
def test_jacobians_have_derivatives(length: int | None) -> None:
    z = T.tensor("float64", shape=(length,), name="z")
    jacobian = T.jacobian(z**3, z)
    found = function([z], [jacobian, T.grad(jacobian.sum(), z), T.jacobian(T.grad((jacobian**2).sum(), z), z)])(C)
    np.testing.assert_allclose(found[0], np.diag(3 * C**2))
    np.testing.assert_allclose(found[1], 6 * C)
    np.testing.assert_allclose(found[2], np.diag(108 * C**2))
    products = [T.Rop(T.Lop(y, x, g), x, v), T.grad(T.Rop(y, x, v).sum(), x), T.jacobian(T.Rop(y, x, v), x)]
    gradients = function([W, x, v, g], [*products, T.Lop(y, x, g), T.Rop(y, x, v)], on_unused_input="ignore")
    given = A, B, B + 1, C
    slopes = differences(lambda at: gradients(A, at, *given[2:])[3], B)
    np.testing.assert_allclose(gradients(*given)[0], slopes @ (B + 1), rtol=1e-6, atol=1e-8)
    slopes = differences(lambda at: gradients(A, at, *given[2:])[4], B)
    np.testing.assert_allclose(gradients(*given)[1], slopes.sum(0), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(gradients(*given)[2], slopes, rtol=1e-6, atol=1e-8)


M = T.dmatrix("M")
SQUARE = np.random.RandomState(1).randn(4, 4) + 4 * np.eye(4)
Z = M + T.diag(x)
THROUGH_PYTHON = {
    "solve": lambda: T.jacobian(slinalg.solve(Z, x**2), x),
    "det": lambda: T.hessian(T.log(nlinalg.det(Z)), x),
    "inverse": lambda: T.hessian((nlinalg.matrix_inverse(Z) ** 2).sum(), x),
    "eigh": lambda: T.hessian((nlinalg.eigh(T.dot(Z, Z.T))[0] ** 2).sum(), x),
    "own": lambda: T.jacobian(T.sin(Double()(x * x)), x),
}


class Double(phintys.Op):  # type: ignore[misc]
    """An operation in Python, for vectors."""

    def make_node(self, x: Any) -> Any:
        """One vector."""
        return phintys.gof.Apply(self, [T.as_tensor_variable(x)], [T.as_tensor_variable(x).type()])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """Twice the vector."""
        assert inputs[0].ndim == 1
        outputs[0][0] = inputs[0] * 2

    def grad(self, inputs: Any, gradients: Any) -> Any:
        """Twice the gradient, by the same Python."""
        return [Double()(gradients[0])]


@pytest.mark.parametrize("name", THROUGH_PYTHON)
def test_jacobians_of_what_python_computes(name: str) -> None:
    """The definition, the gradients of all elements, and gradients of the Jacobian itself."""
    jacobian = THROUGH_PYTHON[name]()
    vector = jacobian.node.inputs[0]
    weights = np.random.RandomState(2).randn(4, 4)
    gradient = T.grad((jacobian * weights).sum(), x)
    f = function([M, x], [vector, jacobian, gradient], on_unused_input="ignore")
    _, found, slope = f(SQUARE, B)
    np.testing.assert_allclose(found, differences(lambda at: f(SQUARE, at)[0], B), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope, differences(lambda at: (f(SQUARE, at)[1] * weights).sum(), B), rtol=1e-4, atol=1e-6)


def test_zero_slopes_stay_zero() -> None:
    """An infinite slope of one element does not reach the others."""
    found = function([x], T.jacobian(T.sqrt(x), x))([0.0, 1.0])
    np.testing.assert_array_equal(found, [[np.inf, 0], [0, 0.5]])


def test_options() -> None:
    h = T.exp(x)
    found = function([x], T.jacobian(h * x, x, consider_constant=h))(B)
    np.testing.assert_allclose(found, np.diag(np.exp(B)))
    assert function([x, v], T.jacobian(x * 2, v, disconnected_inputs="ignore"))(B, C).tolist() == np.zeros((4, 3)).tolist()
    with pytest.warns(UserWarning, match="not part of the computational graph"):
        T.jacobian(x * 2, [v], disconnected_inputs="warn")
    with pytest.raises(TypeError, match="floating vector"):
        T.jacobian(T.lvector(), x)
    with pytest.raises(TypeError, match="with respect to floating tensors"):
        T.jacobian(x, T.lvector())


def test_jacobian_reads_shared_variables_and_reports_errors() -> None:
    scale = phintys.shared(np.arange(4.0))
    f = function([x], T.jacobian(x * scale, x))
    np.testing.assert_allclose(f(B), np.diag(np.arange(4.0)))
    scale.set_value(np.ones(4))
    np.testing.assert_allclose(f(B), np.eye(4))
    with pytest.raises(ValueError, match="mis-match"):
        f(B[:2])
    with pytest.raises(ValueError, match="1 dimensional"):
        T.jacobian(W, x)
    with pytest.raises(phintys.DisconnectedInputError):
        T.jacobian(x * 2, v)


def test_hessian() -> None:
    hessian = T.hessian((x**3).sum() + x[0] * x[1], x)
    expected = np.diag(6 * B)
    expected[0, 1] = expected[1, 0] = 1
    np.testing.assert_allclose(function([x], hessian)(B), expected)
    assert isinstance(T.hessian(x.sum() ** 2, [x]), list)
    with pytest.raises(ValueError, match="1 dimensional"):
        T.hessian(W.sum(), W)


def test_products() -> None:
    np.testing.assert_allclose(function([W, x, v], T.Rop(y, x, v))(A, B, B + 1), SLOPE @ (B + 1), rtol=1e-13)
    np.testing.assert_allclose(function([W, x, v], T.Lop(y, x, v))(A, B, C), C @ SLOPE, rtol=1e-13)
    s = T.dscalar("s")
    assert function([s], T.Rop(s**3, s, T.constant(2.0)))(2.0) == 24
    both = T.Rop([x**2, x.sum()], [x], [v])
    first, second = function([x, v], both)(B, B + 1)
    np.testing.assert_allclose(first, 2 * B * (B + 1))
    np.testing.assert_allclose(second, (B + 1).sum())
    with pytest.raises(phintys.DisconnectedInputError):
        T.Rop(g * 2, x, v)
    with pytest.raises(ValueError, match="same length"):
        T.Rop(y, [x, W], [v])


MARKED = {
    "stopped": ((disconnected_grad(x) * x).sum(), B),
    "constant": ((zero_grad(x) * x).sum(), B),
    "clipped": ((grad_clip(x, -1, 2) * v).sum(), np.clip([-3, 0.5, 3, 9], -1, 2)),
    "reversed": ((grad_scale(x, -1.0) ** 2).sum(), -2 * B),
}


@pytest.mark.parametrize("name", MARKED)
def test_marks(name: str) -> None:
    cost, expected = MARKED[name]
    f = function([x, v], [cost, T.grad(cost, x)], on_unused_input="ignore")
    value, gradient = f(B, [-3, 0.5, 3, 9])
    np.testing.assert_allclose(gradient, expected)
    plain = {"stopped": (B * B).sum(), "constant": (B * B).sum(), "reversed": (B**2).sum()}
    assert name not in plain or np.isclose(value, plain[name])


def test_marks_and_connection() -> None:
    with pytest.raises(phintys.DisconnectedInputError):
        T.grad(disconnected_grad(x).sum(), x)
    assert not function([x], T.grad(zero_grad(x).sum(), x))(B).any()
    with pytest.raises(ValueError, match="above"):
        grad_clip(x, 2, 1)


def test_constants_and_known_gradients() -> None:
    h = T.exp(x)
    f = function([x], T.grad((h * x).sum(), x, consider_constant=[h]))
    np.testing.assert_allclose(f(B), np.exp(B))
    with pytest.raises(phintys.DisconnectedInputError):
        T.grad(h.sum(), x, consider_constant=[h])
    f = function([x, g], T.grad(None, x, known_grads={h: g}))
    np.testing.assert_allclose(f(B, B + 1), np.exp(B) * (B + 1))
    # What is known replaces what would flow in: from a later value, and from the cost.
    both = T.grad((h**3).sum() + (x**2).sum(), x, known_grads={h: g, h**2: v})
    np.testing.assert_allclose(function([x, g, v], both, on_unused_input="ignore")(B, B + 1, B), np.exp(B) * (B + 1) + 2 * B)
    with pytest.raises(ValueError, match="cost can't be None"):
        T.grad(None, x)


def test_checks_by_differences() -> None:
    T.verify_grad(lambda a, b: T.tanh(T.dot(a, b)), [A, B], rng=np.random.RandomState(1))
    T.verify_grad(lambda a: T.exp(a), [B.astype("float32")], rng=np.random.RandomState(1))
    with pytest.raises(GradientError, match="exceed tolerance"):
        T.verify_grad(lambda a: grad_scale(T.sin(a), 1.1), [B], rng=np.random.RandomState(1))
    np.testing.assert_allclose(numeric_grad(lambda a: (a**2).sum(), B).gf, 2 * B, rtol=1e-6)
