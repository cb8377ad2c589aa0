"""Sums of terms that are zero but in one row for each column: the same numbers as comparing each row with each position."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.ir.subscript import as_long, parse_index

n = T.lscalar("n")
p, q = T.lvectors("p", "q")
v, w = T.dvectors("v", "w")
rows = T.arange(n)
PLACES = np.array([2, 0, 0, -1, 7, 3, -(2**62), 2**62, 1])
VALUES = np.array([1.5, -0.0, np.nan, 2.0, 3.0, np.inf, 4.0, 5.0, -np.inf])


def spread(places: Any, values: Any) -> Any:
    """`values[j]` in row `places[j]` of column j."""
    return T.switch(T.eq(rows.dimshuffle(0, "x"), places.dimshuffle("x", 0)), values, 0.0)


def expected(count: int, *terms: tuple[Any, Any]) -> Any:
    """The same by NumPy."""
    parts = [np.where(np.arange(count)[:, None] == places[None], values, 0.0) for places, values in terms]
    return sum(parts[1:], parts[0])


def compares(f: phintys.Function) -> bool:
    """Whether each row is compared with each position."""
    return "arith.select" in str(phintys.dump(f, "loops"))


@pytest.mark.parametrize("count", [0, 1, 3, 9])
def test_one_term(count: int) -> None:
    f = phintys.function([n, p, v], spread(p, v))
    assert not compares(f)
    right = expected(count, (PLACES, VALUES))
    found = f(count, PLACES, VALUES)
    np.testing.assert_array_equal(found, right)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(right))
    assert f(count, PLACES[:0], VALUES[:0]).shape == (count, 0)


@pytest.mark.parametrize("count", [0, 4, 9])
def test_terms_that_meet(count: int) -> None:
    f = phintys.function([n, p, q, v, w], spread(p, v) + spread(q, w) + spread(p + 1, v * w))
    assert not compares(f)
    other, more = PLACES[::-1].copy(), np.arange(9.0)
    right = expected(count, (PLACES, VALUES), (other, more), (PLACES + 1, VALUES * more))
    found = f(count, PLACES, other, VALUES, more)
    np.testing.assert_array_equal(found, right)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(right))


def test_along_the_last_axis_and_beside_others() -> None:
    m = T.dmatrix("m")
    across = T.switch(T.eq(p.dimshuffle(0, "x"), rows.dimshuffle("x", 0)), v.dimshuffle(0, "x"), 0.0)
    deep = T.switch(T.eq(rows.dimshuffle(0, "x", "x"), p.dimshuffle("x", 0, "x")), m, 0.0)
    f, g = phintys.function([n, p, v], across), phintys.function([n, p, m], deep)
    assert not compares(f)
    np.testing.assert_array_equal(f(5, PLACES, VALUES), expected(5, (PLACES, VALUES)).T)
    values = np.random.default_rng(0).normal(size=(9, 4))
    np.testing.assert_array_equal(g(5, PLACES, values), np.where(np.arange(5)[:, None, None] == PLACES[:, None], values, 0))


def test_states_that_are_replaced_by_what_is_read_off_them() -> None:
    state = phintys.shared(np.arange(1.0, 82.0).reshape(9, 9))
    before = state.get_value()
    f = phintys.function([n, p], updates=[(state, spread(p, state[0]))])
    for _ in range(2):
        right = expected(9, (PLACES, before[0]))
        f(9, PLACES)
        np.testing.assert_array_equal(state.get_value(), right)
        before = right


def test_other_forms_are_compared() -> None:
    column, row = rows.dimshuffle(0, "x"), p.dimshuffle("x", 0)
    others = [
        T.switch(T.eq(column, row), v, -0.0),
        T.switch(T.eq(column, row), v, 1.0),
        T.switch(T.ge(column, row), v, 0.0),
        T.switch(T.eq(column * 2, row), v, 0.0),
        T.switch(T.eq(column, row), v + column, 0.0),
        T.switch(T.eq(column, row), v, 0.0) * 2.0 + 1.0,
    ]
    count = np.arange(5)[:, None]
    met = count == PLACES
    right = [
        *(np.where(met, VALUES, number) for number in (-0.0, 1.0)),
        np.where(count >= PLACES, VALUES, 0.0),
        np.where(2 * count == PLACES, VALUES, 0.0),
        np.where(met, VALUES + count, 0.0),
        np.where(met, VALUES, 0.0) * 2.0 + 1.0,
    ]
    for expression, wanted in zip(others, right, strict=True):
        found = phintys.function([n, p, v], expression)(5, PLACES, VALUES)
        np.testing.assert_array_equal(found, wanted)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))


def test_narrow_counters_wrap() -> None:
    places = T.bvector("places")
    expression = T.switch(T.eq(T.arange(n).astype("int8").dimshuffle(0, "x"), places.dimshuffle("x", 0)), v[:2], 0.0)
    found = phintys.function([n, places, v], expression)(300, np.array([3, -100], "i1"), VALUES)
    wrapped = np.arange(300).astype("i1")[:, None]
    np.testing.assert_array_equal(found, np.where(wrapped == np.array([3, -100]), VALUES[:2], 0.0))


def test_slices_that_are_as_long() -> None:
    bounds = [None, *range(-4, 5)]
    slices = [(start, stop, step) for start in bounds for stop in bounds for step in (None, 1, 2, -1)]
    by_form: dict[Any, list[Any]] = {}
    for each in slices:
        (entry,) = parse_index(":".join("" if bound is None else str(bound) for bound in each))
        by_form.setdefault(as_long(entry), []).append(each)
    assert len(by_form) < len(slices) - 30
    for alike in by_form.values():
        for size in range(8):
            assert len({len(range(size)[slice(*each)]) for each in alike}) == 1


def test_differences_need_no_check_of_sizes() -> None:
    f = phintys.function([v], (v[1:] - v[:-1] ** 2) * v[-3:].sum() + v[2:-1].sum() * v[1:-2].sum())
    assert not f.executable.interface.checks
    for size in (0, 1, 2, 5):
        x = np.arange(float(size))
        right = (x[1:] - x[:-1] ** 2) * x[-3:].sum() + x[2:-1].sum() * x[1:-2].sum()
        np.testing.assert_allclose(f(x), right)


def test_sizes_that_differ_are_errors() -> None:
    f = phintys.function([v], v[1:] + v[:3])
    np.testing.assert_array_equal(f(np.arange(4.0)), [1, 3, 5])
    with pytest.raises(ValueError, match="dimension 0 is 4 on the left and 3 on the right"):
        f(np.arange(5.0))
