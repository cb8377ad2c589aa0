"""Shared variables: dtypes, copying and borrowing, setting values, sharing between functions, default updates."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import function, shared


@pytest.mark.parametrize(
    ("value", "dtype", "ndim"),
    [
        (0, "int64", 0),
        (0.0, "float64", 0),
        (np.float32(1), "float32", 0),
        (np.ones((2, 3), "int8"), "int8", 2),
        (1j, "complex128", 0),
    ],
)
def test_type_of_the_value(value: Any, dtype: str, ndim: int) -> None:
    with phintys.change_flags(floatX="float32"):
        s = shared(value)
    assert (s.dtype, s.ndim) == (dtype, ndim) and type(s.get_value()) is np.ndarray


def test_broadcast_pattern_is_false_unless_given() -> None:
    assert shared(np.ones((1, 3))).broadcastable == (False, False)
    row = shared(np.ones((1, 3)), broadcastable=(True, False))
    assert row.broadcastable == (True, False)
    with pytest.raises(TypeError, match="Non-unit value"):
        row.set_value(np.ones((2, 3)))


@pytest.mark.cpu
@pytest.mark.parametrize("array", [np.ones(3), np.ones((3, 3))[::2], np.ones(3, ">f8"), np.ones((2, 2), order="F")])
def test_the_cell_holds_an_exact_array(array: Any) -> None:
    for borrow in (False, True):
        cell = shared(array, borrow=borrow).container.storage[0]
        assert type(cell) is np.ndarray and cell.dtype is np.dtype("float64")
        assert cell.flags.c_contiguous and cell.flags.aligned and (cell == array).all()


@pytest.mark.cpu
def test_borrow() -> None:
    array = np.ones(2)
    copied, aliased = shared(array), shared(array, borrow=True)
    array += 1
    assert copied.get_value().tolist() == [1, 1] and aliased.get_value().tolist() == [2, 2]
    assert aliased.get_value(borrow=True) is array and aliased.get_value() is not array
    copied.set_value(array)
    aliased.set_value(array, borrow=True)
    array += 1
    assert copied.get_value().tolist() == [2, 2] and aliased.get_value().tolist() == [3, 3]


def test_set_value_checks_and_converts() -> None:
    s = shared(np.zeros(2))
    s.set_value([1, 2, 3])
    assert s.get_value().tolist() == [1, 2, 3]
    with pytest.raises(TypeError, match="Wrong number of dimensions"):
        s.set_value(1.0)
    with pytest.raises(TypeError, match=r"cannot store accurately value 1\.5"):
        shared(0).set_value(1.5)
    with pytest.raises(TypeError, match="expected a ndarray object"):
        shared(np.zeros(2), strict=True).set_value([1.0, 2.0])
    s.zero()
    assert s.get_value().tolist() == [0, 0, 0]


@pytest.mark.parametrize("value", [[1, 2], None, "text", {}])
def test_values_that_are_no_tensors(value: Any) -> None:
    with pytest.raises(TypeError, match="No suitable SharedVariable constructor could be found"):
        shared(value)


def test_symbols_and_other_dtypes() -> None:
    with pytest.raises(TypeError, match="needs numeric values and not symbolic variables"):
        shared(T.dscalar())
    with pytest.raises(TypeError, match="float16"):
        shared(np.float16(1))


def test_names() -> None:
    assert str(shared(0)) == "<TensorType(int64, scalar)>" and str(shared(0, name="s")) == "s"


def test_updates_use_old_values_and_return_them() -> None:
    a, b = shared(1.0), shared(2.0)
    swap = function([], [a, b], updates=[(a, b), (b, a)])
    assert [float(value) for value in swap()] == [1, 2]
    assert (a.get_value(), b.get_value()) == (2, 1)


def test_one_variable_in_two_functions_and_new_sizes() -> None:
    s = shared(np.zeros(2), name="s")
    add, total = function([], updates={s: s + 1}), function([], s.sum())
    assert add() == [] and total() == 2
    s.set_value(np.ones(5))
    add()
    assert total() == 10


def test_default_update_and_its_refusal() -> None:
    s = shared(1)
    s.default_update = s * 2
    doubling, frozen, explicit = function([], s), function([], s, no_default_updates=True), function([], s, updates={s: s + 1})
    assert [int(doubling()), int(frozen()), int(frozen()), int(explicit()), int(doubling())] == [1, 2, 2, 2, 3]
    assert int(function([], s, no_default_updates=[s])()) == 6 == int(s.get_value())


def test_default_updates_of_variables_that_updates_use() -> None:
    s, t = shared(1), shared(0)
    s.default_update = s + 1
    f = function([], updates={t: t + s})
    for _ in range(3):
        f()
    assert (int(s.get_value()), int(t.get_value())) == (4, 6)


def test_a_state_that_is_an_argument_too() -> None:
    s = shared(np.arange(4.0))
    x = T.dvector()
    f = function([x], x, updates={s: s + x})
    f(s.get_value(borrow=True))
    assert s.get_value().tolist() == [0, 2, 4, 6]


def test_a_read_only_array_is_borrowed_but_not_written() -> None:
    array = np.zeros(3)
    array.flags.writeable = False
    s = shared(array, borrow=True)
    function([], updates={s: s + 1})()
    assert s.get_value().tolist() == [1, 1, 1] and array.tolist() == [0, 0, 0]


def test_pickle_and_copy() -> None:
    s = shared(np.arange(3.0), name="s")
    s.default_update = s + 1
    for other in (pickle.loads(pickle.dumps(s)), copy.deepcopy(s)):
        s.set_value(np.zeros(3))
        assert other.name == "s" and other.get_value().tolist() == [0, 1, 2]
        assert function([], other)().tolist() == [0, 1, 2] and other.get_value().tolist() == [1, 2, 3]
        s.set_value(np.arange(3.0))
    twin = s.clone()
    twin.set_value(np.ones(3))
    assert s.get_value().tolist() == [1, 1, 1]
