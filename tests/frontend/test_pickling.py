"""Expressions pickle and copy: identity within one pickle, user attributes, depth, and no recursion."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import function, shared

BOTH: list[Callable[[Any], Any]] = [lambda value: pickle.loads(pickle.dumps(value)), copy.deepcopy]


class Model:
    """A model as programs write it: parameters, input and expressions as attributes."""

    def __init__(self) -> None:
        self.input = T.dmatrix("x")
        self.w = shared(np.arange(6.0).reshape(2, 3), name="w")
        self.hidden = T.tanh(T.dot(self.input, self.w))
        self.hidden.name = "hidden"
        self.output = T.argmax(self.hidden, axis=1)
        self.cost = (self.hidden**2).mean()
        self.params = [self.w]


@pytest.mark.parametrize("through", BOTH)
def test_a_model(through: Callable[[Any], Any]) -> None:
    model = Model()
    other = through(model)
    model.w.set_value(np.zeros((2, 3)))
    assert other.params[0] is other.w and other.w is not model.w
    assert function([other.input], other.output)(np.eye(2)).tolist() == [2, 2]
    assert other.hidden.name == "hidden" and other.hidden.loc == model.hidden.loc
    assert function([other.input], T.grad(other.cost, other.hidden))(np.eye(2)).shape == (2, 3)
    assert function([other.hidden], other.cost)(np.ones((2, 3))) == 1
    assert phintys.pp(other.cost) == phintys.pp(model.cost)


@pytest.mark.parametrize("through", BOTH)
def test_attributes_and_cycles(through: Callable[[Any], Any]) -> None:
    x = T.dscalar("x")
    y, z = x + 1, x * 2
    y.tag.note, y.partner, z.partner = "kept", z, y
    other = through(y)
    assert other.tag.note == "kept" and other.partner.partner is other


@pytest.mark.parametrize("through", BOTH)
def test_depth(through: Callable[[Any], Any]) -> None:
    x = T.dscalar("x")
    y: Any = x
    for _ in range(20000):
        y = y + x
    other = through(y)
    assert len(phintys.ir.graph.topological([other])) == 20000


@pytest.mark.parametrize("through", BOTH)
def test_types_constants_and_evaluated_expressions(through: Callable[[Any], Any]) -> None:
    assert through(T.dmatrix) == T.dmatrix and through(T.TensorType("int8", shape=(None, 3))).shape == (None, 3)
    constant = through(T.constant([1, 2], name="c"))
    assert type(constant) is T.TensorConstant and constant.data.tolist() == [1, 2] and constant.name == "c"
    x = T.dscalar("x")
    y = x + 1
    y.eval({x: 1})
    assert through(y).owner.op == "add"


def test_types_that_do_not_follow() -> None:
    """A damaged pickle must not become code that writes beyond its arrays."""
    x = T.dmatrix("x")
    y = T.dot(x, x).sum(axis=0)
    content = pickle.dumps(y, 2)
    with pytest.raises(ValueError, match="a pickle names the operation 'dat', which does not exist"):
        pickle.loads(content.replace(b"X\x03\x00\x00\x00dot", b"X\x03\x00\x00\x00dat"))
    x.type = T.fmatrix
    with pytest.raises(ValueError, match="a pickle is damaged: dot gives"):
        pickle.loads(pickle.dumps(y, 2))


def test_a_function_whose_name_was_lost() -> None:
    x = T.dscalar("x")
    f = function([x], x * 3)
    f.maker.plan.graph.name = ""
    assert pickle.loads(pickle.dumps(f))(2.0) == 6.0
