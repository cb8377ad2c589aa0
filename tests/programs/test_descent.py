"""Gradients and descent: a cubic, Rosenbrock's valley, an expression of many functions."""

from __future__ import annotations

import numpy as np

import phintys
import phintys.tensor as T


def test_gradient_of_a_cubic() -> None:
    x = T.dscalar("x")
    y = (x - 4) * (x**2 * 2 + 6)
    f = phintys.function([x], T.grad(cost=y, wrt=x))
    assert [float(f(value)) for value in (0, 1, 2)] == [6.0, -4.0, -2.0]
    second = phintys.function([x], T.grad(T.grad(y, x), x))
    assert [float(second(value)) for value in (0, 1, 2)] == [-16.0, -4.0, 8.0]


def test_search_along_a_line() -> None:
    """199 steps of 0.01; the literal is rounded to floatX (Theano's autocast)."""
    x = phintys.shared(-1.0, name="x")
    step = phintys.function([], (x - 1.0) ** 4, updates={x: x + 0.01})
    before = (-1.0 - 1.1) ** 4
    for _ in range(1000):
        value = step()
        if abs(value - before) < 1e-6:
            break
        before = value
    assert abs(float(x.get_value()) - 0.99) < 1e-6


def test_rosenbrock() -> None:
    start = np.array([2.0, 2.0])
    x = phintys.shared(start, name="x")
    a, b = 1.0, 100.0
    valley = (a - x[0]) ** 2 + b * (x[1] - x[0] ** 2) ** 2
    slope = T.grad(cost=valley, wrt=x)
    train = phintys.function(inputs=[], outputs=[valley], updates=[(x, x - 0.001 * slope)])
    first = train()
    assert first[0] == 401.0
    for _ in range(9_999):
        last = train()
    final = x.get_value()
    assert f"({final[0]:9.3f}, {final[1]:9.3f})" == "(    1.008,     1.016)"
    np.testing.assert_allclose(final, [1.00806392, 1.01622497], atol=1e-7)
    assert last[0] < 1e-4
    np.testing.assert_array_equal(start, [2.0, 2.0])


def test_rosenbrock_diverges_without_an_error() -> None:
    x = phintys.shared(np.array([3.0, 3.0]))
    valley = (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2
    train = phintys.function([], [valley], updates=[(x, x - 0.001 * T.grad(valley, x))])
    for _ in range(50):
        train()
    assert not np.isfinite(x.get_value()).all()


def test_derivatives_of_one_variable() -> None:
    x = T.dscalar()
    fx = T.exp(T.sin(x**2))
    assert abs(phintys.function([x], fx)(10) - 0.602681965908778) < 1e-14
    assert abs(phintys.function([x], T.grad(fx, wrt=x))(15) - 4.347404090286685) < 1e-12
    e = T.exp(T.sin(x**2)) * T.log1p(T.cosh(x)) / (1 + T.sqrt(1 + x**4)) - T.arctan(x) ** 3
    f, g = phintys.function([x], e), phintys.function([x], T.grad(e, x))
    for at in (-1.3, 0.2, 2.0):
        assert np.isclose(g(at), (f(at + 1e-6) - f(at - 1e-6)) / 2e-6, rtol=1e-6)


def test_gradient_with_respect_to_states() -> None:
    x, y = T.dvector("x"), T.dscalar("y")
    w, b = phintys.shared(np.zeros(2)), phintys.shared(0.0)
    a = 1 / (1 + T.exp(-(T.dot(w, x) + b)))
    cost = T.sum((y - a) ** 2)
    gw, gb = T.grad(cost, [w, b])
    assert phintys.function([x], a)([1, -1]) == 0.5
    found = phintys.function([x, y], [gw, gb])([1, -1], 1)
    np.testing.assert_allclose(found[0], [-0.25, 0.25])
    np.testing.assert_allclose(found[1], -0.25)
    step = phintys.function([x, y], updates=[(w, w - 0.1 * gw), (b, b - 0.1 * gb)])
    assert step([1, -1], 1) == []
    np.testing.assert_allclose(w.get_value(), [0.025, -0.025])
    np.testing.assert_allclose(b.get_value(), 0.025)
