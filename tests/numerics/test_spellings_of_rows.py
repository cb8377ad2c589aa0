"""Softmax, logarithms of sums and norms, in the ways in which users write them: rows and their gradients against mpmath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import phintys
import phintys.tensor as T

exp, log, softmax = T.exp, T.log, T.nnet.softmax
WEIGHTS = np.array([1.0, 0.5, 2.0])
ROWS = np.array([[0, 0, 0], [1, 2, 3.5], [-800, 0, 1], [800, 0, -800], [800, 801, 799], [-1000, -1001, -1002], [1e9, 1e9, 1]])


def lse(v: Any) -> Any:
    return mp.log(mp.fsum(map(mp.exp, v)))


def shares(v: Any) -> Any:
    return [mp.exp(a - lse(v)) for a in v]


def logs(v: Any) -> Any:
    return [a - lse(v) for a in v]


def total(x: Any) -> Any:
    return exp(x).sum(axis=1, keepdims=True)


def shifted(x: Any) -> Any:
    e = exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


CASES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "softmax": (softmax, shares),
    "keepdims": (lambda x: exp(x) / total(x), shares),
    "dimshuffle": (lambda x: exp(x) / exp(x).sum(axis=1).dimshuffle(0, "x"), shares),
    "[:, None]": (lambda x: exp(x) / exp(x).sum(axis=1)[:, None], shares),
    "reshape": (lambda x: exp(x) / exp(x).sum(axis=1).reshape((x.shape[0], 1)), shares),
    "transposed": (lambda x: (exp(x.T) / exp(x.T).sum(axis=0)).T, shares),
    "shifted": (shifted, shares),
    "inverse": (lambda x: exp(x) * (1 / total(x)), shares),
    "exp(x - log)": (lambda x: exp(x - log(total(x))), shares),
    "log softmax": (lambda x: log(softmax(x)), logs),
    "log by hand": (lambda x: log(exp(x) / total(x)), logs),
    "log shifted": (lambda x: log(shifted(x)), logs),
    "x - log": (lambda x: x - log(total(x)), logs),
    "x - log, dimshuffle": (lambda x: x - log(exp(x).sum(axis=1)).dimshuffle(0, "x"), logs),
    "log(p).flatten": (lambda x: log(softmax(x).flatten()).reshape(x.shape), logs),
    "log(p.T[1])": (lambda x: log(softmax(x).T[1]), lambda v: [logs(v)[1]]),
    "log(p[:, 1])": (lambda x: log(softmax(x)[:, 1]), lambda v: [logs(v)[1]]),
    "log(p[arange, y])": (lambda x: log(softmax(x)[T.arange(x.shape[0]), 1]), lambda v: [logs(v)[1]]),
    "log(p)[arange, y]": (lambda x: log(exp(x) / total(x))[T.arange(x.shape[0]), 1], lambda v: [logs(v)[1]]),
    "one-hot * log(p)": (lambda x: (np.array([0.0, 1, 0]) * log(softmax(x))).sum(axis=1), lambda v: [logs(v)[1]]),
    "log(sum(one-hot * p))": (lambda x: log((np.array([0.0, 1, 0]) * softmax(x)).sum(axis=1)), lambda v: [logs(v)[1]]),
    "log sum": (lambda x: log(exp(x).sum(axis=1)), lambda v: [lse(v)]),
    "log sum, keepdims": (lambda x: log(total(x)), lambda v: [lse(v)]),
    "log mean": (lambda x: log(exp(x).mean(axis=1)), lambda v: [lse(v) - mp.log(3)]),
    "log weighted": (lambda x: log((WEIGHTS * exp(x)).sum(axis=1)), lambda v: [lse([v[0], v[1] - mp.ln2, v[2] + mp.ln2])]),
    "log of three": (lambda x: log(exp(x[:, 0]) + exp(x[:, 1]) + exp(x[:, 2])), lambda v: [lse(v)]),
    "log of two": (lambda x: log(exp(x[:, 0]) + exp(x[:, 1])), lambda v: [lse(v[:2])]),
    "log prod": (lambda x: log(T.prod(exp(x), axis=1)), lambda v: [mp.fsum(v)]),
    "log - log": (lambda x: log(exp(x[:, 0])) - log(exp(x[:, 1])), lambda v: [v[0] - v[1]]),
    "share of two": (lambda x: exp(x[:, 0]) / (exp(x[:, 0]) + exp(x[:, 1])), lambda v: [1 / (1 + mp.exp(v[1] - v[0]))]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_rows(name: str) -> None:
    """Errors are measured beside the largest element, 1, and for the sums of large numbers these."""
    program, means = CASES[name]
    x = T.dmatrix("x")
    y = program(x)
    y = y.dimshuffle(0, "x") if y.ndim == 1 else y
    weights = WEIGHTS if len(means([mp.mpf(0)] * 3)) == 3 else WEIGHTS[:1]
    found, slopes = phintys.function([x], [y, T.grad((y * weights).sum(), x)])(ROWS)
    with mp.workdps(1000):
        step = mp.mpf(10) ** -60
        for row, values, slope in zip(ROWS.tolist(), found, slopes, strict=True):
            v = [mp.mpf(a) for a in row]
            np.testing.assert_allclose(values, [float(a) for a in means(v)], rtol=1e-14, atol=1e-15, err_msg=str(row))
            for place in range(3):
                sides = [means([a + sign * step * (place == i) for i, a in enumerate(v)]) for sign in (1, -1)]
                expected = mp.fsum(w * (a - b) for w, a, b in zip(weights, *sides, strict=True)) / (2 * step)
                np.testing.assert_allclose(slope[place], float(expected), rtol=1e-14, atol=1e-14, err_msg=str(row))


NORMS: dict[str, Callable[[Any], Any]] = {
    "sqrt(sum(x ** 2))": lambda x: T.sqrt((x**2).sum(axis=1)).sum(),
    "sqrt(sum(sqr(x)))": lambda x: T.sqrt(T.sqr(x).sum(axis=1, keepdims=True)).sum(),
    "sum(x * x) ** 0.5": lambda x: ((x * x).sum(axis=1) ** 0.5).sum(),
    "norm": lambda x: x.norm(2, axis=1).sum(),
    "two squares": lambda x: T.sqrt(x[:, 0] ** 2 + x[:, 1] ** 2).sum(),
    "dot": lambda x: T.sqrt(T.dot(x[0], x[0])) + T.sqrt(T.dot(x[1], x[1])),
}


@pytest.mark.parametrize("name", NORMS)
def test_gradient_of_a_norm(name: str) -> None:
    """0 at 0, as that of abs; elsewhere the direction."""
    x = T.dmatrix("x")
    found = phintys.function([x], T.grad(NORMS[name](x), x))(np.array([[0.0, 0.0], [3.0, -4.0]]))
    np.testing.assert_allclose(found, [[0, 0], [0.6, -0.8]], rtol=1e-15)


def test_nan_stays() -> None:
    """What is undefined for the reals is NaN in the stable form as well."""
    x = T.dvector("x")
    programs = [log(x**3), T.sqrt(x) ** 2, log(exp(x) - 1), log(1 - exp(-x)), x * log(x), log(T.sqrt(x)), log(T.gamma(x))]
    for values in phintys.function([x], programs)(np.array([-0.5, np.nan])):
        assert np.isnan(values).all()
    assert phintys.function([x], x * log(x))(np.zeros(1)) == 0
