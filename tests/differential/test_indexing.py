"""Reading and writing parts of tensors: subscripts that change values, gathers and scatters, wrong indices."""

from __future__ import annotations

import numpy as np
import pytest
from harness import DTYPES, INTS, check, op, values, variable

import phintys
import phintys.tensor as T

INDICES = [
    "0",
    "-1",
    ":",
    "::-1",
    "1:",
    ":-1",
    "::2",
    "::-2",
    "1:, 0",
    ":, 1",
    ":, ::-1",
    "-1, -1",
    "1:3, :2",
    "3:3",
    "0, ::-1",
]


@pytest.mark.parametrize("name", ["set_subtensor", "inc_subtensor"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_writing(name: str, dtype: str) -> None:
    x, s = variable(dtype, [None, None], "x"), variable(dtype, [], "s")
    outputs, labels = [], []
    for index in INDICES if dtype == "float64" else INDICES[:4] + INDICES[8:10]:
        part = op("subtensor", x, index=index)
        outputs += [op(name, x, s, index=index), op(name, x, part, index=index), op(name, x * x, part * s, index=index)]
        outputs += [op(name, x[::-1, ::-1], part, index=index), op(name, x, part, index=index).sum()]
        labels += [f"{index} {k}" for k in range(5)]
    outputs.append(op(name, x, x[0], index="1:"))
    labels.append("rows")
    check([x, s], outputs, [values(dtype, [5, 4]), values(dtype, [])], ulps=32, labels=labels)


def test_writing_known_sizes_into_unknown_ones() -> None:
    x, y = variable("float64", [None], "x"), variable("float64", [None], "y")
    three, one = np.arange(3.0), variable("float64", [1], "one")
    outputs = [T.set_subtensor(x[:3], three), T.inc_subtensor(x[-3:], three), T.set_subtensor(x[::2], one)]
    outputs += [op("set_subtensor", one, y, index=":"), T.grad((T.set_subtensor(x[:3], three * x[0]) ** 2).sum(), x)]
    check([x, y, one], outputs, [values("float64", [5]), np.array([2.0]), np.array([7.0])])
    f = phintys.function([x, y, one], outputs)
    with pytest.raises(ValueError, match="dimension 0 of the update is 3, but 2"):
        f(np.zeros(2), np.zeros(1), np.zeros(1))
    with pytest.raises(ValueError, match="dimension 0 of the update is 2, but 1"):
        f(np.zeros(5), np.zeros(2), np.zeros(1))


def test_writing_at_symbolic_places() -> None:
    x, y = variable("float64", [None, None], "x"), variable("float64", [None, None], "y")
    i, j = variable("int64", [], "i"), variable("int32", [], "j")
    outputs = [
        T.set_subtensor(x[i:j], y),
        T.inc_subtensor(x[i:j], y),
        T.set_subtensor(x[i], y.sum(0)),
        T.inc_subtensor(x[i, j], 3.0),
    ]
    for a, b in ((0, 2), (1, 3), (-2, 3), (-3, -1)):
        check([x, y, i, j], outputs, [values("float64", [3, 4]), values("float64", [2, 4], 1), a, np.int32(b)], ulps=8)
    f = phintys.function([x, y, i, j], outputs)
    with pytest.raises(ValueError, match="update is 2, but 1"):
        f(np.zeros((3, 4)), np.zeros((2, 4)), 0, 1)
    f = phintys.function([x, i], [T.set_subtensor(x[i], 1.0), x[i] + 1])
    with pytest.raises(IndexError, match="index 3 is out of bounds for dimension 0 of size 3"):
        f(np.zeros((3, 4)), 3)


@pytest.mark.parametrize("dtype", INTS)
def test_gather(dtype: str) -> None:
    x, m = variable("float32", [None, None], "x"), variable("int16", [None, None, None], "m")
    i, j, k = variable(dtype, [None], "i"), variable(dtype, [None, 1], "j"), variable(dtype, [], "k")
    outputs = [op("gather", x, i), op("gather", x, j), op("gather", x, i, i), op("gather", x, j, i), op("gather", x, i, k)]
    outputs += [op("gather", x, k), op("gather", x, k, k), op("gather", m, i, j), op("gather", m, j), op("gather", x.T, i)]
    outputs += [op("gather", x[::-1, ::2], i, k), op("gather", x * 2, i).sum(0), op("gather", m[:, 0], i, i)]
    least = 0 if dtype.startswith("u") else -3
    rng = np.random.default_rng(0)
    arrays = [values("float32", [3, 6]), values("int16", [4, 3, 3])]
    for n in (0, 1, 7):
        places = [rng.integers(least, 3, [n]).astype(dtype), rng.integers(least, 3, [3, 1]).astype(dtype), np.array(2, dtype)]
        check([x, m, i, j, k], outputs, [*arrays, *places], ulps=16)
    f = phintys.function([x, i], op("gather", x, i))
    for wrong in (3, *(() if least == 0 else (-4,)), np.iinfo(dtype).max):
        with pytest.raises(IndexError, match=r"out of bounds for dimension 0 of size 3"):
            f(arrays[0], np.array([0, wrong], dtype))


def test_scatter() -> None:
    x, y = variable("float64", [None, None], "x"), variable("float64", [None, None], "y")
    i, j = variable("int64", [None], "i"), variable("int32", [None, 1], "j")
    outputs = [op("scatter_add", x, y, i), op("scatter_add", x, y[0], i), op("scatter_add", x, y[:, 0], i, i)]
    outputs += [op("scatter_add", x, np.float64(2.5), j), op("scatter_add", x, y[0, 0], j, i), op("scatter_add", x[::-1], y, i)]
    outputs += [op("scatter_add", x * 0, x[:1], i[:1]) + 1, op("scatter_add", x[0], y[:, 0], i)]
    places = np.array([0, 2, 2, -1, 0])
    check(
        [x, y, i, j],
        outputs,
        [values("float64", [4, 4]), values("float64", [5, 4], 1), places, np.array([[1], [1]], "i4")],
        ulps=8,
    )
    f = phintys.function([x, y, i], op("scatter_add", x, y, i))
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        f(np.zeros((4, 4)), np.zeros((1, 4)), [4])
    with pytest.raises(ValueError, match="scatter_add"):
        f(np.zeros((4, 4)), np.zeros((2, 4)), [1])


def test_take_and_rows_of_probabilities() -> None:
    p, y = variable("float64", [None, None], "p"), variable("int32", [None], "y")
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    f = phintys.function([p, y], [cost, T.grad(cost, p)])
    array, labels = np.random.default_rng(0).uniform(0.1, 1, (6, 3)), np.array([0, 2, 1, 1, 0, 2], "i4")
    found, gradient = f(array, labels)
    expected = np.zeros((6, 3))
    expected[np.arange(6), labels] = -1 / (6 * array[np.arange(6), labels])
    np.testing.assert_allclose(found, -np.log(array[np.arange(6), labels]).mean(), rtol=1e-14)
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)
    with pytest.raises(IndexError, match="index 3 is out of bounds for dimension 1 of size 3"):
        f(array, labels + 1)


def test_gradients_of_subscripts() -> None:
    x, i = variable("float64", [None, None], "x"), variable("int64", [None], "i")
    cost = (x[i] ** 2).sum() + (x[::-2, 1:] ** 3).sum() + (T.set_subtensor(x[0], x[1] * 2) ** 2).sum() + x[-1, -1]
    f, g = phintys.function([x, i], cost), phintys.function([x, i], T.grad(cost, x))
    array, places = values("float64", [4, 3]), np.array([0, 2, 2])
    found = g(array, places)
    for at in np.ndindex(4, 3):
        step = np.zeros((4, 3))
        step[at] = 1e-6
        assert abs((f(array + step, places) - f(array - step, places)) / 2e-6 - found[at]) < 1e-6
