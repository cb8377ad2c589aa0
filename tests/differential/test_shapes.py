"""Views, shapes, concatenation and ranges: every dtype, empty and odd sizes, views of views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import DTYPES, check, op, special, values, variable

import phintys
import phintys.tensor as T

SLICES: list[tuple[Any, ...]] = [
    (slice(None),), (slice(1, None),), (slice(None, -1),), (slice(None, None, -1),), (slice(None, None, 2),),
    (slice(-3, None),), (slice(5, 1, -2),), (slice(100, 0, -3),), (slice(-100, 100),), (slice(3, 3),), (slice(4, 1),),
    (slice(None, None, -3), slice(1, -1)), (slice(None), slice(None, None, -1)), (0,), (-1,), (slice(2), 0), (0, slice(1, 3)),
    (1, -1), (slice(None), 0), (slice(None), -1),
]  # fmt: skip
SHAPES = [(5, 4), (2, 2), (7, 3)]


def test_slices() -> None:
    x = variable("float64", [None, None], "x")
    outputs = [x[index] for index in SLICES] + [x[index] * 2.0 for index in SLICES]
    outputs += [x[index].T for index in SLICES] + [x[index][::-1] for index in SLICES if x[index].ndim]
    for shape in SHAPES:
        check([x], outputs, [values("float64", shape)])


@pytest.mark.parametrize("size", [0, 1, 2, 5, 11])
def test_symbolic_slices(size: int) -> None:
    x = variable("int32", [None], "x")
    a, b, c = (variable("int64", [], name) for name in "abc")
    f = phintys.function([x, a, b, c], [x[a:b:c], x[a::c], x[:b:c], x[::c], x[a:b:2], x[a:b:-1]])
    g = phintys.function([x, a, b], [x[a:b], x[a:], x[:b], x[a:b].sum(), x[a:b][::-1]])
    array = np.arange(size, dtype="int32")
    for i in (-20, -3, -1, 0, 1, 2, 5, 20):
        for j in (-20, -2, 0, 1, 4, 20):
            expected = [array[i:j], array[i:], array[:j], array[i:j].sum(), array[i:j][::-1]]
            for found, wanted in zip(g(array, i, j), expected, strict=True):
                np.testing.assert_array_equal(found, wanted)
            for k in (-3, -1, 1, 2, 20):
                expected = [array[i:j:k], array[i::k], array[:j:k], array[::k], array[i:j:2], array[i:j:-1]]
                for found, wanted in zip(f(array, i, j, k), expected, strict=True):
                    np.testing.assert_array_equal(found, wanted, err_msg=f"{i}:{j}:{k} of {size}")
    with pytest.raises(ValueError, match="step"):
        f(array, 0, 1, 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: str) -> None:
    x, s = variable(dtype, [None], "x"), variable(dtype, [], "s")
    outputs = [x[::-1], x[3], T.concatenate([x, x[:2]]), x.reshape((-1, 1)), x.dimshuffle("x", 0), x[1:].reshape((4, 9))]
    outputs += [op("make_vector", s, x[0], s), T.alloc(s, 3, 2), T.alloc(x, 2, x.shape[0]), s.dimshuffle("x", "x"), s, x]
    outputs += [s.reshape((1, 1)), x[:1].reshape(())]
    check([x, s], outputs, [special(dtype), special(dtype)[1]])


def test_reshape() -> None:
    x = variable("float64", [None, None, None], "x")
    n = variable("int64", [], "n")
    outputs = [x.reshape((-1,)), x.flatten(2), x.reshape((n, -1)), x.T.reshape((n, -1)), x[::-1].reshape((-1, n)),
               x.reshape((-1,)).reshape((n, -1)).T.reshape((-1,)), x.reshape((x.shape[0] * x.shape[1], x.shape[2])).sum(1),
               x.reshape((n, -1))[1:] * 2.0]  # fmt: skip
    for shape, k in (((2, 3, 4), 6), ((1, 1, 1), 1), ((5, 1, 7), 7), ((2, 0, 3), 2)):
        if 0 in shape:
            continue
        check([x, n], outputs, [values("float64", shape), k], ulps=16)
    f = phintys.function([x, n], x.reshape((n, -1)))
    with pytest.raises(ValueError, match="reshape"):
        f(np.zeros((2, 3, 4)), 5)
    with pytest.raises(ValueError, match="negative"):
        f(np.zeros((2, 3, 4)), -2)
    with pytest.raises(ValueError, match="reshape"):
        f(np.zeros((2, 3, 4)), 0)
    assert f(np.zeros((0, 3, 4)), 2).shape == (2, 0)


def test_concatenate() -> None:
    x, y = variable("float64", [None, None], "x"), variable("float32", [None, None], "y")
    outputs = [T.concatenate([x, y, x]), T.concatenate([x.T, y.T], axis=1), T.concatenate([x[::-1], x * 2])]
    outputs += [T.concatenate([x]), T.concatenate([T.concatenate([x, y]), T.concatenate([y, x])]).sum(0)]
    for a, b in (((2, 3), (4, 3)), ((0, 3), (2, 3)), ((1, 1), (1, 1)), ((3, 0), (1, 0))):
        check([x, y], outputs, [values("float64", a), values("float32", b)], ulps=16)
    f = phintys.function([x, y], outputs)
    with pytest.raises(ValueError, match="mis-match"):
        f(np.zeros((2, 3)), np.zeros((2, 4), "f4"))


def test_reshaped_results() -> None:
    """Results that reshape a temporary have its memory, unless it is returned otherwise, or only in part."""
    x, v = variable("float64", [None, None], "x"), variable("float64", [None], "v")
    y = x * 2 + v
    columns = y.shape[0] // 2
    outputs = [[y.flatten()], [y.dimshuffle(0, "x", 1)], [y.reshape((-1, 1)), y.sum(0, keepdims=True)], [y, y.flatten()]]
    outputs += [[y.flatten(), y.T.flatten()], [y[:columns].flatten(), y.flatten()[1:]], [y.flatten(), y.dimshuffle(1, "x", 0)]]
    outputs += [
        [T.tile(y, (2, 3)), T.repeat(v * 2, 3), T.diag(v + 1)],
        [T.exp(x[:1]).flatten(), (v > 0).nonzero()[0]],
    ]
    outputs += [[T.dot(x, x.T).flatten(), T.sort(y).reshape((y.size, 1))], [y.max(1).dimshuffle("x", 0), y.reshape(y.shape)]]
    outputs += [[T.sort(v)[:2], T.sort(x, axis=0)[:1]]]
    for some in outputs:
        for shape in ((1, 1), (3, 2), (0, 4), (6, 5)):
            check([x, v], some, [values("float64", shape), values("float64", shape[1:])], ulps=8)


def test_computed_parts_of_concatenations() -> None:
    """Parts are written in place: beside each other in a row, after each other, turned, of sizes that come late."""
    x, y, v = variable("float64", [None, None], "x"), variable("float64", [None, None], "y"), variable("float64", [None], "v")
    ones, twice = T.alloc(1.0, x.shape[0], 1), T.concatenate([x + 1, x * x], axis=1)
    outputs = [twice, T.concatenate([x + 1, x * x]), T.concatenate([(x - y).T, (x * y).T], axis=1), twice.sum(0), twice * 2.0]
    outputs += [
        T.concatenate([y, T.exp(x), ones, x * y], axis=1),
        T.concatenate([x[::2] * 3, y[::-1] - 1, v.dimshuffle("x", 0)]),
    ]
    outputs += [T.stack([v + 1, v * 2, -v]), T.stack([v + 1, v * 2, -v], axis=1), T.concatenate([v * v, [7.0], v + v])]
    outputs += [
        T.concatenate([x[(x[:, 0] > 0).nonzero()] * 2, x + 3]),
        T.concatenate([x.sum(0) * 2, v - 1, x.max(1, keepdims=True)[:, 0]]),
    ]
    for rows, columns in ((1, 1), (2, 3), (5, 7), (40, 300)):
        shape = (rows, columns)
        check([x, y, v], outputs, [values("float64", shape), values("float64", shape), values("float64", (columns,))], ulps=2)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "float32", "float64"])
def test_arange(dtype: str) -> None:
    a, b, c = (variable(dtype, [], name) for name in "abc")
    f = phintys.function([a, b, c], [T.arange(a, b, c), T.arange(b), T.arange(a, b)])
    steps = [1, 2, 3] if dtype == "uint8" else [1, 2, 3, -1, -2]
    for i, j in ((0, 5), (2, 9), (7, 1), (3, 3), (1, 120)):
        for k in steps:
            expected = [np.arange(i, j, k), np.arange(j), np.arange(i, j)]
            for found, wanted in zip(f(*np.array([i, j, k], dtype)), expected, strict=True):
                np.testing.assert_allclose(found, wanted)
    with pytest.raises(ZeroDivisionError, match="step is zero"):
        f(*np.array([0, 5, 0], dtype))


def test_fractional_arange() -> None:
    a, b, c = (variable("float64", [], name) for name in "abc")
    f = phintys.function([a, b, c], T.arange(a, b, c))
    for i, j, k in ((0, 1, 0.1), (0.5, 3.2, 0.7), (1, -1, -0.3), (0, 1e-9, 1), (-0.3, 0.31, 0.05)):
        np.testing.assert_allclose(f(i, j, k), np.arange(i, j, k), rtol=1e-14, atol=1e-14)


def test_alloc() -> None:
    x, n = variable("float64", [None, 1], "x"), variable("int64", [], "n")
    outputs = [T.alloc(x, x.shape[0], n), T.alloc(x, 2, x.shape[0], n).sum(0), T.alloc(1.0, n, n), T.zeros((n,)) + n]
    outputs += [T.ones_like(x), T.zeros_like(x) + x, T.alloc(x[0, 0], n)]
    for n_value in (0, 1, 3):
        check([x, n], outputs, [values("float64", (4, 1)), n_value])
    f = phintys.function([n], T.zeros((n, 2)))
    with pytest.raises(ValueError, match="negative"):
        f(-1)


def test_sizes_as_values() -> None:
    x = variable("float64", [None, None], "x")
    outputs = [x.shape[0], x.shape, x.shape[0] * x.shape[1], x.sum() / x.shape[0], x[: x.shape[0] // 2], T.arange(x.shape[1])]
    outputs += [x.size, (x.shape[0] + x.T.shape[0]).astype("float32")]
    for shape in ((4, 5), (1, 1), (3, 0), (0, 2)):
        if shape[0]:
            check([x], outputs, [values("float64", shape)], ulps=16)


def test_four_dimensions() -> None:
    x = variable("float32", [None, 1, None, None], "x")
    outputs = [x.dimshuffle(3, 1, 0, 2), x.dimshuffle(0, 2, 3), x[:, :, ::-1, 1:], x[1, 0], x.transpose(2, 3, 1, 0) * 2]
    outputs += [x.sum((0, 2)), x.dimshuffle(3, 0, 2, "x", 1).max((0, 1)), x[..., 0].flatten(), x.reshape((-1, x.shape[3]))]
    for shape in ((2, 1, 3, 4), (2, 1, 1, 1), (3, 1, 2, 1)):
        check([x], outputs, [values("float32", shape)], ulps=16)


def test_results_share_nothing() -> None:
    """Views, inputs, states and constants come back as arrays of their own, equal results too."""
    x, s = variable("float64", [None], "x"), phintys.shared(np.arange(4.0))
    constant = T.constant(np.arange(3.0))
    f = phintys.function([x], [x, x, x[:], x[1:], s, s[:2], s, constant, constant, x.reshape((-1, 2)), s * 1, s * 1, s.T])
    array = np.arange(6.0)
    found = f(array)
    for result in found:
        result += 100
    assert list(array) == list(range(6)) and list(s.get_value()) == [0, 1, 2, 3]
    assert [list(np.ravel(r)) for r in f(array)] == [list(np.ravel(r - 100)) for r in found]
