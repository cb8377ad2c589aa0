"""Theano's Op classes: which class the operation of a node is of, what it tells, and objects that programs make."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import gof, scalar
from phintys.apply import Apply
from phintys.operation_rows import ROWS
from phintys.operations import named, operation
from phintys.scalar_ops import SCALAR, WRITTEN

X, B, V = T.dmatrix("X"), T.dvector("B"), T.ivector("V")
STREAM = T.shared_randomstreams.RandomStreams(1)


@pytest.mark.parametrize(
    "value, name",
    [
        (T.exp(X), "Elemwise"),
        (X.dimshuffle(1, 0), "DimShuffle"),
        (X.sum(0), "Sum"),
        (X.prod(), "Prod"),
        (X.max(), "CAReduce"),
        (T.all(X), "All"),
        (X.argmax(0), "Argmax"),
        (T.dot(X, B), "Dot"),
        (X.reshape((3,)), "Reshape"),
        (T.alloc(0.0, 3), "Alloc"),
        (T.zeros_like(X), "Alloc"),
        (X.shape, "Shape"),
        (X.shape[0], "Shape_i"),
        (T.arange(V[0]), "ARange"),
        (T.concatenate([B, B]), "Join"),
        (X[1:], "Subtensor"),
        (X[V], "AdvancedSubtensor1"),
        (X[V, V], "AdvancedSubtensor"),
        (T.set_subtensor(B[0], 1.0), "IncSubtensor"),
        (T.inc_subtensor(B[V], 1.0), "AdvancedIncSubtensor1"),
        (T.nonzero(B)[0], "Nonzero"),
        (T.cumsum(B), "CumOp"),
        (T.argsort(B), "ArgSortOp"),
        (T.nnet.softmax(X), "Softmax"),
        (T.nnet.logsoftmax(X), "LogSoftmax"),
        (T.nlinalg.matrix_inverse(X), "MatrixInverse"),
        (T.nlinalg.det(X), "Det"),
        (T.nlinalg.svd(X)[1], "SVD"),
        (T.nlinalg.svd(X, compute_uv=False), "SVD"),
        (T.slinalg.cholesky(X), "Cholesky"),
        (T.slinalg.solve(X, B), "Solve"),
        (T.slinalg.solve_lower_triangular(X, B), "Solve"),
        (T.slinalg.expm(X), "Expm"),
        (STREAM.uniform((2,)), "RandomFunction"),
        (STREAM.poisson((2,)), "RandomFunction"),
        (phintys.gradient.grad_clip(B, -1, 1), "GradClip"),
        (phintys.gradient.disconnected_grad(B), "DisconnectedGrad"),
    ],
)
def test_class(value: Any, name: str) -> None:
    cls = named(name)
    assert isinstance(value.owner.op, cls)
    assert isinstance(value.owner.op, gof.Op)
    others = ("Elemwise", "Join", "RepeatOp", "SortOp")
    assert not any(isinstance(value.owner.op, named(other)) for other in others if other != name)
    assert pickle.loads(pickle.dumps(value.owner.op)) == value.owner.op


@pytest.mark.parametrize("function, cls", [(T.exp, "Exp"), (T.abs_, "Abs"), (T.nnet.sigmoid, "ScalarSigmoid"), (T.sgn, "Sgn")])
def test_scalar_op(function: Any, cls: str) -> None:
    found = function(B).owner.op.scalar_op
    assert isinstance(found, getattr(scalar, cls)) and isinstance(found, scalar.UnaryScalarOp)
    assert not isinstance(found, scalar.Log)
    assert found == getattr(scalar, found.name) and function(B).owner.op == function


def test_scalar_ops_by_name() -> None:
    assert isinstance((B + 1).owner.op.scalar_op, scalar.Add) and (B + 1).owner.op.scalar_op == scalar.add
    assert isinstance(X.sum().owner.op.scalar_op, scalar.Add)
    cast = T.cast(B, "float32").owner.op.scalar_op
    assert isinstance(cast, scalar.Cast) and cast.o_type.dtype == "float32"
    assert T.nnet.sigm.ScalarSigmoid is scalar.ScalarSigmoid
    for name in [*SCALAR, *WRITTEN]:
        assert getattr(scalar, name).__doc__


def test_attributes() -> None:
    assert X.sum(0).owner.op.axis == (0,)
    assert X.dimshuffle(1, "x", 0).owner.op.new_order == (1, "x", 0)
    assert X[1:, V[0]].owner.op.idx_list == [slice(1, None, None), None]
    assert T.set_subtensor(B[0], 1.0).owner.op.set_instead_of_inc and not T.inc_subtensor(B[0], 1.0).owner.op.set_instead_of_inc
    assert T.cumprod(B).owner.op.mode == "mul"
    assert T.slinalg.solve_lower_triangular(X, B).owner.op.A_structure == "lower_triangular"
    assert X.shape.owner.inputs == [X]


VALUE = np.array([[3.0, -1.0, 2.0], [0.5, 0.0, 1.0]])


@pytest.mark.parametrize(
    "made, expected",
    [
        (lambda x: T.nnet.Softmax()(x), np.exp(VALUE) / np.exp(VALUE).sum(1, keepdims=True)),
        (lambda x: T.Elemwise(scalar.exp)(x), np.exp(VALUE)),
        (lambda x: T.Elemwise(scalar.add)(x, x), 2 * VALUE),
        (lambda x: T.elemwise.Sum(axis=1)(x), VALUE.sum(1)),
        (lambda x: T.extra_ops.CumOp(axis=0)(x), VALUE.cumsum(0)),
        (lambda x: T.SortOp()(x, 1), np.sort(VALUE, 1)),
        (lambda x: T.DimShuffle([False, False], [1, 0])(x), VALUE.T),
        (lambda x: T.Dot()(x, x.T), VALUE @ VALUE.T),
        (lambda x: T.Join()(0, x, x), np.concatenate([VALUE, VALUE])),
        (lambda x: T.exp(x).owner.op(x + 1), np.exp(VALUE + 1)),
        (lambda x: x.sum(0).owner.clone_with_new_inputs([2 * x]).outputs[0], 2 * VALUE.sum(0)),
        (lambda x: x.shape.owner.clone_with_new_inputs([x.T]).outputs[0], [3, 2]),
    ],
)
def test_made_by_programs(made: Callable[[Any], Any], expected: Any) -> None:
    np.testing.assert_allclose(phintys.function([X], made(X))(VALUE), expected, rtol=1e-15)


class Cube(scalar.UnaryScalarOp):
    """A program's own operation of one number."""

    def impl(self, x: Any) -> Any:
        return x**3

    def grad(self, inputs: Any, gradients: Any) -> Any:
        return [gradients[0] * 3 * inputs[0] ** 2]


