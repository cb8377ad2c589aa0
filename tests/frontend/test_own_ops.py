"""Operations written in Python: `Op` with perform and grad, `as_op`, `Print`."""

from __future__ import annotations

import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import Apply, Op, as_op, function, shared
from phintys.printing import Print


class Double(Op):
    """Twice its operand."""

    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        value = T.as_tensor_variable(x)
        return Apply(self, [value], [value.type()])

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        assert node.inputs[0].type == node.outputs[0].type
        output_storage[0][0] = 2 * inputs[0]

    def grad(self, inputs: Any, output_gradients: Any) -> Any:
        return [self(output_gradients[0])]


class Cube(Op):
    """The cube and its sum, with a derivative by `L_op`."""

    __props__ = ("scale",)
    itypes = [T.dvector]
    otypes = [T.dvector, T.dscalar]

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        cube = self.scale * inputs[0] ** 3
        output_storage[0][0], output_storage[1][0] = cube, cube.sum()

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> Any:
        return [3 * outputs[0] / inputs[0] * (output_gradients[0] + output_gradients[1])]


def test_perform() -> None:
    x = T.dmatrix("x")
    f = function([x], Double()(x * 3) + 1)
    value = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(f(value), 6 * value + 1) and np.array_equal(f(value.T), 6 * value.T + 1)


def test_grad() -> None:
    x, v = T.dmatrix("x"), T.dvector("v")
    f = function([x], T.grad((Double()(x) ** 2).sum(), x))
    value = np.arange(6.0).reshape(2, 3)
    assert np.allclose(f(value), 8 * value)
    cube, total = Cube(2.0)(v)
    f = function([v], [T.grad(cube.sum(), v), T.grad(total, v), T.grad(total + (cube * v).sum(), v)])
    w = np.array([1.0, 2.0, -3.0])
    for found, expected in zip(f(w), [6 * w**2, 6 * w**2, 6 * w**2 + 8 * w**3], strict=True):
        assert np.allclose(found, expected)


def test_second_derivative() -> None:
    v = T.dvector("v")
    first = T.grad(Cube(1.0)(v)[1], v)
    f = function([v], T.grad(first.sum(), v))
    assert np.allclose(f([1.0, 2.0]), [6.0, 12.0])


def test_without_grad() -> None:
    @as_op(itypes=[T.dvector], otypes=[T.dvector])
    def sort(x: Any) -> Any:
        return np.sort(x)

    v = T.dvector("v")
    assert function([v], sort(v))([3.0, 1.0]).tolist() == [1.0, 3.0]
    with pytest.raises(Exception, match="no derivative"):
        function([v], T.grad(sort(v).sum(), v))


def test_as_op() -> None:
    @as_op(itypes=[T.dmatrix, T.lscalar], otypes=[T.dvector, T.dscalar])
    def rows(x: Any, k: Any) -> Any:
        return x[k], x.sum()

    x, k = T.dmatrix("x"), T.lscalar("k")
    a, b = rows(x, k)
    assert str(a.owner.op) == "FromFunctionOp{rows}" and a.owner.op is rows
    f = function([x, k], [a + b, b])
    value = np.arange(6.0).reshape(3, 2)
    assert f(value, 1)[0].tolist() == [17.0, 18.0] and f(value, 2)[1] == 15
    with pytest.raises(IndexError):
        f(value, 7)
    with pytest.raises(TypeError, match="We expected inputs of types"):
        rows(x, x)


def test_views_of_nodes() -> None:
    x = T.dvector("x")
    y = Double()(x)
    assert isinstance(y.owner, Apply) and y.owner.op == Double() and y.owner.inputs == [x] and y.owner.outputs == [y]
    assert str(Cube(2.0)) == "Cube{scale=2.0}" and Cube(2.0) == Cube(2.0) != Cube(3.0)
    assert "Double" in phintys.pp(y) and phintys.gof.Op is Op


def test_wrong_results() -> None:
    @as_op(itypes=[T.dvector], otypes=[T.lscalar])
    def wrong(x: Any) -> Any:
        return x[0]

    class Nothing(Double):
        def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
            pass

    v = T.dvector("v")
    assert function([v], wrong(v))([2.0]) == 2
    with pytest.raises(TypeError, match="cannot store"):
        function([v], wrong(v))([2.5])
    with pytest.raises(ValueError, match="put nothing into"):
        function([v], Nothing()(v))([2.5])
    with pytest.raises(TypeError, match="new variables"):
        Apply(Double(), [v], [v * 2])


def test_updates_stay_when_perform_fails() -> None:
    class Fails(Double):
        def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
            if inputs[0].sum() > 3:
                raise RuntimeError("too much")
            output_storage[0][0] = inputs[0]

    s, x = shared(np.zeros(2)), T.dvector("x")
    f = function([x], Fails()(x), updates=[(s, s + x)])
    f([1.0, 1.0])
    with pytest.raises(RuntimeError, match="too much"):
        f([3.0, 1.0])
    assert s.get_value().tolist() == [1.0, 1.0]


def test_pickled_functions() -> None:
    x = T.dvector("x")
    f = function([x], T.grad(Double()(x * x).sum(), x))
    assert pickle.loads(pickle.dumps(f))([1.0, 2.0]).tolist() == [4.0, 8.0]


def test_givens_and_clones() -> None:
    x, z = T.dvector("x"), T.dvector("z")
    y = Double()(x)
    assert function([z], y, givens={x: z + 1})([1.0]).tolist() == [4.0]
    assert function([z], phintys.clone(y, {x: z}))([1.0]).tolist() == [2.0]


def test_nothing_keeps_an_operation() -> None:
    op = Double()
    x = T.dvector("x")
    f = function([x], T.grad(op(x).sum(), x) + op(x))
    assert f([1.0]).tolist() == [4.0]
    gone = weakref.ref(op)
    del op, f
    gc.collect()
    assert gone() is None


def test_print(capsys: pytest.CaptureFixture[str]) -> None:
    x = T.dvector("x")
    shown = Print("x is", attrs=["shape", "__str__"])(x)
    f = function([x], [shown * 2, T.grad((shown**2).sum(), x)])
    doubled, gradient = f([1.0, 2.0])
    assert capsys.readouterr().out == "x is shape = (2,)\nx is __str__ = [1. 2.]\n"
    assert doubled.tolist() == gradient.tolist() == [2.0, 4.0]
