"""Operators and functions: the nodes they make, broadcast patterns, names, truth values, locations."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

x, y = T.dmatrices("x", "y")
v, s, k = T.dvector("v"), T.dscalar("s"), T.iscalar("k")

NODES: list[tuple[T.TensorVariable, str]] = [
    (x + y, "(x + y)"),
    (1 + x, "(TensorConstant{1} + x)"),
    (x - 1.5, "(x - TensorConstant{1.5})"),
    (2 - x, "(TensorConstant{2} - x)"),
    (x * y, "(x * y)"),
    (2 / x, "(TensorConstant{2} / x)"),
    (x // y, "(x // y)"),
    (3 % x, "mod(TensorConstant{3}, x)"),
    (x**2, "(x ** TensorConstant{2})"),
    (2**x, "(TensorConstant{2} ** x)"),
    (-x, "(-x)"),
    (abs(x), "|x|"),
    (x @ y, "(x \\dot y)"),
    (x < y, "lt(x, y)"),
    (x <= 2, "le(x, TensorConstant{2})"),
    ((x > 0) & ~(y > 0), "and_(gt(x, TensorConstant{0}), invert(gt(y, TensorConstant{0})))"),
    (T.eq(x, y), "eq(x, y)"),
    (T.neq(x, y), "neq(x, y)"),
    (T.add(x, y, s), "((x + y) + s)"),
    (T.switch(x > 0, x, 0), "switch(gt(x, TensorConstant{0}), x, TensorConstant{0})"),
    (T.sum(x), "Sum{acc_dtype=float64}(x)"),
    (x.sum(axis=1), "Sum{axis=[1], acc_dtype=float64}(x)"),
    (x.T, "x.T"),
    (T.exp(-v), "exp((-v))"),
    (x[0, k:], "x[0, k:]"),
    (x.shape[0], "x.shape[0]"),
    (T.cast(x, "int32"), "Elemwise{Cast{int32}}(x)"),
    (np.ones(2) * v, "(TensorConstant{(2,) of 1.0} * v)"),
    (T.nnet.sigmoid(x), "sigmoid(x)"),
]


@pytest.mark.parametrize(("expression", "text"), NODES, ids=[text for _, text in NODES])
def test_text(expression: T.TensorVariable, text: str) -> None:
    assert phintys.pp(expression) == text


PATTERNS: list[tuple[T.TensorVariable, tuple[bool, ...]]] = [
    (T.drow() + T.dcol(), (False, False)),
    (T.drow() + 1, (True, False)),
    (x + v, (False, False)),
    (x.sum(axis=0, keepdims=True), (True, False)),
    (x.dimshuffle("x", 1, "x", 0), (True, False, True, False)),
    (x[None, :, 0], (True, False)),
    (T.shape_padleft(v, 2), (True, True, False)),
    (T.shape_padright(v), (False, True)),
    (T.addbroadcast(x, 0), (True, False)),
    (T.unbroadcast(T.drow(), 0), (False, False)),
    (T.patternbroadcast(x, (True, True)), (True, True)),
    (T.squeeze(T.drow()), (False,)),
    (T.nnet.softmax(v), (True, False)),
    (T.stack([v, v]), (False, False)),
    (x.flatten(), (False,)),
    (x.reshape((1, -1)), (True, False)),
    (T.zeros((1, k)), (True, False)),
    (T.outer(v, v), (False, False)),
    (T.tensordot(x, y, 1), (False, False)),
]


@pytest.mark.parametrize(("expression", "pattern"), PATTERNS, ids=range(len(PATTERNS)))
def test_broadcast_pattern(expression: T.TensorVariable, pattern: tuple[bool, ...]) -> None:
    assert expression.broadcastable == pattern


def test_comparison_by_identity() -> None:
    z = T.dscalar("s")
    assert (s == s) is True and (s == z) is False and len({s, z, s}) == 2
    assert s in [z, s]


def test_truth_values() -> None:
    assert bool(x) and bool(T.lt(x, y))  # as in Theano: `if mask:` asks whether there is one
    for comparison in (x < y, x >= 0):
        with pytest.raises(TypeError, match="Variables do not support boolean operations"):
            bool(comparison)
    with pytest.raises(TypeError, match="Variables do not support boolean operations"):
        s < s < s  # noqa: B015


def test_names() -> None:
    assert str(x) == repr(x) == "x"
    assert str(T.dscalar()) == "<TensorType(float64, scalar)>"
    assert str(x + y) == "Elemwise{add,no_inplace}.0"
    assert str(T.constant(2)) == "TensorConstant{2}"
    assert str(T.constant(np.zeros((2, 3)))) == "TensorConstant{(2, 3) of 0.0}"
    z = x + y
    z.name = "z"
    assert str(z) == "z" and phintys.pp(T.exp(z)) == "exp((x + y))"


def test_class_and_owner() -> None:
    z = x + y
    assert type(x) is type(z) is T.TensorVariable and type(z).__module__ == "phintys.tensor.var"
    assert x.owner is None and z.owner is not None and z.owner.inputs == [x, y] and z.owner.outputs == [z]
    assert T.constant(1).owner is None and T.constant(1).data == 1


def test_notes_and_attributes() -> None:
    z = x + y
    z.tag.test_value = 3
    z.mine = "kept"
    assert (z.tag.test_value, z.mine) == (3, "kept") and not hasattr(x.tag, "test_value")


def test_location_is_the_users_line() -> None:
    frame = inspect.currentframe()
    assert frame is not None
    z, w = T.nnet.relu(x), T.dscalar()
    assert z.loc == w.loc == f"{__file__}:{frame.f_lineno - 1}"


def test_known_sizes_are_constants() -> None:
    t = T.tensor("float64", shape=(None, 784))
    assert phintys.pp(t.shape[1]) == "TensorConstant{784}"
    assert T.dot(t, T.tensor("float64", shape=(784, 10))).type.shape == (None, 10)
    with pytest.raises(TypeError, match="x has 784 columns but y has 3 rows"):
        T.dot(t, T.tensor("float64", shape=(3, 10)))
    assert [phintys.pp(size) for size in t.shape] == ["t.shape[0]" if t.name else phintys.pp(t.shape[0]), "TensorConstant{784}"]


@pytest.mark.parametrize(
    ("operation", "error", "message"),
    [
        (lambda: x + "u", TypeError, "unsupported operand type"),
        (lambda: list(x), TypeError, "TensorType does not support iteration"),
        (lambda: 3 in x, TypeError, "no elements to look among"),
        (lambda: len(x), TypeError, "has no len()"),
        (lambda: x.dimshuffle(0), ValueError, "You cannot drop a non-broadcastable dimension"),
        (lambda: x.dimshuffle(0, 1, 2), ValueError, "out of range"),
        (lambda: x.sum(axis=2), TypeError, "axis 2 is out of range"),
        (lambda: T.concatenate(x), TypeError, "must be either a tuple or a list"),
        (lambda: T.concatenate([x, v]), TypeError, "tensors of one rank"),
        (lambda: T.nnet.softmax(T.dtensor3()), ValueError, "x must be 1-d or 2-d tensor of floats"),
        (lambda: T.nnet.categorical_crossentropy(x, s), TypeError, "rank mismatch"),
        (lambda: x.reshape(T.lvector()), ValueError, "give ndim="),
        (lambda: x.reshape((1.5, 2)), TypeError, "Shapes must be integers"),
        (lambda: T.tensordot(x, y, [[0, 1], [0]]), ValueError, "do not pair up"),
    ],
)
def test_errors(operation: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        operation()
