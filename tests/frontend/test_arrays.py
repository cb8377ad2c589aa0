"""Arrangements, diagonals, sorting, counting, stacks of products: values, dtypes and gradients beside NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

x, y = T.dmatrix("x"), T.dmatrix("y")
v, w = T.dvector("v"), T.dvector("w")
t = T.dtensor3("t")
i, k = T.lvector("i"), T.lmatrix("k")
n = T.lscalar("n")
b = T.TensorType("bool", (False,))("b")
VALUES: dict[Any, Any] = {
    x: np.arange(12.0).reshape(3, 4) % 5, y: np.linspace(-1, 1, 8).reshape(4, 2), v: np.array([3.0, -1, 2.5, 0]),
    w: np.array([2.0, 2, 3, 9]), t: np.sin(np.arange(24.0)).reshape(2, 3, 4), i: np.array([2, 0, 2, 5]),
    k: np.array([[0, 1, 1], [2, 0, 1]]), n: 2, b: np.array([True, False, True, True]),
}  # fmt: skip


def bounded(a: Any, q: int) -> Any:
    return np.sort(a, -1)[..., -q:] if q > 0 else np.sort(a, -1)[..., :-q]


# name: symbolic expression, NumPy's
CASES: dict[str, tuple[Callable[[], Any], Callable[..., Any]]] = {
    "eye": (lambda: T.eye(n, 4, 1), lambda a: np.eye(2, 4, 1)),
    "eye int": (lambda: T.eye(3, dtype="int8"), lambda a: np.eye(3, dtype="int8")),
    "identity_like": (lambda: T.identity_like(x), lambda a: np.eye(3, 4)),
    "tri": (lambda: T.tri(3, 4, -1), lambda a: np.tri(3, 4, -1)),
    "tril": (lambda: T.tril(x, 1), lambda a: np.tril(a[x], 1)),
    "triu": (lambda: T.triu(x, -1), lambda a: np.triu(a[x], -1)),
    **{f"diag {q}": (lambda q=q: T.diag(x, q), lambda a, q=q: np.diag(a[x], q)) for q in (-5, -1, 0, 1, 3, 9)},
    **{f"alloc_diag {q}": (lambda q=q: T.diag(v, q), lambda a, q=q: np.diag(a[v], q)) for q in (-2, 0, 1)},
    "diagonal": (lambda: T.diagonal(t, 1, 2, 0), lambda a: a[t].diagonal(1, 2, 0)),
    "trace": (lambda: T.trace(t, -1), lambda a: np.trace(a[t], -1)),
    "fill_diagonal": (lambda: T.fill_diagonal(x, 7), lambda a: a[x] * (1 - np.eye(3, 4)) + 7 * np.eye(3, 4)),
    "fill_diagonal 3d": (lambda: T.fill_diagonal(t[:2, :2, :2], 7), lambda a: filled(a[t][:2, :2, :2])),
    "fill_diagonal_offset": (lambda: T.fill_diagonal_offset(x, 7, -n), lambda a: np.where(np.eye(3, 4, -2), 7, a[x])),
    "tile": (lambda: T.tile(x, (2, n)), lambda a: np.tile(a[x], (2, 2))),
    "tile more": (lambda: T.tile(v, (2, 1, 3)), lambda a: np.tile(a[v], (2, 1, 3))),
    "tile less": (lambda: T.tile(t, 2), lambda a: np.tile(a[t], 2)),
    "roll": (lambda: T.roll(x, 1, 1), lambda a: np.roll(a[x], 1, 1)),
    "roll back": (lambda: T.roll(x, -n - 3, 0), lambda a: np.roll(a[x], -5, 0)),
    "roll flat": (lambda: T.roll(x, 5), lambda a: np.roll(a[x], 5)),
    "repeat": (lambda: T.repeat(x, 3, 1), lambda a: a[x].repeat(3, 1)),
    "repeat flat": (lambda: T.repeat(x, n), lambda a: a[x].repeat(2)),
    "repeat each": (lambda: T.repeat(x, i, 1), lambda a: a[x].repeat(a[i], 1)),
    "repeat each of a list": (lambda: T.repeat(t, [1, 0, 2], 1), lambda a: a[t].repeat([1, 0, 2], 1)),
    "linspace": (lambda: T.linspace(v[0], 2, 7), lambda a: np.linspace(3, 2, 7)),
    "linspace open": (lambda: T.linspace(0, 1, n, endpoint=False), lambda a: np.linspace(0, 1, 2, endpoint=False)),
    "linspace of one": (lambda: T.linspace(3.0, 4.0, n - 1), lambda a: np.linspace(3, 4, 1)),
    "mgrid": (lambda: T.mgrid[0:3, 1:n + 7:2][1], lambda a: np.mgrid[0:3, 1:9:2][1]),
    "mgrid of one": (lambda: T.mgrid[:5], lambda a: np.mgrid[:5]),
    "ogrid": (lambda: T.ogrid[0:3, 1:9:2][0], lambda a: np.ogrid[0:3, 1:9:2][0]),
    "meshgrid": (lambda: T.meshgrid(v, i)[1], lambda a: np.meshgrid(a[v], a[i])[1]),
    "full": (lambda: T.full((2, n), 3), lambda a: np.full((2, 2), 3, "int8")),
    "full_like": (lambda: T.full_like(x, 3), lambda a: np.full((3, 4), 3.0)),
    "cumsum": (lambda: T.cumsum(x, 0), lambda a: a[x].cumsum(0)),
    "cumsum flat": (lambda: T.cumsum(x), lambda a: a[x].cumsum()),
    "cumprod": (lambda: T.cumprod(x, 1), lambda a: a[x].cumprod(1)),
    "diff": (lambda: T.diff(x, 2), lambda a: np.diff(a[x], 2)),
    "diff rows": (lambda: T.diff(x, axis=0), lambda a: np.diff(a[x], axis=0)),
    "bincount": (lambda: T.bincount(i), lambda a: np.bincount(a[i])),
    "bincount more": (lambda: T.bincount(i, minlength=9), lambda a: np.bincount(a[i], minlength=9)),
    "bincount weights": (lambda: T.bincount(i, v), lambda a: np.bincount(a[i], a[v])),
    "compress": (lambda: T.compress(b, x, 1), lambda a: a[x].compress(a[b], 1)),
    "to_one_hot": (lambda: T.extra_ops.to_one_hot(i, 6), lambda a: np.eye(6)[a[i]]),
    "bartlett": (lambda: T.bartlett(n + 5), lambda a: np.bartlett(7)),
    "bartlett of one": (lambda: T.bartlett(n - 1), lambda a: np.bartlett(1)),
    "unravel_index": (lambda: T.unravel_index(i, (2, 3))[1], lambda a: np.unravel_index(a[i], (2, 3))[1]),
    "unravel_index F": (lambda: T.unravel_index(i, (n, 3), "F")[1], lambda a: np.unravel_index(a[i], (2, 3), order="F")[1]),
    "ravel": (lambda: T.ravel_multi_index((k, k), (3, 5)), lambda a: np.ravel_multi_index((a[k], a[k]), (3, 5))),
    "ravel wrap": (lambda: T.ravel_multi_index((k, k), (2, 2), "wrap"),
                   lambda a: np.ravel_multi_index((a[k], a[k]), (2, 2), "wrap")),
    "sort": (lambda: T.sort(x), lambda a: np.sort(a[x])),
    "sort rows": (lambda: T.sort(t, 1), lambda a: np.sort(a[t], 1)),
    "sort flat": (lambda: T.sort(x, None), lambda a: np.sort(a[x], None)),
    "argsort": (lambda: T.argsort(x, 0), lambda a: np.argsort(a[x], 0, kind="stable")),
    "topk": (lambda: T.topk(t, 2), lambda a: bounded(a[t], 2)),
    "topk of the smallest": (lambda: T.topk(t, -n), lambda a: bounded(a[t], -2)),
    "argtopk": (lambda: T.argtopk(x, 1, 1), lambda a: a[x].argmax(1)[:, None]),
    "searchsorted": (lambda: T.searchsorted(w, v, "right"), lambda a: np.searchsorted(a[w], a[v], "right")),
    "searchsorted sorter": (lambda: T.searchsorted(v, w, sorter=T.argsort(v)),
                            lambda a: np.searchsorted(np.sort(a[v]), a[w])),
    "unique": (lambda: T.unique(x), lambda a: np.unique(a[x])),
    **{f"unique {q}": (lambda q=q: T.extra_ops.Unique(True, True, True)(x)[q],
                       lambda a, q=q: np.unique(a[x].ravel(), True, True, True)[q]) for q in range(4)},
    "choose": (lambda: T.choose(k, [v[:3], w[:3], -v[:3]]), lambda a: np.choose(a[k], [a[v][:3], a[w][:3], -a[v][:3]])),
    "choose wrap": (lambda: T.choose(k, [1.5, 2.5], mode="wrap"),
                    lambda a: np.choose(a[k], [1.5, 2.5], mode="wrap").astype("f4")),
    "permute rows": (lambda: T.permute_row_elements(t, T.argsort(v)), lambda a: a[t][..., np.argsort(a[v])]),
    "inverse permutation": (lambda: T.inverse_permutation(T.argsort(v)), lambda a: np.argsort(np.argsort(a[v]))),
    "batched_dot": (lambda: T.batched_dot(t, T.ones((2, 4, 5))), lambda a: a[t] @ np.ones((2, 4, 5))),
    "batched_dot vectors": (lambda: T.batched_dot(x, x), lambda a: (a[x] ** 2).sum(1)),
    "batched_dot matrix vector": (lambda: T.batched_dot(t, x[:2]), lambda a: (a[t] * a[x][:2, None]).sum(2)),
    "batched_dot scalars": (lambda: T.batched_dot(v[:2], t), lambda a: a[v][:2, None, None] * a[t]),
    "batched_tensordot": (lambda: T.batched_tensordot(t, t, 2), lambda a: (a[t] * a[t]).sum((1, 2))),
    "batched_tensordot axes": (lambda: T.batched_tensordot(t, t, [[2], [2]]), lambda a: a[t] @ a[t].transpose(0, 2, 1)),
    "tensordot": (lambda: T.tensordot(t, t, [[0, 2], [0, 2]]), lambda a: np.tensordot(a[t], a[t], [[0, 2], [0, 2]])),
    "outer": (lambda: T.outer(v, w), lambda a: np.outer(a[v], a[w])),
    "ptp": (lambda: T.ptp(x, 0), lambda a: np.ptp(a[x], 0)),
    "logsumexp": (lambda: T.logsumexp(x * 400, 1), lambda a: np.logaddexp.reduce(a[x] * 400, 1)),
    "logsumexp of all": (lambda: T.logsumexp(x, keepdims=True),
                         lambda a: np.log(np.exp(a[x]).sum()).reshape(1, 1)),
    "cov": (lambda: T.cov(x), lambda a: np.cov(a[x])),
    "cov, columns": (lambda: T.cov(x, rowvar=False, bias=True), lambda a: np.cov(a[x], rowvar=False, bias=True)),
    "cov, counts": (lambda: T.cov(x.T, fweights=[1, 2, 4]), lambda a: np.cov(a[x].T, fweights=[1, 2, 4])),
    "cov, weights": (lambda: T.cov(x, aweights=w), lambda a: np.cov(a[x], aweights=a[w])),
    "cov, both": (lambda: T.cov(x, v, fweights=i, aweights=w, ddof=2),
                  lambda a: np.cov(a[x], a[v], fweights=a[i], aweights=a[w], ddof=2)),
    "cov of two": (lambda: T.cov(v, w, ddof=0), lambda a: np.cov(a[v], a[w], ddof=0)),
    "ceil_intdiv": (lambda: T.ceil_intdiv(i, 2), lambda a: -(-a[i] // 2)),
    "divmod": (lambda: T.divmod(i, 2)[1], lambda a: a[i] % 2),
    "largest": (lambda: T.largest(v, w, 1), lambda a: np.maximum(np.maximum(a[v], a[w]), 1)),
    "smallest": (lambda: T.smallest(v, w), lambda a: np.minimum(a[v], a[w])),
    "split": (lambda: T.split(x, [1, n, 1], 3, axis=1)[1], lambda a: a[x][:, 1:3]),
    "isclose": (lambda: T.isclose(v, v + 1e-9), lambda a: np.ones(4, bool)),
    "allclose": (lambda: T.allclose(v, w), lambda a: np.allclose(a[v], a[w])),
}  # fmt: skip


def filled(a: Any) -> Any:
    a = a.copy()
    np.fill_diagonal(a, 7)
    return a


def call(output: Any) -> Any:
    return phintys.function(list(VALUES), output, on_unused_input="ignore")(*VALUES.values())


@pytest.mark.parametrize("name", CASES)
def test_value(name: str) -> None:
    expression, numpys = CASES[name]
    found, expected = call(expression()), np.asarray(numpys(VALUES))
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-14)


SMOOTH = ["tril", "triu", "diag 1", "diag -1", "alloc_diag 1", "alloc_diag -2", "diagonal", "trace", "fill_diagonal", "tile",
          "tile more", "roll", "roll flat", "repeat", "repeat flat", "repeat each", "cumsum", "cumprod", "diff", "sort rows",
          "topk", "choose", "permute rows", "batched_dot", "batched_dot matrix vector", "batched_tensordot axes", "tensordot",
          "bincount weights", "compress", "logsumexp of all", "split", "searchsorted"]  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient(name: str) -> None:
    """Central differences in x, v and t, whichever the expression depends on."""
    out = CASES[name][0]()
    weights = np.random.default_rng(0).uniform(1, 2, call(out).shape)
    cost = (out * T.constant(weights)).sum()
    wrt = [x, v, t]
    gradients = T.grad(cost, wrt, disconnected_inputs="ignore")
    f = phintys.function(list(VALUES), [cost, *gradients], on_unused_input="ignore")
    for place, variable in enumerate(wrt, 1):
        array = VALUES[variable] + np.linspace(0.01, 0.02, VALUES[variable].size).reshape(VALUES[variable].shape)
        expected = np.zeros_like(array)
        for position in np.ndindex(*array.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = array.copy()
                moved[position] += step
                sides.append(float(f(*{**VALUES, variable: moved}.values())[0]))
            expected[position] = (sides[0] - sides[1]) / 2e-6
        np.testing.assert_allclose(f(*{**VALUES, variable: array}.values())[place], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (lambda: T.bincount(i - 3), IndexError), (lambda: T.unravel_index(i, (2, 2))[0], IndexError),
        (lambda: T.choose(k, [v[:3], w[:3]]), IndexError), (lambda: T.split(x, [1, 2], 2, axis=1)[0], ValueError),
        (lambda: T.split(x, [1, n], 2, axis=1)[1], ValueError), (lambda: T.batched_dot(t, t), ValueError),
        (lambda: T.extra_ops.to_one_hot(i, 5), IndexError),
    ],
)  # fmt: skip
def test_errors_of_calls(output: Any, error: type[Exception]) -> None:
    result = output()
    with pytest.raises(error):
        call(result)


@pytest.mark.parametrize("size", [0, 1, 2, 9])
def test_unique_of_nan(size: int) -> None:
    array = np.resize([np.nan, 1.0, np.nan, -np.inf, 1.0], size)
    found = phintys.function([v], T.unique(v, True, True, True))(array)
    for ours, numpys in zip(found, np.unique(array, True, True, True), strict=True):
        np.testing.assert_array_equal(ours, numpys)


METHODS: list[tuple[str, tuple[Any, ...]]] = [
    ("arcsin", ()), ("arccos", ()), ("arcsinh", ()), ("arccosh", ()), ("arctanh", ()), ("trunc", ()), ("round", ()),
    ("sort", (0,)), ("argsort", (0,)), ("cumsum", (1,)), ("cumprod", ()), ("nonzero_values", ()), ("repeat", (2, 0)),
    ("diagonal", (1,)), ("trace", ()), ("ptp", (0,)), ("take", ([0, 5], 1, "wrap")), ("clip", (0, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), METHODS, ids=[name for name, _ in METHODS])
def test_methods_are_the_functions(name: str, arguments: tuple[Any, ...]) -> None:
    both = [getattr(x, name)(*arguments), getattr(T, name)(x, *arguments)]
    first, second = call(both)
    np.testing.assert_array_equal(first, second)


def test_other_methods() -> None:
    found = call([i.choose([v, w, v, w, v, w]), b.compress(v), w.searchsorted(v), x.nonzero()[1], v.transfer("cpu")])
    a = VALUES
    expected = [np.choose(a[i], [a[v], a[w]] * 3), a[v][a[b]], np.searchsorted(a[w], a[v]), a[x].nonzero()[1], a[v]]
    for ours, numpys in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, numpys)
    assert T.constant(3.0).get_scalar_constant_value() == 3
    with pytest.raises(ValueError, match="transfer"):
        v.transfer("moon")


def test_facts() -> None:
    assert T.get_vector_length(T.stack([n, n, n])) == 3 == T.get_vector_length(x.shape) + 1
    with pytest.raises(ValueError, match="length not known"):
        T.get_vector_length(v)
    assert "float64" in T.float_dtypes and "bool" in T.discrete_dtypes and T.fvector in T.float_vector_types
    assert T.check_and_normalize_axes(t, [-1, 0]) == [0, 2]
    assert T.extract_constant(T.constant(2)) == 2 and T.extract_constant(n) is n
    assert T.makeKeepDims(t, t.sum(1), 1).broadcastable == (False, True, False)
    found = call(
        [T.advanced_subtensor1(w, i % 4), T.advanced_inc_subtensor1(v, 1.0, i % 4), T.advanced_set_subtensor(x, 5.0, k, k)]
    )
    a = VALUES
    expected = [a[w][a[i] % 4], a[v] + np.bincount(a[i] % 4, minlength=4), a[x].copy()]
    expected[2][a[k], a[k]] = 5
    for ours, numpys in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, numpys)


def test_names_of_other_files() -> None:
    from phintys.tensor import inplace, xlogx

    assert inplace.exp_inplace is T.exp and inplace.add_inplace is T.add
    points = np.array([0.0, 0.5, 2.0])
    p, q = phintys.function([v], [xlogx.xlogx(v), xlogx.xlogy0(v, 2 * v)])(points)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(p, np.nan_to_num(points * np.log(points)))
        np.testing.assert_allclose(q, np.nan_to_num(points * np.log(2 * points)))
    gradient = phintys.function([v], T.grad(xlogx.xlogx(v).sum(), v))(points)
    np.testing.assert_allclose(gradient, [0, np.log(0.5) + 1, np.log(2) + 1])


def test_files_are_loaded_when_asked_for() -> None:
    assert T.shared_randomstreams.RandomStreams.__name__ == "RandomStreams"
    assert T.inplace.mul_inplace is T.mul
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = T.nothing


def test_weights_of_cov_are_checked() -> None:
    with pytest.raises(TypeError, match="fweights must be integer"):
        T.cov(x, fweights=w)
    with pytest.raises(RuntimeError, match="multidimensional aweights"):
        T.cov(x, aweights=x)
