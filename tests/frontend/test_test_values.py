"""Values computed while expressions are written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.gof.op import debug_assert, get_debug_values, get_test_value


@pytest.fixture(autouse=True)
def raising() -> Iterator[None]:
    with phintys.config.change_flags(compute_test_value="raise"):
        yield


def matrix(value: object) -> T.TensorVariable:
    x: T.TensorVariable = T.dmatrix("x")
    x.tag.test_value = value
    return x


def test_values_follow_expressions() -> None:
    x, w = matrix(np.ones((2, 3))), phintys.shared(np.full((3, 4), 2.0))
    z = T.nnet.softmax(T.dot(x, w) + 1)
    np.testing.assert_allclose(z.tag.test_value, np.full((2, 4), 0.25))
    gradient = T.grad((T.dot(x, w) ** 2).sum(), x)
    np.testing.assert_allclose((gradient + 1).tag.test_value, np.full((2, 3), 97.0))
    assert [(a.shape, b.shape) for a, b in get_debug_values(x, z)] == [((2, 3), (2, 4))]
    assert get_test_value(w).shape == (3, 4)


def test_mistakes_are_found_where_they_are_made() -> None:
    x = matrix(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"x has 3 cols \(and 2 rows\) but y has 2 rows \(and 2 cols\)"):
        T.dot(x, phintys.shared(np.ones((2, 2))))
    with pytest.raises(ValueError, match=r"Cannot compute test value: input 0 \(v\) of Op Elemwise{add"):
        T.dvector("v") + 1
    with phintys.config.change_flags(compute_test_value="warn"), pytest.warns(UserWarning, match="Cannot compute"):
        assert not hasattr((T.dvector("v") + 1).tag, "test_value")
    with pytest.raises(TypeError):
        matrix(np.ones(3)) + 1
    with pytest.raises(AssertionError, match="wrong"):
        debug_assert(False, "wrong")


def test_off_costs_and_does_nothing() -> None:
    with phintys.config.change_flags(compute_test_value="off"):
        assert not hasattr((T.dvector("v") + 1).tag, "test_value")
        assert list(get_debug_values(T.dvector())) == []
        debug_assert(False)
