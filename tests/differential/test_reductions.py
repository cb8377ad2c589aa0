"""Reductions over every set of axes, of every dtype, of views and of nothing; their accuracy on long vectors."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from harness import DTYPES, FLOATS, ULPS, check, op, reference, same, special, values, variable

import phintys
import phintys.tensor as T

NAMES = ["sum", "prod", "max", "min", "all", "any", "argmax", "argmin"]
SIZES = [(3, 2, 5, 4), (1, 1, 1, 1), (7, 1, 3, 1), (2, 3, 1, 37)]


def axes_of(ndim: int) -> list[tuple[int, ...]]:
    return [axes for k in range(ndim + 1) for axes in itertools.combinations(range(ndim), k)]


@pytest.mark.parametrize("ndim", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_axes(ndim: int, dtype: str) -> None:
    x = variable(dtype, [None] * ndim, "x")
    names = NAMES if ndim < 4 else ["sum", "max", "argmin"]
    cases = [(f"{name} {axes}", op(name, x, axes=axes)) for axes in axes_of(ndim) for name in names]
    f = check([x], [out for _, out in cases], [values(dtype, SIZES[0][:ndim])], ulps=64, labels=[a for a, _ in cases])
    for shape in SIZES[1:]:
        again(f, [values(dtype, shape[:ndim])], [a for a, _ in cases])


def again(f: Any, arrays: list[Any], labels: list[str]) -> None:
    expected = reference(f.maker.plan.graph, arrays)
    for label, a, b in zip(labels, f(*arrays), expected, strict=True):
        same(a, b, 64 * ULPS.get(str(b.dtype), 0), 1e-13, label=f"{label} {[x.shape for x in arrays]}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: str) -> None:
    x, m = variable(dtype, [None], "x"), variable(dtype, [None, None], "m")
    outputs = [op(name, value, axes=[0]) for name in NAMES for value in (x, m)]
    labels = [f"{name} {value}" for name in NAMES for value in "xm"]
    check([x, m], outputs, [special(dtype), special(dtype)[:36].reshape(4, 9)], ulps=64, labels=labels)
    check([x, m], outputs, [values(dtype, [19]), values(dtype, [9, 4], 3)], ulps=64, labels=labels)


@pytest.mark.parametrize("dtype", DTYPES)
def test_extremes_and_ties(dtype: str) -> None:
    x = variable(dtype, [None], "x")
    outputs = [op(name, x, axes=[0]) for name in ("max", "min", "argmax", "argmin")]
    f = check([x], outputs, [np.zeros(5, dtype)])
    lowest, highest = (False, True) if dtype == "bool" else limits(dtype)
    for array in ([lowest] * 3, [highest] * 3, [lowest, highest, lowest, highest], [highest, lowest, lowest]):
        again(f, [np.array(array, dtype)], ["max", "min", "argmax", "argmin"])


def limits(dtype: str) -> tuple[Any, Any]:
    info: Any = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    return (-np.inf, np.inf) if info is None else (info.min, info.max)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("at", [[0], [3], [16], [2, 5], [0, 16]])
def test_nan(dtype: str, at: list[int]) -> None:
    x = variable(dtype, [None], "x")
    array = values(dtype, [17])
    array[at] = np.nan
    check([x], [op(name, x, axes=[0]) for name in NAMES if name not in ("sum", "prod")], [array])


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (0, 0), (2, 0, 3)])
def test_nothing(shape: tuple[int, ...]) -> None:
    x = variable("float64", [None] * len(shape), "x")
    empty = shape.index(0)
    check([x], [op(name, x, axes=[empty]) for name in ("sum", "prod", "all", "any")], [np.zeros(shape)])
    for name in ("max", "min", "argmax", "argmin"):
        f = phintys.function([x], op(name, x, axes=[empty]))
        with pytest.raises(ValueError, match=f"{name[:3]}.*of no elements"):
            f(np.zeros(shape))
        full = [size or 1 for size in shape]
        assert f(np.ones(full)).shape == (*full[:empty], *full[empty + 1 :])


VIEWS: list[tuple[str, Any]] = [
    ("transposed", lambda x: x.T),
    ("reversed", lambda x: x[::-1, ::-1]),
    ("strided", lambda x: x[::2, 1::3]),
    ("column", lambda x: x[:, 1:2]),
    ("backwards", lambda x: x[-1:0:-2]),
    ("shuffled", lambda x: x.dimshuffle(1, "x", 0)),
    ("reshaped", lambda x: x.T.reshape((2, -1))),
    ("narrow", lambda x: x[1:3, :2]),
]


@pytest.mark.parametrize(("name", "view"), VIEWS)
def test_views(name: str, view: Any) -> None:
    x = variable("float64", [None, None], "x")
    v = view(x)
    outputs = [op(kind, v, axes=axes) for axes in axes_of(v.ndim) for kind in ("sum", "argmax", "max")]
    check([x], [v, v * 2, *outputs], [values("float64", [6, 7])], ulps=64)
    check([x], [v, v * 2, *outputs], [values("float64", [4, 4])], ulps=64)


def test_several_reductions_of_one_operand() -> None:
    x = variable("float64", [None, None], "x")
    outputs = [x.sum(0), x.sum(1), x.sum(), x.max(0), x.max(), x.argmax(1), (x - x.mean(0)).sum(1), (x / x.sum()).max(0)]
    check([x], outputs, [values("float64", [5, 11], 1)], ulps=256)


@pytest.mark.parametrize("dtype", DTYPES)
def test_mean_and_variance(dtype: str) -> None:
    x = variable(dtype, [None, None], "x")
    outputs = [T.mean(x), T.mean(x, axis=0), T.mean(x, axis=1, keepdims=True)]
    outputs += [T.var(x), T.std(x, axis=1)] if dtype not in ("bool",) else []
    array = values(dtype, [5, 7])
    f = phintys.function([x], outputs)
    wide = array.astype("float64")
    expected = [wide.mean(), wide.mean(0), wide.mean(1, keepdims=True), wide.var(), wide.std(1)]
    for a, b in zip(f(array), expected, strict=False):
        np.testing.assert_allclose(a, b, rtol=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("make", ["uniform", "constant", "normal"])
def test_accuracy_of_long_sums(dtype: str, make: str) -> None:
    """As good as NumPy's pairwise sum of the same data, up to a small factor."""
    rng = np.random.default_rng(3)
    n = 10_000_000
    array = {"uniform": rng.random(n), "constant": np.full(n, 0.1), "normal": rng.normal(0, 1, n) + 1}[make].astype(dtype)
    exact = float(np.sum(array, dtype=np.longdouble))
    x = variable(dtype, [None], "x")
    f = phintys.function([x], x.sum())
    ours, numpys = abs(float(f(array)) - exact), abs(float(array.sum()) - exact)
    assert ours <= 4 * numpys + 8 * np.finfo(dtype).eps * abs(exact), (ours / exact, numpys / exact)


