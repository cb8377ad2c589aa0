"""Running sums and products, sorting, searching, positions, scatters, stacks of products: every dtype, odd sizes, views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import DTYPES, FLOATS, ULPS, check, op, reference, same, special, values, variable

import phintys
import phintys.tensor as T

Case = list[Any]


def check_all(inputs: Any, outputs: Any, cases: list[Case], ulps: float = 0.0) -> Any:
    """`check` with the first arguments; the same function with the others."""
    f = check(inputs, outputs, cases[0], ulps=ulps)
    for arguments in cases[1:]:
        expected = reference(f.maker.plan.graph, arguments)
        for number, (found, wanted) in enumerate(zip(f(*arguments), expected, strict=True)):
            same(found, wanted, ulps * ULPS.get(str(wanted.dtype), 0), label=str(number))
    return f


SHAPES = [(1, 1, 1), (5, 3, 4), (2, 17, 1), (4, 0, 3), (0, 2, 2), (3, 1, 33)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_running(dtype: str) -> None:
    x = variable(dtype, [None] * 3, "x")
    views = [x, x.dimshuffle(2, 0, 1), x[::-1, :, ::2]]
    outputs = [op(name, view, axis=axis) for name in ("cumsum", "cumprod") for view in views for axis in range(3)]
    check_all([x], outputs, [[values(dtype, shape)] for shape in SHAPES], ulps=64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sorting(dtype: str) -> None:
    """Short lines are sorted by counting, long ones by bytes; which it is may be known when the function is compiled."""
    x = variable(dtype, [None, None], "x")
    outputs = [op("argsort", view, axis=axis) for view in (x, x.T, x[::-1, ::2]) for axis in (0, 1)]
    outputs += [op("sort", x.T, axis=0), op("sort", x[::-1, ::2], axis=1)]
    shapes = ((1, 1), (3, 2), (64, 3), (5, 65), (0, 3), (3, 0), (7, 300))
    check_all([x], outputs, [[values(dtype, shape, 2)] for shape in shapes])
    v = variable(dtype, [None], "v")
    f = check([v], [op("argsort", v, axis=0), op("sort", v, axis=0)], [special(dtype)])
    for size in (0, 1, 2, 3, 4, 5, 8, 127, 128, 129, 1000, 1025):
        array = np.resize(special(dtype), size)
        np.random.default_rng(size).shuffle(array)
        np.testing.assert_array_equal(f(array)[0], np.argsort(array, kind="stable"))
        np.testing.assert_array_equal(f(array)[1], np.sort(array))
    for size in (100, 129):
        fixed = variable(dtype, [size], "fixed")
        array = np.resize(special(dtype), size)
        found = phintys.function([fixed], [op("argsort", fixed, axis=0), op("sort", fixed, axis=0)])(array)
        np.testing.assert_array_equal(found[0], np.argsort(array, kind="stable"))
        np.testing.assert_array_equal(found[1], np.sort(array))


def test_sorting_random_bits() -> None:
    """Every byte decides somewhere; NaNs of both signs come last."""
    bits = np.random.default_rng(0).integers(0, 256, 8 * 3000, dtype=np.uint8)
    for dtype in DTYPES:
        if dtype == "bool":
            continue
        v = variable(dtype, [None], "v")
        f = phintys.function([v], [op("argsort", v, axis=0), op("sort", v, axis=0)])
        for array in (bits.view(dtype)[:2000], np.arange(-1000, 1000).astype(dtype), np.zeros(500, dtype)):
            np.testing.assert_array_equal(f(array)[0], np.argsort(array, kind="stable"))
            np.testing.assert_array_equal(f(array)[1], np.sort(array))


@pytest.mark.parametrize("dtype", ["int64", "uint64", "float64"])
def test_sorting_what_differs_in_low_bits(dtype: str) -> None:
    """Elements that agree in the highest bytes: none, two after each other, some, almost all, in and out of order."""
    v = variable(dtype, [None], "v")
    f = phintys.function([v], [op("argsort", v, axis=0), op("sort", v, axis=0)])
    spread = np.linspace(1.0, 2.0**62, 1000)
    near = 1e9 + np.random.default_rng(0).integers(0, 2**20, 1000) * 2.0**-22 * (1 if dtype == "float64" else 2**22)
    for elements in (spread, near, np.concatenate([spread[:900], near[:100]]), np.concatenate([near, [0.0, 2.0**62]])):
        array = elements.astype(dtype)
        for ordered in (array, np.sort(array), np.sort(array)[::-1], np.repeat(array, 2)):
            np.testing.assert_array_equal(f(ordered)[0], np.argsort(ordered, kind="stable"))
            np.testing.assert_array_equal(f(ordered)[1], np.sort(ordered))


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype != "bool"])
def test_searchsorted(dtype: str) -> None:
    x, y, s = variable(dtype, [None], "x"), variable(dtype, [None, None], "y"), variable(dtype, [], "s")
    outputs = [op("searchsorted", x, z, side=side) for side in ("left", "right") for z in (y, y.T, s)]
    sought = [np.resize(special(dtype), (5, 9)), special(dtype)[2]]
    check_all([x, y, s], outputs, [[np.sort(np.resize(special(dtype), size)), *sought] for size in (0, 1, 2, 3, 37, 64)])


def test_nonzero() -> None:
    x, v = variable("bool", [None], "x"), variable("float64", [None], "v")
    where = op("nonzero", x)
    outputs = [where, op("nonzero", x[::-2]), where.shape[0], op("gather", v, where), op("gather", v, where).sum(), where * 2]
    rng = np.random.default_rng(0)
    cases = [[rng.random(size) < density, rng.random(size)] for size in (37, 0, 1, 2, 1000) for density in (0.3, 0.0, 1.0)]
    check_all([x, v], outputs, cases, ulps=64)


def test_nonzero_of_more_dimensions() -> None:
    x, n = variable("bool", [None, None, None], "x"), variable("int64", [], "n")
    outputs = [op("nonzero", view) for view in (x, x.T, x[:, ::-1], x[0], x[:, :, 0])]
    outputs += [op("nonzero", x, 2, n, x.shape[2])]
    f = check([x, n], outputs, [values("bool", (2, 3, 4)), 3])
    with pytest.raises(IndexError, match="boolean index did not match the indexed tensor along dimension 1: 3 truth"):
        f(values("bool", (2, 3, 4)), 4)


@pytest.mark.parametrize("dtype", DTYPES)
def test_scatter_set(dtype: str) -> None:
    x, y, s = variable(dtype, [None, None], "x"), variable(dtype, [None, None], "y"), variable(dtype, [], "s")
    i, j = variable("int64", [None], "i"), variable("int32", [None], "j")
    outputs = [op("scatter_set", x, y, i), op("scatter_set", x, s, i), op("scatter_set", x, y[0, :3], i, j)]
    outputs += [op("scatter_set", x.T, s, j)]
    indices = [np.array([2, -1, 2]), np.array([0, 2, -3], "int32")]
    f = check([x, y, s, i, j], outputs, [values(dtype, (4, 5)), values(dtype, (3, 5), 1), values(dtype, (), 2), *indices])
    with pytest.raises(IndexError, match="out of bounds"):
        f(values(dtype, (2, 5)), values(dtype, (3, 5)), values(dtype, ()), *indices)


def test_scatter_set_of_a_state() -> None:
    state = phintys.shared(np.arange(6.0))
    i, y = variable("int64", [None], "i"), variable("float64", [None], "y")
    f = check([i, y], [i.sum()], [np.array([1, 4]), np.array([10.0, 20])], {state: op("scatter_set", state, y, i)}, calls=2)
    with pytest.raises(IndexError):
        f(np.array([1, 9]), np.array([7.0, 8.0]))
    assert list(state.get_value()) == [0, 10, 2, 3, 20, 5]


def test_update_after_positions_of_unknown_number() -> None:
    """A size that depends on elements is known late: what may fail on it leaves the state alone."""
    state = phintys.shared(np.arange(3.0))
    x = variable("float64", [None], "x")
    positive = x[op("nonzero", x > 0)]
    f = phintys.function([x], (positive + np.ones(3)).sum(), updates=[(state, state + 1)])
    assert f(np.array([1.0, -1, 2, 3])) == 9.0
    with pytest.raises(ValueError, match="mis-match"):
        f(np.array([1.0, -1, 2, -3]))
    assert list(state.get_value()) == [1, 2, 3]


@pytest.mark.parametrize("dtype", DTYPES)
def test_batched_dot(dtype: str) -> None:
    x, y = variable(dtype, [None] * 3, "x"), variable(dtype, [None] * 3, "y")
    outputs = [op("batched_dot", x, y), op("batched_dot", y.dimshuffle(0, 2, 1), x.dimshuffle(0, 2, 1))]
    outputs += [op("batched_dot", x[::-1], y[::-1]), op("batched_dot", x[:, ::-1, :], y[:, :, ::2])]
    sizes = [(3, 4, 5, 6), (1, 1, 1, 1), (0, 2, 3, 2), (4, 0, 3, 2), (2, 3, 0, 4), (7, 1, 16, 1)]
    cases = [[values(dtype, (b, m, k)), values(dtype, (b, k, n), 1)] for b, m, k, n in sizes]
    check_all([x, y], outputs, cases, ulps=256)


@pytest.mark.parametrize("dtype", FLOATS)
def test_batched_dot_checks_sizes(dtype: str) -> None:
    x, y = variable(dtype, [None] * 3, "x"), variable(dtype, [None] * 3, "y")
    f = phintys.function([x, y], op("batched_dot", x, y))
    for a, b in (((2, 3, 4), (3, 4, 5)), ((2, 3, 4), (2, 3, 5))):
        with pytest.raises(ValueError, match="mis-match"):
            f(np.zeros(a, dtype), np.zeros(b, dtype))


def test_gradients_of_sorted_elements() -> None:
    x, w = variable("float64", [None], "x"), variable("float64", [None], "w")
    cost = (x[op("argsort", x, axis=0)] * w).sum()
    f = phintys.function([x, w], T.grad(cost, x))
    np.testing.assert_array_equal(f(np.array([3.0, 1.0, 2.0]), np.array([10.0, 20.0, 30.0])), [30.0, 10.0, 20.0])


def test_specify_shape() -> None:
    x, n = variable("float64", [None, None], "x"), variable("int32", [], "n")
    told = [T.specify_shape(x, (n, 4)), T.specify_shape(x.T, (4, -1)), T.specify_shape(x, x.shape)]
    assert told[0].type.shape == (None, 4)
    outputs = [*told, told[0] * 2, told[0].sum(0), T.grad((told[0] ** 2).sum(), x)]
    f = check([x, n], outputs, [values("float64", (3, 4)), 3], ulps=16)
    for shape, size in (((3, 5), 3), ((3, 4), 2)):
        with pytest.raises(ValueError, match="was specified"):
            f(values("float64", shape), size)
    with pytest.raises(TypeError, match="dimension 1 of"):
        T.specify_shape(told[0], (3, 5))