class Scaled(scalar.BinaryScalarOp):
    """Of two numbers."""

    def impl(self, x: Any, y: Any) -> Any:
        return x * y

    def grad(self, inputs: Any, gradients: Any) -> Any:
        return [gradients[0] * inputs[1], gradients[0] * inputs[0]]


def test_own_scalar_operation() -> None:
    cube = T.Elemwise(Cube(scalar.upgrade_to_float, name="cube"))
    y = cube(X)
    assert str(y.owner.op) == "Elemwise{cube,no_inplace}"
    f = phintys.function([X], [y, T.grad(y.sum(), X)])
    np.testing.assert_allclose(f(VALUE), [VALUE**3, 3 * VALUE**2])
    assert cube(V).dtype == "float64"


def test_own_scalar_operation_broadcasts() -> None:
    row = T.drow("row")
    y = T.Elemwise(Scaled(name="scaled"))(X, row)
    f = phintys.function([X, row], [y, T.grad(y.sum(), row)])
    values = f(VALUE, VALUE[:1])
    np.testing.assert_allclose(values[0], VALUE * VALUE[:1])
    np.testing.assert_allclose(values[1], VALUE.sum(0, keepdims=True))


def test_every_row_is_a_class() -> None:
    for name in ROWS:
        assert named(name).__doc__, name
    with pytest.raises(TypeError, match="write the expression"):
        T.Subtensor()


def test_every_operation_has_an_answer() -> None:
    """Nodes of unlisted operations are of the base class at least."""
    node = T.specify_shape(B, (2,)).node
    assert isinstance(operation(node).name, str) and Apply(node).op == operation(node)
