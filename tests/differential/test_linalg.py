"""dot of vectors and matrices in every dtype, of views, of empty operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import DTYPES, FLOATS, ULPS, check, op, reference, same, values, variable

import phintys
import phintys.tensor as T


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: str) -> None:
    x, y = (variable(dtype, [None, None], name) for name in "xy")
    v, w = (variable(dtype, [None], name) for name in "vw")
    outputs = [op("dot", x, y), op("dot", x, w), op("dot", v, x), op("dot", w, w), op("dot", v, v), op("dot", x, y) * 2]
    arrays = [values(dtype, [5, 7]), values(dtype, [7, 3], 1), values(dtype, [5], 2), values(dtype, [7], 3)]
    check([x, y, v, w], outputs, arrays, ulps=64)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("sizes", [(0, 3, 2), (3, 0, 2), (3, 2, 0), (1, 1, 1), (0, 0, 0), (1, 5, 1), (13, 1, 17), (64, 65, 63)])
def test_sizes(dtype: str, sizes: tuple[int, int, int]) -> None:
    m, k, n = sizes
    x, y = (variable(dtype, [None, None], name) for name in "xy")
    v, w = (variable(dtype, [None], name) for name in "vw")
    outputs = [op("dot", x, y), op("dot", x, w), op("dot", v, y), op("dot", v, w), op("dot", y.T, x.T)]
    arrays = [values(dtype, [m, k]), values(dtype, [k, n], 1), values(dtype, [k], 2), values(dtype, [k], 3)]
    poison(outputs, [x, y, v, w], arrays)
    f = check([x, y, v, w], outputs, [np.ones_like(a) for a in arrays], ulps=256)
    for found, wanted in zip(f(*arrays), reference(f.maker.plan.graph, arrays), strict=True):
        same(found, wanted, 0, 64 * (k + 1) * ULPS[dtype])


def poison(outputs: Any, inputs: Any, arrays: Any) -> None:
    """Fill the memory that results will come from with NaN."""
    f = phintys.function(inputs, [out * np.nan for out in outputs])
    for _ in range(3):
        f(*arrays)


VIEWS: list[Any] = [
    lambda x: x, lambda x: x.T, lambda x: x[::-1], lambda x: x[:, ::-1], lambda x: x[::2], lambda x: x[:, ::2],
    lambda x: x[1:-1, 1:-1], lambda x: x.T[::2], lambda x: x[1:2], lambda x: x[:, 1:2], lambda x: x.reshape((-1, 4)),
    lambda x: x.T.reshape((4, -1)), lambda x: x * 2, lambda x: T.alloc(x[0], 3, x.shape[1]), lambda x: x[::-2, ::-3],
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(VIEWS)))
def test_views(number: int) -> None:
    x = variable("float64", [None, None], "x")
    array = values("float64", [6, 8])
    a, *others = phintys.function([x], [view(x) for view in (VIEWS[number], *VIEWS)])(array)
    outputs, expected = [], []
    for view, b in zip(VIEWS, others, strict=True):
        n = min(a.shape[1], b.shape[0])
        u, v, p, q = VIEWS[number](x)[:, :n], view(x)[:n], a[:, :n], b[:n]
        outputs += [T.dot(u, v), T.dot(u, v[:, 0]), T.dot(u[0], v), T.dot(u[-1], v[:, -1]), T.dot(u, v).T.sum(0)]
        expected += [p @ q, p @ q[:, 0], p[0] @ q, p[-1] @ q[:, -1], (p @ q).T.sum(0)]
    for found, wanted in zip(phintys.function([x], outputs)(array), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_vector_views() -> None:
    x = variable("float64", [None, None], "x")
    vectors = [x[0], x[:, 0], x[::-1, 1], x[0, ::2], x[1, ::-2], x[:, 0][::-1], x[0] * 3, x.T[2]]
    array = values("float64", [9, 9])
    outputs, expected = [], []
    for v, p in zip(vectors, phintys.function([x], vectors)(array), strict=True):
        n = len(p)
        outputs += [T.dot(x[:, :n], v), T.dot(v, x[:n]), T.dot(v, v), T.dot(x.T[:, :n], v), T.dot(v, x.T[:n])]
        expected += [array[:, :n] @ p, p @ array[:n], p @ p, array.T[:, :n] @ p, p @ array.T[:n]]
    for found, wanted in zip(phintys.function([x], outputs)(array), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_a_vector_that_is_not_contiguous_and_inf() -> None:
    x = variable("float64", [None, None], "x")
    array = values("float64", [4, 4])
    array[1, 2] = np.inf
    array[3, 3] = np.nan
    found = phintys.function([x], [T.dot(x, x), T.dot(x, x[:, 0])])(array)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found[0], array @ array)
        np.testing.assert_allclose(found[1], array @ array[:, 0])


def test_mismatch() -> None:
    x, y = (variable("float64", [None, None], name) for name in "xy")
    f = phintys.function([x, y], T.dot(x, y))
    with pytest.raises(ValueError, match=r"(?s)x has 3 cols .* but y has 2 rows.*test_linalg.py"):
        f(np.zeros((2, 3)), np.zeros((2, 2)))


def test_products_of_more_dimensions() -> None:
    x, v = variable("float64", [None, None, None], "x"), variable("float64", [None], "v")
    y, s = variable("float64", [None, None], "y"), variable("float64", [], "s")
    f = phintys.function(
        [x, v, y, s], [T.tensordot(x, y, axes=1), T.tensordot(x, y, axes=[[1], [0]]), T.dot(s, y), T.outer(v, v)]
    )
    a, b, c = values("float64", [2, 3, 3]), values("float64", [3], 1), values("float64", [3, 4], 2)
    expected = [np.tensordot(a, c, 1), np.tensordot(a, c, ([1], [0])), 2.0 * c, np.outer(b, b)]
    for found, wanted in zip(f(a, b, c, 2.0), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(3, 5, 4), (1, 1, 1), (3, 0, 4), (0, 5, 4), (17, 31, 7)], ids=str)
def test_accumulated_product(dtype: str, sizes: tuple[int, int, int]) -> None:
    """A product that is added to a matrix, to a state in place too; of no terms it leaves the scaled matrix."""
    n, k, m = sizes
    x, y = T.matrix("x", dtype), T.matrix("y", dtype)
    rng = np.random.default_rng(5)
    start, a, b = (rng.normal(size=shape).astype(dtype) for shape in ((n, m), (n, k), (k, m)))
    w = phintys.shared(start, "w")
    half, rate = np.asarray(0.5, dtype), T.scalar("rate", dtype)
    f = phintys.function([x, y, rate], [2 * T.dot(x, y) - w, w + T.dot(x, y)], updates=[(w, half * w - rate * T.dot(x, y))])
    taken, summed = f(a, b, np.asarray(0.25, dtype))
    close = {"rtol": 1e-5 if dtype == "float32" else 1e-13, "atol": 1e-5 if dtype == "float32" else 1e-13}
    np.testing.assert_allclose(taken, 2 * a @ b - start, **close)
    np.testing.assert_allclose(summed, start + a @ b, **close)
    np.testing.assert_allclose(w.get_value(), 0.5 * start - 0.25 * (a @ b), **close)


def test_step_of_weights() -> None:
    """The gradient of a layer's weights goes into their own memory."""
    w = phintys.shared(np.ones((4, 3)), "w")
    x = T.dmatrix("x")
    cost = T.sum(T.tanh(T.dot(x, w)) ** 2)
    f = phintys.function([x], cost, updates=[(w, w - 0.1 * T.grad(cost, w))])
    a = np.random.default_rng(6).normal(size=(5, 4))
    h = np.tanh(a @ np.ones((4, 3)))
    f(a)
    np.testing.assert_allclose(w.get_value(), 1 - 0.1 * (a.T @ (2 * h * (1 - h**2))), rtol=1e-13)