@pytest.mark.parametrize("dtype", FLOATS)
def test_accuracy_of_sums_of_matrices(dtype: str) -> None:
    array = np.random.default_rng(3).random((3000, 1000)).astype(dtype)
    x = variable(dtype, [None, None], "x")
    for axes in ((0,), (1,), (0, 1)):
        for view, seen in ((x, array), (x.T, array.T), (x[:, ::2], array[:, ::2])):
            f = phintys.function([x], op("sum", view, axes=axes))
            exact = np.sum(seen, axis=axes, dtype=np.longdouble)
            ours, numpys = (np.max(np.abs(r - exact)) for r in (f(array), seen.sum(axes)))
            assert ours <= 4 * numpys + 8 * np.finfo(dtype).eps * np.max(exact), (axes, ours, numpys)


@pytest.mark.parametrize("size", [1, 7, 1023, 1024, 1025, 3001])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint8", "int64", "bool"])
def test_positions_across_blocks(dtype: str, size: int) -> None:
    """Ties, a first NaN, nothing but the neutral element: the first of the best, wherever blocks begin and end."""
    x = T.TensorType(dtype, (False, False))("x")
    f = phintys.function([x], [x.argmax(axis=1), x.argmin(axis=1), x.max(axis=1), x.min(axis=1), x.argmax(), x.argmin()])
    rng = np.random.default_rng(7)
    rows = [rng.integers(0, 5, size), np.zeros(size), np.arange(size) % 100, -np.arange(size) % 100]
    value = np.array(rows).astype(dtype)
    if dtype.startswith("float"):
        special = np.full((5, size), -np.inf)
        special[1] = np.inf
        for row, places in ((2, [size - 1]), (3, [size // 2, size - 1]), (4, [0, size // 3])):
            special[row] = rng.normal(size=size)
            special[row, places] = np.nan
        value = np.concatenate([value, special.astype(dtype)])
    for view in (value, value[:, ::-1], value[:-1]):
        expected = [view.argmax(1), view.argmin(1), view.max(1), view.min(1), view.argmax(), view.argmin()]
        for got, want in zip(f(view), expected, strict=True):
            np.testing.assert_array_equal(got, want)
