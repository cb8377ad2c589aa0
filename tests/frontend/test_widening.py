"""Arguments of a narrower dtype: converted at once, with the same results as the general conversion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.inputs import In
from phintys.widening import Widening


@pytest.mark.parametrize(
    "value", [np.array([1, 2]), np.array([True, False]), np.array([1, 2], "i1")[::-1], np.array([1.5, 2], "f4")]
)
def test_narrow_arrays(value: Any) -> None:
    x, y = T.dvector("x"), T.dscalar("y")
    f = phintys.function([x, y], x * y)
    np.testing.assert_array_equal(f(value, np.int64(3)), value.astype(float) * 3)
    assert f(value, 3).dtype == np.float64


def test_states_that_overlap_are_separated() -> None:
    memory = np.ones(4)
    a, b = phintys.shared(memory[:3], borrow=True), phintys.shared(memory[1:], borrow=True)
    x = T.dscalar("x")
    f = phintys.function([x], [], updates=[(a, a + x), (b, b + 2 * x)])
    f(np.int32(1))
    np.testing.assert_array_equal(a.get_value(), [2, 2, 2])
    np.testing.assert_array_equal(b.get_value(), [3, 3, 3])


def test_what_is_not_only_narrower() -> None:
    widen = Widening([In(T.fvector("x")), In(T.iscalar("n"))])
    exact = np.ones(2, "f4")
    assert widen((exact, 1)) is None  # nothing to convert
    assert widen((np.ones(2, "i4"), 1)) is None  # would lose precision
    assert widen((np.ones((2, 2), "i1"), 1)) is None  # another rank
    assert widen((np.ma.ones(2, "i1"), 1)) is None  # a subclass
    assert widen((exact,)) is None
    found = widen((np.ones(2, "i1"), np.int8(3)))
    assert found is not None and found[0].dtype is np.dtype("f4") and found[1] == 3 and type(found[1]) is int


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
@pytest.mark.parametrize(
    "value", [np.int8(3), np.uint8(200), np.bool_(True), np.float32(0.1), np.int64(2**60 + 1), np.float64(0.5)]
)
def test_scalars_of_numpy_beside_a_narrow_array(dtype: str, value: Any) -> None:
    x, y = T.dvector("x"), T.scalar("y", dtype=dtype)
    f = phintys.function([x, y], [x, T.maximum(y, y)])
    held = np.result_type(dtype, value.dtype) == dtype or value == np.dtype(dtype).type(value)
    if held:
        found = f(np.array([1, 2]), value)[1]
        assert found.dtype == dtype and found == np.dtype(dtype).type(value)
    else:
        with pytest.raises(TypeError):
            f(np.array([1, 2]), value)


def test_strict_inputs_are_left_alone() -> None:
    x = T.dvector("x")
    f = phintys.function([In(x, strict=True)], x * 2)
    with pytest.raises(TypeError):
        f(np.ones(2, "i4"))
